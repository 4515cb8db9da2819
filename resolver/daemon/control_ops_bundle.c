/* control_ops_bundle.c: bundle: everything that the node holds, as a descriptor that the client
 * reads.
 *
 * The bundle lies in a file without a name in the state folder, which goes away with its last
 * descriptor; on a full disk, where a backup may be wanted most, in memory. The client's descriptor
 * is one for reading alone.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

/* A second descriptor of the same file, at its start, for reading; -1. */
static int open_again(int fd)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static enum status fill(struct control_call *call, int fd)
{
    struct stat info;
    enum status status = backup_export(call->service->ledger, fd);
    if (status != STATUS_OK)
        return status;
    if (fstat(fd, &info) != 0)
        return STATUS_IO;
    call->fd = open_again(fd);
    control_fields_set_number(call->answer, "bytes", (uint64_t)info.st_size);
    return call->fd >= 0 ? STATUS_OK : STATUS_IO;
}

static enum status fill_and_close(struct control_call *call, int fd)
{
    if (fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? STATUS_FULL : STATUS_IO;
    enum status status = fill(call, fd);
    close(fd);
    return status;
}

enum status control_op_bundle(struct control_call *call)
{
    const char *state = call->service->context->paths->state;
    enum status status = fill_and_close(call, open(state, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (status == STATUS_FULL)
        status = fill_and_close(call, memfd_create("hearth-bundle", MFD_CLOEXEC));
    return status;
}
