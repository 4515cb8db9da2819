/* start.c: every request for memory, and every call that writes, fails while the ledger process
 * starts and stops: a first start, one as every day, one after damage.
 *
 *   fault_start           of each row of calls a sample, for ctest
 *   fault_start all       each call
 *
 * What runs is the process's own function (resolver/daemon/child.h), in a child. It may not come
 * up, but then it says so and ends by itself: no signal, no sandbox that bites. The start after it,
 * with nothing failing, serves the same names as ever, with the same keys.
 */
#include "tests/fault/trial.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dane/tls_identity.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"
#include "ledger/rescue.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/child.h"

enum {
    SAMPLE = 100,
    ANSWER_SIZE = 1 << 16,
    NAMES = 12,
    NEVER = 1000000,
    TURNS = 600000,
    DIED_IN_LIBRARY = 77
};

static const char *const key_files[] = {"signing.key", "zone.key", "tls.key"};
enum { KEY_FILES = sizeof key_files / sizeof key_files[0] };

static struct {
    char dir[HELP_PATH_SIZE], copy[HELP_PATH_SIZE];
    struct place place; /* of the state folder */
    struct config config;
    struct paths paths;
    struct board *board;
    struct sockaddr_un address;
    int listen_fd, life[2];
    uint8_t *data; /* malloc'd: the database of a whole household */
    size_t data_len;
    char names[ANSWER_SIZE], later[ANSWER_SIZE]; /* what it is to answer, and what it answers */
    uint8_t *keys[KEY_FILES]; /* malloc'd: as they were first seen; NULL before */
    void *program;            /* where this one's code lies */
    bool whole;               /* each call, not a sample */
} house;

/* What glibc notes of a library that it opened (OpenSSL's, libnss's) hangs on memory of its own, into
 * which LeakSanitizer does not look. */
[[gnu::visibility("default")]] const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:_dl_map_object_deps\n";
}

/* --- one life of the process --- */

/* OpenSSL 3.0 has places that use what they could not get. A death there, in a process that does
 * not serve yet, is one more way of not coming up; anywhere else it is a defect. */
static void on_crash(int number)
{
    void *frames[16];
    int count = backtrace(frames, 16);
    for (int i = 0; i < count; i++) {
        Dl_info info;
        if (dladdr(frames[i], &info) != 0 && strstr(info.dli_fname, "/libcrypto.so"))
            _exit(DIED_IN_LIBRARY);
        if (dladdr(frames[i], &info) != 0 && info.dli_fbase == house.program && i > 1)
            break; /* two frames are this handler's own */
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

[[gnu::noreturn]] static void live(void)
{
    const struct child_context context = {.config = &house.config,
                                          .paths = &house.paths,
                                          .board = house.board,
                                          .parent_fd = house.life[0],
                                          .control_fd = house.listen_fd};
    if (!getenv("START_TRACE")) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(nowhere, STDERR_FILENO);
    }
    for (int number = SIGHUP; number < SIGTERM; number++) /* the test's own handlers */
        if (number != SIGKILL)
            (void)signal(number, number == SIGSEGV ? on_crash : SIG_DFL);
    _exit(ledger_child_run(&context));
}

static pid_t begin(void)
{
    atomic_store(&house.board->children[CHILD_LEDGER].state, CHILD_STARTING);
    pid_t child = fork();
    if (child == 0)
        live();
    assert_true(child > 0);
    return child;
}

static uint32_t state(void)
{
    return atomic_load(&house.board->children[CHILD_LEDGER].state);
}

/* True when it serves; false when it has ended, then *how says how. */
static bool came_up(pid_t child, int *how)
{
    for (unsigned turns = 0; state() != CHILD_READY; turns++) {
        if (waitpid(child, how, WNOHANG) == child)
            return false;
        assert_true(turns < TURNS);
        usleep(100);
    }
    return true;
}

/* Told to end, or about to: how it ended. */
static int end(pid_t child)
{
    int how;
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, &how, 0), child);
    return how;
}

static void expect_own_end(const char *what, const struct shim *shim, int how)
{
    if (!WIFEXITED(how))
        print_message("%s: call %lu: ended by signal %d\n", what, shim->nth, WTERMSIG(how));
    assert_true(WIFEXITED(how));
}

/* --- asking --- */

