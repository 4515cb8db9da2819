/* keeper.c: see keeper.h.
 *
 * The copy is written under another name, synced, and renamed: there is always a whole one, or none
 * yet. It never takes the last room on the disk. One that can't be made is said once, shown in
 * `status`, and tried again.
 */
#include "resolver/daemon/keeper.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"
#include "ledger/rescue.h"
#include "resolver/daemon/ledger_service.h"
#include "resolver/daemon/log.h"

#define FRESH RESCUE_COPY ".new"

enum { PATH_SIZE = PATHS_SIZE + 32, RETRY_MS = 30000 };

static void make_path(const struct keeper *keeper, const char *name, char path[static PATH_SIZE])
{
    (void)snprintf(path, PATH_SIZE, "%s/%s", keeper->service->context->paths->state, name);
}

/* --- one copy --- */

/* What the copy takes, by the one before or by what is in the ledger; as much again must stay free.
 */
static enum status check_room(const struct keeper *keeper)
{
    struct statvfs disk;
    struct ledger_stats stats;
    enum status status = ledger_stats(keeper->service->ledger, &stats);
    if (status != STATUS_OK)
        return status;
    if (fstatvfs(keeper->fd, &disk) != 0)
        return STATUS_IO;
    uint64_t needed = keeper->bytes > stats.bytes ? keeper->bytes : stats.bytes;
    return disk.f_bavail * disk.f_frsize / 2 > needed ? STATUS_OK : STATUS_FULL;
}

/* AGAIN: it has begun. */
static enum status start(struct keeper *keeper, uint64_t entries)
{
    char path[PATH_SIZE];
    make_path(keeper, FRESH, path);
    keeper->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (keeper->fd < 0)
        return file_status(errno);
    keeper->copying = entries;
    enum status status = check_room(keeper);
    if (status == STATUS_OK)
        status = backup_job_create(&keeper->job, keeper->service->ledger, keeper->fd);
    return status == STATUS_OK ? STATUS_AGAIN : status;
}

static enum status put_in_place(struct keeper *keeper)
{
    char fresh[PATH_SIZE], path[PATH_SIZE];
    struct stat info;
    make_path(keeper, FRESH, fresh);
    make_path(keeper, RESCUE_COPY, path);
    if (fsync(keeper->fd) != 0 || fstat(keeper->fd, &info) != 0 || rename(fresh, path) != 0)
        return file_status(errno);
    keeper->bytes = (uint64_t)info.st_size;
    keeper->copied = keeper->copying;
    return file_sync_folder(keeper->service->context->paths->state);
}

/* The copy is in place, or will not be. */
static void end(struct keeper *keeper, enum status status)
{
    char fresh[PATH_SIZE];
    if (status != STATUS_OK) {
        make_path(keeper, FRESH, fresh);
        (void)unlink(fresh); /* it is overwritten next time */
    }
    if (status != STATUS_OK && status != STATUS_TIMEOUT && keeper->failed == STATUS_OK)
        log_error("the copy of the ledger can't be written: %s", status_text(status));
    backup_job_destroy(keeper->job);
    keeper->job = NULL;
    if (keeper->fd >= 0)
        close(keeper->fd);
    keeper->fd = -1;
    keeper->failed = status;
    keeper->last_ms = clock_monotonic_ms();
}

/* AGAIN: there is more to do. */
static enum status work(struct keeper *keeper)
{
    enum status status = backup_job_step(keeper->job, KEEPER_STEP);
    if (status == STATUS_AGAIN) {
        /* Waits for what the step before has written, and sets the disk to work on this one's: so
         * that no wait is for more than that, also not the one in the end. */
        (void)sync_file_range(keeper->fd, 0, 0,
                              SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
        return STATUS_AGAIN;
    }
    return status == STATUS_OK ? put_in_place(keeper) : status;
}

/* --- when --- */

/* Is there a household, and more of it than in the copy? */
static bool has_changed(const struct keeper *keeper, uint64_t *entries)
{
    struct ledger_stats stats;
    struct ledger *ledger = keeper->service->ledger;
    if (!ledger_own_id(ledger) || ledger_stats(ledger, &stats) != STATUS_OK)
        return false;
    *entries = stats.entries;
    return stats.entries != keeper->copied;
}

static uint64_t pause_ms(const struct keeper *keeper)
{
    uint64_t pause = (keeper->bytes >> 10) * KEEPER_PAUSE_MIB_MS >> 10;
    if (keeper->failed != STATUS_OK && pause < RETRY_MS)
        return RETRY_MS;
    if (pause < KEEPER_PAUSE_MIN_MS)
        return KEEPER_PAUSE_MIN_MS;
    return pause < KEEPER_PAUSE_MAX_MS ? pause : KEEPER_PAUSE_MAX_MS;
}

static void schedule(struct keeper *keeper, uint64_t wait_ms)
{
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};
    keeper->scheduled = event_add(keeper->due, &wait) == 0;
}

void keeper_request(struct keeper *keeper)
{
    uint64_t entries;
    if (keeper->scheduled || !keeper->due || !has_changed(keeper, &entries))
        return;
    uint64_t due_ms = keeper->last_ms + pause_ms(keeper), now_ms = clock_monotonic_ms();
    schedule(keeper, due_ms > now_ms ? due_ms - now_ms : 0);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    struct keeper *keeper = arg;
    uint64_t entries;
    (void)fd;
    (void)what;
    keeper->scheduled = false;
    if (!keeper->job && !has_changed(keeper, &entries))
        return;
    enum status status = keeper->job ? work(keeper) : start(keeper, entries);
    if (status == STATUS_AGAIN) {
        schedule(keeper, 0);
        return;
    }
    end(keeper, status);
    keeper_request(keeper);
}

enum status keeper_open(struct keeper *keeper, struct ledger_service *service)
{
    char path[PATH_SIZE];
    struct stat info;
    *keeper = (struct keeper){.service = service,
                              .fd = -1,
                              .copied = UINT64_MAX, /* one from before may lack something */
                              .last_ms = clock_monotonic_ms()};
    make_path(keeper, RESCUE_COPY, path);
    if (stat(path, &info) == 0)
        keeper->bytes = (uint64_t)info.st_size;
    keeper->due = evtimer_new(service->base, on_due, keeper);
    if (!keeper->due)
        return STATUS_NO_MEMORY;
    keeper_request(keeper);
    return STATUS_OK;
}

/* The last copy is whole before the time is up, or given up. */
static void finish(struct keeper *keeper)
{
    uint64_t entries, until_ms = clock_monotonic_ms() + KEEPER_STOP_MS;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && has_changed(keeper, &entries)) {
        status = keeper->job ? STATUS_AGAIN : start(keeper, entries);
        while (status == STATUS_AGAIN && clock_monotonic_ms() < until_ms)
            status = work(keeper);
        end(keeper, status == STATUS_AGAIN ? STATUS_TIMEOUT : status);
    }
}

void keeper_close(struct keeper *keeper)
{
    if (!keeper->service || !keeper->due)
        return;
    finish(keeper);
    event_free(keeper->due);
    *keeper = (struct keeper){.service = NULL};
}
