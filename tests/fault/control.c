/* control.c: every request for memory, and every call that writes, fails while the ledger process
 * serves one request: the client is answered, or cut off; what is refused has changed nothing; the
 * next request is served.
 *
 * Server and client live in this process. The client asks for no memory.
 */
#include "tests/fault/trial.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ledger/base/reader.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/child.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

enum { FRAME_SIZE = 1 << 16, REQUEST_SIZE = 4096, TURNS = 2000, CALLS_MAX = 20000 };

static struct {
    struct place *place;
    struct ledger_service service;
    struct child_context context;
    struct config config;
    struct paths paths;
    struct sockaddr_un address;
    int listen_fd;
} house;

/* --- the service --- */

static enum status identify(void *context, int fd, enum control_right *right)
{
    (void)context;
    (void)fd;
    *right = CONTROL_RIGHT_WRITE;
    return STATUS_OK;
}

static void listen_here(void)
{
    char path[HELP_PATH_SIZE];
    help_join(path, house.place->dir, "control.sock");
    assert_true(strlen(path) < sizeof house.address.sun_path);
    house.address.sun_family = AF_UNIX;
    memcpy(house.address.sun_path, path, strlen(path) + 1);
    house.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(house.listen_fd >= 0);
    assert_int_equal(
        bind(house.listen_fd, (const struct sockaddr *)&house.address, sizeof house.address), 0);
    assert_int_equal(listen(house.listen_fd, 8), 0);
}

static int open_house(void **state)
{
    const struct control_handlers handlers = {.identify = identify,
                                              .request = control_ops_request,
                                              .release = control_ops_release,
                                              .context = &house.service};
    struct ledger_service *service = &house.service;
    assert_int_equal(set_up_admin(state), 0);
    house.place = *state;
    set(house.place->ledger, "camera", 1);
    assert_ok(paths_init(&house.paths, house.place->dir));
    memcpy(house.paths.state, house.place->dir, strlen(house.place->dir) + 1);
    listen_here();
    house.context = (struct child_context){
        .config = &house.config, .paths = &house.paths, .board = board_create()};
    assert_non_null(house.context.board);
    *service = (struct ledger_service){
        .context = &house.context, .base = event_base_new(), .host_label = "node"};
    service->keys = house.place->house.keys;
    service->ledger = house.place->ledger;
    assert_non_null(service->base);
    assert_ok(publication_open(&service->publication, service));
    assert_ok(keeper_open(&service->keeper, service));
    service->server =
        control_server_create(service->base, house.listen_fd, &handlers, CONTROL_FRAME_TIMEOUT_MS);
    assert_non_null(service->server);
    return 0;
}

static int close_house(void **state)
{
    struct ledger_service *service = &house.service;
    control_server_destroy(service->server);
    publication_close(&service->publication);
    keeper_close(&service->keeper);
    event_base_free(service->base);
    close(house.listen_fd);
    return tear_down(state);
}

/* --- the client --- */

enum outcome { ANSWERED, REFUSED, CUT_OFF };

static struct {
    int fd;
    uint8_t frame[FRAME_SIZE + 1];
    size_t have;
} client;

/* All of a frame, or cut off. */
static bool has_answer(bool *cut_off)
{
    ssize_t got =
        recv(client.fd, client.frame + client.have, FRAME_SIZE - client.have, MSG_DONTWAIT);
    *cut_off = got == 0 || (got < 0 && errno != EAGAIN);
    if (got > 0)
        client.have += (size_t)got;
    struct reader r = reader_over(client.frame, client.have);
    size_t len = reader_u32(&r);
    return r.error == STATUS_OK && r.left == len;
}

static void turn(void)
{
    if (event_base_loop(house.service.base, EVLOOP_NONBLOCK) < 0)
        abort();
}

static void hang_up(void)
{
    close(client.fd);
    for (unsigned i = 0; i < 4; i++) /* the server notices */
        turn();
}

static void call(void)
{
    client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connect(client.fd, (const struct sockaddr *)&house.address, sizeof house.address) != 0)
        abort();
}

/* One request. Whoever is not answered within so many turns is not answered at all. */
static enum outcome ask(const char *text)
{
    static uint8_t frame[REQUEST_SIZE + 4];
    bool cut_off = false, answered = false;
    size_t len = strlen(text);
    memcpy(frame, (uint8_t[]){0, 0, (uint8_t)(len >> 8), (uint8_t)len}, 4);
    memcpy(frame + 4, text, len);
    client.have = 0;
    if (send(client.fd, frame, len + 4, MSG_NOSIGNAL) != (ssize_t)(len + 4))
        abort();
    unsigned turns = 0;
    for (; turns < TURNS && !answered && !cut_off; turns++) {
        turn();
        answered = has_answer(&cut_off);
        if (turns > 100)
            usleep(2000);
    }
    if (turns == TURNS)
        abort();
    client.frame[client.have] = '\0';
    if (!answered)
        return CUT_OFF;
    return strstr((const char *)client.frame + 4, "\"ok\":true") ? ANSWERED : REFUSED;
}

static bool says(const char *text)
{
    return strstr((const char *)client.frame + 4, text) != NULL;
}

/* --- trials --- */

struct request {
    const char *text; /* may have %u, another number each time */
    bool writes;
    const char *before; /* on the same connection, with nothing failing; the same %u */
};

#define RECORDS(name)                                                                              \
    "\"records\":[{\"name\":\"" name "\",\"type\":28,\"ttl\":60,"                                  \
    "\"rrs\":[\"fd000000000000000000000000000001\"]}]}"

