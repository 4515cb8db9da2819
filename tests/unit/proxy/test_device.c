/* Connections to devices right, wrong, old and hostile, each in a process of its own on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dane/probe_reason.h"
#include "dane/proxy/device_pool.h"
#include "dane/proxy/device_sessions.h"
#include "ledger/base/rrtype.h"
#include "tests/unit/dane/device_process.h"

enum { SHORT_MS = 300, PATIENT_MS = 30000 };

static char dir[64], view_path[96];
static struct view_file view;
static struct event_base *base;
static struct device_pool *pool;
static struct name camera_name;
static struct card camera, old_camera, impostor;

/* --- the household --- */

/* Publishes this key for the camera at the port. */
static void publish(const struct card *card, uint16_t port)
{
    char fresh[128], owner[64];
    size_t len = 0;
    struct made_household house = {.record_count = 1};
    (void)snprintf(owner, sizeof owner, "_%u._tcp.camera", (unsigned)port);
    house.records[0] = (struct made_record){.name = owner, .type = RRTYPE_TLSA, .count = 1};
    house.records[0].rrs[0] = tlsa_of(card, 3, 1, 1);
    uint8_t *bytes = made_view(&house, &len);
    (void)snprintf(fresh, sizeof fresh, "%s.new", view_path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(rename(fresh, view_path), 0);
    free(bytes);
    view.checked_ms = 0; /* as if a second had passed */
}

static struct address at(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(&address, text), STATUS_OK);
    return address;
}

/* --- asking --- */

struct answer {
    unsigned count;
    struct device_result result;
};

static void on_done(void *context, struct device_result *result)
{
    struct answer *answer = context;
    assert_int_equal(answer->count++, 0);
    answer->result = *result;
}

static struct device_result open_at(const struct address *addresses, size_t count, uint16_t port)
{
    struct answer answer = {0};
    assert_non_null(device_open(pool, &camera_name, port, addresses, count, on_done, &answer));
    assert_int_equal(answer.count, 0);
    while (answer.count == 0)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_int_equal(ERR_peek_error(), 0);
    assert_true((answer.result.outcome == DEVICE_OPEN) == (answer.result.stream != NULL));
    assert_true((answer.result.outcome == DEVICE_OPEN) == (answer.result.reason[0] == '\0'));
    return answer.result;
}

static struct device_result asked(const char *address, uint16_t port)
{
    struct address one = at(address);
    return open_at(&one, 1, port);
}

static void run_dry(void)
{
    for (int i = 0; i < 10; i++) {
        usleep(1000);
        assert_true(event_base_loop(base, EVLOOP_NONBLOCK) >= 0);
    }
}

static uint32_t bit(enum forgiven_bit which)
{
    return UINT32_C(1) << which;
}

static void forget_all(void)
{
    device_sessions_free(pool->sessions);
    pool->sessions = device_sessions_create();
}

static void expect_reason(const struct device_result *result, const char *words)
{
    if (!strstr(result->reason, words))
        fail_msg("\"%s\" is not in \"%s\"", words, result->reason);
}

/* --- the right ones --- */

static void a_good_device(void **state)
{
    (void)state;
    static const char *const addresses[] = {"127.0.0.1", "::1"};
    const struct card *chain = &camera;
    for (size_t i = 0; i < 2; i++) {
        struct device_process device;
        struct verdict verdict;
        device_process_start_tls(&device, addresses[i], 0, &chain, 1, 0);
        publish(&camera, device.port);
        struct device_result result = asked(addresses[i], device.port);
        assert_int_equal(result.outcome, DEVICE_OPEN);
        assert_int_equal(result.verdict.kind, VERDICT_MATCHED);
        assert_string_equal(result.protocol, "TLSv1.3");
        assert_false(result.resumed);
        struct address expected = at(addresses[i]);
        assert_memory_equal(&result.address, &expected, sizeof expected);
        struct device_shown *shown = device_shown_by(result.stream);
        assert_non_null(shown);
        device_judge_again(pool, shown, &camera_name, device.port, &verdict);
        assert_int_equal(verdict.kind, VERDICT_MATCHED);
        publish(&impostor, device.port);
        device_judge_again(pool, shown, &camera_name, device.port, &verdict);
        assert_int_equal(verdict.kind, VERDICT_MISMATCH);
        assert_true(verdict.has_presented);
        unlink(view_path);
        view.checked_ms = 0;
        device_judge_again(pool, shown, &camera_name, device.port, &verdict);
        assert_int_not_equal(verdict.kind, VERDICT_MATCHED);
        device_shown_drop(shown);
        stream_free(result.stream);
        device_process_stop(&device);
    }
}

