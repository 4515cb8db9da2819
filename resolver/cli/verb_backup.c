/* verb_backup.c: `backup FILE`: everything this node holds, as one bundle (docs/ledger-format.md,
 * "Bundle").
 *
 * hearthd hands over a descriptor; it is copied to a temporary file beside FILE, checked as a
 * bundle, made durable, and renamed: FILE is whole or not there. No key is in it; copy the owner's
 * key yourself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "resolver/cli/output.h"
#include "resolver/cli/session.h"
#include "resolver/cli/verbs.h"

enum { COPY_STEP = 1 << 16 };

static enum status copy_all(int from, int to, uint64_t *total)
{
    uint8_t *step = malloc(COPY_STEP);
    enum status status = step ? STATUS_OK : STATUS_NO_MEMORY;
    *total = 0;
    while (status == STATUS_OK) {
        ssize_t got = read(from, step, COPY_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            status = got == 0 ? STATUS_OK : STATUS_IO;
            break;
        }
        *total += (uint64_t)got;
        status = file_write_all(to, step, (size_t)got);
    }
    free(step);
    return status;
}

/* Is what was written a whole bundle, each of its hashes right? */
static enum status check_copy(int fd, uint64_t len)
{
    if (len == 0 || len > SIZE_MAX)
        return STATUS_TRUNCATED;
    void *bytes = mmap(NULL, (size_t)len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return STATUS_IO;
    struct bundle bundle;
    enum status status = bundle_open(&bundle, bytes, (size_t)len);
    if (status == STATUS_OK) {
        status = bundle.status;
        for (uint32_t i = 0; status == STATUS_OK && i < bundle.count; i++)
            status = bundle.sections[i].status;
        bundle_close(&bundle);
    }
    munmap(bytes, (size_t)len);
    return status;
}

/* The folder's entry must survive a crash too. */
static enum status sync_folder_of(const char *path)
{
    char folder[FILE_PATH_SIZE];
    enum status status = file_path_folder(folder, path);
    return status == STATUS_OK ? file_sync_folder(folder) : status;
}

static enum status put_in_place(const char *temporary, const char *path, bool force)
{
    unsigned flags = force ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, flags) == 0)
        return sync_folder_of(path);
    if (errno == EINVAL && !force && access(path, F_OK) != 0) /* a file system without it */
        return rename(temporary, path) == 0 ? sync_folder_of(path) : STATUS_IO;
    return errno == EEXIST ? STATUS_EXISTS : STATUS_IO;
}

static enum status save(int from, const char *path, bool force, uint64_t *total)
{
    char temporary[FILE_PATH_SIZE];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (len < 0 || len >= (int)sizeof temporary)
        return STATUS_TOO_LONG;
    int to = mkostemp(temporary, O_CLOEXEC); /* 0600 */
    if (to < 0)
        return STATUS_IO;
    enum status status = copy_all(from, to, total);
    if (status == STATUS_OK)
        status = check_copy(to, *total);
    if (status == STATUS_OK && fsync(to) != 0)
        status = STATUS_IO;
    int error = errno;
    if (close(to) != 0 && status == STATUS_OK) {
        error = errno;
        status = STATUS_IO;
    }
    if (status == STATUS_OK) {
        status = put_in_place(temporary, path, force);
        error = errno;
    }
    if (status != STATUS_OK)
        unlink(temporary);
    errno = error;
    return status;
}

static int refuse_existing(struct cli *cli, const char *path)
{
    return output_error(cli, EXIT_REFUSED, NULL, status_name(STATUS_EXISTS),
                        "another FILE, or --force", "%s exists already and is not written over",
                        path);
}

static int backup(struct session *session, const char *path, bool force)
{
    struct cli *cli = session->cli;
    json_t *answer = NULL;
    uint64_t total = 0;
    int code = session_write(session, json_pack("{s:s}", "op", "bundle"), &answer);
    json_decref(answer);
    if (code != EXIT_YES)
        return code;
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s status", cli->command);
    if (session->client.received_fd < 0)
        return output_error(cli, EXIT_BROKEN, NULL, status_name(STATUS_IO), hint,
                            "hearthd's answer came without the bundle");
    errno = 0;
    enum status status = save(session->client.received_fd, path, force, &total);
    if (status == STATUS_EXISTS)
        return refuse_existing(cli, path);
    if (status != STATUS_OK)
        return output_error(cli, EXIT_BROKEN, NULL, status_name(status),
                            "a FILE in a folder that can be written to", "%s: %s", path,
                            errno ? strerror(errno) : status_text(status));
    output_line(cli, "%s: %llu octets, whole and durable", path, (unsigned long long)total);
    output_line(cli,
                "No key is in it. Keep a copy of %s/owner.key and the recovery words elsewhere.",
                cli->paths.owner);
    output_next(cli, "copy it to another machine or a stick");
    return output_object(cli,
                         json_pack("{s:o, s:I}", "file", output_string(path, strlen(path)), "bytes",
                                   (json_int_t)total),
                         EXIT_YES);
}

int verb_backup(struct cli *cli)
{
    struct session session;
    struct stat there;
    bool force = cli_option(cli, "--force") != NULL;
    const char *path = cli->argv[0];
    if (!force && lstat(path, &there) == 0)
        return refuse_existing(cli, path);
    if (crypt_init() != STATUS_OK)
        return output_status(cli, STATUS_CRYPTO, NULL, "");
    int code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = backup(&session, path, force);
    session_close(&session);
    return code;
}
