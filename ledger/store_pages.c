/* store_pages.c: see store_pages.h. Knows the form of LMDB's file (its version 1, which all of 0.9
 * writes), and none of LMDB's code.
 *
 * Two meta pages, of which the one with the greater transaction number holds, name the roots of two
 * trees: of databases by name, and of the pages that are free. The happy path: the two meta pages
 * are of consecutive transactions; from the roots every page is reached once, says its own number,
 * has its entries within itself, and keys in order within the bounds that the pages above set;
 * counts are as recorded; each free page is in range and in no tree; and a page beyond the file's
 * end is free. What the values say is not looked at here: each is sealed (store_lmdb.c).
 *
 * Numbers are as wide as the machine's words and in its byte order, as LMDB writes them.
 */
#include "ledger/store_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    WORD = sizeof(size_t),
    /* A page: number (a word), pad (2), flags (2), then the ends of its index and of its free space
     * (2 each) or, on the first page of a long value, how many pages it has (4). */
    PAGE_FLAGS = WORD + 2,
    PAGE_LOWER = WORD + 4,
    PAGE_UPPER = WORD + 6,
    PAGE_HEAD = WORD + 8,
    BRANCH = 0x01,
    LEAF = 0x02,
    OVERFLOW = 0x04,
    META = 0x08,
    /* An entry of a page: length or page number (4), flags (2), length of the key (2), key, value.
     */
    NODE_FLAGS = 4,
    NODE_KEY_LEN = 6,
    NODE_HEAD = 8,
    NODE_LONG = 0x01, /* the value is elsewhere: its page number stands here */
    NODE_TREE = 0x02, /* the value is a tree */
    /* A tree: pad (4), flags (2), depth (2), and five words. */
    TREE_FLAGS = 4,
    TREE_DEPTH = 6,
    TREE_BRANCHES = 8,
    TREE_LEAVES = 8 + WORD,
    TREE_OVERFLOWS = 8 + 2 * WORD,
    TREE_ITEMS = 8 + 3 * WORD,
    TREE_ROOT = 8 + 4 * WORD,
    TREE_SIZE = 8 + 5 * WORD,
    INTEGER_KEYS = 0x08,
    /* The meta page's content: magic (4), version (4), address, size of the map, both trees, last
     * page, transaction. */
    META_TREES = 8 + 2 * WORD,
    META_LAST = META_TREES + 2 * TREE_SIZE,
    META_TXN = META_LAST + WORD,
    META_SIZE = META_TXN + WORD,
    PAGE_MIN = 512,
    PAGE_MAX = 65536,
    FIRST_PAGE = 2,
    DEPTH_MAX = 32,
    TREES_MAX = 16,
    BEYOND_MAX = 65536, /* pages that were made and freed without ever being written */
};

#define MAGIC   UINT32_C(0xBEEFC0DE)
#define VERSION 1
#define NO_PAGE SIZE_MAX

struct span {
    const uint8_t *bytes; /* NULL: no bound */
    size_t len;
};

struct tree {
    const uint8_t *record;
    bool is_free_list, is_main;
    size_t branches, leaves, overflows, items;
};

struct check {
    const uint8_t *file;
    size_t file_len, page_size, pages /* in the file */, last, txn;
    uint8_t *seen; /* malloc'd: a bit for each page up to `last` */
    const uint8_t *trees[TREES_MAX];
    size_t tree_count;
    struct span *free_lists; /* malloc'd */
    size_t free_list_count, free_list_size;
    bool out_of_memory;
};

/* --- octets --- */

