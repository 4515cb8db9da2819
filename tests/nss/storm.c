/* 64 threads look up, children are forked in the middle, while another process publishes view after
 * view.
 *
 * Every name of view k has the addresses 10.k and fd00::k and the text of one generation: an answer
 * that mixes two views, or reads one that is gone, is seen. A call that hangs ends the program by
 * alarm.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/publish.h"
#include "nss-module/nss_hearth.h"
#include "tests/support/view_text.h"

enum {
    THREADS = 64,
    LOOKUPS = 3000, /* a thread */
    FORKS = 60,
    CHILD_LOOKUPS = 50,
    VIEWS = 200,
    LIMIT_S = 120, /* a hang, not a measure */
};

static char dir[64];
static char view_dir[96];
static char view_path[128];
static atomic_uint failures;
static atomic_bool published_all;

static void complain(const char *what)
{
    if (atomic_fetch_add(&failures, 1) < 5)
        fprintf(stderr, "FAILED: %s\n", what);
}

/* View k, which says k in every address. */
static void publish(struct publisher *publisher, unsigned k)
{
    char text[4096];
    uint8_t *bytes = NULL;
    size_t len = 0;
    int at = snprintf(text, sizeof text, "household maple own\n");
    for (unsigned i = 0; i < 40; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "n%u A 10.0.%u.%u\nn%u AAAA fd00::%x\n",
                       i, k >> 8, k & 0xff, i, k);
    if (view_from_text(text, publisher_next(publisher), &bytes, &len) != STATUS_OK ||
        publisher_put(publisher, bytes, len) != STATUS_OK)
        _exit(1);
    free(bytes);
}

/* Both addresses of a name come from one view; returns which, or -1. */
static int look_up_view(unsigned n)
{
    char name[64];
    char buffer[512];
    struct gaih_addrtuple *tuples = NULL;
    int error = 0;
    int h_error = 0;
    snprintf(name, sizeof name, "n%u.maple.home.arpa", n % 40);
    enum nss_status status =
        _nss_hearth_gethostbyname4_r(name, &tuples, buffer, sizeof buffer, &error, &h_error, NULL);
    if (status != NSS_STATUS_SUCCESS || !tuples || !tuples->next || tuples->next->next)
        return -1;
    const uint8_t *six = (const uint8_t *)tuples->addr;
    const uint8_t *four = (const uint8_t *)tuples->next->addr;
    if (six[0] != 0xfd || four[0] != 10 || six[14] != four[2] || six[15] != four[3])
        return -1;
    return six[14] << 8 | six[15];
}

static bool look_up(unsigned n)
{
    return look_up_view(n) >= 0;
}

static void *run_thread(void *context)
{
    unsigned n = (unsigned)(uintptr_t)context;
    for (unsigned i = 0; i < LOOKUPS || !atomic_load(&published_all); i++) {
        if (!look_up(n + i)) {
            complain("a thread's look-up");
            break;
        }
        if (i % 50 == 0)
            usleep(1000); /* so that publisher and children get their turn */
    }
    return NULL;
}

/* Another process publishes, until it is done; what it was told to publish is seen at the end. */
static pid_t start_publisher(struct publisher *publisher)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (unsigned k = 1; k <= VIEWS; k++) {
        publish(publisher, k);
        usleep(2000);
    }
    _exit(0);
}

static bool wait_for(pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return false;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* A child is one thread, forked while the others are in the middle of things; it forks again. */
static void fork_children(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            alarm(LIMIT_S / 2); /* alarms are not inherited */
            bool right = true;
            for (unsigned j = 0; j < CHILD_LOOKUPS; j++)
                right = right && look_up(i + j);
            pid_t grandchild = fork();
            if (grandchild == 0)
                _exit(look_up(i) ? 0 : 1);
            _exit(right && wait_for(grandchild) ? 0 : 1);
        }
        if (pid < 0 || !wait_for(pid))
            complain("a child's look-up (or it hung)");
    }
}

static unsigned count_mappings(void)
{
    char line[512];
    unsigned count = 0;
    FILE *in = fopen("/proc/self/maps", "re");
    while (in && fgets(line, sizeof line, in))
        count += strstr(line, "/names.view") != NULL;
    if (in)
        fclose(in);
    return count;
}

static void run(struct publisher *publisher)
{
    pthread_t threads[THREADS];
    const char *forks = getenv("NSS_STORM_FORKS");
    pid_t pid = start_publisher(publisher);
    for (uintptr_t i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, run_thread, (void *)i) != 0) {
            complain("pthread_create");
            _exit(1);
        }
    }
    fork_children(forks ? (unsigned)atoi(forks) : FORKS);
    if (!wait_for(pid))
        complain("the publisher");
    atomic_store(&published_all, true);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (look_up_view(0) != VIEWS)
        complain("the last view is not seen");
    if (count_mappings() != 1)
        complain("an old view stayed mapped");
}

int main(void)
{
    struct publisher publisher;
    char command[128];
    strcpy(dir, "/tmp/hearth-test-storm-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    snprintf(view_dir, sizeof view_dir, "%s/view", dir);
    snprintf(view_path, sizeof view_path, "%s/names.view", view_dir);
    setenv("HEARTH_VIEW", view_path, 1);
    if (publisher_open(&publisher, view_dir) != STATUS_OK)
        return 1;
    publish(&publisher, 0);
    alarm(LIMIT_S);
    run(&publisher);
    publisher_close(&publisher);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    if (system(command) != 0)
        complain("cleaning up");
    if (atomic_load(&failures) == 0)
        printf("%d threads, %d views: all answers whole\n", THREADS, VIEWS);
    return atomic_load(&failures) == 0 ? 0 : 1;
}
