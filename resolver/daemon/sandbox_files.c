/* sandbox_files.c: see sandbox_files.h.
 *
 * The C library has no functions for Landlock, and a kernel's headers may be older than the kernel:
 * rights that came after the first version have their bits here. A kernel is asked for what it
 * knows, so that an older one keeps what it can.
 */
#include "resolver/daemon/sandbox_files.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RIGHT_REFER    (UINT64_C(1) << 13) /* version 2 */
#define RIGHT_TRUNCATE (UINT64_C(1) << 14) /* version 3 */
#define RIGHT_IOCTL    (UINT64_C(1) << 15) /* version 5 */

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_WRITE                                                                               \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                              \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |   \
     RIGHT_REFER | RIGHT_TRUNCATE)
#define RIGHTS_NOBODY                                                                              \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |    \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |  \
     RIGHT_IOCTL)

static uint64_t rights_known(long version)
{
    uint64_t later = (version < 2 ? RIGHT_REFER : 0) | (version < 3 ? RIGHT_TRUNCATE : 0) |
                     (version < 5 ? RIGHT_IOCTL : 0);
    return (RIGHTS_READ | RIGHTS_WRITE | RIGHTS_NOBODY) & ~later;
}

static enum status keep_path(int ruleset, const struct sandbox_path *kept, uint64_t known)
{
    struct stat info;
    int fd = open(kept->path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == EACCES ? STATUS_OK : STATUS_IO;
    struct landlock_path_beneath_attr rule = {
        .parent_fd = fd,
        .allowed_access = (RIGHTS_READ | (kept->write ? RIGHTS_WRITE : 0)) & known,
    };
    enum status status = fstat(fd, &info) == 0 ? STATUS_OK : STATUS_IO;
    if (status == STATUS_OK && !S_ISDIR(info.st_mode))
        rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
    if (status == STATUS_OK &&
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        status = STATUS_IO;
    close(fd);
    return status;
}

enum status sandbox_files_keep(const struct sandbox_path *paths, size_t count)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return STATUS_NOT_FOUND;
    struct landlock_ruleset_attr attr = {.handled_access_fs = rights_known(version)};
    /* Later versions' members are left out: the kernel takes what it is not given as none. */
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return STATUS_IO;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        status = keep_path(ruleset, &paths[i], attr.handled_access_fs);
    if (status == STATUS_OK && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        status = STATUS_DENIED;
    close(ruleset);
    return status;
}
