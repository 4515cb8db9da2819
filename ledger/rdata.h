/* rdata.h: what records a household may publish: the rules about one RR's data.
 *
 * Used by the state function (a SET that breaks them has no effect) and at the door of the control
 * socket (so that such a SET is never made). Reads untrusted octets, allocates nothing.
 */
#ifndef HEARTH_LEDGER_RDATA_H
#define HEARTH_LEDGER_RDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/rule.h"

/* Checks one rdata: A (RFC 1035, section 3.4.1), AAAA (RFC 3596), TXT (RFC 1035, section 3.3.14),
 * SRV (RFC 2782), SSHFP (RFC 4255), TLSA (RFC 6698), SVCB and HTTPS (RFC 9460, sections 2.2 and 7),
 * CAA (RFC 8659), PEER, ORIGINS, NOTE; other internal types are taken as they are. Names inside are
 * lower case and uncompressed. The status names the rule exactly: ADDRESS_…, TLSA_…; RDATA,
 * TYPE_UNSUPPORTED else. */
enum status rdata_check(uint16_t type, const uint8_t *data, size_t len);

/* Does rdata_check know the form of this type's data? Of others nothing is published. */
bool rdata_is_known(uint16_t type);

/* The rule that a status of rdata_check or rdata_check_owner stands for in the ledger. */
enum rule rdata_rule(enum status status);

/* May an RRset of this type stand at this relative name? PEER at `<petname>._peer` alone, and
 * nothing else at or below `_peer`. RESERVED. */
enum status rdata_check_owner(uint16_t type, const struct name *relative);

/* A petname: one label without '_', not "hearth", "in-addr" or "ip6", not 52 base32 characters (a
 * household's id). Upper case counts as lower case. RESERVED, LABEL_…, NAME_…. */
enum status petname_check(const char *label);

#endif