static void ask(const char *text, char answer[static ANSWER_SIZE])
{
    uint8_t frame[256];
    size_t len = strlen(text), have = 0, all = 4;
    assert_true(len < sizeof frame - 4);
    memcpy(frame, (uint8_t[]){0, 0, 0, (uint8_t)len}, 4);
    memcpy(frame + 4, text, len);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&house.address, sizeof house.address), 0);
    assert_int_equal(send(fd, frame, len + 4, MSG_NOSIGNAL), len + 4);
    while (have < all) {
        ssize_t got = recv(fd, answer + have, ANSWER_SIZE - 1 - have, 0);
        assert_true(got > 0);
        have += (size_t)got;
        if (have >= 4)
            all = 4 + ((size_t)(uint8_t)answer[2] << 8 | (uint8_t)answer[3]);
        assert_true(all < ANSWER_SIZE);
    }
    close(fd);
    memmove(answer, answer + 4, have - 4);
    answer[have - 4] = '\0';
}

/* A key is whole or not there, and never another one. */
static void look_at_keys(bool all)
{
    for (unsigned i = 0; i < KEY_FILES; i++) {
        char path[HELP_PATH_SIZE];
        size_t len;
        help_join(path, house.paths.state, key_files[i]);
        if (access(path, F_OK) != 0) {
            assert_false(all || house.keys[i]);
            continue;
        }
        uint8_t *text = help_file_read(path, &len);
        assert_true(len > 0 && text[len - 1] == '\n');
        if (house.keys[i])
            assert_memory_equal(text, house.keys[i], len);
        free(house.keys[i]);
        house.keys[i] = text;
    }
}

static void forget_keys(void)
{
    for (unsigned i = 0; i < KEY_FILES; i++) {
        free(house.keys[i]);
        house.keys[i] = NULL;
    }
}

