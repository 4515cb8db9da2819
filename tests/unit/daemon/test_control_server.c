/* test_control_server.c: the control socket against clients that do not behave.
 *
 * Server and clients live in this process: the clients' descriptors do not block, and pump() turns
 * the server's loop until it has nothing to do. Rights come from a variable here instead of the
 * kernel.
 */
#include "resolver/daemon/control_server.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHORT_TIMEOUT_MS = 60, CLIENTS = CONTROL_SESSIONS_MAX + 8 };

struct fixture {
    struct event_base *base;
    int listen_fd;
    struct sockaddr_un address;
    socklen_t address_len;
    struct control_server *server;
    enum control_right right;
    unsigned requests, released;
    struct control_session *waiting; /* of the op "later" */
};

static struct fixture f;

static enum status identify(void *context, int fd, enum control_right *right)
{
    (void)context;
    (void)fd;
    *right = f.right;
    return STATUS_OK;
}

static json_t *ok_answer(const json_t *request)
{
    return json_pack("{s:i, s:b, s:O}", "version", 1, "ok", 1, "you", request);
}

static int open_gift(void)
{
    int fd = memfd_create("gift", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "gift", 4, 0), 4);
    return fd;
}

static void on_request(void *context, struct control_session *session, const json_t *request)
{
    const char *op = json_string_value(json_object_get(request, "op"));
    (void)context;
    f.requests++;
    if (op && strcmp(op, "later") == 0) {
        f.waiting = session;
        return;
    }
    if (op && strcmp(op, "attach") == 0)
        control_session_attach(session, &f);
    int fd = op && strcmp(op, "gift") == 0 ? open_gift() : -1;
    control_session_answer(session, ok_answer(request), fd);
}

static void on_release(void *context, void *attachment)
{
    (void)context;
    assert_ptr_equal(attachment, &f);
    f.released++;
}

static int start(unsigned timeout_ms)
{
    const struct control_handlers handlers = {
        .identify = identify, .request = on_request, .release = on_release};
    f = (struct fixture){.right = CONTROL_RIGHT_WRITE};
    f.base = event_base_new();
    f.address.sun_family = AF_UNIX; /* autobind: an abstract name that the kernel chooses */
    f.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(f.listen_fd, (struct sockaddr *)&f.address, sizeof f.address.sun_family) != 0 ||
        listen(f.listen_fd, 128) != 0)
        return -1;
    f.address_len = sizeof f.address;
    if (getsockname(f.listen_fd, (struct sockaddr *)&f.address, &f.address_len) != 0)
        return -1;
    f.server = control_server_create(f.base, f.listen_fd, &handlers, timeout_ms);
    return f.server ? 0 : -1;
}

static int set_up(void **state)
{
    (void)state;
    return start(CONTROL_FRAME_TIMEOUT_MS);
}

static int set_up_impatient(void **state)
{
    (void)state;
    return start(SHORT_TIMEOUT_MS);
}

static int tear_down(void **state)
{
    (void)state;
    control_server_destroy(f.server);
    close(f.listen_fd);
    event_base_free(f.base);
    return 0;
}

static void pump(void)
{
    for (int i = 0; i < 200; i++)
        (void)event_base_loop(f.base, EVLOOP_NONBLOCK);
}

static int connect_client(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&f.address, f.address_len), 0);
    return fd;
}

static void send_octets(int fd, const void *bytes, size_t len)
{
    assert_int_equal(send(fd, bytes, len, MSG_NOSIGNAL), len);
}

static size_t make_frame(const char *text, uint8_t *frame)
{
    size_t len = strlen(text);
    frame[0] = frame[1] = 0;
    frame[2] = (uint8_t)(len >> 8);
    frame[3] = (uint8_t)len;
    memcpy(frame + 4, text, len);
    return len + 4;
}

static void send_text(int fd, const char *text)
{
    uint8_t frame[1024];
    send_octets(fd, frame, make_frame(text, frame));
}

