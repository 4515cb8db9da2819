/* store.c: see store.h. What is kept, and where:
 *     entries     store_log.c
 *     statements  namespace (32), author (32), form (1) -> a head statement
 *     facts       key -> octets
 * in three tables of one LMDB environment (store_lmdb.c), each value sealed, which covers
 * signatures too, as an id does not. An entry is also hashed again whenever it is read.
 *
 * Each commit leaves its own number, in the entries that it stores or else as a fact, for
 * store_check.c.
 *
 * An flock on a file beside the database keeps a second process out. It dies with its process, so
 * there is nothing stale to clean up.
 */
#include "ledger/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/file.h"
#include "ledger/base/writer.h"
#include "ledger/store_check.h"
#include "ledger/store_log.h"
#include "ledger/store_tables.h"

enum { NUMBER_SIZE = 8, STATEMENT_KEY_SIZE = 65, STATEMENT_FORM_AT = 4 };
static_assert((int)TABLES_VALUE_MAX >= (int)LIMIT_STATEMENT &&
                  (int)TABLES_VALUE_MAX >= (int)STORE_META_MAX,
              "every value fits");

#define MAP_BYTES (sizeof(size_t) > 4 ? (size_t)1 << 30 : (size_t)1 << 28)

struct store {
    int lock_fd;
    char *path; /* malloc'd */
    struct tables *tables;
    struct store_log log;
    bool damaged; /* a read of something else found damage; sticky */
    /* The batch. */
    enum status failed; /* sticky */
    bool has_entries;
};

static struct octets octets(const void *bytes, size_t len)
{
    return (struct octets){.bytes = bytes, .len = len};
}

bool store_is_damaged(const struct store *store)
{
    return store->damaged || store->log.damaged;
}

/* --- entries --- */

enum status store_get_entry(struct store *store, const uint8_t id[static 32],
                            uint8_t bytes[static LIMIT_ENTRY], size_t *len)
{
    struct entry entry;
    enum status status = tables_enter(store->tables);
    if (status != STATUS_OK)
        return status;
    status = store_log_find(&store->log, id, &entry);
    if (status == STATUS_OK) {
        memcpy(bytes, entry.bytes, entry.len);
        *len = entry.len;
    }
    tables_leave(store->tables);
    return status;
}

enum status store_each_entry(struct store *store, store_each_fn *each, void *context)
{
    return store_each_entry_from(store, 0, each, context);
}

enum status store_each_entry_from(struct store *store, uint64_t first, store_each_fn *each,
                                  void *context)
{
    uint64_t items;
    enum status status = tables_enter(store->tables);
    if (status != STATUS_OK)
        return status;
    status = tables_items(store->tables, TABLE_LOG, &items);
    if (status == STATUS_OK && first < items)
        status = store_log_walk(&store->log, first, items - first, false, each, context);
    tables_leave(store->tables);
    return status;
}

enum status store_each_entry_back(struct store *store, uint64_t before, store_each_fn *each,
                                  void *context)
{
    uint64_t items;
    enum status status = tables_enter(store->tables);
    if (status != STATUS_OK)
        return status;
    status = tables_items(store->tables, TABLE_LOG, &items);
    if (status == STATUS_OK) {
        uint64_t count = before < items ? before : items;
        status = store_log_walk(&store->log, count - 1, count, true, each, context);
    }
    tables_leave(store->tables);
    return status;
}

/* --- statements and facts --- */

static void statement_key(uint8_t key[static STATEMENT_KEY_SIZE],
                          const uint8_t namespace_id[static 32], const uint8_t author[static 32],
                          uint8_t form)
{
    struct writer w = writer_over(key, STATEMENT_KEY_SIZE);
    writer_bytes(&w, namespace_id, 32);
    writer_bytes(&w, author, 32);
    writer_u8(&w, form);
}

static enum status note_damage(struct store *store, enum status status)
{
    store->damaged |= status == STATUS_CORRUPT;
    return status;
}

/* Copies a value out. */
static enum status get_copy(struct store *store, enum table table, struct octets key, void *bytes,
                            size_t size, size_t *len)
{
    struct octets value;
    enum status status = tables_enter(store->tables);
    if (status != STATUS_OK)
        return status;
    status = note_damage(store, tables_get(store->tables, table, key, &value));
    if (status == STATUS_OK && value.len > size)
        status = STATUS_NO_SPACE;
    if (status == STATUS_OK) {
        memcpy(bytes, value.bytes, value.len);
        *len = value.len;
    }
    tables_leave(store->tables);
    return status;
}

enum status store_get_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], uint8_t form,
                                uint8_t bytes[static LIMIT_STATEMENT], size_t *len)
{
    uint8_t key[STATEMENT_KEY_SIZE];
    statement_key(key, namespace_id, author, form);
    return get_copy(store, TABLE_STATEMENT, octets(key, sizeof key), bytes, LIMIT_STATEMENT, len);
}

enum status store_get_meta(struct store *store, const char *key, void *bytes, size_t size,
                           size_t *len)
{
    return get_copy(store, TABLE_META, octets(key, strlen(key)), bytes, size, len);
}

