/* trust_proof.h: what `hearth trust status` proves with: a leaf for a name inside home.arpa and one for
 * a name outside, both signed by the CA's own key, shown to whatever judges for a store.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_PROOF_H
#define HEARTH_DANE_PROXY_TRUST_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#include "dane/proxy/ca.h"

enum trust_answer { TRUST_UNKNOWN, TRUST_YES, TRUST_NO };

struct trust_proof {
    struct x509_st *inside, *outside; /* NULL: there is no key to sign with */
};

/* The keys of both leaves are thrown away at once: they can be shown, and serve nobody. */
enum status trust_proof_init(struct trust_proof *proof, const struct ca *ca, uint64_t now_ms);
void trust_proof_deinit(struct trust_proof *proof);

/* OpenSSL's judgement of both leaves with the anchors given: a PEM file, or one certificate. */
void trust_proof_by_file(const struct trust_proof *proof, const char *bundle,
                         enum trust_answer *inside, enum trust_answer *outside);
void trust_proof_by_anchor(const struct trust_proof *proof, struct x509_st *anchor,
                           enum trust_answer *inside, enum trust_answer *outside);

#endif