static void an_old_camera(void **state)
{
    (void)state;
    struct device_process device;
    const struct card *chain = &old_camera;
    device_process_start_tls(&device, "127.0.0.1", 0, &chain, 1, TLS1_VERSION);
    publish(&old_camera, device.port);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_OPEN);
    assert_string_equal(result.protocol, "TLSv1");
    assert_int_equal(result.verdict.forgiven,
                     bit(FORGIVEN_BIT_EXPIRED) | bit(FORGIVEN_BIT_NAME) | bit(FORGIVEN_BIT_ISSUER) |
                         bit(FORGIVEN_BIT_WEAK_KEY) | bit(FORGIVEN_BIT_WEAK_SIGNATURE) |
                         bit(FORGIVEN_BIT_OLD_PROTOCOL));
    stream_free(result.stream);
    device_process_stop(&device);
}

static void on_nothing(void *context)
{
    (void)context;
}

static void on_failure(void *context, enum status why)
{
    *(enum status *)context = why;
}

/* A request and its answer over what was opened. */
static void it_carries_octets(void **state)
{
    (void)state;
    static const struct stream_handlers handlers = {
        .ready = on_nothing, .input = on_nothing, .drained = on_nothing, .failed = on_failure};
    static const char request[] = "GET / HTTP/1.1\r\nHost: camera\r\n\r\n";
    struct device_process device;
    enum status why = STATUS_OK;
    char status_line[15];
    const struct card *chain = &camera;
    device_process_start_tls(&device, "127.0.0.1", 0, &chain, 1, 0);
    publish(&camera, device.port);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_OPEN);
    stream_set_handlers(result.stream, &handlers, &why);
    stream_write(result.stream, request, sizeof request - 1);
    while (!stream_input_ended(result.stream) && why == STATUS_OK)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_int_equal(why, STATUS_OK);
    assert_int_equal(evbuffer_remove(stream_input(result.stream), status_line, 15), 15);
    assert_memory_equal(status_line, "HTTP/1.1 200 OK", 15);
    stream_free(result.stream);
    device_process_stop(&device);
}

static void serve_context(int listener, void *context)
{
    struct device_server server = {
        .manner = DEVICE_TLS, .listener = listener, .context = context, .title = "", .text = ""};
    device_server_run(&server);
}