struct statement_walk {
    enum status (*each)(void *context, const uint8_t *bytes, size_t len);
    void *context;
    enum status status; /* what `each` said */
};

static enum status walk_statement(void *context, struct octets key, struct octets value)
{
    struct statement_walk *walk = context;
    (void)key;
    walk->status = walk->each(walk->context, value.bytes, value.len);
    return walk->status == STATUS_OK ? STATUS_OK : STATUS_AGAIN;
}

enum status store_each_statement(struct store *store,
                                 enum status (*each)(void *context, const uint8_t *bytes,
                                                     size_t len),
                                 void *context)
{
    uint64_t items;
    struct statement_walk walk = {.each = each, .context = context};
    enum status status = tables_enter(store->tables);
    if (status != STATUS_OK)
        return status;
    status = tables_items(store->tables, TABLE_STATEMENT, &items);
    if (status == STATUS_OK)
        status =
            tables_walk(store->tables, TABLE_STATEMENT, NULL, items, false, walk_statement, &walk);
    tables_leave(store->tables);
    return walk.status == STATUS_OK ? note_damage(store, status) : walk.status;
}

enum status store_size(struct store *store, struct store_size *size)
{
    enum status status = tables_size(store->tables, &size->bytes, &size->commits);
    if (status == STATUS_OK)
        status = tables_enter(store->tables);
    if (status != STATUS_OK)
        return status;
    status = tables_items(store->tables, TABLE_LOG, &size->entries);
    tables_leave(store->tables);
    return status;
}

/* --- the batch --- */

enum status store_begin(struct store *store)
{
    if (tables_in_batch(store->tables))
        return STATUS_BUSY;
    store->failed = STATUS_OK;
    store->has_entries = false;
    return tables_begin(store->tables);
}

enum status store_put_entry(struct store *store, const struct entry *entry)
{
    if (store->failed != STATUS_OK)
        return store->failed;
    enum status status = store_log_append(&store->log, entry);
    if (status == STATUS_DUPLICATE)
        return status;
    store->has_entries = true;
    return store->failed = status;
}

static enum status put(struct store *store, enum table table, struct octets key,
                       struct octets value)
{
    if (store->failed == STATUS_OK)
        store->failed = tables_put(store->tables, table, key, value);
    return store->failed;
}

enum status store_put_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], const uint8_t *bytes, size_t len)
{
    uint8_t key[STATEMENT_KEY_SIZE];
    if (len <= STATEMENT_FORM_AT || len > LIMIT_STATEMENT)
        return STATUS_MALFORMED;
    statement_key(key, namespace_id, author, bytes[STATEMENT_FORM_AT]);
    return put(store, TABLE_STATEMENT, octets(key, sizeof key), octets(bytes, len));
}

enum status store_put_meta(struct store *store, const char *key, const void *bytes, size_t len)
{
    size_t key_len = strlen(key);
    assert(key_len > 0 && key_len <= STORE_META_KEY_MAX);
    if (len > STORE_META_MAX)
        return STATUS_TOO_LONG;
    return put(store, TABLE_META, octets(key, key_len), octets(bytes, len));
}

/* A batch that changes something says which commit it is: its entries do. */
static enum status put_commit_number(struct store *store)
{
    uint8_t number[NUMBER_SIZE];
    if (store->failed != STATUS_OK || store->has_entries || tables_batch_is_empty(store->tables))
        return store->failed;
    struct writer w = writer_over(number, sizeof number);
    writer_u64(&w, tables_batch_number(store->tables));
    return store_put_meta(store, STORE_META_COMMIT, number, sizeof number);
}

enum status store_commit(struct store *store)
{
    enum status status = put_commit_number(store);
    if (status == STATUS_OK)
        status = tables_commit(store->tables);
    if (status != STATUS_OK)
        store_abort(store);
    return status;
}

void store_abort(struct store *store)
{
    tables_abort(store->tables);
    if (store->has_entries)
        store_log_forget(&store->log);
    store->has_entries = false;
    store->failed = STATUS_OK;
}

/* --- opening --- */

static enum status lock(struct store *store)
{
    char name[FILE_PATH_SIZE];
    enum status status = file_path_join(name, store->path, "lock");
    if (status != STATUS_OK)
        return status;
    store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return file_status(errno);
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    return errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_IO;
}

enum status store_open_sized(struct store **out, const char *path, size_t map_bytes)
{
    *out = NULL;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return file_status(errno);
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return STATUS_NO_MEMORY;
    store->lock_fd = -1;
    store->path = strdup(path);
    enum status status = store->path ? lock(store) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = store_check(path, map_bytes, store->lock_fd);
    if (status == STATUS_OK)
        status = tables_open(&store->tables, path, map_bytes, false);
    if (status == STATUS_OK)
        status = file_sync_folder(path);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
    store_log_init(&store->log, store->tables);
    *out = store;
    return STATUS_OK;
}

enum status store_open(struct store **store, const char *path)
{
    return store_open_sized(store, path, MAP_BYTES);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    tables_close(store->tables);
    store_log_deinit(&store->log);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->path);
    free(store);
}
