/* incarnation.c: see incarnation.h. The mark is id (16), commits (8) and the CRC-32C of both (4).
 */
#include "ledger/incarnation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/checksum.h"
#include "ledger/base/file.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"

enum { MARK_SIZE = 28, CRC_AT = 24 };

static void mark_encode(const struct incarnation_mark *mark, uint8_t out[static MARK_SIZE])
{
    struct writer w = writer_over(out, MARK_SIZE);
    writer_bytes(&w, mark->id, sizeof mark->id);
    writer_u64(&w, mark->commits);
    writer_u32(&w, crc32c(0, out, CRC_AT));
}

static enum status mark_decode(struct incarnation_mark *mark, const uint8_t *bytes, size_t len)
{
    struct reader r = reader_over(bytes, len);
    reader_copy(&r, mark->id, sizeof mark->id);
    mark->commits = reader_u64(&r);
    uint32_t crc = reader_u32(&r);
    if (reader_finish(&r) != STATUS_OK || crc != crc32c(0, bytes, CRC_AT))
        return STATUS_CORRUPT;
    return STATUS_OK;
}

enum status incarnation_read(struct incarnation_mark *mark, const char *state_dir)
{
    char path[FILE_PATH_SIZE];
    uint8_t bytes[MARK_SIZE + 1];
    enum status status = file_path_join(path, state_dir, "incarnation");
    if (status != STATUS_OK)
        return status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return file_status(errno);
    ssize_t len = pread(fd, bytes, sizeof bytes, 0);
    close(fd);
    return len < 0 ? STATUS_IO : mark_decode(mark, bytes, (size_t)len);
}

enum status incarnation_advance(const struct incarnation_mark *mark, int fd)
{
    uint8_t bytes[MARK_SIZE];
    mark_encode(mark, bytes);
    ssize_t put;
    do
        put = pwrite(fd, bytes, sizeof bytes, 0);
    while (put < 0 && errno == EINTR);
    if (put < 0)
        return file_status(errno);
    return put == MARK_SIZE ? STATUS_OK : STATUS_IO;
}

enum status incarnation_write(const struct incarnation_mark *mark, const char *state_dir, int *fd)
{
    char path[FILE_PATH_SIZE], temporary[FILE_PATH_SIZE];
    *fd = -1;
    enum status status = file_path_join(path, state_dir, "incarnation");
    if (status == STATUS_OK)
        status = file_path_join(temporary, state_dir, "incarnation.new");
    if (status != STATUS_OK)
        return status;
    /* Only the process that holds the store's lock comes here. */
    *fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return file_status(errno);
    status = incarnation_advance(mark, *fd);
    if (status == STATUS_OK && (fsync(*fd) != 0 || rename(temporary, path) != 0))
        status = file_status(errno);
    if (status == STATUS_OK)
        status = file_sync_folder(state_dir);
    if (status != STATUS_OK) {
        (void)unlink(temporary); /* the first failure is the one to tell */
        close(*fd);
        *fd = -1;
    }
    return status;
}

enum status incarnation_continue(const struct incarnation_mark *mark, const char *state_dir,
                                 int *fd)
{
    char path[FILE_PATH_SIZE];
    *fd = -1;
    enum status status = file_path_join(path, state_dir, "incarnation");
    if (status != STATUS_OK)
        return status;
    *fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0)
        return file_status(errno);
    (void)incarnation_advance(mark, *fd); /* one that lags only notices less */
    return STATUS_OK;
}
