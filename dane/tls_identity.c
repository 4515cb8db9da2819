/* tls_identity.c: see tls_identity.h.
 *
 * Other nodes know this one by the SPKI in its GRANT. The certificate is only the envelope that TLS
 * wants: its dates span all time, because a machine's clock may be in 1970 when it is made.
 *
 * The key is written first and the certificate after it (pem_file.h): a crash leaves no key, or a
 * key whose certificate the next start makes anew; never half of either.
 */
#include "dane/tls_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "dane/pem_file.h"
#include "ledger/base/file.h"

static const char key_file[] = "tls.key", fresh_key_file[] = "tls.key.new";
static const char certificate_file[] = "tls.pem", fresh_certificate_file[] = "tls.pem.new";

static enum status make_key(int dir, EVP_PKEY **key)
{
    *key = EVP_EC_gen("P-256");
    enum status status = *key ? pem_file_write_key(dir, fresh_key_file, *key) : STATUS_CRYPTO;
    return status == STATUS_OK ? pem_file_place(dir, fresh_key_file, key_file) : status;
}

static bool fill_certificate(X509 *x509, EVP_PKEY *key)
{
    static const unsigned char name[] = "Hearth node";
    X509_NAME *subject = X509_get_subject_name(x509);
    return X509_set_version(x509, X509_VERSION_3) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(x509), 1) == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notBefore(x509), "19700101000000Z") == 1 &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(x509), "99991231235959Z") == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, -1, -1, 0) == 1 &&
           X509_set_issuer_name(x509, subject) == 1 && X509_set_pubkey(x509, key) == 1 &&
           X509_sign(x509, key, EVP_sha256()) > 0;
}

static enum status make_certificate(int dir, EVP_PKEY *key)
{
    enum status status = STATUS_CRYPTO;
    X509 *x509 = X509_new();
    if (x509 && fill_certificate(x509, key))
        status = pem_file_write_certificate(dir, fresh_certificate_file, 0600, x509);
    X509_free(x509);
    return status == STATUS_OK ? pem_file_place(dir, fresh_certificate_file, certificate_file)
                               : status;
}

static enum status check_certificate(int dir, EVP_PKEY *key)
{
    X509 *x509 = NULL;
    enum status status = pem_file_read_certificate(dir, certificate_file, &x509);
    if (status == STATUS_OK && X509_check_private_key(x509, key) != 1)
        status = STATUS_CORRUPT;
    X509_free(x509);
    return status;
}

static enum status hash_spki(EVP_PKEY *key, uint8_t out[static 32])
{
    uint8_t *spki = NULL;
    int len = i2d_PUBKEY(key, &spki);
    bool done = len > 0 && SHA256(spki, (size_t)len, out);
    OPENSSL_free(spki);
    return done ? STATUS_OK : STATUS_CRYPTO;
}

enum status tls_identity_open(const char *dir, uint8_t spki_sha256[static 32])
{
    EVP_PKEY *key = NULL;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return file_status(errno);
    enum status status = pem_file_read_key(dir_fd, key_file, &key);
    bool fresh = status == STATUS_NOT_FOUND;
    if (fresh)
        status = make_key(dir_fd, &key);
    if (status == STATUS_OK) {
        status = fresh ? STATUS_NOT_FOUND : check_certificate(dir_fd, key);
        /* It says nothing that the key does not: damage to it is no reason not to serve. */
        if (status == STATUS_NOT_FOUND || status == STATUS_CORRUPT)
            status = make_certificate(dir_fd, key);
    }
    if (status == STATUS_OK)
        status = hash_spki(key, spki_sha256);
    EVP_PKEY_free(key);
    close(dir_fd);
    ERR_clear_error();
    return status;
}
