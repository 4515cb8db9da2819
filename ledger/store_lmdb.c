/* store_lmdb.c: store.h over LMDB, which is used here and nowhere else.
 *
 * Four databases in one environment:
 *     log        number (8) -> an entry's octets, in the order stored
 *     index      entry id (32) -> number (8)
 *     statement  namespace (32), author (32), form (1) -> a head statement
 *     meta       key -> a fact
 * LMDB has no checksums: a flipped bit comes back as data. So each value ends in the CRC-32C of its
 * key and itself (which covers signatures too, as an id does not), and an entry is hashed again and
 * looked up under the id that comes out. Each commit also leaves its own number as a fact: a meta
 * page that claims another one is found out. What LMDB keeps for itself, store_pages.c checks.
 *
 * A batch writes to one LMDB transaction and keeps its puts in memory beside it. When the map is
 * full, the transaction is thrown away, the map doubled, and the puts are made again. Nothing here
 * syncs less than LMDB does by itself: a commit that returned OK is on the disk.
 *
 * An flock on a file beside the database keeps a second process out. It dies with its process, so
 * there is nothing stale to clean up, and LMDB's own locks (MDB_NOLOCK) are not needed: one
 * process, and no read outlives the call that made it.
 */
#include "ledger/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/checksum.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"
#include "ledger/guard.h"
#include "ledger/store_pages.h"

enum database { LOG, INDEX, STATEMENT, META, DATABASES };

static const char *const database_names[DATABASES] = {"log", "index", "statement", "meta"};

enum {
    PATH_SIZE = 4096,
    NUMBER_SIZE = 8,
    CRC_SIZE = 4,
    STATEMENT_KEY_SIZE = 65,
    STATEMENT_FORM_AT = 4,
    VALUE_MAX = STORE_META_MAX, /* the longest of entry, statement and fact */
    GROW_STEPS = 16,
};
static_assert((int)VALUE_MAX >= (int)LIMIT_ENTRY && (int)VALUE_MAX >= (int)LIMIT_STATEMENT,
              "every value fits");

#define MAP_BYTES (sizeof(size_t) > 4 ? (size_t)1 << 30 : (size_t)1 << 28)

/* The fact that holds the number of the last commit. */
#define META_COMMIT "commit"

/* One put of the batch, as it stands in the list of them; key and sealed value follow. */
struct put {
    uint32_t database, key_len, value_len; /* no value: forget the key */
};

struct store {
    int lock_fd;
    char *path;   /* malloc'd */
    MDB_env *env; /* NULL after a failed commit, until the database could be opened again */
    MDB_dbi databases[DATABASES];
    size_t map_bytes;
    uint64_t entries; /* committed, and of the batch under way */
    uint64_t committed_entries;
    bool checking; /* in the child that looks before the store is opened */
    bool walking;  /* somebody is being called with borrowed octets */
    bool damaged;  /* a read found damage; sticky */
    /* The batch; txn is NULL without one. */
    MDB_txn *txn;
    enum status failed; /* sticky */
    uint8_t *puts;      /* malloc'd */
    size_t puts_len, puts_size;
};

static enum status status_from_lmdb(int error)
{
    switch (error) {
    case MDB_SUCCESS:
        return STATUS_OK;
    case MDB_NOTFOUND:
    case ENOENT:
        return STATUS_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return STATUS_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_CURSOR_FULL:
    case MDB_INCOMPATIBLE:
    case MDB_BAD_VALSIZE:
        return STATUS_CORRUPT;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    case EACCES:
    case EPERM:
    case EROFS:
        return STATUS_DENIED;
    default:
        return STATUS_IO;
    }
}

/* LMDB takes its inputs as void *, and writes to none of them. */
static MDB_val val(const void *bytes, size_t len)
{
    MDB_val value = {.mv_size = len};
    memcpy(&value.mv_data, &bytes, sizeof bytes); /* without a cast that takes const away */
    return value;
}

static void number_encode(uint64_t number, uint8_t out[static NUMBER_SIZE])
{
    struct writer w = writer_over(out, NUMBER_SIZE);
    writer_u64(&w, number);
}