/* Also the second time, when it is known which greeting they bear. */
static void devices_that_refuse_a_greeting(void **state)
{
    (void)state;
    static const struct {
        struct device_dislikes dislikes;
        int max_version;
        const char *protocol;
    } table[] = {
        {{.sni = true}, 0, "TLSv1.3"},
        {{.sni = true}, TLS1_VERSION, "TLSv1"},
        {{.extensions = true}, TLS1_2_VERSION, "TLSv1.2"},
        {{.sni = true, .extensions = true, .max_version = TLS1_VERSION}, TLS1_VERSION, "TLSv1"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct device_process device;
        SSL_CTX *context =
            device_context(old_camera.key, &old_camera.x509, 1, 0, table[i].max_version);
        device_context_dislike(context, &table[i].dislikes);
        device_process_start(&device, "127.0.0.1", 0, serve_context, context);
        publish(&old_camera, device.port);
        for (int again = 0; again < 2; again++) {
            struct device_result result = asked("127.0.0.1", device.port);
            if (result.outcome != DEVICE_OPEN)
                fail_msg("%zu: %s", i, result.reason);
            assert_string_equal(result.protocol, table[i].protocol);
            stream_free(result.stream);
        }
        device_process_stop(&device);
        SSL_CTX_free(context);
    }
}

static void a_device_that_asks_for_a_certificate(void **state)
{
    (void)state;
    static const int modes[] = {SSL_VERIFY_PEER, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT};
    for (size_t i = 0; i < 2; i++) {
        struct device_process device;
        SSL_CTX *context = device_context(camera.key, &camera.x509, 1, 0, TLS1_2_VERSION);
        SSL_CTX_set_verify(context, modes[i], NULL);
        SSL_CTX_set_session_id_context(context, (const uint8_t *)"x", 1);
        device_process_start(&device, "127.0.0.1", 0, serve_context, context);
        publish(&camera, device.port);
        struct device_result result = asked("127.0.0.1", device.port);
        assert_int_equal(result.outcome, i == 0 ? DEVICE_OPEN : DEVICE_NOT_TLS);
        if (i == 1)
            expect_reason(&result, "demands a client certificate");
        stream_free(result.stream);
        device_process_stop(&device);
        SSL_CTX_free(context);
    }
}

/* --- sessions --- */

static bool has_session(uint16_t port)
{
    SSL_SESSION *session = NULL;
    struct device_key key = {.name = camera_name, .address = at("127.0.0.1"), .port = port};
    (void)device_sessions_find(pool->sessions, &key, device_pool_now_ms(), &session);
    SSL_SESSION_free(session);
    return session != NULL;
}

static void sessions_are_resumed(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    const struct card *chain = &old_camera;
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct device_process device;
        struct verdict first;
        device_process_start_tls(&device, "127.0.0.1", 0, &chain, 1, versions[i]);
        publish(&old_camera, device.port);
        for (int round = 0; round < 10; round++) {
            struct device_result result = asked("127.0.0.1", device.port);
            assert_int_equal(result.outcome, DEVICE_OPEN);
            if (result.resumed != (round > 0))
                fail_msg("%zu: round %d", i, round);
            if (round == 0)
                first = result.verdict;
            assert_int_equal(result.verdict.forgiven, first.forgiven);
            assert_memory_equal(result.verdict.presented, first.presented, 32);
            run_dry(); /* tickets of TLS 1.3 come now */
            assert_true(has_session(device.port));
            stream_free(result.stream);
        }
        /* By another view: the session is not even tried, and the device is refused. */
        publish(&impostor, device.port);
        struct device_result result = asked("127.0.0.1", device.port);
        assert_int_equal(result.outcome, DEVICE_REFUSED);
        assert_int_equal(result.verdict.kind, VERDICT_MISMATCH);
        assert_false(has_session(device.port));
        publish(&old_camera, device.port);
        result = asked("127.0.0.1", device.port);
        assert_int_equal(result.outcome, DEVICE_OPEN);
        assert_false(result.resumed);
        stream_free(result.stream);
        device_process_stop(&device);
    }
}

/* The device gets another key (or another device its address) while a session is kept. */
static void a_certificate_changes_under_a_session(void **state)
{
    (void)state;
    struct device_process device;
    const struct card *before = &camera, *after = &impostor;
    device_process_start_tls(&device, "127.0.0.1", 0, &before, 1, 0);
    publish(&camera, device.port);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_OPEN);
    run_dry();
    assert_true(has_session(device.port));
    stream_free(result.stream);
    device_process_stop(&device);
    device_process_start_tls(&device, "127.0.0.1", device.port, &after, 1, 0);
    result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_REFUSED);
    assert_int_equal(result.verdict.kind, VERDICT_MISMATCH);
    device_process_stop(&device);
}

/* A pool may go before its connections do. */
static void a_pool_that_goes_first(void **state)
{
    (void)state;
    struct device_process device;
    const struct card *chain = &camera;
    device_process_start_tls(&device, "127.0.0.1", 0, &chain, 1, 0);
    publish(&camera, device.port);
    struct device_pool *kept = pool;
    pool = device_pool_create(base, &view);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_OPEN);
    device_pool_free(pool);
    pool = kept;
    run_dry();
    stream_free(result.stream);
    device_process_stop(&device);
}

/* --- the wrong ones --- */

static void an_impostor(void **state)
{
    (void)state;
    struct device_process device;
    const struct card *chain = &impostor;
    device_process_start_tls(&device, "127.0.0.1", 0, &chain, 1, 0);
    publish(&camera, device.port);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_REFUSED);
    assert_int_equal(result.verdict.kind, VERDICT_MISMATCH);
    assert_int_equal(result.verdict.forgiven, 0);
    assert_int_equal(result.verdict.expected_count, 1);
    run_dry();
    assert_false(has_session(device.port)); /* nothing of it is kept */
    result = asked("127.0.0.1", (uint16_t)(device.port + 0));
    assert_int_equal(result.outcome, DEVICE_REFUSED);
    unlink(view_path);
    view.checked_ms = 0;
    result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_REFUSED);
    assert_int_equal(result.verdict.kind, VERDICT_STALE);
    device_process_stop(&device);
}

