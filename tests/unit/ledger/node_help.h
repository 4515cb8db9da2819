/* node_help.h: what the tests of store, keys, ledger and backup share: scratch folders, fixed keys,
 * and a household with one granted node. */
#ifndef HEARTH_TESTS_LEDGER_NODE_HELP_H
#define HEARTH_TESTS_LEDGER_NODE_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/node_keys.h"
#include "ledger/owner.h"

enum { HELP_PATH_SIZE = 256 };

/* A time that is plausible and always the same. */
#define HELP_NOW_MS UINT64_C(1800000000000)

/* Compares statuses by name, so that a failure can be read. */
#define assert_status(expected, call) assert_string_equal(status_name(expected), status_name(call))
#define assert_ok(call)               assert_status(STATUS_OK, call)

/* A new folder under $TMPDIR or /tmp, and the end of it. */
void help_dir_make(char path[static HELP_PATH_SIZE]);
void help_dir_remove(const char *path);
void help_join(char path[static HELP_PATH_SIZE], const char *dir, const char *name);
/* The whole file in malloc'd memory. */
uint8_t *help_file_read(const char *path, size_t *len);
void help_file_write(const char *path, const void *bytes, size_t len);
/* Files that are not hidden; a file's rights. */
unsigned help_files_in(const char *dir);
unsigned help_mode_of(const char *path);

struct name help_name(const char *text);

/* A pair whose seed is 32 times `octet`. */
struct key_pair help_pair(uint8_t octet);

/* A household of the owner with seed `octet`, and the keys of one node granted in it. */
struct help_house {
    struct key_pair owner, recovery;
    struct node_keys keys;
    struct owner_head head;
    struct owner_entry genesis, grant;
};
void help_house_make(struct help_house *house, uint8_t octet, enum body_role role);
/* Grants one more node with the keys of `octet`; the caller closes them. */
void help_house_grant(struct help_house *house, struct node_keys *keys, uint8_t octet,
                      enum body_role role, struct owner_entry *grant);
void help_house_close(struct help_house *house);

/* Signs the entry of a feed with that body after `prev` (NULL: the first of the stream). The result
 * is in *out; *entry borrows it. */
struct entry;
void help_feed_entry(struct entry *entry, struct owner_entry *out, const struct help_house *house,
                     const struct key_pair *author, uint64_t stream, const struct entry *prev,
                     const struct body *body);

#endif