static uint32_t seal(MDB_val key, const void *bytes, size_t len)
{
    return crc32c(crc32c(0, key.mv_data, key.mv_size), bytes, len);
}

/* Checks a value's seal and takes it off. */
static enum status unseal(MDB_val key, MDB_val *value)
{
    if (value->mv_size < CRC_SIZE || value->mv_size > VALUE_MAX + CRC_SIZE)
        return STATUS_CORRUPT;
    value->mv_size -= CRC_SIZE;
    const uint8_t *bytes = value->mv_data;
    struct reader r = reader_over(bytes + value->mv_size, CRC_SIZE);
    return reader_u32(&r) == seal(key, bytes, value->mv_size) ? STATUS_OK : STATUS_CORRUPT;
}

/* --- the environment --- */

static enum status open_databases(struct store *store, unsigned flags)
{
    MDB_txn *txn;
    int error = mdb_txn_begin(store->env, NULL, flags & MDB_RDONLY, &txn);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    unsigned create = flags & MDB_RDONLY ? 0 : MDB_CREATE;
    for (unsigned i = 0; error == MDB_SUCCESS && i < DATABASES; i++)
        error = mdb_dbi_open(txn, database_names[i], create, &store->databases[i]);
    MDB_stat stat = {0};
    if (error == MDB_SUCCESS)
        error = mdb_stat(txn, store->databases[LOG], &stat);
    if (error != MDB_SUCCESS) {
        mdb_txn_abort(txn);
        return status_from_lmdb(error);
    }
    store->entries = stat.ms_entries;
    store->committed_entries = stat.ms_entries;
    return status_from_lmdb(mdb_txn_commit(txn));
}

static enum status open_environment(struct store *store, unsigned flags)
{
    int error = mdb_env_create(&store->env);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_maxdbs(store->env, DATABASES);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_mapsize(store->env, store->map_bytes);
    if (error == MDB_SUCCESS)
        error = mdb_env_open(store->env, store->path, flags | MDB_NOLOCK, 0600);
    MDB_envinfo info;
    if (error == MDB_SUCCESS)
        error = mdb_env_info(store->env, &info);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    /* A database that grew keeps its size. */
    store->map_bytes = info.me_mapsize;
    return open_databases(store, flags);
}

static void close_environment(struct store *store)
{
    if (store->env)
        mdb_env_close(store->env);
    store->env = NULL;
}

/* A commit that fails leaves LMDB in doubt of its own file (and refusing all work, if the meta page
 * was not written): then it is opened again, and says which state holds. */
static enum status environment_ensure(struct store *store)
{
    if (store->env)
        return STATUS_OK;
    enum status status = open_environment(store, 0);
    if (status != STATUS_OK)
        close_environment(store);
    return status;
}

static enum status note_damage(struct store *store, enum status status)
{
    store->damaged |= status == STATUS_CORRUPT;
    return status;
}

/* --- reading --- */

/* The batch's transaction, or one for this read alone. */
static enum status read_begin(struct store *store, MDB_txn **txn)
{
    *txn = store->txn;
    if (store->txn)
        return STATUS_OK;
    enum status status = environment_ensure(store);
    if (status != STATUS_OK)
        return status;
    return status_from_lmdb(mdb_txn_begin(store->env, NULL, MDB_RDONLY, txn));
}

static void read_end(const struct store *store, MDB_txn *txn)
{
    if (txn != store->txn)
        mdb_txn_abort(txn);
}

static enum status get(const struct store *store, MDB_txn *txn, enum database database, MDB_val key,
                       MDB_val *value)
{
    int error = mdb_get(txn, store->databases[database], &key, value);
    return error == MDB_SUCCESS ? unseal(key, value) : status_from_lmdb(error);
}

