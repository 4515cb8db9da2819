/* tls_identity.c: see tls_identity.h.
 *
 * Other nodes know this one by the SPKI in its GRANT. The certificate is only the envelope that TLS
 * wants: its dates span all time, because a machine's clock may be in 1970 when it is made.
 *
 * The key is written first and the certificate after it, each to a new file that takes its place by
 * rename: a crash leaves no key, or a key whose certificate the next start makes anew; never half
 * of either.
 */
#include "dane/tls_identity.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dane/x509.h"
#include "ledger/base/file.h"

enum { FILE_MAX = 8192 /* octets of either file */ };

static const char key_file[] = "tls.key";
static const char certificate_file[] = "tls.pem";

/* --- files --- */

/* The file's octets in bytes[FILE_MAX]. NOT_FOUND. */
static enum status read_file(int dir, const char *name, bool secret, uint8_t *bytes, size_t *len)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return file_status(errno);
    enum status status = secret ? file_check_private(fd, dir) : STATUS_OK;
    *len = 0;
    while (status == STATUS_OK) {
        ssize_t got = read(fd, bytes + *len, FILE_MAX - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = STATUS_IO;
        if (got <= 0)
            break;
        *len += (size_t)got;
        if (*len == FILE_MAX)
            status = STATUS_CORRUPT; /* too long to be ours */
    }
    close(fd);
    return status;
}

/* Durable before it has its name. */
static enum status write_file(int dir, const char *name, const char *bytes, size_t len)
{
    char fresh[32];
    (void)snprintf(fresh, sizeof fresh, "%s.new", name);
    if (unlinkat(dir, fresh, 0) < 0 && errno != ENOENT)
        return file_status(errno);
    int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_status(errno);
    enum status status = file_write_all(fd, bytes, len);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = file_status(errno);
    if (close(fd) != 0 && status == STATUS_OK)
        status = file_status(errno);
    if (status == STATUS_OK && (renameat(dir, fresh, dir, name) != 0 || fsync(dir) != 0))
        status = file_status(errno);
    if (status != STATUS_OK)
        (void)unlinkat(dir, fresh, 0); /* the first failure is the one to report */
    return status;
}

/* --- key and certificate --- */

static enum status read_key(int dir, EVP_PKEY **key)
{
    uint8_t bytes[FILE_MAX];
    size_t len = 0;
    enum status status = read_file(dir, key_file, true, bytes, &len);
    if (status == STATUS_OK) {
        BIO *bio = BIO_new_mem_buf(bytes, (int)len);
        char no_password[] = ""; /* never ask the terminal */
        *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password) : NULL;
        BIO_free(bio);
        if (!*key || EVP_PKEY_get_base_id(*key) != EVP_PKEY_EC)
            status = STATUS_CORRUPT;
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return status;
}

static enum status make_key(int dir, EVP_PKEY **key)
{
    char *pem = NULL;
    enum status status = STATUS_CRYPTO;
    BIO *bio = BIO_new(BIO_s_secmem());
    *key = EVP_EC_gen("P-256");
    if (bio && *key && PEM_write_bio_PrivateKey(bio, *key, NULL, NULL, 0, NULL, NULL) == 1) {
        long len = BIO_get_mem_data(bio, &pem);
        status = write_file(dir, key_file, pem, (size_t)len);
    }
    BIO_free(bio);
    return status;
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
    char *pem = NULL;
    enum status status = STATUS_CRYPTO;
    BIO *bio = BIO_new(BIO_s_mem());
    X509 *x509 = X509_new();
    if (bio && x509 && fill_certificate(x509, key) && PEM_write_bio_X509(bio, x509) == 1) {
        long len = BIO_get_mem_data(bio, &pem);
        status = write_file(dir, certificate_file, pem, (size_t)len);
    }
    X509_free(x509);
    BIO_free(bio);
    return status;
}

static enum status check_certificate(int dir, EVP_PKEY *key)
{
    uint8_t bytes[FILE_MAX];
    size_t len = 0;
    enum status status = read_file(dir, certificate_file, false, bytes, &len);
    if (status != STATUS_OK)
        return status;
    BIO *bio = BIO_new_mem_buf(bytes, (int)len);
    X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    status = x509 && X509_check_private_key(x509, key) == 1 ? STATUS_OK : STATUS_CORRUPT;
    X509_free(x509);
    BIO_free(bio);
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
    enum status status = read_key(dir_fd, &key);
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
