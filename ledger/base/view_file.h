/* view_file.h: the mapped view of a folder, kept current by its generation word.
 *
 * view_file_current costs one load from a shared page while nothing changes; it maps names.view again
 * when the word differs from the mapped header's generation, and checks (device, inode) of both files
 * when the coarse clock has moved by a second. An old mapping is unmapped by the next call: a caller
 * uses the returned view only until it calls again. Not thread-safe: each thread (or one under a
 * lock) owns its own.
 */
#ifndef HEARTH_LEDGER_BASE_VIEW_FILE_H
#define HEARTH_LEDGER_BASE_VIEW_FILE_H

#include <stdint.h>
#include <sys/types.h>

#include "ledger/base/status.h"
#include "ledger/base/view.h"

enum { VIEW_PATH_MAX = 4096 };

struct view_file {
    char view_path[VIEW_PATH_MAX];
    char word_path[VIEW_PATH_MAX];
    const volatile uint8_t *word; /* the mapped generation page; NULL when there is none */
    void *mapping;                /* names.view; NULL when there is none */
    size_t mapping_len;
    dev_t view_device, word_device;
    ino_t view_inode, word_inode;
    uint64_t checked_ms; /* coarse clock at the last (device, inode) check */
    enum status status;  /* of the last attempt to map */
    struct view view;
};

/* `view_path` names the view file; `generation` lies beside it. Maps nothing yet. TOO_LONG. */
enum status view_file_init(struct view_file *file, const char *view_path);

/* Unmaps. */
void view_file_deinit(struct view_file *file);

/* The present view in *view (borrowed until the next call). NOT_FOUND when there is no view file;
 * else the reason why it can't be read. */
enum status view_file_current(struct view_file *file, struct view **view);

#endif
