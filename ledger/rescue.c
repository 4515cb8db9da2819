/* rescue.c: see rescue.h.
 *
 * The happy path is ledger_open, and nothing else. After CORRUPT: a new ledger is made in
 * STATE/rebuild from what salvage.h finds; the report is written; STATE/ledger moves to
 * STATE/ledger.damaged-N; STATE/rebuild/ledger takes its place. A crash before the first move
 * leaves all to the next start; one between the two moves leaves no STATE/ledger, which only then
 * is missing beside a rebuilt one: the next start completes it.
 *
 * At most RESCUE_KEPT_MAX damaged databases are kept: the first, which may be the only one that
 * ever held something, and the newest ones.
 */
#include "ledger/rescue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"
#include "ledger/salvage.h"

#define LEDGER  "ledger"
#define REBUILD "rebuild"
#define KEPT    "ledger.damaged-"

enum {
    REPORT_MAX = 160,
    NUMBERS_MAX = 64,
    NUMBER_MAX = 999999,
    REPORT_VERSION = 1,
    META_PAGES = 2
};

struct place {
    const char *state_dir;
    const struct node_keys *keys;
    bool had_mark; /* of an incarnation: there was a database once */
};

static enum status path_make(char path[static FILE_PATH_SIZE], const struct place *place,
                             const char *first, const char *second)
{
    int len = snprintf(path, FILE_PATH_SIZE, "%s/%s%s%s", place->state_dir, first,
                       *second ? "/" : "", second);
    return len > 0 && len < FILE_PATH_SIZE ? STATUS_OK : STATUS_TOO_LONG;
}

static bool exists(const struct place *place, const char *first, const char *second)
{
    char path[FILE_PATH_SIZE];
    struct stat info;
    return path_make(path, place, first, second) == STATUS_OK && lstat(path, &info) == 0;
}

static void remove_file(const struct place *place, const char *first, const char *second)
{
    char path[FILE_PATH_SIZE];
    if (path_make(path, place, first, second) == STATUS_OK)
        (void)unlink(path); /* one that stays is found by whoever needs its place */
}

static void remove_folder(const struct place *place, const char *first, const char *second)
{
    char path[FILE_PATH_SIZE];
    if (path_make(path, place, first, second) == STATUS_OK)
        (void)rmdir(path);
}

static enum status move(const struct place *place, const char *from_first, const char *from_second,
                        const char *to)
{
    char from_path[FILE_PATH_SIZE], to_path[FILE_PATH_SIZE];
    enum status status = path_make(from_path, place, from_first, from_second);
    if (status == STATUS_OK)
        status = path_make(to_path, place, to, "");
    if (status == STATUS_OK && rename(from_path, to_path) != 0)
        status = file_status(errno);
    return status;
}

/* --- the report --- */

static enum status report_write(const struct place *place, const struct rescue *rescue)
{
    char fresh[FILE_PATH_SIZE], text[REPORT_MAX];
    enum status status = path_make(fresh, place, RESCUE_REPORT ".new", "");
    if (status != STATUS_OK)
        return status;
    int len = snprintf(text, sizeof text, "hearth-rescue %d %d %" PRIu64 " %" PRIu64 " %d %s\n",
                       REPORT_VERSION, (int)rescue->kind, rescue->time_ms, rescue->entries,
                       rescue->household, rescue->kept[0] ? rescue->kept : "-");
    if (len < 0 || (size_t)len >= sizeof text)
        return STATUS_TOO_LONG;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return file_status(errno);
    status = file_write_all(fd, text, (size_t)len);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = file_status(errno);
    close(fd);
    if (status == STATUS_OK)
        status = move(place, RESCUE_REPORT ".new", "", RESCUE_REPORT);
    if (status != STATUS_OK)
        (void)unlink(fresh);
    return status;
}

/* A report that can't be read still says that there was something. */
static void report_parse(const char *text, struct rescue *rescue)
{
    int version = 0, kind = 0, household = 0, end = 0;
    char kept[RESCUE_KEPT_SIZE] = "";
    *rescue = (struct rescue){.kind = RESCUE_DAMAGED};
    if (sscanf(text, "hearth-rescue %d %d %" SCNu64 " %" SCNu64 " %d %31[a-z0-9.-]\n%n", &version,
               &kind, &rescue->time_ms, &rescue->entries, &household, kept, &end) != 6 ||
        version != REPORT_VERSION || text[end] != '\0')
        return;
    rescue->kind = kind == RESCUE_MISSING ? RESCUE_MISSING : RESCUE_DAMAGED;
    rescue->household = household != 0;
    if (strncmp(kept, KEPT, strlen(KEPT)) == 0)
        memcpy(rescue->kept, kept, sizeof rescue->kept);
}