/* The answer that lies ready; NULL when there is none. */
static json_t *take_answer(int fd)
{
    uint8_t header[4];
    ssize_t got = recv(fd, header, sizeof header, MSG_PEEK);
    if (got < (ssize_t)sizeof header)
        return NULL;
    size_t len = (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
    uint8_t *frame = malloc(4 + len);
    json_t *answer = NULL;
    assert_non_null(frame);
    assert_int_equal(recv(fd, frame, 4 + len, 0), 4 + len);
    assert_int_equal(control_parse(frame + 4, len, &answer), STATUS_OK);
    free(frame);
    return answer;
}

static bool is_ended(int fd)
{
    uint8_t octet;
    ssize_t got = recv(fd, &octet, 1, MSG_PEEK);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

static void assert_refused(int fd, const char *status)
{
    json_t *answer = take_answer(fd);
    assert_non_null(answer);
    assert_true(json_is_false(json_object_get(answer, "ok")));
    assert_string_equal(json_string_value(json_object_get(answer, "status")), status);
    assert_true(json_string_length(json_object_get(answer, "error")) > 0);
    json_decref(answer);
    assert_true(is_ended(fd));
    close(fd);
    pump();
}

static void assert_answered(int fd, const char *op)
{
    json_t *answer = take_answer(fd);
    assert_non_null(answer);
    const json_t *you = json_object_get(answer, "you");
    assert_string_equal(json_string_value(json_object_get(you, "op")), op);
    json_decref(answer);
}

static void test_answers(void **state)
{
    (void)state;
    int fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"a\"}");
    pump();
    assert_answered(fd, "a");
    close(fd);
}

/* Octet by octet is a request too. */
static void test_slow_writer(void **state)
{
    uint8_t frame[128];
    size_t len = make_frame("{\"version\": 1, \"op\": \"slow\"}", frame);
    (void)state;
    int fd = connect_client();
    for (size_t i = 0; i < len; i++) {
        assert_null(take_answer(fd));
        send_octets(fd, frame + i, 1);
        pump();
    }
    assert_answered(fd, "slow");
    close(fd);
}

/* Requests that come together are answered in order, also when one is answered late. */
static void test_pipelining(void **state)
{
    (void)state;
    int fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"a\"}");
    send_text(fd, "{\"version\": 1, \"op\": \"later\"}");
    send_text(fd, "{\"version\": 1, \"op\": \"b\"}");
    pump();
    assert_answered(fd, "a");
    assert_null(take_answer(fd));
    assert_int_equal(f.requests, 2); /* the third is not even read */
    int other = connect_client();
    send_text(other, "{\"version\": 1, \"op\": \"c\"}");
    pump();
    assert_answered(other, "c"); /* and nobody else waits */
    control_session_answer(f.waiting, json_pack("{s:i, s:{s:s}}", "version", 1, "you", "op", "l"),
                           -1);
    pump();
    assert_answered(fd, "l");
    assert_answered(fd, "b");
    close(fd);
    close(other);
}