/* On one address an impostor, something that hangs, or no TLS: the device on the other is found. */
static void the_right_one_elsewhere(void **state)
{
    (void)state;
    struct device_process good, wrong, hanging, plain;
    const struct card *right = &camera, *left = &impostor;
    device_process_start_tls(&good, "127.0.0.1", 0, &right, 1, 0);
    device_process_start_tls(&wrong, "127.0.0.2", good.port, &left, 1, 0);
    device_process_start_manner(&hanging, "127.0.0.3", good.port, DEVICE_HANG);
    device_process_start_manner(&plain, "127.0.0.4", good.port, DEVICE_PLAIN);
    publish(&camera, good.port);
    pool->handshake_ms = SHORT_MS;
    struct address all[] = {at("127.0.0.5"), at("127.0.0.2"), at("127.0.0.3"), at("127.0.0.4"),
                            at("127.0.0.1")};
    struct device_result result = open_at(all, 5, good.port);
    assert_int_equal(result.outcome, DEVICE_OPEN);
    assert_memory_equal(&result.address, &all[4], sizeof all[4]);
    stream_free(result.stream);
    result = open_at(all, 4, good.port); /* a mismatch says most */
    assert_int_equal(result.outcome, DEVICE_REFUSED);
    assert_memory_equal(&result.address, &all[1], sizeof all[1]);
    result = open_at(all + 2, 2, good.port);
    assert_int_equal(result.outcome, DEVICE_NOT_TLS);
    expect_reason(&result, "127.0.0.4");
    expect_reason(&result, "speaks plain HTTP");
    result = open_at(all + 2, 1, good.port);
    assert_int_equal(result.outcome, DEVICE_UNREACHABLE);
    assert_true(result.timed_out);
    expect_reason(&result, "accepted the connection, then did not answer");
    pool->handshake_ms = PATIENT_MS;
    device_process_stop(&good);
    device_process_stop(&wrong);
    device_process_stop(&hanging);
    device_process_stop(&plain);
}

static void nobody_there(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = device_listen("127.0.0.1", &port);
    assert_true(listener >= 0);
    close(listener);
    publish(&camera, port);
    struct device_result result = asked("127.0.0.1", port);
    assert_int_equal(result.outcome, DEVICE_UNREACHABLE);
    assert_false(result.timed_out);
    expect_reason(&result, "refused the connection");
    result = open_at(NULL, 0, port);
    assert_int_equal(result.outcome, DEVICE_UNREACHABLE);
    expect_reason(&result, "no address");
}

/* --- HTTP/2 --- */

static int choose_h2(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                     const unsigned char *in, unsigned len, void *context)
{
    static const unsigned char h2[] = "\x02h2";
    (void)ssl;
    (void)context;
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_len, h2, 3, in, len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static void http_2_only(void **state)
{
    (void)state;
    const struct card *cards[] = {&camera, &impostor};
    for (size_t i = 0; i < 2; i++) {
        struct device_process device;
        SSL_CTX *context = device_context(cards[i]->key, &cards[i]->x509, 1, 0, 0);
        SSL_CTX_set_alpn_select_cb(context, choose_h2, NULL);
        device_process_start(&device, "127.0.0.1", 0, serve_context, context);
        publish(&camera, device.port);
        struct device_result result = asked("127.0.0.1", device.port);
        assert_int_equal(result.outcome, i == 0 ? DEVICE_H2_ONLY : DEVICE_REFUSED);
        device_process_stop(&device);
        SSL_CTX_free(context);
    }
}

/* --- hostile ones --- */

static int accept_blocking(int listener)
{
    struct pollfd poller = {.fd = listener, .events = POLLIN};
    (void)poll(&poller, 1, PATIENT_MS);
    return accept(listener, NULL, NULL);
}

/* A ServerHello of TLS 1.2, then a certificate list of 16 MiB, to whoever comes. */
static void serve_long_list(int listener, void *context)
{
    static const uint8_t hello[] = {22, 3, 3, 0, 49, 2, 0, 0, 45, 3, 3};
    static const uint8_t tail[] = {0, 0xc0, 0x2f, 0, 0, 5, 0xff, 1, 0, 1, 0};
    static uint8_t record[5 + 16384] = {22, 3, 3, 0x40, 0, 11, 0xff, 0xff, 0xff};
    static const uint8_t random[32] = {1};
    char greeting[4096];
    (void)context;
    for (;;) {
        int fd = accept_blocking(listener);
        (void)!read(fd, greeting, sizeof greeting);
        (void)send(fd, hello, sizeof hello, MSG_NOSIGNAL);
        (void)send(fd, random, sizeof random, MSG_NOSIGNAL);
        (void)send(fd, tail, sizeof tail, MSG_NOSIGNAL);
        size_t sent = 0;
        while (sent < 16U * 1024 * 1024 &&
               send(fd, record, sizeof record, MSG_NOSIGNAL) == (ssize_t)sizeof record) {
            sent += sizeof record;
            memset(record + 5, 0, 16384);
        }
        close(fd);
    }
}

static void a_certificate_list_of_16_mib(void **state)
{
    (void)state;
    struct device_process device;
    device_process_start(&device, "127.0.0.1", 0, serve_long_list, NULL);
    publish(&camera, device.port);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_NOT_TLS);
    expect_reason(&result, "certificate list that is too long");
    device_process_stop(&device);
}