static const struct request requests[] = {
    {"{\"version\":1,\"op\":\"hello\"}", false, NULL},
    {"{\"version\":1,\"op\":\"node\"}", false, NULL},
    {"{\"version\":1,\"op\":\"authority\"}", false, NULL},
    {"{\"version\":1,\"op\":\"status\"}", false, NULL},
    {"{\"version\":1,\"op\":\"list\"}", false, NULL},
    {"{\"version\":1,\"op\":\"withdrawn\"}", false, NULL},
    {"{\"version\":1,\"op\":\"log\"}", false, NULL},
    {"{\"version\":1,\"op\":\"why\",\"name\":\"camera\",\"type\":28}", false, NULL},
    {"{\"version\":1,\"op\":\"bundle\"}", false, NULL},
    {"{\"version\":1,\"op\":\"possess\",\"role\":1,\"flags\":0,\"namespace\":"
     "\"%064x\"}",
     false, NULL},
    {"{\"version\":1,\"op\":\"ingest\",\"own\":false,\"entries\":[\"%s\"]}", false, NULL},
    {"{\"version\":1,\"op\":\"set\"," RECORDS("a%u"), true, NULL},
    {"{\"version\":1,\"op\":\"stage\"," RECORDS("b%u"), false, NULL},
    {"{\"version\":1,\"op\":\"commit\"}", true, "{\"version\":1,\"op\":\"stage\"," RECORDS("c%u")},
    {"{\"version\":1,\"op\":\"forget\",\"name\":\"d%u\"}", true,
     "{\"version\":1,\"op\":\"set\"," RECORDS("d%u")},
    {"{\"version\":1,\"op\":\"withdraw\",\"reason\":1,\"hash\":"
     "\"%064x\"}",
     true, NULL},
};

static unsigned long outcomes[3], stored;

static void expect_like_before(const struct root *before, bool writes)
{
    struct root root = root_of(house.place->ledger);
    if (writes && root.entries != before->entries)
        return;
    assert_memory_equal(root.bytes, before->bytes, 32);
}

/* Another number each time; the GENESIS, which is there already. */
static void fill_in(const char *form, unsigned number, char out[static REQUEST_SIZE])
{
    char hex[2 * LIMIT_ENTRY + 1];
    const struct owner_entry *genesis = &house.place->house.genesis;
    hex_encode(genesis->bytes, genesis->len, hex);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    int len = strstr(form, "%s") ? snprintf(out, REQUEST_SIZE, form, hex)
                                 : snprintf(out, REQUEST_SIZE, form, number);
#pragma GCC diagnostic pop
    assert_in_range(len, 1, REQUEST_SIZE - 1);
}

static void prepare(const struct request *request, unsigned number)
{
    char text[REQUEST_SIZE];
    call();
    if (!request->before)
        return;
    fill_in(request->before, number, text);
    assert_int_equal(ask(text), ANSWERED);
}

static void expect_unchanged(const struct request *request, enum outcome outcome,
                             const struct root *before)
{
    if (outcome == CUT_OFF) {
        expect_like_before(before, request->writes);
    } else if (outcome == REFUSED) {
        assert_false(says("CORRUPT"));
        if (says("stored")) /* durable, and the view comes later */
            stored++;
        else
            expect_like_before(before, false);
    }
}

static bool fail_once(const struct request *request, const struct shim *shim)
{
    static unsigned names;
    static char text[REQUEST_SIZE];
    fill_in(request->text, ++names, text);
    prepare(request, names);
    struct root before = root_of(house.place->ledger);
    shim_arm(shim);
    enum outcome outcome = ask(text);
    bool reached = shim_disarm();
    hang_up();
    outcomes[outcome]++;
    assert_ok(ledger_ready(house.place->ledger));
    if (getenv("CONTROL_TRACE"))
        print_message("%lu: %d %s\n", shim->nth, (int)outcome, (const char *)client.frame + 4);
    assert_true(reached || outcome == ANSWERED);
    expect_unchanged(request, outcome, &before);
    fill_in(request->text, ++names, text);
    prepare(request, names);
    assert_int_equal(ask(text), ANSWERED);
    hang_up();
    return reached;
}

static void fail_each(const struct request *request, struct shim shim)
{
    memset(outcomes, 0, sizeof outcomes);
    stored = 0;
    for (shim.nth = 1; fail_once(request, &shim); shim.nth++)
        assert_true(shim.nth < CALLS_MAX);
    print_message("%s: %.20s…: %lu calls%s: %lu answered, %lu refused (%lu stored), %lu cut off\n",
                  shim.kinds == SHIM_MEMORY ? "memory" : "disk", request->text + 18, shim.nth - 1,
                  shim.lasting ? " and all after" : "", outcomes[ANSWERED], outcomes[REFUSED],
                  stored, outcomes[CUT_OFF]);
}

static void every_request(void **state)
{
    static const struct shim shims[] = {
        {.kinds = SHIM_MEMORY, .error = ENOMEM},
        {.kinds = SHIM_MEMORY, .error = ENOMEM, .lasting = true},
        {.kinds = SHIM_DISK, .error = EIO},
        {.kinds = SHIM_DISK, .error = ENOSPC, .lasting = true},
        {.kinds = SHIM_DISK, .error = ENOSPC, .lasting = true, .half = true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        for (size_t k = 0; k < sizeof shims / sizeof *shims; k++)
            fail_each(&requests[i], shims[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_request, open_house, close_house),
    };
    control_fields_watch();
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