static void test_rubbish(void **state)
{
    static const struct {
        const char *text, *status;
    } rows[] = {
        {"GET / HTTP/1.1", "MALFORMED"},
        {"[1]", "MALFORMED"},
        {"{}", "MALFORMED"},
        {"{\"version\": 2, \"op\": \"a\"}", "UPGRADE"},
        {"\xff", "MALFORMED"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = connect_client();
        send_text(fd, rows[i].text);
        pump();
        assert_refused(fd, rows[i].status);
    }
    assert_int_equal(f.requests, 0);
}

static void test_lengths(void **state)
{
    static const struct {
        uint8_t header[4];
        const char *status;
    } rows[] = {
        {{0, 0, 0, 0}, "MALFORMED"},
        {{0, 0x10, 0, 1}, "TOO_LONG"},
        {{0xff, 0xff, 0xff, 0xff}, "TOO_LONG"},
        {{'G', 'E', 'T', ' '}, "TOO_LONG"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int fd = connect_client();
        send_octets(fd, rows[i].header, 4);
        send_octets(fd, "more that is thrown away", 24);
        pump();
        assert_refused(fd, rows[i].status);
    }
}

/* The longest frame is taken, and its answer, which is longer, becomes a refusal. */
static void test_longest_frame(void **state)
{
    static uint8_t frame[4 + CONTROL_FRAME_MAX];
    static const char head[] = "{\"version\":1,\"op\":\"";
    (void)state;
    memset(frame, 'x', sizeof frame);
    memcpy(frame, "\0\x10\0\0", 4);
    memcpy(frame + 4, head, sizeof head - 1);
    memcpy(frame + sizeof frame - 2, "\"}", 2);
    int fd = connect_client();
    for (size_t sent = 0; sent < sizeof frame;) {
        ssize_t got = send(fd, frame + sent, sizeof frame - sent, MSG_NOSIGNAL);
        assert_true(got > 0 || errno == EAGAIN);
        sent += got > 0 ? (size_t)got : 0;
        pump();
    }
    pump();
    assert_int_equal(f.requests, 1);
    json_t *answer = take_answer(fd);
    assert_string_equal(json_string_value(json_object_get(answer, "status")), "TOO_LONG");
    json_decref(answer);
    send_text(fd, "{\"version\": 1, \"op\": \"a\"}"); /* the session goes on */
    pump();
    assert_answered(fd, "a");
    close(fd);
}

static void wait_for_end(int fd)
{
    for (int i = 0; i < 500 && !is_ended(fd); i++) {
        struct pollfd poll_fd = {.fd = fd};
        (void)poll(&poll_fd, 0, 5);
        pump();
    }
    assert_true(is_ended(fd));
}

/* A client that starts a frame and does not end it is dropped; one that is only quiet is not. */
static void test_stalling(void **state)
{
    (void)state;
    int quiet = connect_client();
    int header = connect_client();
    int payload = connect_client();
    send_octets(header, "\0", 1);
    send_octets(payload, "\0\0\0\x20{", 5);
    pump();
    wait_for_end(header);
    wait_for_end(payload);
    assert_null(take_answer(header));
    assert_false(is_ended(quiet));
    send_text(quiet, "{\"version\": 1, \"op\": \"q\"}");
    pump();
    assert_answered(quiet, "q");
    close(quiet);
    close(header);
    close(payload);
}

/* One that does not take its answers is dropped too. */
static void test_deaf(void **state)
{
    (void)state;
    int fd = connect_client();
    bool full = false;
    for (int i = 0; i < 100000 && !full; i++) {
        uint8_t frame[128];
        size_t len = make_frame("{\"version\": 1, \"op\": \"deaf\"}", frame);
        full = send(fd, frame, len, MSG_NOSIGNAL) != (ssize_t)len;
        if (i % 100 == 0)
            pump();
    }
    assert_true(full);
    for (int i = 0; i < 500; i++) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLHUP};
        pump();
        if (poll(&poll_fd, 1, 5) > 0 && (poll_fd.revents & POLLHUP))
            break;
    }
    uint8_t rest[4096];
    ssize_t got = 0;
    while ((got = recv(fd, rest, sizeof rest, 0)) > 0)
        ;
    assert_true(got == 0 || errno == ECONNRESET);
    close(fd);
}

static void test_descriptor(void **state)
{
    (void)state;
    int fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"gift\"}");
    pump();
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control;
    uint8_t bytes[256];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof control};
    assert_true(recvmsg(fd, &message, MSG_CMSG_CLOEXEC) > 4);
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    assert_non_null(head);
    assert_int_equal(head->cmsg_type, SCM_RIGHTS);
    int gift = -1;
    memcpy(&gift, CMSG_DATA(head), sizeof gift);
    assert_int_equal(pread(gift, bytes, 4, 0), 4);
    assert_memory_equal(bytes, "gift", 4);
    close(gift);
    close(fd);
}

static void test_no_right(void **state)
{
    (void)state;
    f.right = CONTROL_RIGHT_NONE;
    int fd = connect_client();
    pump();
    assert_refused(fd, "DENIED");
    f.right = CONTROL_RIGHT_READ;
    fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"later\"}");
    pump();
    assert_int_equal(control_session_right(f.waiting), CONTROL_RIGHT_READ);
    close(fd);
}