static void report_read(const struct place *place, struct rescue *rescue)
{
    char path[FILE_PATH_SIZE], text[REPORT_MAX + 1];
    *rescue = (struct rescue){.kind = RESCUE_NONE};
    if (path_make(path, place, RESCUE_REPORT, "") != STATUS_OK)
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    report_parse(text, rescue);
}

/* --- what was moved aside --- */

struct numbers {
    unsigned items[NUMBERS_MAX];
    size_t count;
};

static int compare_numbers(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

static enum status list_kept(const struct place *place, struct numbers *numbers)
{
    DIR *folder = opendir(place->state_dir);
    const struct dirent *item;
    *numbers = (struct numbers){.count = 0};
    if (!folder)
        return file_status(errno);
    while (numbers->count < NUMBERS_MAX && (item = readdir(folder))) {
        unsigned number;
        int end = 0;
        if (sscanf(item->d_name, KEPT "%6u%n", &number, &end) == 1 && item->d_name[end] == '\0')
            numbers->items[numbers->count++] = number;
    }
    closedir(folder);
    qsort(numbers->items, numbers->count, sizeof numbers->items[0], compare_numbers);
    return STATUS_OK;
}

static void kept_name(char name[static RESCUE_KEPT_SIZE], unsigned number)
{
    (void)snprintf(name, RESCUE_KEPT_SIZE, KEPT "%u", number);
}

/* The next name, once there is room for one more. */
static enum status choose_kept(const struct place *place, char name[static RESCUE_KEPT_SIZE])
{
    struct numbers numbers;
    enum status status = list_kept(place, &numbers);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 1; numbers.count - i + 1 >= RESCUE_KEPT_MAX; i++) {
        kept_name(name, numbers.items[i]);
        remove_file(place, name, "data.mdb");
        remove_file(place, name, "lock");
        remove_file(place, name, RESCUE_COPY);
        remove_folder(place, name, "");
    }
    /* There may be more than were listed. */
    unsigned number = numbers.count > 0 ? numbers.items[numbers.count - 1] : 0;
    do
        kept_name(name, ++number);
    while (number <= NUMBER_MAX && exists(place, name, ""));
    return number <= NUMBER_MAX ? STATUS_OK : STATUS_FULL;
}

/* The copy that was there then stays too: the next one is made of what was read now. On a file
 * system without links the database is kept alone. */
static void keep_copy(const struct place *place, const char *kept)
{
    char from[FILE_PATH_SIZE], to[FILE_PATH_SIZE];
    enum status status = path_make(from, place, RESCUE_COPY, "");
    if (status == STATUS_OK)
        status = path_make(to, place, kept, RESCUE_COPY);
    bool linked = status == STATUS_OK && link(from, to) == 0;
    (void)linked; /* what is kept is for people to look at: nothing depends on it */
}

/* --- the new one --- */

static enum status look(struct salvage *salvage, const struct place *place, const char *first,
                        const char *second)
{
    char path[FILE_PATH_SIZE];
    enum status status = path_make(path, place, first, second);
    if (status == STATUS_OK)
        status = salvage_file(salvage, path);
    return status == STATUS_NOT_FOUND || status == STATUS_DENIED ? STATUS_OK : status;
}

/* Adds to the ledger what is readable in the database in its place, and in the copy. */
static enum status supplement(const struct place *place, struct ledger *ledger, uint64_t *added)
{
    struct salvage *salvage = salvage_create();
    if (!salvage)
        return STATUS_NO_MEMORY;
    enum status status = look(salvage, place, LEDGER, "data.mdb");
    if (status == STATUS_OK)
        status = look(salvage, place, RESCUE_COPY, "");
    if (status == STATUS_OK)
        status = salvage_into(salvage, ledger, place->keys->signing.public_key, added);
    salvage_destroy(salvage);
    return status;
}

static void drop_rebuild(const struct place *place)
{
    remove_file(place, REBUILD "/" LEDGER, "data.mdb");
    remove_file(place, REBUILD "/" LEDGER, "lock");
    remove_folder(place, REBUILD "/" LEDGER, "");
    remove_file(place, REBUILD, "incarnation");
    remove_file(place, REBUILD, "incarnation.new");
    remove_folder(place, REBUILD, "");
}

