/* trust_file.h: the files that `hearth trust` changes: read whole, replaced whole, and what was made
 * on the way remembered, so that it can be taken away again.
 *
 * A file that exists keeps its mode; one that is a symbolic link is replaced where it points to. The
 * caller writes with the rights of whom the folder belongs to (trust_home.h), never with more.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_FILE_H
#define HEARTH_DANE_PROXY_TRUST_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ledger/base/file.h"

enum { TRUST_FILE_MAX = 16 << 20 };

/* The whole file, with a NUL behind it; heap. NOT_FOUND (*text is NULL), TOO_LONG, DENIED, IO,
 * NO_MEMORY. */
enum status trust_file_read(const char *path, char **text, size_t *len);

/* Puts the text in place of what is there, by rename; `mode` is that of a new file. */
enum status trust_file_replace(const char *path, const char *text, size_t len, mode_t mode);

bool trust_file_exists(const char *path);

/* "BASE" and what `format` makes, joined; false when it is too long. */
__attribute__((format(printf, 2, 3))) bool trust_file_path(char path[static FILE_PATH_SIZE],
                                                           const char *format, ...);

/* The folder that the absolute `path` lies in, without a slash at its end ("" for the root). TOO_LONG. */
enum status trust_file_folder(char folder[static FILE_PATH_SIZE], const char *path);

/* The list of what install made, one path a line in a file of its own. Folders are made with their
 * parents, each with `mode`, and each is written down before it is made. */
struct trust_made {
    char path[FILE_PATH_SIZE]; /* of the list; its own folder is on it too */
};
enum status trust_made_folder(const struct trust_made *made, const char *folder, mode_t mode);
/* Writes a file down that is about to be made. */
enum status trust_made_note(const struct trust_made *made, const char *path);
bool trust_made_has(const struct trust_made *made, const char *path);
/* Removes all empty folders of the list, the list itself when nothing of it is left, and its folder
 * when that is on the list and empty. Files are their makers' business; one that is gone is struck
 * off. With `forget` the list goes in any case: what is left has something of somebody else in it. */
enum status trust_made_clear(const struct trust_made *made, bool forget);

#endif