static size_t word_at(const uint8_t *at)
{
    size_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint32_t u32_at(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint16_t u16_at(const uint8_t *at)
{
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* An entry's first four octets: its halves are kept so that they read as one native number. */
static uint32_t node_length(const uint8_t *node)
{
    return u32_at(node);
}

/* What an entry takes of its page, which is even. */
static size_t node_size(const uint8_t *node, bool leaf)
{
    size_t value = 0;
    if (leaf)
        value = u16_at(node + NODE_FLAGS) == NODE_LONG ? WORD : node_length(node);
    return (NODE_HEAD + (size_t)u16_at(node + NODE_KEY_LEN) + value + 1) & ~(size_t)1;
}

static size_t node_child(const uint8_t *node)
{
    size_t top = WORD > 4 ? u16_at(node + NODE_FLAGS) : 0;
    return (size_t)node_length(node) | (top << 16 << 16);
}

/* --- pages --- */

/* Takes a page into account. False when it can't be one, or was reached before. */
static bool claim(struct check *check, size_t page)
{
    uint8_t bit = (uint8_t)(1U << (page % 8));
    if (page < FIRST_PAGE || page > check->last || (check->seen[page / 8] & bit))
        return false;
    check->seen[page / 8] |= bit;
    return true;
}

static bool is_claimed(const struct check *check, size_t page)
{
    return check->seen[page / 8] >> (page % 8) & 1;
}

static const uint8_t *page_at(const struct check *check, size_t page)
{
    return check->file + page * check->page_size;
}

/* The pages of a long value. */
static bool claim_long(struct check *check, struct tree *tree, size_t first, size_t len,
                       struct span *value)
{
    size_t count = (PAGE_HEAD - 1 + len) / check->page_size + 1;
    if (first >= check->pages || count > check->pages - first)
        return false;
    const uint8_t *page = page_at(check, first);
    if (word_at(page) != first || u16_at(page + PAGE_FLAGS) != OVERFLOW ||
        u32_at(page + PAGE_LOWER) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!claim(check, first + i))
            return false;
    tree->overflows += count;
    *value = (struct span){.bytes = page + PAGE_HEAD, .len = len};
    return true;
}

static int compare_keys(const struct tree *tree, struct span a, struct span b)
{
    if (tree->is_free_list) {
        size_t x = word_at(a.bytes), y = word_at(b.bytes);
        return (x > y) - (x < y);
    }
    int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static bool key_is_formed(const struct check *check, const struct tree *tree, struct span key)
{
    if (!tree->is_free_list)
        return key.len > 0;
    return key.len == WORD && word_at(key.bytes) <= check->txn;
}

/* The entry `i` of a page, and its key. NULL when they don't lie within the page. */
static const uint8_t *node_at(const struct check *check, const uint8_t *page, size_t i,
                              struct span *key)
{
    size_t at = u16_at(page + PAGE_HEAD + 2 * i);
    if (at % 2 != 0 || at < u16_at(page + PAGE_UPPER) || at > check->page_size - NODE_HEAD)
        return NULL;
    const uint8_t *node = page + at;
    *key = (struct span){.bytes = node + NODE_HEAD, .len = u16_at(node + NODE_KEY_LEN)};
    return key->len <= check->page_size - at - NODE_HEAD ? node : NULL;
}

/* --- values --- */

static bool keep_free_list(struct check *check, struct span value)
{
    if (check->free_list_count == check->free_list_size) {
        size_t size = check->free_list_size * 2 + 64;
        struct span *lists = realloc(check->free_lists, size * sizeof *lists);
        check->out_of_memory = !lists;
        if (!lists)
            return false;
        check->free_lists = lists;
        check->free_list_size = size;
    }
    check->free_lists[check->free_list_count++] = value;
    return true;
}

static bool take_value(struct check *check, struct tree *tree, const uint8_t *page,
                       const uint8_t *node, struct span key)
{
    const uint8_t *at = key.bytes + key.len;
    size_t room = check->page_size - (size_t)(at - page);
    uint16_t flags = u16_at(node + NODE_FLAGS);
    struct span value = {.bytes = at, .len = node_length(node)};
    bool is_tree = tree->is_main && flags == NODE_TREE;
    if (flags == NODE_LONG) {
        if (room < WORD || !claim_long(check, tree, word_at(at), value.len, &value))
            return false;
    } else if ((flags != 0 && !is_tree) || value.len > room) {
        return false;
    }
    if (tree->is_free_list)
        return keep_free_list(check, value);
    if (!is_tree)
        return true;
    if (value.len != TREE_SIZE || check->tree_count == TREES_MAX)
        return false;
    check->trees[check->tree_count++] = value.bytes;
    return true;
}

/* --- trees --- */

static bool page_is_formed(const struct check *check, size_t number, bool leaf, size_t *items)
{
    const uint8_t *page = page_at(check, number);
    size_t lower = u16_at(page + PAGE_LOWER), upper = u16_at(page + PAGE_UPPER);
    if (word_at(page) != number || u16_at(page + PAGE_FLAGS) != (leaf ? LEAF : BRANCH) ||
        lower <= PAGE_HEAD || lower % 2 != 0 || upper < lower || upper > check->page_size)
        return false;
    *items = (lower - PAGE_HEAD) / 2;
    return true;
}

/* All keys below `number` are at least `low` and less than `high`. The depth bounds the recursion.
 */
static bool walk(struct check *check, struct tree *tree, size_t number, unsigned depth,
                 struct span low, struct span high)
{
    size_t items;
    bool leaf = depth == 1;
    if (number >= check->pages || !claim(check, number) ||
        !page_is_formed(check, number, leaf, &items))
        return false;
    const uint8_t *page = page_at(check, number);
    *(leaf ? &tree->leaves : &tree->branches) += 1;
    const uint8_t *child = NULL; /* the entry whose upper bound is not known yet */
    size_t used = 0;
    for (size_t i = 0; i < items; i++) {
        struct span key;
        const uint8_t *node = node_at(check, page, i, &key);
        if (!node)
            return false;
        bool unbound = !leaf && i == 0; /* its key is not used */
        if (!unbound && (!key_is_formed(check, tree, key) ||
                         (low.bytes && compare_keys(tree, key, low) < (leaf && i > 0)) ||
                         (high.bytes && compare_keys(tree, key, high) >= 0)))
            return false;
        if (leaf && !take_value(check, tree, page, node, key))
            return false;
        if (child && !walk(check, tree, node_child(child), depth - 1, low, key))
            return false;
        child = leaf ? NULL : node;
        used += node_size(node, leaf);
        low = unbound ? low : key;
    }
    tree->items += leaf ? items : 0;
    if (used != check->page_size - u16_at(page + PAGE_UPPER))
        return false; /* the entries fill their room */
    return !child || walk(check, tree, node_child(child), depth - 1, low, high);
}

static bool tree_is_sound(struct check *check, struct tree *tree)
{
    const struct span none = {.bytes = NULL};
    const uint8_t *record = tree->record;
    size_t root = word_at(record + TREE_ROOT);
    unsigned depth = u16_at(record + TREE_DEPTH);
    if (u16_at(record + TREE_FLAGS) != (tree->is_free_list ? INTEGER_KEYS : 0) ||
        depth > DEPTH_MAX || (depth == 0) != (root == NO_PAGE))
        return false;
    if (depth > 0 && !walk(check, tree, root, depth, none, none))
        return false;
    return tree->branches == word_at(record + TREE_BRANCHES) &&
           tree->leaves == word_at(record + TREE_LEAVES) &&
           tree->overflows == word_at(record + TREE_OVERFLOWS) &&
           tree->items == word_at(record + TREE_ITEMS);
}

/* A count, and so many page numbers, falling. */
static bool free_list_is_sound(struct check *check, struct span list)
{
    if (list.len < WORD || list.len % WORD != 0)
        return false;
    size_t count = word_at(list.bytes), before = SIZE_MAX;
    if (count > list.len / WORD - 1)
        return false;
    for (size_t i = 1; i <= count; i++) {
        size_t page = word_at(list.bytes + i * WORD);
        if (page >= before || !claim(check, page))
            return false;
        before = page;
    }
    return true;
}

static bool trees_are_sound(struct check *check, const uint8_t *meta)
{
    struct tree free_list = {.record = meta + META_TREES, .is_free_list = true};
    struct tree main = {.record = meta + META_TREES + TREE_SIZE, .is_main = true};
    if (!tree_is_sound(check, &main) || !tree_is_sound(check, &free_list))
        return false;
    for (size_t i = 0; i < check->tree_count; i++) {
        struct tree tree = {.record = check->trees[i]};
        if (!tree_is_sound(check, &tree))
            return false;
    }
    for (size_t i = 0; i < check->free_list_count; i++)
        if (!free_list_is_sound(check, check->free_lists[i]))
            return false;
    for (size_t page = check->pages; page <= check->last; page++)
        if (!is_claimed(check, page))
            return false;
    return true;
}

/* --- the whole --- */

static const uint8_t *meta_at(const struct check *check, size_t page)
{
    const uint8_t *at = page_at(check, page);
    const uint8_t *meta = at + PAGE_HEAD;
    if (word_at(at) != page || u16_at(at + PAGE_FLAGS) != META || u32_at(meta) != MAGIC ||
        u32_at(meta + 4) != VERSION || u32_at(meta + META_TREES) != check->page_size)
        return NULL;
    return meta;
}

/* The meta page that holds. Transactions write them in turn, so they differ by one. */
static const uint8_t *choose_meta(struct check *check)
{
    const uint8_t *metas[2] = {meta_at(check, 0), meta_at(check, 1)};
    if (!metas[0] || !metas[1])
        return NULL;
    size_t even = word_at(metas[0] + META_TXN), odd = word_at(metas[1] + META_TXN);
    bool unused = even == 0 && odd == 0;
    if (!unused && (even % 2 != 0 || odd % 2 != 1 || (even - odd != 1 && odd - even != 1)))
        return NULL;
    const uint8_t *meta = metas[odd > even];
    check->txn = odd > even ? odd : even;
    check->last = word_at(meta + META_LAST);
    return meta;
}

static enum status check_file(struct check *check)
{
    if (check->file_len < PAGE_HEAD + META_SIZE)
        return STATUS_CORRUPT;
    check->page_size = u32_at(check->file + PAGE_HEAD + META_TREES);
    if (check->page_size < PAGE_MIN || check->page_size > PAGE_MAX ||
        (check->page_size & (check->page_size - 1)) != 0)
        return STATUS_CORRUPT;
    check->pages = check->file_len / check->page_size;
    const uint8_t *meta = check->pages >= FIRST_PAGE ? choose_meta(check) : NULL;
    if (!meta || check->last < FIRST_PAGE - 1 || check->last > check->pages + BEYOND_MAX)
        return STATUS_CORRUPT;
    check->seen = calloc(check->last / 8 + 1, 1);
    if (!check->seen)
        return STATUS_NO_MEMORY;
    if (trees_are_sound(check, meta))
        return STATUS_OK;
    return check->out_of_memory ? STATUS_NO_MEMORY : STATUS_CORRUPT;
}

static enum status check_fd(int fd)
{
    struct stat info;
    struct check check = {.seen = NULL};
    if (fstat(fd, &info) != 0)
        return STATUS_IO;
    if (!S_ISREG(info.st_mode) || info.st_size <= 0 || (uintmax_t)info.st_size > SIZE_MAX / 2)
        return STATUS_CORRUPT;
    check.file_len = (size_t)info.st_size;
    void *file = mmap(NULL, check.file_len, PROT_READ, MAP_SHARED, fd, 0);
    if (file == MAP_FAILED)
        return errno == ENOMEM ? STATUS_NO_MEMORY : STATUS_IO;
    check.file = file;
    enum status status = check_file(&check);
    (void)munmap(file, check.file_len); /* can't fail for what was mapped */
    free(check.seen);
    free(check.free_lists);
    return status;
}

enum status store_pages_check(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES || errno == EPERM ? STATUS_DENIED : STATUS_IO;
    enum status status = check_fd(fd);
    close(fd);
    return status;
}
