/* store_lmdb.c: store_tables.h over LMDB, which is used here and nowhere else.
 *
 * A batch writes to one LMDB transaction and keeps its puts in memory beside it. When the map is
 * full, the transaction is thrown away, the map doubled, and the puts are made again. Nothing here
 * syncs less than LMDB does by itself.
 *
 * The store's lock keeps other processes out, so LMDB's own locks (MDB_NOLOCK) are not needed: one
 * process, and no read outlives the call that made it.
 */
#include "ledger/store_tables.h"

#include <assert.h>
#include <errno.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/base/reader.h"
#include "ledger/base/writer.h"

static const char *const table_names[TABLES] = {"log", "statement", "meta"};

enum { CRC_SIZE = 4, GROW_STEPS = 16 };

/* One put of the batch, as it stands in the list of them; key and sealed value follow. */
struct put {
    uint32_t table, key_len, value_len; /* no value: forget the key */
};

struct tables {
    char *path;   /* malloc'd */
    MDB_env *env; /* NULL after a failed commit, until the database could be opened again */
    MDB_dbi databases[TABLES];
    size_t map_bytes;
    MDB_txn *reading; /* of a tables_enter outside a batch */
    unsigned entered;
    /* The batch; NULL without one. */
    MDB_txn *writing;
    uint8_t *puts; /* malloc'd */
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

static struct octets octets_of(MDB_val value)
{
    return (struct octets){.bytes = value.mv_data, .len = value.mv_size};
}

static uint32_t seal(struct octets key, struct octets value)
{
    return crc32c(crc32c(0, key.bytes, key.len), value.bytes, value.len);
}

/* Checks a value's seal and takes it off. */
static enum status unseal(struct octets key, struct octets *value)
{
    if (value->len < CRC_SIZE || value->len > TABLES_VALUE_MAX + CRC_SIZE)
        return STATUS_CORRUPT;
    value->len -= CRC_SIZE;
    struct reader r = reader_over(value->bytes + value->len, CRC_SIZE);
    return reader_u32(&r) == seal(key, *value) ? STATUS_OK : STATUS_CORRUPT;
}

/* --- the environment --- */

/* All are made in one transaction: none of them at all is an environment that was never used. */
static enum status open_databases(struct tables *tables, unsigned flags)
{
    MDB_txn *txn;
    MDB_stat main = {0};
    int error = mdb_txn_begin(tables->env, NULL, flags & MDB_RDONLY, &txn);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    unsigned create = flags & MDB_RDONLY ? 0 : MDB_CREATE;
    for (unsigned i = 0; error == MDB_SUCCESS && i < TABLES; i++)
        error = mdb_dbi_open(txn, table_names[i], create, &tables->databases[i]);
    if (error == MDB_SUCCESS)
        return status_from_lmdb(mdb_txn_commit(txn));
    mdb_txn_abort(txn);
    if (error == MDB_NOTFOUND && mdb_env_stat(tables->env, &main) == MDB_SUCCESS &&
        main.ms_entries > 0)
        return STATUS_CORRUPT;
    return status_from_lmdb(error);
}

static enum status open_environment(struct tables *tables, unsigned flags)
{
    int error = mdb_env_create(&tables->env);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_maxdbs(tables->env, TABLES);
    if (error == MDB_SUCCESS)
        error = mdb_env_set_mapsize(tables->env, tables->map_bytes);
    if (error == MDB_SUCCESS)
        error = mdb_env_open(tables->env, tables->path, flags | MDB_NOLOCK, 0600);
    MDB_envinfo info;
    if (error == MDB_SUCCESS)
        error = mdb_env_info(tables->env, &info);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    /* A database that grew keeps its size. */
    tables->map_bytes = info.me_mapsize;
    return open_databases(tables, flags);
}

static void close_environment(struct tables *tables)
{
    if (tables->env)
        mdb_env_close(tables->env);
    tables->env = NULL;
}

/* A commit that fails leaves LMDB in doubt of its own file (and refusing all work, if the meta page
 * was not written): then it is opened again, and says which state holds. */
static enum status environment_ensure(struct tables *tables)
{
    if (tables->env)
        return STATUS_OK;
    enum status status = open_environment(tables, 0);
    if (status != STATUS_OK)
        close_environment(tables);
    return status;
}

enum status tables_open(struct tables **out, const char *path, size_t map_bytes, bool read_only)
{
    *out = NULL;
    struct tables *tables = calloc(1, sizeof *tables);
    if (!tables)
        return STATUS_NO_MEMORY;
    tables->map_bytes = map_bytes;
    tables->path = strdup(path);
    enum status status =
        tables->path ? open_environment(tables, read_only ? MDB_RDONLY : 0) : STATUS_NO_MEMORY;
    if (status != STATUS_OK) {
        tables_close(tables);
        return status;
    }
    *out = tables;
    return STATUS_OK;
}

void tables_close(struct tables *tables)
{
    if (!tables)
        return;
    tables_abort(tables);
    close_environment(tables);
    free(tables->puts);
    free(tables->path);
    free(tables);
}

enum status tables_size(struct tables *tables, uint64_t *bytes, uint64_t *commits)
{
    MDB_envinfo info;
    MDB_stat stat;
    enum status status = environment_ensure(tables);
    if (status != STATUS_OK)
        return status;
    int error = mdb_env_info(tables->env, &info);
    if (error == MDB_SUCCESS)
        error = mdb_env_stat(tables->env, &stat);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    *bytes = (uint64_t)(info.me_last_pgno + 1) * stat.ms_psize;
    *commits = info.me_last_txnid;
    return STATUS_OK;
}

/* --- reading --- */

enum status tables_enter(struct tables *tables)
{
    enum status status = STATUS_OK;
    if (tables->entered == 0 && !tables->writing) {
        status = environment_ensure(tables);
        if (status == STATUS_OK)
            status =
                status_from_lmdb(mdb_txn_begin(tables->env, NULL, MDB_RDONLY, &tables->reading));
    }
    if (status == STATUS_OK)
        tables->entered++;
    return status;
}

void tables_leave(struct tables *tables)
{
    assert(tables->entered > 0);
    if (--tables->entered > 0 || !tables->reading)
        return;
    mdb_txn_abort(tables->reading);
    tables->reading = NULL;
}

static MDB_txn *txn_of(const struct tables *tables)
{
    assert(tables->entered > 0);
    return tables->reading ? tables->reading : tables->writing;
}

enum status tables_get(struct tables *tables, enum table table, struct octets key,
                       struct octets *value)
{
    MDB_val wanted = val(key.bytes, key.len), found;
    int error = mdb_get(txn_of(tables), tables->databases[table], &wanted, &found);
    if (error != MDB_SUCCESS)
        return status_from_lmdb(error);
    *value = octets_of(found);
    return unseal(key, value);
}

enum status tables_items(struct tables *tables, enum table table, uint64_t *items)
{
    MDB_stat stat;
    int error = mdb_stat(txn_of(tables), tables->databases[table], &stat);
    if (error == MDB_SUCCESS)
        *items = stat.ms_entries;
    return status_from_lmdb(error);
}

enum status tables_walk(struct tables *tables, enum table table, const struct octets *from,
                        uint64_t count, bool back,
                        enum status (*each)(void *context, struct octets key, struct octets value),
                        void *context)
{
    MDB_cursor *cursor;
    MDB_val key = from ? val(from->bytes, from->len) : val(NULL, 0);
    MDB_cursor_op first = back ? MDB_LAST : MDB_FIRST, next = back ? MDB_PREV : MDB_NEXT;
    int error = mdb_cursor_open(txn_of(tables), tables->databases[table], &cursor);
    enum status status = status_from_lmdb(error);
    if (status != STATUS_OK)
        return status;
    for (uint64_t i = 0; status == STATUS_OK && i < count; i++) {
        MDB_val value;
        error = mdb_cursor_get(cursor, &key, &value, i > 0 ? next : from ? MDB_SET_KEY : first);
        struct octets bytes = octets_of(value);
        status = error == MDB_SUCCESS ? unseal(octets_of(key), &bytes) : STATUS_CORRUPT;
        if (status == STATUS_OK)
            status = each(context, octets_of(key), bytes);
    }
    mdb_cursor_close(cursor);
    return status;
}

/* --- the batch --- */

enum status tables_begin(struct tables *tables)
{
    assert(tables->entered == 0);
    if (tables->writing)
        return STATUS_BUSY;
    tables->puts_len = 0;
    enum status status = environment_ensure(tables);
    if (status != STATUS_OK)
        return status;
    return status_from_lmdb(mdb_txn_begin(tables->env, NULL, 0, &tables->writing));
}

bool tables_in_batch(const struct tables *tables)
{
    return tables->writing;
}

uint64_t tables_batch_number(const struct tables *tables)
{
    assert(tables->writing);
    return mdb_txn_id(tables->writing);
}

bool tables_batch_is_empty(const struct tables *tables)
{
    return tables->puts_len == 0;
}

static int apply(struct tables *tables, const struct put *put, const uint8_t *bytes)
{
    MDB_dbi database = tables->databases[put->table];
    MDB_val key = val(bytes, put->key_len);
    MDB_val value = val(bytes + put->key_len, put->value_len);
    if (put->value_len == 0) {
        int error = mdb_del(tables->writing, database, &key, NULL);
        return error == MDB_NOTFOUND ? MDB_SUCCESS : error;
    }
    /* Appending fills the log's pages to their ends. */
    return mdb_put(tables->writing, database, &key, &value,
                   put->table == TABLE_LOG ? MDB_APPEND : 0);
}

static int apply_all(struct tables *tables)
{
    int error = MDB_SUCCESS;
    for (size_t at = 0; error == MDB_SUCCESS && at < tables->puts_len;) {
        struct put put;
        memcpy(&put, tables->puts + at, sizeof put);
        at += sizeof put;
        error = apply(tables, &put, tables->puts + at);
        at += (size_t)put.key_len + put.value_len;
    }
    return error;
}

/* A map that can't be made bigger is put back as it was; what is committed stays readable. */
static enum status map_double(struct tables *tables)
{
    if (tables->map_bytes > SIZE_MAX / 2)
        return STATUS_FULL;
    if (mdb_env_set_mapsize(tables->env, tables->map_bytes * 2) == MDB_SUCCESS) {
        tables->map_bytes *= 2;
        return STATUS_OK;
    }
    if (mdb_env_set_mapsize(tables->env, tables->map_bytes) == MDB_SUCCESS)
        return STATUS_FULL;
    close_environment(tables); /* it has no map any more */
    return STATUS_NO_MEMORY;
}

/* The map is full: makes the batch again in a bigger one. */
static int grow(struct tables *tables)
{
    int error = MDB_MAP_FULL;
    for (unsigned step = 0; error == MDB_MAP_FULL && step < GROW_STEPS; step++) {
        if (tables->writing)
            mdb_txn_abort(tables->writing);
        tables->writing = NULL;
        if (map_double(tables) != STATUS_OK)
            return MDB_MAP_FULL;
        error = mdb_txn_begin(tables->env, NULL, 0, &tables->writing);
        if (error == MDB_SUCCESS)
            error = apply_all(tables);
    }
    return error;
}

/* Room in the list of puts; NULL when memory is out. */
static uint8_t *puts_room(struct tables *tables, size_t len)
{
    if (len > tables->puts_size - tables->puts_len) {
        size_t size = tables->puts_size * 2 + len + 4096;
        uint8_t *puts = realloc(tables->puts, size);
        if (!puts)
            return NULL;
        tables->puts = puts;
        tables->puts_size = size;
    }
    uint8_t *room = tables->puts + tables->puts_len;
    tables->puts_len += len;
    return room;
}

enum status tables_put(struct tables *tables, enum table table, struct octets key,
                       struct octets value)
{
    assert(tables->writing && tables->entered == 0 && value.len <= TABLES_VALUE_MAX);
    struct put put = {.table = table,
                      .key_len = (uint32_t)key.len,
                      .value_len = value.len > 0 ? (uint32_t)value.len + CRC_SIZE : 0};
    size_t room_len = sizeof put + put.key_len + put.value_len;
    uint8_t *room = puts_room(tables, room_len);
    if (!room)
        return STATUS_NO_MEMORY;
    struct writer w = writer_over(room, room_len);
    writer_bytes(&w, &put, sizeof put);
    writer_bytes(&w, key.bytes, key.len);
    if (value.len > 0) {
        writer_bytes(&w, value.bytes, value.len);
        writer_u32(&w, seal(key, value));
    }
    int error = apply(tables, &put, room + sizeof put);
    if (error == MDB_MAP_FULL)
        error = grow(tables);
    return status_from_lmdb(error);
}

static int commit_writing(struct tables *tables)
{
    int error = mdb_txn_commit(tables->writing);
    tables->writing = NULL;
    return error;
}

enum status tables_commit(struct tables *tables)
{
    assert(tables->writing && tables->entered == 0);
    int error = commit_writing(tables);
    if (error == MDB_MAP_FULL) {
        error = grow(tables);
        if (error == MDB_SUCCESS)
            error = commit_writing(tables);
    }
    if (error != MDB_SUCCESS) {
        tables_abort(tables);
        close_environment(tables);
        (void)environment_ensure(tables); /* else the next call tries again */
    }
    return status_from_lmdb(error);
}

void tables_abort(struct tables *tables)
{
    assert(tables->entered == 0);
    if (tables->writing)
        mdb_txn_abort(tables->writing);
    tables->writing = NULL;
}