/* Beyond 64, the longest idle makes room: first one that may only read, then the oldest. */
static void test_many_clients(void **state)
{
    int fds[CLIENTS];
    (void)state;
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++) {
        f.right = i == 5 ? CONTROL_RIGHT_READ : CONTROL_RIGHT_WRITE;
        fds[i] = connect_client();
        pump();
    }
    f.right = CONTROL_RIGHT_WRITE;
    send_text(fds[0], "{\"version\": 1, \"op\": \"later\"}"); /* at work: not idle */
    pump();
    for (int i = CONTROL_SESSIONS_MAX; i < CLIENTS; i++) {
        fds[i] = connect_client();
        pump();
        send_text(fds[i], "{\"version\": 1, \"op\": \"x\"}");
        pump();
        assert_answered(fds[i], "x");
    }
    assert_true(is_ended(fds[5]));
    assert_false(is_ended(fds[0]));
    for (int i = 1; i < CONTROL_SESSIONS_MAX; i++)
        assert_int_equal(is_ended(fds[i]), i <= 8);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
}

/* Who may only read can't keep those out who may write, neither with half a request nor by number.
 */
static void test_guests_leave_room(void **state)
{
    int fds[CONTROL_SESSIONS_MAX];
    int open = 0;
    (void)state;
    f.right = CONTROL_RIGHT_READ;
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++) {
        fds[i] = connect_client();
        send_octets(fds[i], "\0\0\0\x20{", i % 2 ? 5 : 1);
        pump();
    }
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++)
        open += !is_ended(fds[i]);
    assert_int_equal(open, CONTROL_GUESTS_MAX);
    f.right = CONTROL_RIGHT_WRITE;
    int owners[CONTROL_SESSIONS_MAX];
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++) {
        owners[i] = connect_client();
        send_text(owners[i], "{\"version\": 1, \"op\": \"x\"}");
        pump();
        assert_answered(owners[i], "x");
    }
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++) {
        assert_true(is_ended(fds[i])); /* made room, all of them before one who may write */
        assert_false(is_ended(owners[i]));
        close(fds[i]);
        close(owners[i]);
    }
}

/* All guests' places are at work: one more is not served, one who may write is. */
static void test_guests_at_work(void **state)
{
    int fds[CONTROL_GUESTS_MAX];
    (void)state;
    f.right = CONTROL_RIGHT_READ;
    for (int i = 0; i < CONTROL_GUESTS_MAX; i++) {
        fds[i] = connect_client();
        send_text(fds[i], "{\"version\": 1, \"op\": \"later\"}");
        pump();
    }
    int late = connect_client();
    pump();
    assert_true(is_ended(late));
    f.right = CONTROL_RIGHT_WRITE;
    test_answers(state);
    close(late);
    for (int i = 0; i < CONTROL_GUESTS_MAX; i++)
        close(fds[i]);
}

/* A message that is no text is answered all the same. */
static void test_refusal_that_is_no_text(void **state)
{
    (void)state;
    json_t *refusal = control_refusal(STATUS_MALFORMED, "a\xc3\xa4 \xc3");
    assert_non_null(refusal);
    assert_string_equal(json_string_value(json_object_get(refusal, "error")), "a\xc3\xa4 \\xc3");
    json_decref(refusal);
}

/* While all places are at work a new client waits, and is served when one is free. */
static void test_all_at_work(void **state)
{
    int fds[CONTROL_SESSIONS_MAX];
    struct control_session *sessions[CONTROL_SESSIONS_MAX];
    (void)state;
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++) {
        fds[i] = connect_client();
        send_text(fds[i], "{\"version\": 1, \"op\": \"later\"}");
        pump();
        sessions[i] = f.waiting;
    }
    int late = connect_client();
    send_text(late, "{\"version\": 1, \"op\": \"x\"}");
    pump();
    assert_null(take_answer(late));
    assert_false(is_ended(late));
    control_session_answer(sessions[3], json_pack("{s:i}", "version", 1), -1);
    pump();
    close(fds[3]);
    json_t *answer = NULL;
    for (int i = 0; i < 500 && !answer; i++) {
        (void)poll(NULL, 0, 5);
        pump();
        answer = take_answer(late);
    }
    assert_non_null(answer);
    json_decref(answer);
    for (int i = 0; i < CONTROL_SESSIONS_MAX; i++)
        close(i == 3 ? late : fds[i]);
}

