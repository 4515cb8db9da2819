/* pem_file.c: see pem_file.h. */
#include "dane/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"

enum { FILE_MAX = 8192 /* octets */ };

/* --- reading --- */

/* The file's octets in bytes[FILE_MAX]. */
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

enum status pem_file_read_key(int dir, const char *name, EVP_PKEY **key)
{
    uint8_t bytes[FILE_MAX];
    size_t len = 0;
    *key = NULL;
    enum status status = read_file(dir, name, true, bytes, &len);
    if (status == STATUS_OK) {
        BIO *bio = BIO_new_mem_buf(bytes, (int)len);
        char no_password[] = ""; /* never ask the terminal */
        *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password) : NULL;
        BIO_free(bio);
        if (!*key || EVP_PKEY_get_base_id(*key) != EVP_PKEY_EC) {
            EVP_PKEY_free(*key);
            *key = NULL;
            status = STATUS_CORRUPT;
        }
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    ERR_clear_error();
    return status;
}

enum status pem_file_read_certificate(int dir, const char *name, X509 **certificate)
{
    uint8_t bytes[FILE_MAX];
    size_t len = 0;
    *certificate = NULL;
    enum status status = read_file(dir, name, false, bytes, &len);
    if (status != STATUS_OK)
        return status;
    BIO *bio = BIO_new_mem_buf(bytes, (int)len);
    *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();
    return *certificate ? STATUS_OK : STATUS_CORRUPT;
}

/* --- writing --- */

/* Root makes things in other users' folders; they would be of no use to them as root's. */
static int give_to_owner(int fd, int dir)
{
    struct stat folder = {0};
    if (fstat(dir, &folder) != 0)
        return -1;
    bool mine = geteuid() != 0 || folder.st_uid == 0;
    return mine ? 0 : fchown(fd, folder.st_uid, folder.st_gid);
}

static enum status write_file(int dir, const char *name, mode_t mode, BIO *pem)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(pem, &bytes);
    if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        return file_status(errno);
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return file_status(errno);
    enum status status = file_write_all(fd, bytes, (size_t)len);
    /* Whatever the umask is. */
    if (status == STATUS_OK &&
        (fchmod(fd, mode) != 0 || give_to_owner(fd, dir) != 0 || fsync(fd) != 0))
        status = file_status(errno);
    if (close(fd) != 0 && status == STATUS_OK)
        status = file_status(errno);
    if (status != STATUS_OK)
        (void)unlinkat(dir, name, 0); /* the first failure is the one to report */
    return status;
}

enum status pem_file_write_key(int dir, const char *name, const EVP_PKEY *key)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    enum status status = STATUS_CRYPTO;
    if (bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1)
        status = write_file(dir, name, 0600, bio);
    BIO_free(bio);
    ERR_clear_error();
    return status;
}

enum status pem_file_write_certificate(int dir, const char *name, unsigned mode,
                                       const X509 *certificate)
{
    BIO *bio = BIO_new(BIO_s_mem());
    enum status status = STATUS_CRYPTO;
    if (bio && PEM_write_bio_X509(bio, certificate) == 1)
        status = write_file(dir, name, mode, bio);
    BIO_free(bio);
    ERR_clear_error();
    return status;
}

enum status pem_file_place(int dir, const char *fresh, const char *name)
{
    bool placed = renameat(dir, fresh, dir, name) == 0 && fsync(dir) == 0;
    return placed ? STATUS_OK : file_status(errno);
}