static enum status get_number(const struct store *store, MDB_txn *txn, const uint8_t id[static 32],
                              uint64_t *number)
{
    MDB_val value;
    enum status status = get(store, txn, INDEX, val(id, ENTRY_ID_SIZE), &value);
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_over(value.mv_data, value.mv_size);
    *number = reader_u64(&r);
    return reader_finish(&r) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

static enum status find_entry(const struct store *store, MDB_txn *txn, const uint8_t id[static 32],
                              struct entry *entry)
{
    uint64_t number;
    uint8_t key[NUMBER_SIZE];
    MDB_val value;
    enum status status = get_number(store, txn, id, &number);
    if (status != STATUS_OK)
        return status;
    number_encode(number, key);
    if (get(store, txn, LOG, val(key, sizeof key), &value) != STATUS_OK ||
        entry_decode(entry, value.mv_data, value.mv_size) != STATUS_OK ||
        memcmp(entry->id, id, ENTRY_ID_SIZE) != 0)
        return STATUS_CORRUPT;
    return STATUS_OK;
}

enum status store_get_entry(struct store *store, const uint8_t id[static 32],
                            uint8_t bytes[static LIMIT_ENTRY], size_t *len)
{
    MDB_txn *txn;
    struct entry entry;
    enum status status = read_begin(store, &txn);
    if (status != STATUS_OK)
        return status;
    status = note_damage(store, find_entry(store, txn, id, &entry));
    if (status == STATUS_OK) {
        memcpy(bytes, entry.bytes, entry.len);
        *len = entry.len;
    }
    read_end(store, txn);
    return status;
}

static void statement_key(uint8_t key[static STATEMENT_KEY_SIZE],
                          const uint8_t namespace_id[static 32], const uint8_t author[static 32],
                          uint8_t form)
{
    struct writer w = writer_over(key, STATEMENT_KEY_SIZE);
    writer_bytes(&w, namespace_id, 32);
    writer_bytes(&w, author, 32);
    writer_u8(&w, form);
}

/* Copies a value out. */
static enum status get_copy(struct store *store, enum database database, MDB_val key, void *bytes,
                            size_t size, size_t *len)
{
    MDB_txn *txn;
    MDB_val value;
    enum status status = read_begin(store, &txn);
    if (status != STATUS_OK)
        return status;
    status = note_damage(store, get(store, txn, database, key, &value));
    if (status == STATUS_OK && value.mv_size > size)
        status = STATUS_NO_SPACE;
    if (status == STATUS_OK) {
        memcpy(bytes, value.mv_data, value.mv_size);
        *len = value.mv_size;
    }
    read_end(store, txn);
    return status;
}

enum status store_get_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], uint8_t form,
                                uint8_t bytes[static LIMIT_STATEMENT], size_t *len)
{
    uint8_t key[STATEMENT_KEY_SIZE];
    statement_key(key, namespace_id, author, form);
    return get_copy(store, STATEMENT, val(key, sizeof key), bytes, LIMIT_STATEMENT, len);
}

enum status store_get_meta(struct store *store, const char *key, void *bytes, size_t size,
                           size_t *len)
{
    return get_copy(store, META, val(key, strlen(key)), bytes, size, len);
}

enum status store_size(struct store *store, struct store_size *size)
{
    MDB_envinfo info;
    MDB_stat stat;
    enum status status = environment_ensure(store);
    if (status != STATUS_OK)
        return status;
    int error = mdb_env_info(store->env, &info);
    if (error == MDB_SUCCESS)
        error = mdb_env_stat(store->env, &stat);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    *size = (struct store_size){
        .bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize,
        .entries = store->entries,
        .commits = info.me_last_txnid,
    };
    return STATUS_OK;
}

/* --- walking --- */

/* Checks one item of the log against its place and, where all is checked, against the index. */
static enum status check_entry(const struct store *store, MDB_txn *txn, uint64_t expected,
                               MDB_val key, MDB_val value, struct entry *entry)
{
    uint64_t number;
    struct reader r = reader_over(key.mv_data, key.mv_size);
    if (reader_u64(&r) != expected || reader_finish(&r) != STATUS_OK ||
        unseal(key, &value) != STATUS_OK ||
        entry_decode(entry, value.mv_data, value.mv_size) != STATUS_OK)
        return STATUS_CORRUPT;
    if (store->checking &&
        (get_number(store, txn, entry->id, &number) != STATUS_OK || number != expected))
        return STATUS_CORRUPT;
    return STATUS_OK;
}