static void test_attachment_is_released(void **state)
{
    (void)state;
    int fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"attach\"}");
    pump();
    assert_int_equal(f.released, 0);
    close(fd);
    pump();
    assert_int_equal(f.released, 1);
}

/* A client that leaves while its request is under way harms nobody. */
static void test_gone_before_the_answer(void **state)
{
    (void)state;
    int fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"later\"}");
    pump();
    close(fd);
    pump();
    control_session_answer(f.waiting, json_pack("{s:i}", "version", 1), open_gift());
    pump();
    test_answers(state);
}

/* An answer that was given goes out even if the loop does not run again. */
static void test_answered_at_the_end(void **state)
{
    (void)state;
    uint8_t bytes[256];
    int fd = connect_client();
    send_text(fd, "{\"version\": 1, \"op\": \"later\"}");
    pump();
    control_session_answer(f.waiting, json_pack("{s:i}", "version", 1), -1);
    control_server_destroy(f.server);
    f.server = NULL;
    assert_true(recv(fd, bytes, sizeof bytes, 0) > 4);
    assert_int_equal(recv(fd, bytes, sizeof bytes, 0), 0);
    close(fd);
}

static void test_rights(void **state)
{
    static const struct {
        struct control_policy policy;
        struct control_peer peer;
        enum control_right right;
    } rows[] = {
        {{false, 1000, false, 0}, {0, false}, CONTROL_RIGHT_WRITE},
        {{false, 1000, false, 0}, {1000, false}, CONTROL_RIGHT_WRITE},
        {{false, 1000, false, 0}, {1001, false}, CONTROL_RIGHT_NONE},
        {{false, 1000, true, 50}, {1001, true}, CONTROL_RIGHT_NONE},
        {{false, 0, false, 0}, {1001, false}, CONTROL_RIGHT_NONE},
        {{true, 100, true, 50}, {0, false}, CONTROL_RIGHT_WRITE},
        {{true, 100, true, 50}, {100, false}, CONTROL_RIGHT_WRITE},
        {{true, 100, true, 50}, {1001, true}, CONTROL_RIGHT_WRITE},
        {{true, 100, true, 50}, {1001, false}, CONTROL_RIGHT_READ},
        {{true, 100, false, 0}, {1001, true}, CONTROL_RIGHT_READ},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(control_rights(&rows[i].policy, &rows[i].peer), rows[i].right);
}

/* The kernel's word on the other end: this process itself. */
static void test_peer(void **state)
{
    int pair[2];
    struct control_peer peer;
    const struct control_policy policy = {.has_group = true, .group = getgid()};
    const struct control_policy other = {.has_group = true, .group = 0x7ffffff0};
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(control_peer_read(pair[0], &policy, &peer), STATUS_OK);
    assert_int_equal(peer.uid, getuid());
    assert_true(peer.in_group);
    assert_int_equal(control_peer_read(pair[0], &other, &peer), STATUS_OK);
    assert_false(peer.in_group);
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(control_peer_read(pair[0], &policy, &peer), STATUS_IO);
}

#define SERVED(test)    cmocka_unit_test_setup_teardown(test, set_up, tear_down)
#define IMPATIENT(test) cmocka_unit_test_setup_teardown(test, set_up_impatient, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(test_answers),
        SERVED(test_slow_writer),
        SERVED(test_pipelining),
        SERVED(test_rubbish),
        SERVED(test_lengths),
        SERVED(test_longest_frame),
        IMPATIENT(test_stalling),
        IMPATIENT(test_deaf),
        SERVED(test_descriptor),
        SERVED(test_no_right),
        SERVED(test_many_clients),
        SERVED(test_all_at_work),
        SERVED(test_guests_leave_room),
        SERVED(test_guests_at_work),
        cmocka_unit_test(test_refusal_that_is_no_text),
        SERVED(test_attachment_is_released),
        SERVED(test_gone_before_the_answer),
        SERVED(test_answered_at_the_end),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_peer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