static enum status rebuild(const struct place *place, struct rescue *rescue)
{
    char path[FILE_PATH_SIZE];
    struct ledger *ledger = NULL;
    drop_rebuild(place);
    enum status status = path_make(path, place, REBUILD, "");
    if (status == STATUS_OK)
        status = ledger_open(&ledger, path, place->keys);
    if (status == STATUS_OK)
        status = supplement(place, ledger, &rescue->entries);
    if (status == STATUS_OK)
        rescue->household = ledger_own_id(ledger) != NULL;
    ledger_close(ledger);
    return status;
}

/* Until this succeeds, the rebuilt one is all there is: it stays for the next start. */
static enum status complete(const struct place *place)
{
    enum status status = move(place, REBUILD "/" LEDGER, "", LEDGER);
    if (status != STATUS_OK)
        return status;
    drop_rebuild(place);
    return file_sync_folder(place->state_dir);
}

static enum status replace(const struct place *place, struct rescue *rescue)
{
    *rescue = (struct rescue){.kind = RESCUE_DAMAGED, .time_ms = clock_read().wall_ms};
    enum status status = rebuild(place, rescue);
    if (status == STATUS_OK)
        status = choose_kept(place, rescue->kept);
    if (status == STATUS_OK)
        status = report_write(place, rescue);
    if (status == STATUS_OK)
        status = move(place, LEDGER, "", rescue->kept);
    if (status != STATUS_OK) {
        drop_rebuild(place);
        return status;
    }
    keep_copy(place, rescue->kept);
    return complete(place);
}

/* --- the whole --- */

/* The ledger is open, but there should be more in it. */
static enum status complement(const struct place *place, struct ledger *ledger,
                              struct rescue *rescue)
{
    bool restored = false;
    uint64_t entries = 0;
    (void)ledger_incarnation(ledger, &restored);
    bool had_household = ledger_own_id(ledger) != NULL;
    if (!restored && (had_household || !exists(place, RESCUE_COPY, "")))
        return STATUS_OK;
    enum status status = supplement(place, ledger, &entries);
    /* A new database where there was another is told of even if nothing came of it. */
    bool lost = restored && place->had_mark && !had_household;
    bool told = had_household ? entries > 0 && rescue->kind == RESCUE_NONE
                              : entries > 0 || (lost && rescue->kind == RESCUE_NONE);
    if (status != STATUS_OK || !told)
        return status;
    rescue->kind = had_household ? RESCUE_OLDER : RESCUE_MISSING;
    rescue->time_ms = clock_read().wall_ms;
    rescue->entries = entries;
    rescue->household = ledger_own_id(ledger) != NULL;
    if (!had_household)
        (void)report_write(place, rescue); /* the entries are safe; this start tells of it */
    return STATUS_OK;
}

/* A disk that was full at the very first start leaves a file too short for any entry, and neither
 * mark nor copy. There is nothing to lose in it. */
static bool is_stillborn(const struct place *place)
{
    char path[FILE_PATH_SIZE];
    struct stat info;
    return path_make(path, place, LEDGER, "data.mdb") == STATUS_OK && stat(path, &info) == 0 &&
           info.st_size < META_PAGES * sysconf(_SC_PAGESIZE) && !place->had_mark &&
           !exists(place, RESCUE_COPY, "");
}

static enum status open_rescued(struct ledger **ledger, const struct place *place,
                                struct rescue *rescue)
{
    enum status status = STATUS_OK;
    if (is_stillborn(place))
        remove_file(place, LEDGER, "data.mdb");
    else
        status = replace(place, rescue);
    return status == STATUS_OK ? ledger_open(ledger, place->state_dir, place->keys) : status;
}

enum status rescue_open(struct ledger **ledger, const char *state_dir, const struct node_keys *keys,
                        struct rescue *rescue, void (*say)(const char *text))
{
    struct place place = {.state_dir = state_dir, .keys = keys};
    enum status status = STATUS_OK;
    *ledger = NULL;
    place.had_mark = exists(&place, "incarnation", "");
    report_read(&place, rescue);
    if (!exists(&place, LEDGER, "") && exists(&place, REBUILD "/" LEDGER, ""))
        status = complete(&place);
    if (status == STATUS_OK)
        status = ledger_open(ledger, state_dir, keys);
    if (status == STATUS_OK)
        status = complement(&place, *ledger, rescue);
    if (status != STATUS_OK) {
        ledger_close(*ledger);
        *ledger = NULL;
    }
    if (status != STATUS_CORRUPT)
        return status;
    if (say)
        say("the ledger's database is damaged: it is made again from what can be read");
    return open_rescued(ledger, &place, rescue);
}
