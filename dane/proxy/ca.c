/* ca.c: see ca.h. The files, and the one right way to make them; ca_certificate.h is what is in them.
 *
 * Whoever comes takes the folder's lock first, so that of two starters one makes the CA and both
 * open it. Key and certificate are written whole under fresh names, and then placed, the key first:
 * a crash between the two leaves a key with a fresh certificate beside it, which nobody can have
 * trusted yet and which the next start places. Any other half is damage, and is told.
 */
#include "dane/proxy/ca.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dane/pem_file.h"
#include "dane/proxy/ca_certificate.h"
#include "ledger/base/file.h"

static const char key_file[] = "ca.key", fresh_key_file[] = "ca.key.new";
static const char certificate_file[] = "ca.pem", fresh_certificate_file[] = "ca.pem.new";

enum { HOST_MAX = 253 };

[[gnu::format(printf, 3, 4)]] static enum status fail(char *error, enum status status,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(error, CA_ERROR_SIZE, format, arguments);
    va_end(arguments);
    return status;
}

/* --- the folder --- */

/* One step of a mkdir -p with 0700; folders on the way need not be readable. A folder that root makes
 * belongs to the owner of the one it is in. */
static int enter_or_make(int parent, const char *name)
{
    struct stat above = {0};
    int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return -1;
    fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || geteuid() != 0)
        return fd;
    if (fstat(parent, &above) == 0 &&
        (above.st_uid == 0 || fchownat(fd, "", above.st_uid, above.st_gid, AT_EMPTY_PATH) == 0))
        return fd;
    close(fd);
    return -1;
}

/* Closes `fd`, and keeps errno. */
static int replace_fd(int fd, int next)
{
    int error = errno;
    close(fd);
    errno = error;
    return next;
}