struct cutter {
    SSL_CTX *context;
    size_t step;
};

/* One connection: TLS through memory, of whose octets only the first `limit` are sent. */
static void serve_cut(SSL_CTX *context, int fd, size_t limit)
{
    char bytes[8192], *out = NULL;
    SSL *ssl = SSL_new(context);
    BIO *in_bio = BIO_new(BIO_s_mem()), *out_bio = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in_bio, out_bio);
    SSL_set_accept_state(ssl);
    for (ssize_t got; limit > 0 && (got = read(fd, bytes, sizeof bytes)) > 0;) {
        BIO_write(in_bio, bytes, (int)got);
        (void)SSL_do_handshake(ssl);
        size_t len = (size_t)BIO_get_mem_data(out_bio, &out);
        size_t take = len < limit ? len : limit;
        limit -= take;
        (void)send(fd, out, take, MSG_NOSIGNAL);
        (void)BIO_reset(out_bio);
    }
    shutdown(fd, SHUT_WR);
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
    SSL_free(ssl);
    close(fd);
}

static void serve_cuts(int listener, void *context)
{
    const struct cutter *cutter = context;
    for (size_t limit = 0;; limit += cutter->step)
        serve_cut(cutter->context, accept_blocking(listener), limit);
}

static void a_device_that_dies_in_the_middle(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION};
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct device_process device;
        struct cutter cutter = {
            .context = device_context(camera.key, &camera.x509, 1, 0, versions[i]), .step = 1};
        device_process_start(&device, "127.0.0.1", 0, serve_cuts, &cutter);
        publish(&camera, device.port);
        struct device_result result = {.outcome = DEVICE_NOT_TLS};
        size_t tries = 0;
        for (; tries < 8192 && result.outcome != DEVICE_OPEN; tries++) {
            result = asked("127.0.0.1", device.port);
            if (result.outcome != DEVICE_OPEN)
                assert_int_equal(result.outcome, DEVICE_NOT_TLS);
        }
        assert_int_equal(result.outcome, DEVICE_OPEN);
        assert_true(tries > camera.der.len); /* all that a handshake has */
        stream_free(result.stream);
        device_process_stop(&device);
        SSL_CTX_free(cutter.context);
    }
}

/* After the verdict, a handshake anew with another certificate. */
static void serve_renegotiation(int listener, void *context)
{
    char bytes[64];
    int fd = accept_blocking(listener);
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, fd);
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, bytes, sizeof bytes) > 0 &&
        SSL_use_certificate(ssl, impostor.x509) == 1 &&
        SSL_use_PrivateKey(ssl, impostor.key) == 1) {
        (void)SSL_renegotiate(ssl);
        (void)SSL_do_handshake(ssl);
        (void)SSL_read(ssl, bytes, sizeof bytes);
        (void)SSL_write(ssl, "changed", 7);
    }
    SSL_free(ssl);
    close(fd);
}

static void no_renegotiation(void **state)
{
    (void)state;
    static const struct stream_handlers handlers = {
        .ready = on_nothing, .input = on_nothing, .drained = on_nothing, .failed = on_failure};
    struct device_process device;
    enum status why = STATUS_OK;
    SSL_CTX *context = device_context(camera.key, &camera.x509, 1, 0, TLS1_2_VERSION);
    device_process_start(&device, "127.0.0.1", 0, serve_renegotiation, context);
    publish(&camera, device.port);
    struct device_result result = asked("127.0.0.1", device.port);
    assert_int_equal(result.outcome, DEVICE_OPEN);
    stream_set_handlers(result.stream, &handlers, &why);
    stream_write(result.stream, "GET /", 5);
    while (why == STATUS_OK && !stream_input_ended(result.stream))
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    X509 *now = SSL_get1_peer_certificate(stream_ssl(result.stream));
    assert_int_equal(X509_cmp(now, camera.x509), 0);
    X509_free(now);
    stream_free(result.stream);
    device_process_stop(&device);
    SSL_CTX_free(context);
}

