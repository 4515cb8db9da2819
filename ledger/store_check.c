/* store_check.c: see store_check.h.
 *
 * The happy path: LMDB's own pages are sound (store_pages.c), every entry, statement and fact can
 * be read and its seal is right, and the last commit is the one that left its number in what it
 * stored. A meta page of LMDB's that claims another one is found out by that. Damage that kills the
 * reader kills the child.
 */
#include "ledger/store_check.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/reader.h"
#include "ledger/guard.h"
#include "ledger/store_log.h"
#include "ledger/store_pages.h"
#include "ledger/store_tables.h"

enum { PATH_SIZE = 4096 };

static enum status read_value(void *context, struct octets key, struct octets value)
{
    (void)context;
    (void)key;
    (void)value;
    return STATUS_OK;
}

static enum status check_values(struct tables *tables, enum table table, uint64_t *items)
{
    enum status status = tables_items(tables, table, items);
    if (status != STATUS_OK)
        return status;
    return tables_walk(tables, table, NULL, *items, false, read_value, NULL);
}

/* The number that the last commit without an entry left; 0 when there was none. */
static enum status commit_among_facts(struct tables *tables, uint64_t *number)
{
    static const char key[] = STORE_META_COMMIT;
    struct octets value;
    *number = 0;
    enum status status =
        tables_get(tables, TABLE_META,
                   (struct octets){.bytes = (const uint8_t *)key, .len = sizeof key - 1}, &value);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (status != STATUS_OK)
        return status;
    struct reader r = reader_over(value.bytes, value.len);
    *number = reader_u64(&r);
    return reader_finish(&r) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

/* `log` has been walked to its end. */
static enum status check_commit_number(const struct store_log *log, bool used)
{
    uint64_t number, bytes, commits;
    enum status status = commit_among_facts(log->tables, &number);
    if (status == STATUS_OK)
        status = tables_size(log->tables, &bytes, &commits);
    if (status != STATUS_OK || !used)
        return status;
    number = log->commit > number ? log->commit : number;
    return number == commits ? STATUS_OK : STATUS_CORRUPT;
}

/* Between tables_enter and tables_leave. */
static enum status check_tables(struct tables *tables)
{
    uint64_t entries, statements = 0, facts = 0;
    struct store_log log;
    store_log_init(&log, tables);
    enum status status = tables_items(tables, TABLE_LOG, &entries);
    if (status == STATUS_OK)
        status = store_log_walk(&log, 0, entries, false, NULL, NULL);
    if (status == STATUS_OK)
        status = check_values(tables, TABLE_STATEMENT, &statements);
    if (status == STATUS_OK)
        status = check_values(tables, TABLE_META, &facts);
    if (status == STATUS_OK)
        status = check_commit_number(&log, entries > 0 || statements > 0 || facts > 0);
    store_log_deinit(&log);
    return status;
}

struct check {
    const char *path;
    char data[PATH_SIZE];
    size_t map_bytes;
    int lock_fd;
};

/* Runs in the child. */
static enum status check_all(void *context)
{
    const struct check *check = context;
    struct tables *tables = NULL;
    close(check->lock_fd);
    enum status status = store_pages_check(check->data);
    if (status == STATUS_OK)
        status = tables_open(&tables, check->path, check->map_bytes, true);
    if (status == STATUS_NOT_FOUND)
        return STATUS_OK; /* never used */
    if (status == STATUS_OK)
        status = tables_enter(tables);
    return status == STATUS_OK ? check_tables(tables) : status; /* the child's end frees it all */
}

/* A file that LMDB made but never wrote to counts as none. */
enum status store_check(const char *path, size_t map_bytes, int lock_fd)
{
    struct stat file = {0};
    struct check check = {.path = path, .map_bytes = map_bytes, .lock_fd = lock_fd};
    int len = snprintf(check.data, sizeof check.data, "%s/data.mdb", path);
    if (len < 0 || (size_t)len >= sizeof check.data)
        return STATUS_TOO_LONG;
    if (stat(check.data, &file) != 0)
        return errno == ENOENT ? STATUS_OK : errno == EACCES ? STATUS_DENIED : STATUS_IO;
    return file.st_size == 0 ? STATUS_OK : guard_run(check_all, &check);
}
