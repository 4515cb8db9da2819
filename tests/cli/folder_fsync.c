/* folder_fsync.c: a disk that does not keep names: fsync of the folder FORGETFUL fails. To be
 * preloaded. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

__attribute__((visibility("default"))) int fsync(int fd)
{
    struct stat synced, folder;
    const char *path = getenv("FORGETFUL");
    if (path && stat(path, &folder) == 0 && fstat(fd, &synced) == 0 &&
        synced.st_dev == folder.st_dev && synced.st_ino == folder.st_ino) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}
