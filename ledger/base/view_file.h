/* view_file.h: the mapped view of a folder, kept current by its generation word
 * (docs/view-format.md, "generation").
 *
 * A mapping is one names.view together with the generation word beside it, as they stood when it
 * was opened. It never changes: when it is no longer current, its owner opens another one and
 * closes this one. Whether it is current costs one load from a shared page; a second question,
 * whether the files at the path are still the mapped ones, costs two stat calls and is asked once a
 * second. No descriptor stays open. Works the same for one thread (struct view_file) and for many
 * (the NSS module, which counts who uses a mapping).
 */
#ifndef HEARTH_LEDGER_BASE_VIEW_FILE_H
#define HEARTH_LEDGER_BASE_VIEW_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ledger/base/status.h"
#include "ledger/base/view.h"

enum { VIEW_PATH_MAX = 4096, VIEW_RECHECK_MS = 1000 };

/* Which file it is; all zero: none. */
struct view_file_id {
    dev_t device;
    ino_t inode;
};

struct view_mapping {
    void *word;             /* the mapped generation page; NULL when there is none */
    uint64_t word_opened;   /* the word (as it lies there) before the view was opened */
    uint64_t word_expected; /* the word that says the view's own generation */
    void *bytes;            /* names.view */
    size_t len;
    struct view_file_id view_id, word_id;
    struct view view;
};

/* Maps the file and the word beside it. NOT_FOUND (no such view), DENIED, NO_MEMORY, IO, TOO_LONG
 * (the path), and view_open's reasons; then there is nothing to close. A missing or unreadable word
 * is no failure. */
enum status view_mapping_open(struct view_mapping *mapping, const char *view_path);
void view_mapping_close(struct view_mapping *mapping);

/* Has the word stood still since? True without a word. */
bool view_mapping_is_current(const struct view_mapping *mapping);

/* Are the files at the path still those that are mapped? */
bool view_mapping_is_in_place(const struct view_mapping *mapping, const char *view_path);

/* For one thread, or several under a lock: always the present view. */
struct view_file {
    char view_path[VIEW_PATH_MAX];
    bool is_mapped;
    uint64_t checked_ms; /* coarse clock at the last look at the files */
    struct view_mapping mapping;
};

/* `view_path` names the view file; `generation` lies beside it. Maps nothing yet. TOO_LONG. */
enum status view_file_init(struct view_file *file, const char *view_path);

/* Unmaps. */
void view_file_deinit(struct view_file *file);

/* The present view in *view, borrowed until the next call, which may unmap it. Else the reason why
 * there is none (as view_mapping_open), and every call tries again. */
enum status view_file_current(struct view_file *file, struct view **view);

#endif
