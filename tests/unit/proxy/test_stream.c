/* Streams in pairs, plain and TLS, over sockets of this process, on one loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/probe_reason.h"
#include "dane/proxy/stream.h"
#include "dane/proxy/wire.h"
#include "dane/tls_context.h"
#include "tests/tools/device_server.h"
#include "tests/tools/minted.h"

enum { ROUNDS_MAX = 2000000 };

static struct event_base *base;
static SSL_CTX *server_context, *client_context;

/* One end, and what it was told. */
struct end {
    struct stream *stream;
    unsigned ready, input, drained, failed;
    enum status why;
    size_t taken; /* octets, checked against `pattern` */
    bool takes, frees_on_ready, frees_on_input, frees_on_failed;
    size_t to_send, sent; /* bulk */
};

static uint8_t pattern(size_t at)
{
    return (uint8_t)(at * 7 + at / 251);
}

static void drop(struct end *end)
{
    stream_free(end->stream);
    end->stream = NULL;
}

static void send_more(struct end *end)
{
    uint8_t bytes[5000];
    while (end->stream && end->sent < end->to_send && !stream_is_full(end->stream)) {
        size_t len = end->to_send - end->sent;
        len = len < sizeof bytes ? len : sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = pattern(end->sent + i);
        stream_write(end->stream, bytes, len);
        end->sent += len;
    }
}

static void take(struct end *end)
{
    uint8_t bytes[4096];
    int got;
    struct evbuffer *input = stream_input(end->stream);
    assert_true(evbuffer_get_length(input) <= STREAM_INPUT_MAX + 65536);
    while ((got = evbuffer_remove(input, bytes, sizeof bytes)) > 0) {
        for (int i = 0; i < got; i++)
            assert_int_equal(bytes[i], pattern(end->taken + (size_t)i));
        end->taken += (size_t)got;
    }
    stream_input_taken(end->stream);
}

static void on_ready(void *context)
{
    struct end *end = context;
    end->ready++;
    if (end->frees_on_ready)
        drop(end);
}

static void on_input(void *context)
{
    struct end *end = context;
    end->input++;
    if (end->frees_on_input)
        drop(end);
    else if (end->takes)
        take(end);
}

static void on_drained(void *context)
{
    struct end *end = context;
    end->drained++;
    send_more(end);
}

static void on_failed(void *context, enum status why)
{
    struct end *end = context;
    assert_int_equal(end->failed, 0);
    end->failed++;
    end->why = why;
    if (end->frees_on_failed)
        drop(end);
}

static const struct stream_handlers handlers = {
    .ready = on_ready, .input = on_input, .drained = on_drained, .failed = on_failed};

/* Two sockets of TCP, connected to each other. */
static void tcp_pair(int fds[2])
{
    uint16_t port = 0;
    int listener = device_listen("127.0.0.1", &port);
    struct sockaddr_storage at;
    socklen_t len = sizeof at;
    assert_true(listener >= 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fds[0], (struct sockaddr *)&at, len), 0);
    fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fds[1] >= 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    close(listener);
}

static void open_end(struct end *end, int fd)
{
    end->stream = stream_create(base, fd, &handlers, end);
    assert_non_null(end->stream);
}

static void open_pair(struct end *near, struct end *far)
{
    int fds[2];
    tcp_pair(fds);
    open_end(near, fds[0]);
    open_end(far, fds[1]);
}

static void start_tls(struct end *end, SSL_CTX *context, bool as_server, int max_version)
{
    SSL *ssl = SSL_new(context);
    assert_non_null(ssl);
    assert_int_equal(SSL_set_max_proto_version(ssl, max_version), 1);
    assert_int_equal(stream_start_tls(end->stream, ssl, as_server), STATUS_OK);
}

#define run_until(condition)                                                                       \
    do {                                                                                           \
        size_t rounds = 0;                                                                         \
        while (!(condition)) {                                                                     \
            assert_true(rounds++ < ROUNDS_MAX);                                                    \
            assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);                               \
        }                                                                                          \
        assert_int_equal(ERR_peek_error(), 0);                                                     \
    } while (0)

/* What can happen without anybody's doing. */
static void run_dry(void)
{
    for (int i = 0; i < 20; i++)
        assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
}

static void open_tls_pair(struct end *near, struct end *far, int max_version)
{
    open_pair(near, far);
    start_tls(near, client_context, false, max_version);
    start_tls(far, server_context, true, max_version);
    run_until(near->ready && far->ready);
}

/* --- octets --- */

