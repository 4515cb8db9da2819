/* trust_root.h: the root certificate as the stores take it: PEM, base64 of its DER, a nickname, and how
 * a root that is Hearth's is told from all others.
 *
 * Hearth's is: a CA for home.arpa alone (name constraints), under a nickname or subject that begins
 * with "Hearth". Only such a certificate is ever taken out of a store.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_ROOT_H
#define HEARTH_DANE_PROXY_TRUST_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/status.h"

struct x509_st; /* OpenSSL's X509 */

enum { TRUST_NICKNAME_SIZE = 40, TRUST_FILE_NAME_SIZE = 40 };

struct trust_root {
    uint8_t sha256[32];                   /* of the DER */
    char *pem, *base64;                   /* heap, with NUL */
    size_t pem_len;                       /* without it */
    char nickname[TRUST_NICKNAME_SIZE];   /* "Hearth CA 0011223344556677" */
    char file_name[TRUST_FILE_NAME_SIZE]; /* "hearth-0011223344556677.crt" */
};

/* CRYPTO, NO_MEMORY. */
enum status trust_root_init(struct trust_root *root, const struct x509_st *certificate);
void trust_root_deinit(struct trust_root *root);

/* All certificates of a PEM text; the caller frees each with X509_free. At most `max`. */
size_t trust_root_read_pem(const char *text, size_t len, struct x509_st **list, size_t max);
/* A base64 DER; NULL when it is none. The caller frees it. */
struct x509_st *trust_root_read_base64(const char *text);

bool trust_root_is(const struct trust_root *root, const struct x509_st *certificate);
bool trust_root_is_hearths(const struct x509_st *certificate, const char *nickname);

/* "PEM", heap; NULL when memory is out. */
char *trust_root_pem(const struct x509_st *certificate, size_t *len);

#endif
