/* trust_proof.c: see trust_proof.h.
 *
 * ca_sign_leaf is for names of the household; the leaf outside is made here, by taking the one inside,
 * giving it another name, and signing it again.
 */
#include "dane/proxy/trust_proof.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

static const char inside_name[] = "status.hearth.home.arpa";
static const char outside_name[] = "www.example.com";

static bool set_name(X509 *leaf, const char *name)
{
    char text[64] = "DNS:";
    (void)strncat(text, name, sizeof text - 5);
    int at = X509_get_ext_by_NID(leaf, NID_subject_alt_name, -1);
    if (at >= 0)
        X509_EXTENSION_free(X509_delete_ext(leaf, at));
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
    X509_NAME *subject = X509_NAME_new();
    bool good = names && subject && X509_add_ext(leaf, names, -1) == 1 &&
                X509_set_subject_name(leaf, subject) == 1;
    X509_EXTENSION_free(names);
    X509_NAME_free(subject);
    return good;
}

static X509 *sign_outside(const struct ca *ca, const X509 *inside)
{
    X509 *leaf = X509_dup(inside);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    bool good = leaf && serial && ASN1_INTEGER_set_uint64(serial, 0x48656172) == 1 &&
                X509_set_serialNumber(leaf, serial) == 1 && set_name(leaf, outside_name) &&
                X509_sign(leaf, ca->key, EVP_sha256()) > 0;
    ASN1_INTEGER_free(serial);
    if (good)
        return leaf;
    X509_free(leaf);
    return NULL;
}

enum status trust_proof_init(struct trust_proof *proof, const struct ca *ca, uint64_t now_ms)
{
    EVP_PKEY *key = NULL;
    *proof = (struct trust_proof){NULL, NULL};
    enum status status = ca_sign_leaf(ca, inside_name, now_ms, &proof->inside, &key);
    EVP_PKEY_free(key);
    if (status == STATUS_OK)
        proof->outside = sign_outside(ca, proof->inside);
    if (status == STATUS_OK && !proof->outside)
        status = STATUS_CRYPTO;
    ERR_clear_error();
    return status;
}

void trust_proof_deinit(struct trust_proof *proof)
{
    X509_free(proof->inside);
    X509_free(proof->outside);
    *proof = (struct trust_proof){NULL, NULL};
}

static enum trust_answer judge(X509_STORE *store, X509 *leaf)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    enum trust_answer answer = TRUST_UNKNOWN;
    if (leaf && context && X509_STORE_CTX_init(context, store, leaf, NULL) == 1 &&
        X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER) == 1)
        answer = X509_verify_cert(context) == 1 ? TRUST_YES : TRUST_NO;
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return answer;
}

static void judge_both(const struct trust_proof *proof, X509_STORE *store, bool good,
                       enum trust_answer *inside, enum trust_answer *outside)
{
    *inside = good ? judge(store, proof->inside) : TRUST_NO;
    *outside = good ? judge(store, proof->outside) : TRUST_NO;
    X509_STORE_free(store);
    ERR_clear_error();
}

void trust_proof_by_file(const struct trust_proof *proof, const char *bundle,
                         enum trust_answer *inside, enum trust_answer *outside)
{
    X509_STORE *store = X509_STORE_new();
    bool good = store && X509_STORE_load_file(store, bundle) == 1;
    judge_both(proof, store, good, inside, outside);
}

void trust_proof_by_anchor(const struct trust_proof *proof, struct x509_st *anchor,
                           enum trust_answer *inside, enum trust_answer *outside)
{
    X509_STORE *store = X509_STORE_new();
    bool good = store && anchor && X509_STORE_add_cert(store, anchor) == 1;
    judge_both(proof, store, good, inside, outside);
}