static void both_ways(struct end *near, struct end *far, size_t len)
{
    near->takes = far->takes = true;
    near->to_send = near->sent + len;
    far->to_send = far->sent + len;
    send_more(near);
    send_more(far);
    run_until(near->taken == far->to_send && far->taken == near->to_send);
    assert_int_equal(near->failed + far->failed, 0);
}

static void much_goes_both_ways(void **state)
{
    (void)state;
    static const int versions[] = {0, TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct end near = {0}, far = {0};
        if (versions[i] == 0)
            open_pair(&near, &far);
        else
            open_tls_pair(&near, &far, versions[i]);
        for (size_t len = 1; len < 20000; len = len * 3 + 1)
            both_ways(&near, &far, len);
        both_ways(&near, &far, 6 * 1024 * 1024);
        assert_true(near.drained > 0);
        drop(&near);
        drop(&far);
    }
}

/* Each side says that it is done; the other goes on. */
static void half_closed(void **state)
{
    (void)state;
    static const int versions[] = {0, TLS1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct end near = {0}, far = {0};
        if (versions[i] == 0)
            open_pair(&near, &far);
        else
            open_tls_pair(&near, &far, versions[i]);
        near.takes = far.takes = true;
        near.to_send = 300000;
        send_more(&near);
        run_until(near.sent == near.to_send);
        stream_finish(near.stream);
        run_until(stream_input_ended(far.stream) && far.taken == 300000);
        run_until(stream_is_finished(near.stream));
        assert_false(stream_input_ended(near.stream));
        far.to_send = 300000;
        send_more(&far);
        run_until(near.taken == 300000);
        stream_finish(far.stream);
        run_until(stream_input_ended(near.stream) && stream_is_finished(far.stream));
        run_dry();
        assert_int_equal(near.failed + far.failed, 0);
        assert_true(near.drained > 0 && far.drained > 0);
        drop(&near);
        drop(&far);
    }
}

/* Nobody reads: the sender is held up, and goes on when somebody does. */
static void a_reader_that_pauses(void **state)
{
    (void)state;
    static const int versions[] = {0, TLS1_3_VERSION};
    for (size_t i = 0; i < 2; i++) {
        struct end near = {0}, far = {0};
        if (versions[i] == 0)
            open_pair(&near, &far);
        else
            open_tls_pair(&near, &far, versions[i]);
        stream_pause(far.stream, true);
        near.to_send = 20 * 1024 * 1024;
        send_more(&near);
        run_dry();
        run_dry();
        assert_int_equal(evbuffer_get_length(stream_input(far.stream)), 0);
        assert_true(near.sent < near.to_send);
        assert_true(stream_output_len(near.stream) <= STREAM_OUTPUT_FULL + 5000);
        far.takes = false; /* reads ahead, as far as it may */
        stream_pause(far.stream, false);
        run_until(evbuffer_get_length(stream_input(far.stream)) >= STREAM_INPUT_MAX);
        run_dry();
        assert_true(evbuffer_get_length(stream_input(far.stream)) <= STREAM_INPUT_MAX + 65536);
        assert_true(near.sent < near.to_send);
        far.takes = true;
        take(&far);
        run_until(far.taken == near.to_send);
        drop(&near);
        drop(&far);
    }
}

/* --- TLS in the middle of a plain connection --- */

static void on_hello(void *context)
{
    struct end *end = context;
    uint8_t octet = 0;
    if (evbuffer_copyout(stream_input(end->stream), &octet, 1) < 1)
        return;
    assert_int_equal(octet, 0x16);
    stream_set_handlers(end->stream, &handlers, end);
    stream_write(end->stream, "yes\n", 4); /* still plain, and not yet out */
    start_tls(end, server_context, true, 0);
}

