/* shim.h: makes the n-th call that asks for memory, or that writes, fail.
 *
 * A program that links shim.c gets its own malloc, write and so on, before the C library's; shared
 * libraries (LMDB, libsodium, Jansson, libevent) use them too. Nothing fails until it is armed. The
 * count is shared with children made after that.
 */
#ifndef HEARTH_TESTS_FAULT_SHIM_H
#define HEARTH_TESTS_FAULT_SHIM_H

#include <stdbool.h>

enum shim_kind {
    SHIM_MEMORY = 1, /* malloc and its sisters, mmap */
    /* write and its sisters, fsync, ftruncate, fchmod, rename, link, unlink, mkdir, rmdir, open to
     * create */
    SHIM_DISK = 2,
};

struct shim {
    unsigned kinds;
    unsigned long nth; /* from 1 */
    bool lasting;      /* all that come after it fail too */
    bool half;         /* a write of several octets writes half of them, the first time */
    int error;         /* errno */
};

void shim_arm(const struct shim *shim);
/* Calls that this shared library makes itself are let through, and not counted. */
void shim_spare(const char *library);
/* Was the n-th call reached? Nothing fails any more. */
bool shim_disarm(void);
/* How many calls there were between arming and disarming. */
unsigned long shim_calls(void);

#endif
