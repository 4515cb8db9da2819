/* view_file.c: see view_file.h.
 *
 * The word is read before the view is opened: should the view be replaced in between, the word will
 * differ from both values remembered and the view is opened once more. Remembering the word as it
 * was, and not only the view's generation, keeps readers calm where the two differ for long: after
 * a crash between rename and word, and while the word is all ones.
 */
#include "ledger/base/view_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"

/* Maps a regular file that is not empty. */
static enum status map_file(const char *path, void **bytes, size_t *len, struct view_file_id *id)
{
    /* Never wait: what stands at the path may be a FIFO. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return file_status(errno);
    struct stat st;
    enum status status = STATUS_OK;
    if (fstat(fd, &st) != 0)
        status = file_status(errno);
    else if (!S_ISREG(st.st_mode))
        status = STATUS_MALFORMED;
    else if (st.st_size == 0)
        status = STATUS_TRUNCATED;
    else if ((uintmax_t)st.st_size > UINT32_MAX)
        status = STATUS_TOO_LONG;
    if (status == STATUS_OK) {
        *len = (size_t)st.st_size;
        *id = (struct view_file_id){.device = st.st_dev, .inode = st.st_ino};
        *bytes = mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, 0);
        if (*bytes == MAP_FAILED)
            status = file_status(errno);
    }
    close(fd);
    return status;
}

/* The path of `generation` in the folder of the view. */
static enum status make_word_path(const char *view_path, char word_path[static VIEW_PATH_MAX])
{
    const char *slash = strrchr(view_path, '/');
    int dir_len = slash ? (int)(slash + 1 - view_path) : 0;
    if (strnlen(view_path, VIEW_PATH_MAX) >= VIEW_PATH_MAX)
        return STATUS_TOO_LONG;
    int len = snprintf(word_path, VIEW_PATH_MAX, "%.*s" VIEW_GENERATION_NAME, dir_len, view_path);
    return len > 0 && len < VIEW_PATH_MAX ? STATUS_OK : STATUS_TOO_LONG;
}

static uint64_t read_word(const struct view_mapping *mapping)
{
    const uint64_t *word = mapping->word;
    return word ? __atomic_load_n(word, __ATOMIC_ACQUIRE) : 0;
}

static void open_word(struct view_mapping *mapping, const char *word_path)
{
    void *page = NULL;
    size_t len = 0;
    enum status status = map_file(word_path, &page, &len, &mapping->word_id);
    if (status == STATUS_OK && len != GENERATION_FILE_SIZE)
        munmap(page, len);
    else if (status == STATUS_OK)
        mapping->word = page;
    mapping->word_opened = read_word(mapping);
}

enum status view_mapping_open(struct view_mapping *mapping, const char *view_path)
{
    char word_path[VIEW_PATH_MAX];
    enum status status = make_word_path(view_path, word_path);
    if (status != STATUS_OK)
        return status;
    mapping->word = NULL;
    mapping->bytes = NULL;
    mapping->view_id = mapping->word_id = (struct view_file_id){.device = 0};
    open_word(mapping, word_path);
    status = map_file(view_path, &mapping->bytes, &mapping->len, &mapping->view_id);
    if (status != STATUS_OK)
        mapping->bytes = NULL;
    else
        status = view_open(&mapping->view, mapping->bytes, mapping->len);
    if (status != STATUS_OK)
        view_mapping_close(mapping);
    else
        mapping->word_expected = htobe64(mapping->view.generation);
    return status;
}

void view_mapping_close(struct view_mapping *mapping)
{
    if (mapping->word)
        munmap(mapping->word, GENERATION_FILE_SIZE);
    if (mapping->bytes)
        munmap(mapping->bytes, mapping->len);
    mapping->word = NULL;
    mapping->bytes = NULL;
}

bool view_mapping_is_current(const struct view_mapping *mapping)
{
    uint64_t word = read_word(mapping);
    return word == mapping->word_opened || word == mapping->word_expected;
}

/* Is that file (or none, if it is all zero) at the path? */
static bool is_file_at(const char *path, const struct view_file_id *id)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return id->device == 0 && id->inode == 0;
    return st.st_dev == id->device && st.st_ino == id->inode;
}

bool view_mapping_is_in_place(const struct view_mapping *mapping, const char *view_path)
{
    char word_path[VIEW_PATH_MAX];
    return make_word_path(view_path, word_path) == STATUS_OK &&
           is_file_at(view_path, &mapping->view_id) && is_file_at(word_path, &mapping->word_id);
}

/* --- one thread's --- */

enum status view_file_init(struct view_file *file, const char *view_path)
{
    char word_path[VIEW_PATH_MAX];
    enum status status = make_word_path(view_path, word_path);
    if (status != STATUS_OK)
        return status;
    memcpy(file->view_path, view_path, strlen(view_path) + 1); /* make_word_path has measured it */
    file->is_mapped = false;
    file->checked_ms = 0;
    return STATUS_OK;
}

void view_file_deinit(struct view_file *file)
{
    if (file->is_mapped)
        view_mapping_close(&file->mapping);
    file->is_mapped = false;
}

static bool is_up_to_date(struct view_file *file, uint64_t now_ms)
{
    if (!file->is_mapped || !view_mapping_is_current(&file->mapping))
        return false;
    if (now_ms - file->checked_ms < VIEW_RECHECK_MS)
        return true;
    file->checked_ms = now_ms;
    return view_mapping_is_in_place(&file->mapping, file->view_path);
}

enum status view_file_current(struct view_file *file, struct view **view)
{
    uint64_t now_ms = clock_coarse_ms();
    enum status status = STATUS_OK;
    if (!is_up_to_date(file, now_ms)) {
        view_file_deinit(file);
        status = view_mapping_open(&file->mapping, file->view_path);
        file->is_mapped = status == STATUS_OK;
        file->checked_ms = now_ms;
    }
    *view = file->is_mapped ? &file->mapping.view : NULL;
    return status;
}
