/* minted.c: see minted.h. */
#include "tests/tools/minted.h"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

EVP_PKEY *minted_key(const char *kind)
{
    if (strncmp(kind, "rsa", 3) == 0) {
        unsigned long bits = strtoul(kind + 3, NULL, 10);
        return bits >= 512 && bits <= 8192 ? EVP_RSA_gen((unsigned)bits) : NULL;
    }
    if (strcmp(kind, "ed25519") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (strcmp(kind, "p256") == 0)
        return EVP_EC_gen("P-256");
    if (strcmp(kind, "p384") == 0)
        return EVP_EC_gen("P-384");
    return EVP_EC_gen(kind);
}

static bool write_key(const char *path, EVP_PKEY *key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file) {
        perror(path);
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool written = PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1;
    return fclose(file) == 0 && written;
}

EVP_PKEY *minted_key_file(const char *path, const char *kind)
{
    EVP_PKEY *key = NULL;
    FILE *file = fopen(path, "re");
    if (file) {
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        fclose(file);
        return key;
    }
    key = minted_key(kind);
    if (key && write_key(path, key))
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* "2007-05-01" → "20070501000000Z". */
static bool set_date(ASN1_TIME *date, const char *text)
{
    char digits[16] = "00000000000000Z";
    size_t used = 0;
    for (; *text && used < 14; text++) {
        if (*text >= '0' && *text <= '9')
            digits[used++] = *text;
    }
    return (used == 8 || used == 14) && ASN1_TIME_set_string_X509(date, digits) == 1;
}

static bool add_extension(X509 *x509, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, NULL, x509, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool added = extension && X509_add_ext(x509, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static bool is_address(const char *text)
{
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(text);
    ASN1_OCTET_STRING_free(address);
    return address != NULL;
}

static bool add_sans(X509 *x509, const char *sans)
{
    char value[4096] = "", copy[2048], *save = NULL;
    if (strlen(sans) >= sizeof copy)
        return false;
    (void)snprintf(copy, sizeof copy, "%s", sans);
    for (char *san = strtok_r(copy, ",", &save); san; san = strtok_r(NULL, ",", &save)) {
        size_t used = strlen(value);
        (void)snprintf(value + used, sizeof value - used, "%s%s:%s", used ? "," : "",
                       is_address(san) ? "IP" : "DNS", san);
    }
    return add_extension(x509, NID_subject_alt_name, value);
}

static bool fill(X509 *x509, const struct minted *minted, EVP_PKEY *key)
{
    const char *subject = minted->subject ? minted->subject : "device";
    X509_NAME *name = X509_get_subject_name(x509);
    const X509_NAME *issuer = minted->issuer ? X509_get_subject_name(minted->issuer) : name;
    const char *from = minted->not_before ? minted->not_before : "2020-01-01";
    const char *to = minted->not_after ? minted->not_after : "2049-12-31";
    return X509_set_version(x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(x509), minted->serial ? minted->serial : 1) ==
               1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)subject, -1,
                                      -1, 0) == 1 &&
           X509_set_issuer_name(x509, issuer) == 1 && set_date(X509_getm_notBefore(x509), from) &&
           set_date(X509_getm_notAfter(x509), to) && X509_set_pubkey(x509, key) == 1 &&
           (!minted->ca || (add_extension(x509, NID_basic_constraints, "critical,CA:TRUE") &&
                            add_extension(x509, NID_key_usage, "critical,keyCertSign,cRLSign"))) &&
           (!minted->sans || add_sans(x509, minted->sans));
}

X509 *minted_certificate(const struct minted *minted, EVP_PKEY *key)
{
    EVP_PKEY *signer = minted->issuer_key ? minted->issuer_key : key;
    const EVP_MD *hash = EVP_get_digestbyname(minted->hash ? minted->hash : "sha256");
    if (EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519)
        hash = NULL; /* it has its own */
    else if (!hash)
        return NULL;
    X509 *x509 = X509_new();
    if (x509 && fill(x509, minted, key) && X509_sign(x509, signer, hash) > 0)
        return x509;
    X509_free(x509);
    return NULL;
}

bool minted_spki_sha256(EVP_PKEY *key, uint8_t out[static 32])
{
    uint8_t *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    bool done = len > 0 && SHA256(spki, (size_t)len, out);
    OPENSSL_free(spki);
    return done;
}
