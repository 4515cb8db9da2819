/* file.h: files as all of Hearth treats them: errors as statuses, paths, whole writes, durable
 * names, and the one rule for files that hold a secret.
 */
#ifndef HEARTH_LEDGER_BASE_FILE_H
#define HEARTH_LEDGER_BASE_FILE_H

#include <stddef.h>

#include "ledger/base/status.h"

enum { FILE_PATH_SIZE = 4096 /* octets of a path, with its NUL */ };

/* What an errno of a file operation means: NOT_FOUND, EXISTS, DENIED (also a read-only file system,
 * and a symbolic link where none is followed), NO_MEMORY, FULL, TOO_LONG, else IO. */
enum status file_status(int error);

/* "FOLDER/NAME". TOO_LONG. */
enum status file_path_join(char path[static FILE_PATH_SIZE], const char *folder, const char *name);
/* The folder that `path` lies in ("." for a bare name). TOO_LONG. */
enum status file_path_folder(char folder[static FILE_PATH_SIZE], const char *path);

/* Reads the whole of a small text into text[max + 1], with a NUL. CORRUPT when it is longer than
 * `max` octets or has a NUL in it; IO. */
enum status file_read_text(int fd, char *text, size_t max);

/* Writes all of it. What write(2) refuses, as file_status has it. */
enum status file_write_all(int fd, const void *bytes, size_t len);

/* Makes what was renamed, made or removed in the folder durable, where the file system can. */
enum status file_sync_folder(const char *folder);

/* May the open file be relied on to be secret? A regular file (else CORRUPT) without any rights for
 * group and others, that belongs to us; for root also one that belongs to the owner of its folder
 * (else DENIED). `folder_fd` is that folder's. IO. */
enum status file_check_private(int fd, int folder_fd);

#endif
