/* shim.c: see shim.h. */
#include "tests/fault/shim.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))

#ifdef __SANITIZE_ADDRESS__
#define REAL(name) __interceptor_##name
#else
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *old, size_t size);
#ifdef __SANITIZE_ADDRESS__
int __interceptor_posix_memalign(void **out, size_t alignment, size_t size);
#else
void *__libc_memalign(size_t alignment, size_t size);
#endif

static struct shim armed;
static bool is_armed;

/* In memory that children share. */
static _Atomic unsigned long *calls;
static _Atomic unsigned long before_main;

static _Atomic unsigned long *counter(void)
{
    return calls ? calls : &before_main;
}

__attribute__((constructor)) static void share_counter(void)
{
    void *page = (void *)syscall(SYS_mmap, NULL, sizeof *calls, PROT_READ | PROT_WRITE,
                                 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert(page != MAP_FAILED);
    calls = page;
}

void shim_arm(const struct shim *shim)
{
    armed = *shim;
    atomic_store(counter(), 0);
    is_armed = true;
}

bool shim_disarm(void)
{
    is_armed = false;
    return atomic_load(counter()) >= armed.nth;
}

unsigned long shim_calls(void)
{
    return atomic_load(counter());
}

/* Does this call fail? 0: no; 1: it is the n-th; 2: it is a later one. */
static int fails(unsigned kind)
{
    if (!is_armed || !(armed.kinds & kind))
        return 0;
    unsigned long number = atomic_fetch_add(counter(), 1) + 1;
    if (number < armed.nth || (number > armed.nth && !armed.lasting))
        return 0;
    errno = armed.error;
    return number == armed.nth ? 1 : 2;
}

static bool disk_fails(void)
{
    return fails(SHIM_DISK) != 0;
}

/* --- memory --- */

/* Where the spared library's code lies. */
static struct {
    const char *name;
    uintptr_t first, end;
} spared;

static int find_spared(struct dl_phdr_info *library, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (!strstr(library->dlpi_name, spared.name))
        return 0;
    for (unsigned i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &library->dlpi_phdr[i];
        if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
            spared.first = library->dlpi_addr + part->p_vaddr;
            spared.end = spared.first + part->p_memsz;
        }
    }
    return 1;
}

void shim_spare(const char *library)
{
    spared.name = library;
    int found = dl_iterate_phdr(find_spared, NULL);
    assert(found == 1 && spared.end > spared.first);
}

static bool memory_fails(const void *caller)
{
    uintptr_t at = (uintptr_t)caller;
    if ((at >= spared.first && at < spared.end) || fails(SHIM_MEMORY) == 0)
        return false;
    errno = ENOMEM;
    return true;
}

#define MEMORY_FAILS() memory_fails(__builtin_return_address(0))

SHOWN void *malloc(size_t size)
{
    return MEMORY_FAILS() ? NULL : REAL(malloc)(size);
}

SHOWN void *calloc(size_t count, size_t size)
{
    return MEMORY_FAILS() ? NULL : REAL(calloc)(count, size);
}

SHOWN void *realloc(void *old, size_t size)
{
    return MEMORY_FAILS() ? NULL : REAL(realloc)(old, size);
}

SHOWN void *reallocarray(void *old, size_t count, size_t size)
{
    size_t total;
    if (MEMORY_FAILS() || __builtin_mul_overflow(count, size, &total))
        return NULL;
    return REAL(realloc)(old, total);
}

SHOWN int posix_memalign(void **out, size_t alignment, size_t size)
{
    if (MEMORY_FAILS())
        return ENOMEM;
#ifdef __SANITIZE_ADDRESS__
    return __interceptor_posix_memalign(out, alignment, size);
#else
    *out = __libc_memalign(alignment, size);
    return *out ? 0 : ENOMEM;
#endif
}

SHOWN void *mmap(void *address, size_t len, int protection, int flags, int fd, off_t offset)
{
    if (MEMORY_FAILS())
        return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, len, protection, flags, fd, offset);
}

/* --- disk --- */

/* Pipes and sockets lie on no disk; libevent tells itself of signals through one. */
static bool is_on_disk(int fd)
{
    struct stat info;
    return syscall(SYS_fstat, fd, &info) == 0 && S_ISREG(info.st_mode);
}

/* A write of `len` octets: how many of them may be written; -1 for none. */
static ssize_t allowed(int fd, size_t len)
{
    int failing = is_on_disk(fd) ? fails(SHIM_DISK) : 0;
    if (failing == 1 && armed.half && len > 1)
        return (ssize_t)(len / 2);
    return failing ? -1 : (ssize_t)len;
}

SHOWN ssize_t write(int fd, const void *bytes, size_t len)
{
    ssize_t some = allowed(fd, len);
    return some < 0 ? -1 : syscall(SYS_write, fd, bytes, some);
}

SHOWN ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    ssize_t some = allowed(fd, len);
    return some < 0 ? -1 : syscall(SYS_pwrite64, fd, bytes, some, offset);
}

SHOWN ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t offset)
{
    return pwrite(fd, bytes, len, offset);
}

SHOWN ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct iovec first = count > 0 ? parts[0] : (struct iovec){.iov_len = 0};
    ssize_t some = allowed(fd, first.iov_len);
    if (some < 0)
        return -1;
    if ((size_t)some < first.iov_len)
        return syscall(SYS_write, fd, first.iov_base, some);
    return syscall(SYS_writev, fd, parts, count);
}

SHOWN int fsync(int fd)
{
    return disk_fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

SHOWN int fdatasync(int fd)
{
    return disk_fails() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

SHOWN int ftruncate(int fd, off_t len)
{
    return disk_fails() ? -1 : (int)syscall(SYS_ftruncate, fd, len);
}

SHOWN int rename(const char *from, const char *to)
{
    return disk_fails() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHOWN int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    return disk_fails() ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

SHOWN int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return disk_fails() ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

SHOWN int link(const char *from, const char *to)
{
    return disk_fails() ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

SHOWN int unlink(const char *path)
{
    return disk_fails() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

SHOWN int unlinkat(int dir, const char *path, int flags)
{
    return disk_fails() ? -1 : (int)syscall(SYS_unlinkat, dir, path, flags);
}

SHOWN int rmdir(const char *path)
{
    return disk_fails() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

SHOWN int fchmod(int fd, mode_t mode)
{
    return disk_fails() ? -1 : (int)syscall(SYS_fchmod, fd, mode);
}

SHOWN int mkdir(const char *path, mode_t mode)
{
    return disk_fails() ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

/* Only what makes a file needs the disk's room. */
static int open_file(int dir, const char *path, int flags, mode_t mode)
{
    if ((flags & O_CREAT) && disk_fails())
        return -1;
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

SHOWN int open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, unsigned) : 0;
    va_end(args);
    return open_file(AT_FDCWD, path, flags, mode);
}

SHOWN int openat(int dir, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(args, unsigned) : 0;
    va_end(args);
    return open_file(dir, path, flags, mode);
}
