/* statement.h: the head statement (docs/ledger-format.md): what a node holds, signed, newest only.
 */
#ifndef HEARTH_LEDGER_STATEMENT_H
#define HEARTH_LEDGER_STATEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"
#include "ledger/limits.h"

enum statement_form { STATEMENT_HOUSEHOLD = 1, STATEMENT_SHARED = 2 };
enum { STATEMENT_HEADER_SIZE = 232 /* octets before the body; those 6 and 7 are its length */ };

struct statement_address {
    uint8_t address[16]; /* IPv4 mapped */
    uint16_t port;
};

struct statement {
    uint8_t form; /* enum statement_form */
    uint8_t namespace_id[32], author[32];
    uint64_t incarnation, number, time, authority_seq;
    uint8_t authority_head[32], frontier[32], state_root[32], nonce[32];
    uint8_t label_len;
    char label[LIMIT_LABEL + 1]; /* NUL-terminated */
    uint8_t address_count;
    struct statement_address addresses[LIMIT_STATEMENT_ADDRS];
};

/* Decodes and checks the form: TRUNCATED, TRAILING, TOO_LONG, RANGE, NOT_CANONICAL, MALFORMED;
 * UPGRADE for another `HLS` magic, an unknown form, flag or critical TLV. */
enum status statement_decode(struct statement *statement, const uint8_t *bytes, size_t len);
/* SIGNATURE. Bytes that statement_decode took. */
enum status statement_verify(const struct statement *statement, const uint8_t *bytes, size_t len);
/* `out` is what statement_decode takes, and whose statuses are returned; CRYPTO. */
enum status statement_sign(const struct statement *statement, const uint8_t secret[static 64],
                           uint8_t out[static LIMIT_STATEMENT], size_t *out_len);
/* Order of one author's statements by (incarnation, number): <0, 0, >0. */
int statement_compare(const struct statement *a, const struct statement *b);

#endif