/* A start at which nothing fails. */
static void expect_as_ever(bool household)
{
    int how;
    pid_t child = begin();
    assert_true(came_up(child, &how));
    ask("{\"version\":1,\"op\":\"list\",\"limit\":1000}", house.later);
    if (household)
        assert_string_equal(house.later, house.names);
    else
        assert_non_null(strstr(house.later, "NO_HOUSEHOLD"));
    look_at_keys(true);
    how = end(child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

/* --- each call --- */

struct start {
    const char *what;
    void (*prepare)(void);
    bool household;
};

static unsigned long failures, served, crashes;

/* False when the call was not reached. */
static bool fail_one(const struct start *start, const struct shim *shim)
{
    int how;
    start->prepare();
    shim_arm(shim);
    pid_t child = begin();
    bool up = came_up(child, &how);
    if (up)
        how = end(child);
    bool reached = shim_disarm();
    expect_own_end(start->what, shim, how);
    if (!reached)
        assert_true(up);
    failures += reached && !up;
    crashes += !up && WEXITSTATUS(how) == DIED_IN_LIBRARY;
    served += reached && up;
    look_at_keys(false);
    if (!up) {
        assert_int_not_equal(WEXITSTATUS(how), 0);
        assert_int_not_equal(state(), CHILD_READY);
    } else {
        assert_int_not_equal(WEXITSTATUS(how), DIED_IN_LIBRARY);
    }
    expect_as_ever(start->household);
    return reached;
}

/* How many calls there are when none fails; a few come or go with the time that it waits. */
static unsigned long count_calls(const struct start *start, struct shim shim)
{
    int how;
    start->prepare();
    shim.nth = NEVER;
    shim_arm(&shim);
    pid_t child = begin();
    assert_true(came_up(child, &how));
    (void)end(child);
    assert_false(shim_disarm());
    return shim_calls();
}

static void fail_each(const struct start *start, struct shim shim)
{
    unsigned long calls = count_calls(start, shim), tried = 0;
    unsigned long step = house.whole || calls < SAMPLE ? 1 : calls / SAMPLE;
    failures = served = crashes = 0;
    for (unsigned long first = 1; first <= calls; first += step) {
        shim.nth = first + (unsigned long)rand() % step;
        tried++;
        if (!fail_one(start, &shim))
            break;
    }
    print_message(
        "%s: %s: %lu of %lu calls%s: %lu kept it from starting (%lu inside OpenSSL), %lu did not\n",
        start->what, shim.kinds == SHIM_MEMORY ? "memory" : "disk", tried, calls,
        shim.lasting ? " and all after" : "", failures, crashes, served);
    assert_true(failures > 0);
}

static void fail_all(const struct start *start)
{
    static const struct shim shims[] = {
        {.kinds = SHIM_MEMORY, .error = ENOMEM},
        {.kinds = SHIM_MEMORY, .error = ENOMEM, .lasting = true},
        {.kinds = SHIM_DISK, .error = EIO},
        {.kinds = SHIM_DISK, .error = ENOSPC, .lasting = true},
        {.kinds = SHIM_DISK, .error = ENOSPC, .lasting = true, .half = true},
    };
    for (size_t i = 0; i < sizeof shims / sizeof *shims; i++)
        fail_each(start, shims[i]);
}

/* --- the starts --- */

static void nothing_there(void)
{
    if (access(house.paths.state, F_OK) == 0)
        help_dir_remove(house.paths.state);
    if (access(house.paths.view, F_OK) == 0)
        help_dir_remove(house.paths.view);
    assert_int_equal(mkdir(house.paths.view, 0755), 0);
    forget_keys();
}

static void as_ever(void)
{
    (void)unlink(house.copy); /* there is a copy to be made */
}

static void cut_short(void)
{
    expect_as_ever(true); /* the copy is whole */
    help_file_write(house.place.data, house.data, house.data_len / 2);
}

static void write_key(const char *name, const char *what, const struct key_pair *pair)
{
    char path[HELP_PATH_SIZE], hex[65], text[128];
    hex_encode(pair->secret, 32, hex);
    int len = snprintf(text, sizeof text, "hearth-key 1 %s\n%s\n", what, hex);
    help_join(path, house.paths.state, name);
    help_file_write(path, text, (size_t)len);
    assert_int_equal(chmod(path, 0600), 0);
}

static void make_household(void)
{
    struct place *place = &house.place;
    int how;
    nothing_there();
    assert_int_equal(mkdir(house.paths.state, 0700), 0);
    help_house_make(&place->house, 40, ROLE_ADMIN);
    write_key("signing.key", "signing", &place->house.keys.signing);
    write_key("zone.key", "zone", &place->house.keys.zone);
    assert_ok(ledger_open(&place->ledger, place->dir, &place->house.keys));
    found(place, place->ledger);
    for (unsigned i = 0; i < NAMES; i++) {
        char name[32];
        snprintf(name, sizeof name, "device%u", i);
        set(place->ledger, name, (uint8_t)(i + 1));
    }
    ledger_close(place->ledger);
    pid_t child = begin(); /* makes all else */
    assert_true(came_up(child, &how));
    ask("{\"version\":1,\"op\":\"list\",\"limit\":1000}", house.names);
    assert_non_null(strstr(house.names, "device11"));
    assert_int_equal(end(child), 0);
    house.data = help_file_read(place->data, &house.data_len);
    help_house_close(&place->house);
}

static void first_start(void **unused)
{
    (void)unused;
    fail_all(&(struct start){.what = "first start", .prepare = nothing_there});
}

static void every_start(void **unused)
{
    (void)unused;
    make_household();
    fail_all(&(struct start){.what = "start", .prepare = as_ever, .household = true});
    fail_all(
        &(struct start){.what = "start after damage", .prepare = cut_short, .household = true});
    free(house.data);
}

/* --- the house --- */

static int close_house(void **unused);

/* What OpenSSL does once in a process, twelve thousand calls for its texts among them, is done
 * before: what is left are the calls of every start. */
static void warm_up(void)
{
    char dir[HELP_PATH_SIZE];
    uint8_t spki[32];
    help_dir_make(dir);
    assert_ok(tls_identity_open(dir, spki));
    help_dir_remove(dir);
}

static int open_house(void **unused)
{
    char path[HELP_PATH_SIZE];
    (void)unused;
    help_dir_make(house.dir);
    assert_ok(paths_init(&house.paths, house.dir));
    help_join(house.place.dir, house.dir, "state");
    help_join(house.place.data, house.place.dir, "ledger/data.mdb");
    help_join(house.copy, house.place.dir, RESCUE_COPY);
    help_join(path, house.dir, "control.sock");
    assert_true(strlen(path) < sizeof house.address.sun_path);
    house.address.sun_family = AF_UNIX;
    memcpy(house.address.sun_path, path, strlen(path) + 1);
    house.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(house.listen_fd >= 0);
    assert_int_equal(
        bind(house.listen_fd, (const struct sockaddr *)&house.address, sizeof house.address), 0);
    assert_int_equal(listen(house.listen_fd, 8), 0);
    assert_int_equal(pipe2(house.life, O_CLOEXEC), 0);
    house.board = board_create();
    assert_non_null(house.board);
    srand(17);
    Dl_info info;
    void *frame;
    (void)backtrace(&frame, 1); /* loads what it needs, once */
    assert_int_not_equal(dladdr((const void *)(uintptr_t)close_house, &info), 0);
    house.program = info.dli_fbase;
    warm_up();
    shim_spare("/libseccomp.so"); /* fourteen thousand calls, after which it uses what it lacks */
    return 0;
}

static int close_house(void **unused)
{
    (void)unused;
    forget_keys();
    close(house.listen_fd);
    close(house.life[0]);
    close(house.life[1]);
    help_dir_remove(house.dir);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(first_start),
                                       cmocka_unit_test(every_start)};
    if (argc > 2 || (argc == 2 && strcmp(argv[1], "all") != 0))
        return 2;
    house.whole = argc == 2;
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, open_house, close_house);
}