static enum status items_of(struct store *store, enum database database, uint64_t *items)
{
    MDB_txn *txn;
    MDB_stat stat = {0};
    enum status status = read_begin(store, &txn);
    if (status != STATUS_OK)
        return status;
    status = status_from_lmdb(mdb_stat(txn, store->databases[database], &stat));
    *items = stat.ms_entries;
    read_end(store, txn);
    return status;
}

static enum status cursor_open(struct store *store, enum database database, MDB_txn **txn,
                               MDB_cursor **cursor)
{
    enum status status = read_begin(store, txn);
    if (status != STATUS_OK)
        return status;
    status = status_from_lmdb(mdb_cursor_open(*txn, store->databases[database], cursor));
    if (status != STATUS_OK)
        read_end(store, *txn);
    return status;
}

static void cursor_close(struct store *store, MDB_txn *txn, MDB_cursor *cursor)
{
    mdb_cursor_close(cursor);
    read_end(store, txn);
}

/* Calls with the entries from `number` on, `count` of them, forwards or backwards. */
static enum status walk_log(struct store *store, uint64_t number, uint64_t count, bool back,
                            store_each_fn *each, void *context)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    uint8_t at[NUMBER_SIZE];
    struct entry entry;
    if (count == 0)
        return STATUS_OK;
    enum status status = cursor_open(store, LOG, &txn, &cursor);
    if (status != STATUS_OK)
        return status;
    store->walking = true;
    number_encode(number, at);
    MDB_val key = val(at, sizeof at);
    MDB_val value;
    int error = mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY);
    for (; status == STATUS_OK && count > 0; count--) {
        status = error == MDB_SUCCESS ? check_entry(store, txn, number, key, value, &entry)
                                      : STATUS_CORRUPT;
        status = note_damage(store, status);
        if (status == STATUS_OK)
            status = each(context, number, &entry);
        if (status == STATUS_OK && count > 1)
            error = mdb_cursor_get(cursor, &key, &value, back ? MDB_PREV : MDB_NEXT);
        number = back ? number - 1 : number + 1;
    }
    store->walking = false;
    cursor_close(store, txn, cursor);
    return status;
}

enum status store_each_entry(struct store *store, store_each_fn *each, void *context)
{
    return store_each_entry_from(store, 0, each, context);
}

enum status store_each_entry_from(struct store *store, uint64_t first, store_each_fn *each,
                                  void *context)
{
    uint64_t count = first < store->entries ? store->entries - first : 0;
    return walk_log(store, first, count, false, each, context);
}

enum status store_each_entry_back(struct store *store, uint64_t before, store_each_fn *each,
                                  void *context)
{
    uint64_t count = before < store->entries ? before : store->entries;
    return walk_log(store, count - 1, count, true, each, context);
}

bool store_is_damaged(const struct store *store)
{
    return store->damaged;
}

typedef enum status each_value_fn(void *context, const uint8_t *bytes, size_t len);

static enum status walk_values(struct store *store, enum database database, each_value_fn *each,
                               void *context)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t items;
    enum status status = items_of(store, database, &items);
    if (status == STATUS_OK)
        status = cursor_open(store, database, &txn, &cursor);
    if (status != STATUS_OK)
        return status;
    store->walking = true;
    for (; status == STATUS_OK && items > 0; items--) {
        int error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        status = note_damage(store, error == MDB_SUCCESS ? unseal(key, &value) : STATUS_CORRUPT);
        if (status == STATUS_OK)
            status = each(context, value.mv_data, value.mv_size);
    }
    store->walking = false;
    cursor_close(store, txn, cursor);
    return status;
}

enum status store_each_statement(struct store *store, each_value_fn *each, void *context)
{
    return walk_values(store, STATEMENT, each, context);
}

/* --- the batch --- */