static int open_folder(const char *dir)
{
    char path[FILE_PATH_SIZE], *rest = path;
    if (strlen(dir) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, dir, strlen(dir) + 1);
    int fd = open(path[0] == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (char *part; fd >= 0 && (part = strtok_r(rest, "/", &rest));)
        fd = replace_fd(fd, enter_or_make(fd, part));
    return fd < 0 ? -1 : replace_fd(fd, openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static enum status lock(int dir)
{
    while (flock(dir, LOCK_EX) != 0)
        if (errno != EINTR)
            return file_status(errno);
    return STATUS_OK;
}

/* --- making --- */

static enum status write_fresh(int dir)
{
    struct stat folder = {0};
    enum status status = STATUS_CRYPTO;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *root = NULL;
    if (fstat(dir, &folder) != 0)
        status = STATUS_IO;
    else if (key)
        root = ca_certificate_make_root(key, folder.st_uid);
    if (root)
        status = pem_file_write_key(dir, fresh_key_file, key);
    if (root && status == STATUS_OK)
        status = pem_file_write_certificate(dir, fresh_certificate_file, 0644, root);
    if (status != STATUS_OK)
        (void)unlinkat(dir, fresh_key_file, 0); /* the first failure is the one to tell */
    X509_free(root);
    EVP_PKEY_free(key);
    return status;
}

static enum status make(int dir)
{
    enum status status = write_fresh(dir);
    if (status == STATUS_OK)
        status = pem_file_place(dir, fresh_key_file, key_file);
    if (status == STATUS_OK)
        status = pem_file_place(dir, fresh_certificate_file, certificate_file);
    return status;
}

/* The key has its place and the certificate doesn't: is it the one that a crash left unplaced? */
static enum status place_left(struct ca *ca, int dir)
{
    X509 *left = NULL;
    enum status status = pem_file_read_certificate(dir, fresh_certificate_file, &left);
    if (status == STATUS_OK && X509_check_private_key(left, ca->key) == 1)
        status = pem_file_place(dir, fresh_certificate_file, certificate_file);
    else
        status = STATUS_NOT_FOUND;
    X509_free(left);
    ERR_clear_error();
    return status == STATUS_OK ? pem_file_read_certificate(dir, certificate_file, &ca->certificate)
                               : status;
}

/* --- opening --- */

static const char anew[] = "to begin anew, run `hearth trust uninstall`, move ca.key and ca.pem "
                           "out of the way, and run `hearth trust install`";

static enum status fail_key(enum status status, const char *dir, char *error)
{
    switch (status) {
    case STATUS_DENIED:
        return fail(error, status,
                    "%s/%s: other users have rights to this key, or it belongs to one of them, or "
                    "it is a symbolic link; who has it can pose as any of your devices to your "
                    "browsers. If nobody else can have read it, `chmod 600` it; otherwise %s",
                    dir, key_file, anew);
    case STATUS_CORRUPT:
        return fail(error, status,
                    "%s/%s: no key of a Hearth CA; bring it back from a backup, or, %s", dir,
                    key_file, anew);
    case STATUS_NOT_FOUND:
        return fail(error, STATUS_CORRUPT,
                    "%s/%s: the key is gone, and its certificate %s is there; bring it back from a "
                    "backup, or, %s",
                    dir, key_file, certificate_file, anew);
    default:
        return fail(error, status, "%s/%s: can't be read (%s); see to the disk and try again", dir,
                    key_file, status_text(status));
    }
}

static enum status fail_certificate(enum status status, const char *dir, char *error)
{
    switch (status) {
    case STATUS_NOT_FOUND:
        return fail(error, status, "%s/%s: there is no CA yet; `hearth trust install` makes it",
                    dir, certificate_file);
    case STATUS_CORRUPT:
        return fail(
            error, status,
            "%s/%s: no certificate of a Hearth CA, or damaged; bring it back from a backup, "
            "or, %s",
            dir, certificate_file, anew);
    default:
        return fail(error, status,
                    "%s/%s: can't be read (%s); see to its rights and the disk and try again", dir,
                    certificate_file, status_text(status));
    }
}

static enum status fail_making(enum status status, const char *dir, char *error)
{
    const char *next = status == STATUS_DENIED ? "give this user the right to write there"
                       : status == STATUS_FULL ? "make room"
                                               : "see to the folder and the disk";
    return fail(error, status,
                "%s: the CA's key and certificate can't be made there (%s); %s and "
                "try again",
                dir, status_text(status), next);
}

static enum status check(struct ca *ca, const char *dir, char *error)
{
    if (!ca_certificate_is_root(ca->certificate))
        return fail_certificate(STATUS_CORRUPT, dir, error);
    if (ca->key && X509_check_private_key(ca->certificate, ca->key) != 1) {
        ERR_clear_error();
        return fail(error, STATUS_CORRUPT,
                    "%s: %s and %s don't belong together; bring both back from one backup, or, %s",
                    dir, key_file, certificate_file, anew);
    }
    if (X509_digest(ca->certificate, EVP_sha256(), ca->sha256, NULL) != 1)
        return fail(error, STATUS_CRYPTO, "%s/%s: can't be hashed; OpenSSL does not work here", dir,
                    certificate_file);
    return STATUS_OK;
}

/* Under the folder's lock. */
static enum status open_both(struct ca *ca, int dir_fd, const char *dir, char *error)
{
    enum status of_key = pem_file_read_key(dir_fd, key_file, &ca->key);
    enum status status = pem_file_read_certificate(dir_fd, certificate_file, &ca->certificate);
    if (of_key == STATUS_NOT_FOUND && status == STATUS_NOT_FOUND) {
        status = make(dir_fd);
        if (status != STATUS_OK)
            return fail_making(status, dir, error);
        of_key = pem_file_read_key(dir_fd, key_file, &ca->key);
        status = pem_file_read_certificate(dir_fd, certificate_file, &ca->certificate);
    }
    if (of_key != STATUS_OK)
        return fail_key(of_key, dir, error);
    if (status == STATUS_NOT_FOUND)
        status = place_left(ca, dir_fd);
    if (status == STATUS_NOT_FOUND)
        return fail(error, STATUS_CORRUPT,
                    "%s/%s: the certificate is gone, and its key %s is there; bring it back from a "
                    "backup, or, %s",
                    dir, certificate_file, key_file, anew);
    return status == STATUS_OK ? check(ca, dir, error) : fail_certificate(status, dir, error);
}

enum status ca_open(struct ca *ca, const char *dir, uint64_t now_ms,
                    char error[static CA_ERROR_SIZE])
{
    (void)now_ms; /* a root is for all time: the clock may be wrong on the day it is made */
    *ca = (struct ca){.key = NULL};
    error[0] = '\0';
    int dir_fd = open_folder(dir);
    if (dir_fd < 0)
        return fail_making(file_status(errno), dir, error);
    enum status status = lock(dir_fd);
    status =
        status == STATUS_OK ? open_both(ca, dir_fd, dir, error) : fail_making(status, dir, error);
    close(dir_fd);
    if (status != STATUS_OK)
        ca_close(ca);
    return status;
}

enum status ca_open_certificate(struct ca *ca, const char *dir, char error[static CA_ERROR_SIZE])
{
    *ca = (struct ca){.key = NULL};
    error[0] = '\0';
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status =
        dir_fd < 0 ? file_status(errno)
                   : pem_file_read_certificate(dir_fd, certificate_file, &ca->certificate);
    if (dir_fd >= 0)
        close(dir_fd);
    status = status == STATUS_OK ? check(ca, dir, error) : fail_certificate(status, dir, error);
    if (status != STATUS_OK)
        ca_close(ca);
    return status;
}

void ca_close(struct ca *ca)
{
    X509_free(ca->certificate);
    EVP_PKEY_free(ca->key);
    *ca = (struct ca){.key = NULL};
}

/* --- leaves --- */

/* A key for each, thrown away with the leaf: it costs some ten microseconds, and no key then stands
 * for two hosts. */
enum status ca_sign_leaf(const struct ca *ca, const char *host, uint64_t now_ms,
                         struct x509_st **certificate, struct evp_pkey_st **key)
{
    size_t len = strlen(host);
    *certificate = NULL;
    *key = NULL;
    if (len == 0 || len > HOST_MAX)
        return STATUS_RANGE;
    *key = EVP_EC_gen("P-256");
    if (*key)
        *certificate = ca_certificate_make_leaf(ca->certificate, ca->key, *key, host,
                                                (long long)(now_ms / 1000));
    if (*certificate)
        return STATUS_OK;
    EVP_PKEY_free(*key);
    *key = NULL;
    ERR_clear_error();
    return STATUS_CRYPTO;
}
