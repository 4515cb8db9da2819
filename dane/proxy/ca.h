/* ca.h: the CA of one user: its key never leaves DIR/ca.key (0600), and its certificate can vouch
 * for names under home.arpa and for nothing else.
 */
#ifndef HEARTH_DANE_PROXY_CA_H
#define HEARTH_DANE_PROXY_CA_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

struct x509_st;     /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

struct ca {
    struct x509_st *certificate;
    struct evp_pkey_st *key; /* NULL after ca_open_certificate */
    uint8_t sha256[32];      /* of the certificate's DER */
};

/* Opens DIR/ca.pem and DIR/ca.key, making folder (0700), key and certificate when there are none;
 * safe when several come first at once. As root, what is made belongs to the owner of the folder it
 * is made in. `now_ms` is the wall clock. DENIED (others have rights to the key), CORRUPT (one of
 * the two is missing or damaged, or they don't belong together: nothing is replaced, since browsers
 * trust what is there), IO, FULL, CRYPTO, NO_MEMORY, and other errors of files. `error` is then a
 * sentence for people; else it is empty. */
enum { CA_ERROR_SIZE = 1280 };
enum status ca_open(struct ca *ca, const char *dir, uint64_t now_ms,
                    char error[static CA_ERROR_SIZE]);

/* The certificate alone, without the key and making nothing: for `trust status` and `uninstall`.
 * NOT_FOUND, DENIED, CORRUPT, IO. */
enum status ca_open_certificate(struct ca *ca, const char *dir, char error[static CA_ERROR_SIZE]);
/* Also after a failed open, and twice. */
void ca_close(struct ca *ca);

enum {
    CA_LEAF_BACKDATED_S = 60 * 60,
    CA_LEAF_LIFE_S = 7 * 24 * 60 * 60, /* no browser has a limit for a root of one's own */
};

/* A leaf for one host, with its own key, from an hour before `now_ms` for a few days, never beyond
 * the CA's own dates; the caller frees both, which are NULL unless OK. The host is taken as it is:
 * that the CA can vouch for it is for the caller to see to. RANGE (no host, or longer than 253
 * octets), CRYPTO. */
enum status ca_sign_leaf(const struct ca *ca, const char *host, uint64_t now_ms,
                         struct x509_st **certificate, struct evp_pkey_st **key);

#endif
