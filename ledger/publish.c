/* publish.c: see publish.h.
 *
 * Readers have both files mapped, so neither is ever written in place or truncated, the word's
 * eight octets excepted. Each is made whole under a temporary name and renamed. Nothing is synced
 * to disk: the view is derived, and a torn one is found out by its checksums.
 */
#include "ledger/publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/base/reader.h"
#include "ledger/base/view_format.h"
#include "ledger/base/writer.h"

#define VIEW_TEMPORARY VIEW_FILE_NAME ".tmp"
#define WORD_TEMPORARY VIEW_GENERATION_NAME ".tmp"

enum { WORD_SIZE = 8, GENERATION_AT = 8 /* in the view's header */ };

static const uint64_t given_up = UINT64_MAX; /* "re-open everything" */

static enum status fill_random(void *bytes, size_t len)
{
    return getentropy(bytes, len) == 0 ? STATUS_OK : STATUS_IO;
}

/* Makes the file whole under the temporary name, then renames it. *fd is left open when it is asked
 * for. */
static enum status replace_file(int dir_fd, const char *temporary, const char *name,
                                const uint8_t *bytes, size_t len, int *fd_out)
{
    if (unlinkat(dir_fd, temporary, 0) != 0 && errno != ENOENT)
        return file_status(errno);
    int fd = openat(dir_fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return file_status(errno);
    enum status status = file_write_all(fd, bytes, len);
    /* Whatever the umask: everybody's programs read it. */
    if (status == STATUS_OK && fchmod(fd, 0644) != 0)
        status = file_status(errno);
    if (status == STATUS_OK && renameat(dir_fd, temporary, dir_fd, name) != 0)
        status = file_status(errno);
    if (status != STATUS_OK)
        (void)unlinkat(dir_fd, temporary, 0); /* the first failure is the one to tell */
    if (status == STATUS_OK && fd_out)
        *fd_out = fd;
    else
        close(fd);
    return status;
}

/* --- the word --- */

static enum status write_word(int fd, uint64_t generation)
{
    uint8_t bytes[WORD_SIZE];
    struct writer w = writer_over(bytes, sizeof bytes);
    writer_u64(&w, generation);
    ssize_t written = pwrite(fd, bytes, sizeof bytes, 0);
    if (written == (ssize_t)sizeof bytes)
        return STATUS_OK;
    return written < 0 ? file_status(errno) : STATUS_IO;
}

static enum status read_word(int fd, uint64_t *generation)
{
    uint8_t bytes[WORD_SIZE];
    if (pread(fd, bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return STATUS_IO;
    struct reader r = reader_over(bytes, sizeof bytes);
    *generation = reader_u64(&r);
    return reader_finish(&r);
}

/* A new word, of a number space that no other folder had. */
static enum status make_word(struct publisher *publisher)
{
    uint8_t page[GENERATION_FILE_SIZE] = {0};
    uint32_t space;
    enum status status = fill_random(&space, sizeof space);
    if (status != STATUS_OK)
        return status;
    publisher->generation = (uint64_t)(space & 0x7fffffff) << 32; /* never all ones */
    struct writer w = writer_over(page, sizeof page);
    writer_u64(&w, publisher->generation);
    return replace_file(publisher->dir_fd, WORD_TEMPORARY, VIEW_GENERATION_NAME, page, sizeof page,
                        &publisher->word_fd);
}

/* Takes over the word that is there. NOT_FOUND: there is none that can be used (any more). */
static enum status find_word(struct publisher *publisher)
{
    int fd = openat(publisher->dir_fd, VIEW_GENERATION_NAME,
                    O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return file_status(errno);
    struct stat st;
    enum status status = fstat(fd, &st) == 0 ? STATUS_OK : file_status(errno);
    if (status == STATUS_OK && !S_ISREG(st.st_mode))
        status = STATUS_DENIED;
    bool whole = status == STATUS_OK && st.st_size == GENERATION_FILE_SIZE;
    if (whole)
        status = read_word(fd, &publisher->generation);
    if (whole && status == STATUS_OK && publisher->generation < given_up - 1) {
        publisher->word_fd = fd;
        return fchmod(fd, 0644) == 0 ? STATUS_OK : file_status(errno);
    }
    if (status == STATUS_OK && st.st_size >= WORD_SIZE)
        status = write_word(fd, given_up);
    close(fd);
    return status == STATUS_OK ? STATUS_NOT_FOUND : status;
}

/* --- the publisher --- */

static enum status open_dir(struct publisher *publisher, const char *view_dir)
{
    bool made = mkdir(view_dir, 0755) == 0;
    if (!made && errno != EEXIST)
        return file_status(errno);
    publisher->dir_fd = open(view_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (publisher->dir_fd < 0) /* a symbolic link is not taken for the folder */
        return errno == ENOTDIR ? STATUS_DENIED : file_status(errno);
    if (made && fchmod(publisher->dir_fd, 0755) != 0)
        return file_status(errno);
    return STATUS_OK;
}

static enum status move_word(struct publisher *publisher)
{
    publisher->generation++;
    return write_word(publisher->word_fd, publisher->generation);
}

enum status publisher_open(struct publisher *publisher, const char *view_dir)
{
    *publisher = (struct publisher){.dir_fd = -1, .word_fd = -1};
    enum status status = open_dir(publisher, view_dir);
    if (status == STATUS_OK)
        status = find_word(publisher);
    if (status == STATUS_NOT_FOUND && publisher->dir_fd >= 0)
        status = make_word(publisher);
    if (status == STATUS_OK)
        status = move_word(publisher);
    if (status == STATUS_OK)
        status = fill_random(publisher->hash_key, sizeof publisher->hash_key);
    if (status != STATUS_OK)
        publisher_close(publisher);
    return status;
}

void publisher_close(struct publisher *publisher)
{
    if (publisher->word_fd >= 0)
        close(publisher->word_fd);
    if (publisher->dir_fd >= 0)
        close(publisher->dir_fd);
    publisher->word_fd = publisher->dir_fd = -1;
}

uint64_t publisher_next(const struct publisher *publisher)
{
    return publisher->generation + 1;
}

enum status publisher_put(struct publisher *publisher, const uint8_t *bytes, size_t len)
{
    struct reader r = reader_over(bytes, len);
    (void)reader_bytes(&r, GENERATION_AT); /* too short shows in the next line */
    if (reader_u64(&r) != publisher_next(publisher))
        return STATUS_RANGE;
    enum status status =
        replace_file(publisher->dir_fd, VIEW_TEMPORARY, VIEW_FILE_NAME, bytes, len, NULL);
    return status == STATUS_OK ? move_word(publisher) : status;
}
