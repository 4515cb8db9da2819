/* ca_certificate.h: the two kinds of certificate that there are under a user's CA, as recipes: the
 * root and its leaves. Makes and checks; no files.
 */
#ifndef HEARTH_DANE_PROXY_CA_CERTIFICATE_H
#define HEARTH_DANE_PROXY_CA_CERTIFICATE_H

#include <stdbool.h>
#include <sys/types.h>

struct x509_st;     /* OpenSSL's X509 */
struct evp_pkey_st; /* OpenSSL's EVP_PKEY */

/* A root for this key, named after the user and this host. NULL: out of memory, or OpenSSL failed.
 * The caller frees it. */
struct x509_st *ca_certificate_make_root(struct evp_pkey_st *key, uid_t user);

/* Is it a root as we make them: a CA with critical name constraints, whole as it was signed by the
 * key in it? */
bool ca_certificate_is_root(struct x509_st *certificate);

/* As ca_sign_leaf has it, for the public part of `key`. */
struct x509_st *ca_certificate_make_leaf(struct x509_st *root, struct evp_pkey_st *root_key,
                                         struct evp_pkey_st *key, const char *host,
                                         long long now_s);

#endif