static int apply(struct store *store, const struct put *put, const uint8_t *bytes)
{
    MDB_dbi database = store->databases[put->database];
    MDB_val key = val(bytes, put->key_len);
    MDB_val value = val(bytes + put->key_len, put->value_len);
    if (put->value_len == 0) {
        int error = mdb_del(store->txn, database, &key, NULL);
        return error == MDB_NOTFOUND ? MDB_SUCCESS : error;
    }
    /* Numbers only rise: appending fills the log's pages to their ends. */
    return mdb_put(store->txn, database, &key, &value, put->database == LOG ? MDB_APPEND : 0);
}

static int apply_all(struct store *store)
{
    int error = MDB_SUCCESS;
    for (size_t at = 0; error == MDB_SUCCESS && at < store->puts_len;) {
        struct put put;
        memcpy(&put, store->puts + at, sizeof put);
        at += sizeof put;
        error = apply(store, &put, store->puts + at);
        at += (size_t)put.key_len + put.value_len;
    }
    return error;
}

/* A map that can't be made bigger is put back as it was; what is committed stays readable. */
static enum status map_double(struct store *store)
{
    if (store->map_bytes > SIZE_MAX / 2)
        return STATUS_FULL;
    if (mdb_env_set_mapsize(store->env, store->map_bytes * 2) == MDB_SUCCESS) {
        store->map_bytes *= 2;
        return STATUS_OK;
    }
    if (mdb_env_set_mapsize(store->env, store->map_bytes) == MDB_SUCCESS)
        return STATUS_FULL;
    close_environment(store); /* it has no map any more */
    return STATUS_NO_MEMORY;
}

/* The map is full: makes the batch again in a bigger one. */
static int grow(struct store *store)
{
    int error = MDB_MAP_FULL;
    for (unsigned step = 0; error == MDB_MAP_FULL && step < GROW_STEPS; step++) {
        if (store->txn)
            mdb_txn_abort(store->txn);
        store->txn = NULL;
        if (map_double(store) != STATUS_OK)
            return MDB_MAP_FULL;
        error = mdb_txn_begin(store->env, NULL, 0, &store->txn);
        if (error == MDB_SUCCESS)
            error = apply_all(store);
    }
    return error;
}

/* Room in the list of puts; NULL when memory is out. */
static uint8_t *puts_room(struct store *store, size_t len)
{
    if (len > store->puts_size - store->puts_len) {
        size_t size = store->puts_size * 2 + len + 4096;
        uint8_t *puts = realloc(store->puts, size);
        if (!puts)
            return NULL;
        store->puts = puts;
        store->puts_size = size;
    }
    uint8_t *room = store->puts + store->puts_len;
    store->puts_len += len;
    return room;
}

static enum status put_sealed(struct store *store, enum database database, MDB_val key,
                              const void *bytes, size_t len)
{
    assert(store->txn || store->failed != STATUS_OK);
    assert(!store->walking && len <= VALUE_MAX);
    if (store->failed != STATUS_OK)
        return store->failed;
    struct put put = {.database = database,
                      .key_len = (uint32_t)key.mv_size,
                      .value_len = len > 0 ? (uint32_t)len + CRC_SIZE : 0};
    size_t room_len = sizeof put + put.key_len + put.value_len;
    uint8_t *room = puts_room(store, room_len);
    if (!room)
        return store->failed = STATUS_NO_MEMORY;
    struct writer w = writer_over(room, room_len);
    writer_bytes(&w, &put, sizeof put);
    writer_bytes(&w, key.mv_data, key.mv_size);
    if (len > 0) {
        writer_bytes(&w, bytes, len);
        writer_u32(&w, seal(key, bytes, len));
    }
    int error = apply(store, &put, room + sizeof put);
    if (error == MDB_MAP_FULL)
        error = grow(store);
    return store->failed = status_from_lmdb(error);
}

enum status store_begin(struct store *store)
{
    assert(!store->walking);
    if (store->txn)
        return STATUS_BUSY;
    store->failed = STATUS_OK;
    store->puts_len = 0;
    enum status status = environment_ensure(store);
    if (status != STATUS_OK)
        return status;
    return status_from_lmdb(mdb_txn_begin(store->env, NULL, 0, &store->txn));
}

