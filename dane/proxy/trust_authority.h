/* trust_authority.h: the CA's certificate, and leaves signed by it, brought to `hearth trust` without its
 * key: the key is opened by the user that it belongs to, and is gone before any store is touched.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_AUTHORITY_H
#define HEARTH_DANE_PROXY_TRUST_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "dane/proxy/ca.h"
#include "dane/proxy/trust_proof.h"

struct trust_authority {
    struct x509_st *certificate;
    struct trust_proof proof;
};

/* With `make` the CA is made when there is none; without it NOT_FOUND then. With `prove` it signs the
 * proof's leaves. Whoever owns `dir` opens it, which only root can do for another. As ca_open;
 * `error` is a sentence. */
enum status trust_authority_open(struct trust_authority *authority, const char *dir, bool make,
                                 bool prove, uint64_t now_ms, char error[static CA_ERROR_SIZE]);
void trust_authority_close(struct trust_authority *authority);

#endif
