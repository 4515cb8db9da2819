/* chain.h: does a presented chain hang on a DANE-TA trust anchor (RFC 7671, section 5.2)?
 *
 * The anchor must be presented: a record that holds a hash can't bring it. Dates, names and weak
 * algorithms are not asked here; every signature, the right to sign (CA:TRUE, key usage, name
 * constraints, path length) and the purpose "TLS server" are, and are never forgiven.
 */
#ifndef HEARTH_DANE_CHAIN_H
#define HEARTH_DANE_CHAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "dane/tlsa.h"
#include "dane/x509.h"
#include "ledger/base/status.h"

struct x509_store_st; /* OpenSSL's X509_STORE */

/* Indexes into the presented chain: the leaf first, the anchor last. */
struct chain_path {
    size_t at[X509_CHAIN_MAX];
    size_t len;
};

/* Looks for a certificate behind the leaf, other than the leaf, that has the record's data, and
 * verifies the way from the leaf to it. OK with *path; NOT_FOUND when no such certificate is
 * presented; SIGNATURE when one is, and the leaf does not hang on it; MALFORMED (the leaf is no certificate), NO_MEMORY. */
enum status chain_find(const struct tlsa *tlsa, struct x509_chain *chain, struct chain_path *path);
enum status chain_find_anchor(const struct tlsa *tlsa, const struct der *chain, size_t len,
                              struct chain_path *path);

/* The CAs that this machine's own store (OpenSSL's default file and folder) trusts. Reads a file of
 * some hundred certificates: open it once. NULL when there is no such store or no memory. Usable by
 * several threads. */
struct x509_store_st *chain_known_cas_open(void);
void chain_known_cas_close(struct x509_store_st *known_cas);

/* Is there a CA for this chain to be asked for at all? Not for a leaf that names itself as its
 * issuer. */
bool chain_names_an_issuer(const struct der *chain, size_t len);

/* Does the chain lead to one of these CAs? Dates and name are not asked. False when in doubt;
 * known_cas may be NULL. */
bool chain_is_issued_by_known_ca(struct x509_store_st *known_cas, const struct der *chain,
                                 size_t len);

#endif