enum status store_put_entry(struct store *store, const struct entry *entry)
{
    uint64_t number;
    uint8_t key[NUMBER_SIZE];
    if (store->failed != STATUS_OK)
        return store->failed;
    enum status status = get_number(store, store->txn, entry->id, &number);
    if (status != STATUS_NOT_FOUND)
        return status == STATUS_OK ? STATUS_DUPLICATE : note_damage(store, status);
    number_encode(store->entries, key);
    status = put_sealed(store, LOG, val(key, sizeof key), entry->bytes, entry->len);
    if (status == STATUS_OK)
        status = put_sealed(store, INDEX, val(entry->id, ENTRY_ID_SIZE), key, sizeof key);
    if (status == STATUS_OK)
        store->entries++;
    return status;
}

enum status store_put_statement(struct store *store, const uint8_t namespace_id[static 32],
                                const uint8_t author[static 32], const uint8_t *bytes, size_t len)
{
    uint8_t key[STATEMENT_KEY_SIZE];
    if (len <= STATEMENT_FORM_AT || len > LIMIT_STATEMENT)
        return STATUS_MALFORMED;
    statement_key(key, namespace_id, author, bytes[STATEMENT_FORM_AT]);
    return put_sealed(store, STATEMENT, val(key, sizeof key), bytes, len);
}

enum status store_put_meta(struct store *store, const char *key, const void *bytes, size_t len)
{
    size_t key_len = strlen(key);
    assert(key_len > 0 && key_len <= STORE_META_KEY_MAX);
    if (len > STORE_META_MAX)
        return STATUS_TOO_LONG;
    return put_sealed(store, META, val(key, key_len), bytes, len);
}

/* A batch that changes something says which commit it is. */
static enum status put_commit_number(struct store *store)
{
    uint8_t number[NUMBER_SIZE];
    if (store->failed != STATUS_OK || store->puts_len == 0)
        return store->failed;
    assert(store->txn);
    number_encode(mdb_txn_id(store->txn), number);
    return store_put_meta(store, META_COMMIT, number, sizeof number);
}

enum status store_commit(struct store *store)
{
    assert(!store->walking);
    enum status status = put_commit_number(store);
    if (status != STATUS_OK) {
        store_abort(store);
        return status;
    }
    assert(store->txn);
    int error = mdb_txn_commit(store->txn);
    store->txn = NULL;
    if (error == MDB_MAP_FULL) {
        error = grow(store);
        if (error == MDB_SUCCESS) {
            error = mdb_txn_commit(store->txn);
            store->txn = NULL;
        }
    }
    if (error != MDB_SUCCESS) {
        store_abort(store);
        close_environment(store);
        (void)environment_ensure(store); /* else the next call tries again */
    }
    store->committed_entries = store->entries;
    return status_from_lmdb(error);
}

void store_abort(struct store *store)
{
    assert(!store->walking);
    if (store->txn)
        mdb_txn_abort(store->txn);
    store->txn = NULL;
    store->failed = STATUS_OK;
    store->entries = store->committed_entries;
}

/* --- opening --- */

static enum status lock(struct store *store)
{
    char name[PATH_SIZE];
    int len = snprintf(name, sizeof name, "%s/lock", store->path);
    if (len < 0 || (size_t)len >= sizeof name)
        return STATUS_TOO_LONG;
    store->lock_fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return status_from_lmdb(errno);
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return STATUS_OK;
    return errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_IO;
}

/* --- the check before opening --- */

static enum status ignore_entry(void *context, uint64_t number, const struct entry *entry)
{
    (void)context;
    (void)number;
    (void)entry;
    return STATUS_OK;
}

static enum status ignore_value(void *context, const uint8_t *bytes, size_t len)
{
    (void)context;
    (void)bytes;
    (void)len;
    return STATUS_OK;
}

