/* trust_root.c: see trust_root.h. */
#include "dane/proxy/trust_root.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/x509.h"

static const char ours[] = "Hearth";
static const char zone[] = "home.arpa";

char *trust_root_pem(const struct x509_st *certificate, size_t *len)
{
    char *text = NULL, *bytes = NULL;
    BIO *memory = BIO_new(BIO_s_mem());
    if (memory && PEM_write_bio_X509(memory, certificate) == 1) {
        long size = BIO_get_mem_data(memory, &bytes);
        text = size > 0 ? strndup(bytes, (size_t)size) : NULL;
        *len = text ? (size_t)size : 0;
    }
    BIO_free(memory);
    return text;
}

static char *base64_of(const struct x509_st *certificate)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);
    if (len <= 0)
        return NULL;
    char *text = malloc(((size_t)len + 2) / 3 * 4 + 1);
    if (text)
        EVP_EncodeBlock((unsigned char *)text, der, len);
    OPENSSL_free(der);
    return text;
}

enum status trust_root_init(struct trust_root *root, const struct x509_st *certificate)
{
    char hex[17];
    *root = (struct trust_root){.pem = NULL};
    if (X509_digest(certificate, EVP_sha256(), root->sha256, NULL) != 1)
        return STATUS_CRYPTO;
    for (size_t i = 0; i < 8; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", root->sha256[i]);
    (void)snprintf(root->nickname, sizeof root->nickname, "%s CA %s", ours, hex);
    (void)snprintf(root->file_name, sizeof root->file_name, "hearth-%s.crt", hex);
    root->pem = trust_root_pem(certificate, &root->pem_len);
    root->base64 = base64_of(certificate);
    return root->pem && root->base64 ? STATUS_OK : STATUS_NO_MEMORY;
}

void trust_root_deinit(struct trust_root *root)
{
    free(root->pem);
    free(root->base64);
    *root = (struct trust_root){.pem = NULL};
}

size_t trust_root_read_pem(const char *text, size_t len, struct x509_st **list, size_t max)
{
    size_t count = 0;
    BIO *memory = len <= INT32_MAX ? BIO_new_mem_buf(text, (int)len) : NULL;
    while (memory && count < max) {
        X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);
        if (!certificate)
            break;
        list[count++] = certificate;
    }
    BIO_free(memory);
    ERR_clear_error();
    return count;
}

struct x509_st *trust_root_read_base64(const char *text)
{
    size_t len = strlen(text);
    if (len == 0 || len % 4 != 0 || len > X509_DER_MAX)
        return NULL;
    uint8_t *der = malloc(len);
    int got = der ? EVP_DecodeBlock(der, (const unsigned char *)text, (int)len) : -1;
    /* The padding is counted among the octets. */
    size_t padding = len - strcspn(text, "=");
    struct x509_st *certificate = NULL;
    if (got > (int)padding)
        certificate = x509_decode((struct der){der, (size_t)got - padding});
    ERR_clear_error();
    free(der);
    return certificate;
}

bool trust_root_is(const struct trust_root *root, const struct x509_st *certificate)
{
    uint8_t sha256[32];
    return X509_digest(certificate, EVP_sha256(), sha256, NULL) == 1 &&
           memcmp(sha256, root->sha256, sizeof sha256) == 0;
}

/* One permitted subtree, and that is the zone. */
static bool is_for_zone_alone(const struct x509_st *certificate)
{
    NAME_CONSTRAINTS *names = X509_get_ext_d2i(certificate, NID_name_constraints, NULL, NULL);
    bool alone = false;
    if (names && sk_GENERAL_SUBTREE_num(names->permittedSubtrees) == 1) {
        const GENERAL_NAME *base = sk_GENERAL_SUBTREE_value(names->permittedSubtrees, 0)->base;
        alone = base->type == GEN_DNS &&
                (size_t)ASN1_STRING_length(base->d.dNSName) == sizeof zone - 1 &&
                memcmp(ASN1_STRING_get0_data(base->d.dNSName), zone, sizeof zone - 1) == 0;
    }
    NAME_CONSTRAINTS_free(names);
    ERR_clear_error();
    return alone;
}

bool trust_root_is_hearths(const struct x509_st *certificate, const char *nickname)
{
    char subject[64] = "";
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, subject,
                                    sizeof subject);
    bool named = strncmp(nickname, ours, sizeof ours - 1) == 0 ||
                 strncmp(subject, ours, sizeof ours - 1) == 0;
    return named && is_for_zone_alone(certificate);
}