/* --- cancelling, and what is left --- */

static void cancelled_at_any_time(void **state)
{
    (void)state;
    struct device_process good, wrong;
    const struct card *right = &camera, *left = &impostor;
    device_process_start_tls(&good, "127.0.0.1", 0, &right, 1, TLS1_2_VERSION);
    device_process_start_tls(&wrong, "127.0.0.2", good.port, &left, 1, 0);
    publish(&camera, good.port);
    struct address both[] = {at("127.0.0.2"), at("127.0.0.1")};
    bool was_done = false;
    for (int rounds = 0; !was_done; rounds++) {
        struct answer answer = {0};
        struct device_attempt *attempt =
            device_open(pool, &camera_name, good.port, both, 2, on_done, &answer);
        assert_non_null(attempt);
        for (int i = 0; i < rounds && answer.count == 0; i++)
            assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
        was_done = answer.count > 0;
        if (was_done)
            stream_free(answer.result.stream);
        else
            device_cancel(attempt);
        assert_int_equal(event_base_loop(base, EVLOOP_NONBLOCK), 1); /* nothing is waited for */
    }
    device_cancel(NULL);
    device_process_stop(&good);
    device_process_stop(&wrong);
}

static void plain_tcp(void **state)
{
    (void)state;
    struct device_process device;
    struct answer answer = {0};
    struct address one = at("127.0.0.1");
    device_process_start_manner(&device, "127.0.0.1", 0, DEVICE_PLAIN);
    assert_non_null(device_open_plain(pool, device.port, &one, 1, on_done, &answer));
    while (answer.count == 0)
        assert_int_equal(event_base_loop(base, EVLOOP_ONCE), 0);
    assert_int_equal(answer.result.outcome, DEVICE_OPEN);
    assert_null(stream_ssl(answer.result.stream));
    stream_free(answer.result.stream);
    device_process_stop(&device);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *all = opendir("/proc/self/fd");
    assert_non_null(all);
    while (readdir(all))
        count++;
    closedir(all);
    return count;
}

static size_t descriptors_before;

static void no_descriptor_is_left(void **state)
{
    (void)state;
    forget_all();
    assert_int_equal(open_descriptors(), descriptors_before);
}

static int make_world(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hearth-test-device-XXXXXX");
    (void)snprintf(view_path, sizeof view_path, "%s/names.view", mkdtemp(dir));
    card_init(&camera, &(struct minted){.sans = "camera.maple.home.arpa"}, "p256", NULL);
    card_init(&impostor, &(struct minted){.sans = "camera.maple.home.arpa"}, "p256", NULL);
    card_init_hopeless(&old_camera);
    base = event_base_new();
    if (!base || name_parse(&camera_name, "camera.maple.home.arpa") != STATUS_OK ||
        view_file_init(&view, view_path) != STATUS_OK)
        return -1;
    pool = device_pool_create(base, &view);
    descriptors_before = open_descriptors();
    return pool ? 0 : -1;
}

static int free_world(void **state)
{
    (void)state;
    device_pool_free(pool);
    view_file_deinit(&view);
    event_base_free(base);
    card_deinit(&camera);
    card_deinit(&impostor);
    card_deinit(&old_camera);
    unlink(view_path);
    return rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_device),
        cmocka_unit_test(an_old_camera),
        cmocka_unit_test(it_carries_octets),
        cmocka_unit_test(devices_that_refuse_a_greeting),
        cmocka_unit_test(a_device_that_asks_for_a_certificate),
        cmocka_unit_test(sessions_are_resumed),
        cmocka_unit_test(a_certificate_changes_under_a_session),
        cmocka_unit_test(a_pool_that_goes_first),
        cmocka_unit_test(an_impostor),
        cmocka_unit_test(the_right_one_elsewhere),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(http_2_only),
        cmocka_unit_test(a_certificate_list_of_16_mib),
        cmocka_unit_test(a_device_that_dies_in_the_middle),
        cmocka_unit_test(no_renegotiation),
        cmocka_unit_test(cancelled_at_any_time),
        cmocka_unit_test(plain_tcp),
        cmocka_unit_test(no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