/* Every entry of the log is in the index: then an index of as many items has no others. */
static enum status check_index_size(struct store *store)
{
    uint64_t items;
    enum status status = items_of(store, INDEX, &items);
    return status == STATUS_OK && items != store->entries ? STATUS_CORRUPT : status;
}

/* The databases are made in one transaction: none of them at all is a store that was never used. */
static enum status check_unused(struct store *store)
{
    MDB_stat main;
    enum status status = status_from_lmdb(mdb_env_stat(store->env, &main));
    return status == STATUS_OK && main.ms_entries > 0 ? STATUS_CORRUPT : status;
}

/* The number that the last commit left is that of the meta page. */
static enum status check_commit_number(struct store *store)
{
    uint8_t value[NUMBER_SIZE];
    size_t len;
    uint64_t facts = 0, statements = 0;
    struct store_size size = {.entries = 0};
    enum status status = store_size(store, &size);
    if (status == STATUS_OK)
        status = items_of(store, META, &facts);
    if (status == STATUS_OK)
        status = items_of(store, STATEMENT, &statements);
    if (status != STATUS_OK || (facts == 0 && statements == 0 && size.entries == 0))
        return status;
    status = store_get_meta(store, META_COMMIT, value, sizeof value, &len);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    struct reader r = reader_over(value, len);
    uint64_t number = reader_u64(&r);
    return reader_finish(&r) == STATUS_OK && number == size.commits ? STATUS_OK : STATUS_CORRUPT;
}

struct check {
    char *path;
    char data[PATH_SIZE];
    size_t map_bytes;
    int lock_fd;
};

/* Runs in the child. */
static enum status check_all(void *context)
{
    const struct check *check = context;
    struct store store = {.path = check->path, .map_bytes = check->map_bytes, .checking = true};
    close(check->lock_fd); /* the lock stays the parent's alone */
    enum status status = store_pages_check(check->data);
    if (status == STATUS_OK)
        status = open_environment(&store, MDB_RDONLY);
    if (status == STATUS_NOT_FOUND)
        return check_unused(&store);
    if (status == STATUS_OK)
        status = check_commit_number(&store);
    if (status == STATUS_OK)
        status = check_index_size(&store);
    if (status == STATUS_OK)
        status = store_each_entry(&store, ignore_entry, NULL);
    if (status == STATUS_OK)
        status = walk_values(&store, STATEMENT, ignore_value, NULL);
    if (status == STATUS_OK)
        status = walk_values(&store, META, ignore_value, NULL);
    return status;
}

/* A file that LMDB made but never wrote to counts as none. */
static enum status check_before(const struct store *store)
{
    struct stat file = {0};
    struct check check = {
        .path = store->path, .map_bytes = store->map_bytes, .lock_fd = store->lock_fd};
    int len = snprintf(check.data, sizeof check.data, "%s/data.mdb", store->path);
    if (len < 0 || (size_t)len >= sizeof check.data)
        return STATUS_TOO_LONG;
    if (stat(check.data, &file) != 0)
        return errno == ENOENT ? STATUS_OK : status_from_lmdb(errno);
    return file.st_size == 0 ? STATUS_OK : guard_run(check_all, &check);
}

static enum status sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return status_from_lmdb(errno);
    enum status status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
    close(fd);
    return status;
}

enum status store_open_sized(struct store **out, const char *path, size_t map_bytes)
{
    *out = NULL;
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return status_from_lmdb(errno);
    struct store *store = calloc(1, sizeof *store);
    if (!store)
        return STATUS_NO_MEMORY;
    store->map_bytes = map_bytes;
    store->lock_fd = -1;
    store->path = strdup(path);
    enum status status = store->path ? lock(store) : STATUS_NO_MEMORY;
    if (status == STATUS_OK)
        status = check_before(store);
    if (status == STATUS_OK)
        status = open_environment(store, 0);
    if (status == STATUS_OK)
        status = sync_folder(path);
    if (status != STATUS_OK) {
        store_close(store);
        return status;
    }
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
    if (store->txn)
        store_abort(store);
    close_environment(store);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->puts);
    free(store->path);
    free(store);
}