/* The ClientHello was read already, and an answer in plain text is still on its way. */
static void tls_over_octets_that_came(void **state)
{
    (void)state;
    static const struct stream_handlers first = {
        .ready = on_ready, .input = on_hello, .drained = on_drained, .failed = on_failed};
    struct end far = {0};
    int fds[2];
    char yes[4];
    uint8_t hello[4096];
    tcp_pair(fds);
    far.stream = stream_create(base, fds[1], &first, &far);
    SSL *ssl = SSL_new(client_context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    SSL_set_connect_state(ssl);
    assert_int_equal(SSL_do_handshake(ssl), -1);
    int len = BIO_read(out, hello, sizeof hello);
    assert_true(len > 100);
    for (int i = 0; i < len; i++) { /* octet by octet */
        assert_int_equal(write(fds[0], hello + i, 1), 1);
        run_dry();
    }
    run_until(recv(fds[0], yes, 4, MSG_PEEK) == 4);
    assert_int_equal(read(fds[0], yes, 4), 4);
    assert_memory_equal(yes, "yes\n", 4);
    SSL_set_fd(ssl, fds[0]);
    ERR_clear_error();
    while (SSL_do_handshake(ssl) != 1) {
        ERR_clear_error();
        run_dry();
    }
    run_until(far.ready);
    far.takes = true;
    uint8_t octet = pattern(0);
    assert_int_equal(SSL_write(ssl, &octet, 1), 1);
    run_until(far.taken == 1);
    assert_int_equal(evbuffer_get_length(stream_input(far.stream)), 0);
    SSL_free(ssl);
    close(fds[0]);
    drop(&far);
}

/* --- ends and failures --- */

static void nothing_is_told_inside_a_call(void **state)
{
    (void)state;
    struct end near = {0}, far = {0};
    open_pair(&near, &far);
    stream_write(near.stream, "\0", 1);
    stream_finish(near.stream);
    stream_set_handlers(near.stream, &handlers, &near);
    stream_pause(near.stream, false);
    assert_int_equal(near.drained + near.input + far.input, 0);
    run_until(far.input > 0 && near.drained == 1);
    drop(&near);
    drop(&far);
}

/* An end without close_notify: as devices do it, and as browsers must not. */
static void an_end_without_farewell(void **state)
{
    (void)state;
    struct end near = {0}, far = {0};
    open_tls_pair(&near, &far, 0);
    near.takes = far.takes = true;
    far.to_send = 1000;
    send_more(&far);
    run_until(near.taken == 1000);
    drop(&far);
    run_until(stream_input_ended(near.stream)); /* the device context */
    assert_int_equal(near.failed, 0);
    drop(&near);
    near = far = (struct end){0};
    open_tls_pair(&near, &far, 0);
    drop(&near);
    run_until(far.failed);
    assert_int_equal(far.why, STATUS_CLOSED);
    assert_false(stream_input_ended(far.stream));
    drop(&far);
}

/* What came before the reset is told; then the failure. Writing meanwhile raises no signal. */
static void a_reset(void **state)
{
    (void)state;
    for (int version = 0; version <= TLS1_3_VERSION; version += TLS1_3_VERSION) {
        struct end near = {0}, far = {0};
        const struct linger at_once = {.l_onoff = 1};
        int fds[2];
        tcp_pair(fds);
        int raw = dup(fds[1]);
        open_end(&near, fds[0]);
        open_end(&far, fds[1]);
        if (version != 0) {
            start_tls(&near, client_context, false, version);
            start_tls(&far, server_context, true, version);
            run_until(near.ready && far.ready);
        }
        near.takes = true;
        stream_pause(near.stream, true);
        far.to_send = 10000;
        send_more(&far);
        run_until(stream_output_len(far.stream) == 0);
        assert_int_equal(setsockopt(raw, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
        close(raw);
        drop(&far);
        for (int i = 0; i < 5; i++) {
            stream_write(near.stream, "x", 1);
            run_dry();
        }
        stream_pause(near.stream, false);
        run_until(near.failed);
        assert_int_equal(near.why, STATUS_CLOSED);
        assert_int_equal(near.taken, 10000);
        assert_false(stream_input_ended(near.stream));
        drop(&near);
    }
}

/* Sent to nobody: no signal, and swallowed from then on. */
static void a_wire_without_another_end(void **state)
{
    (void)state;
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    close(fds[1]);
    struct wire wire = {.fd = fds[0]};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wire_send(&wire, "x", 1), 1);
        assert_true(wire.is_broken);
    }
    close(fds[0]);
}

/* What makes no sense as TLS; and the reason has the first octets. */
static void no_tls_at_all(void **state)
{
    (void)state;
    struct end near = {0};
    struct probe_failure failure;
    int fds[2];
    tcp_pair(fds);
    open_end(&near, fds[0]);
    start_tls(&near, client_context, false, 0);
    assert_int_equal(write(fds[1], "HTTP/1.0 400 Bad Request\r\n\r\n", 28), 28);
    run_until(near.failed);
    assert_int_equal(near.why, STATUS_CRYPTO);
    stream_failure(near.stream, &failure);
    assert_non_null(strstr(probe_reason(&failure), "plain HTTP"));
    drop(&near);
    close(fds[1]);
}

static void a_handshake_without_end(void **state)
{
    (void)state;
    static const uint8_t hello_request[] = {22, 3, 1, 0, 4, 0, 0, 0, 0};
    uint8_t bytes[900];
    struct end near = {0};
    int fds[2];
    tcp_pair(fds);
    open_end(&near, fds[0]);
    start_tls(&near, client_context, false, 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = hello_request[i % 9];
    for (size_t sent = 0; !near.failed; sent += sizeof bytes) {
        assert_true(sent < 64U * 1024 * 1024);
        (void)send(fds[1], bytes, sizeof bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
    }
    assert_int_not_equal(near.why, STATUS_TIMEOUT);
    drop(&near);
    close(fds[1]);
}

static void time_runs_out(void **state)
{
    (void)state;
    struct end near = {0}, far = {0};
    open_pair(&near, &far);
    stream_set_idle_timeout(near.stream, 20);
    stream_set_deadline(far.stream, 20);
    run_until(near.failed && far.failed);
    assert_int_equal(near.why, STATUS_TIMEOUT);
    assert_int_equal(far.why, STATUS_TIMEOUT);
    stream_write(near.stream, "late", 4); /* nothing comes of it */
    run_dry();
    assert_int_equal(near.failed, 1);
    drop(&near);
    drop(&far);
    /* Octets that keep coming hold the idle time off, and not the deadline. */
    near = far = (struct end){.takes = true};
    open_pair(&near, &far);
    stream_set_idle_timeout(near.stream, 10000);
    stream_set_deadline(near.stream, 60);
    while (!near.failed) {
        far.to_send++;
        send_more(&far);
        assert_true(event_base_loop(base, EVLOOP_ONCE) >= 0);
    }
    assert_int_equal(near.why, STATUS_TIMEOUT);
    drop(&near);
    drop(&far);
    /* One that is paused is not idle by its own fault. */
    near = far = (struct end){0};
    open_pair(&near, &far);
    stream_pause(near.stream, true);
    stream_set_idle_timeout(near.stream, 5);
    stream_set_deadline(far.stream, 60);
    run_until(far.failed);
    assert_int_equal(near.failed, 0);
    drop(&near);
    drop(&far);
}

static void handlers_may_free(void **state)
{
    (void)state;
    struct end near = {.frees_on_ready = true}, far = {.frees_on_failed = true};
    open_pair(&near, &far);
    start_tls(&near, client_context, false, TLS1_2_VERSION);
    start_tls(&far, server_context, true, TLS1_2_VERSION);
    run_until(!near.stream && !far.stream);
    near = far = (struct end){0};
    far.frees_on_input = true;
    open_tls_pair(&near, &far, 0);
    near.to_send = 400000;
    send_more(&near);
    run_until(!far.stream && (near.failed || stream_input_ended(near.stream)));
    drop(&near);
    stream_free(NULL);
}

/* While nobody listens nothing gets lost. */
static void nobody_listens(void **state)
{
    (void)state;
    static const struct stream_handlers nobody = {0};
    struct end near = {0}, far = {0};
    open_tls_pair(&near, &far, 0);
    stream_set_handlers(near.stream, &nobody, NULL);
    far.to_send = 100;
    send_more(&far);
    stream_set_deadline(near.stream, 10);
    run_until(stream_output_len(far.stream) == 0);
    while (evbuffer_get_length(stream_input(near.stream)) < 100)
        run_dry();
    stream_set_deadline(near.stream, 1);
    usleep(5000);
    run_dry();
    near.takes = true;
    stream_set_handlers(near.stream, &handlers, &near);
    run_until(near.failed);
    assert_int_equal(near.taken, 100);
    assert_int_equal(near.why, STATUS_TIMEOUT);
    drop(&near);
    drop(&far);
}

static int make_contexts(void **state)
{
    (void)state;
    EVP_PKEY *key = minted_key("p256");
    X509 *x509 = key ? minted_certificate(&(struct minted){0}, key) : NULL;
    base = event_base_new();
    server_context = x509 ? device_context(key, &x509, 1, 0, 0) : NULL;
    client_context = tls_context_create_device();
    X509_free(x509);
    EVP_PKEY_free(key);
    return base && server_context && client_context ? 0 : -1;
}

static int free_contexts(void **state)
{
    (void)state;
    SSL_CTX_free(server_context);
    SSL_CTX_free(client_context);
    event_base_free(base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(much_goes_both_ways),
        cmocka_unit_test(half_closed),
        cmocka_unit_test(a_reader_that_pauses),
        cmocka_unit_test(tls_over_octets_that_came),
        cmocka_unit_test(nothing_is_told_inside_a_call),
        cmocka_unit_test(an_end_without_farewell),
        cmocka_unit_test(a_reset),
        cmocka_unit_test(a_wire_without_another_end),
        cmocka_unit_test(no_tls_at_all),
        cmocka_unit_test(a_handshake_without_end),
        cmocka_unit_test(time_runs_out),
        cmocka_unit_test(handlers_may_free),
        cmocka_unit_test(nobody_listens),
    };
    return cmocka_run_group_tests(tests, make_contexts, free_contexts);
}
