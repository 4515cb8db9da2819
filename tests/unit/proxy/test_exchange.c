/* A browser's connection and a device's, both in the test's hand: what the exchange between them
 * passes on, how, and when it ends.
 *
 * The household is made of a few records; a device that is to be opened is another socket of this
 * process (device_open and device_open_plain are this file's). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dane/proxy/exchange_parts.h"
#include "tests/unit/proxy/made_house.h"
#include "tests/unit/proxy/peers.h"

enum { DEVICES_MAX = 8, OWNER = 1000 };

#define HOST "camera.maple.home.arpa"

/* --- the household --- */

static struct made_house houses[2];
static struct made_house *house;
static bool has_view;

struct view *proxy_view(struct proxy *proxy)
{
    (void)proxy;
    return has_view ? &house->view : NULL;
}

uint64_t proxy_generation(struct proxy *proxy)
{
    const struct view *view = proxy_view(proxy);
    return view ? view->generation : 0;
}

enum change { AS_IT_WAS, IT_MOVED, IT_PUBLISHED_A_KEY, IT_IS_GONE };

/* camera: plain, with one origin that is let in. */
static void make_house(struct made_house *made, uint64_t generation, enum change change)
{
    static const char origin[] = "https://panel.maple.home.arpa";
    static const uint8_t key[32] = {1, 2, 3};
    memset(made, 0, sizeof *made);
    made->input.generation = generation;
    struct household *own = house_add(made, "maple", true);
    house_rr(house_set(own, "printer", RRTYPE_A), "\xc0\xa8\x01\x06", 4);
    if (change != IT_IS_GONE) {
        const char *at = change == IT_MOVED ? "\xc0\xa8\x01\x07" : "\xc0\xa8\x01\x05";
        house_rr(house_set(own, "camera", RRTYPE_A), at, 4);
        house_rr(house_set(own, "camera", RRTYPE_ORIGINS), origin, sizeof origin - 1);
    }
    if (change == IT_PUBLISHED_A_KEY)
        house_key(own, "_443._tcp.camera", 3, 1, 1, key);
    house_finish(made);
}

static void change_view(enum change change)
{
    struct made_house *next = house == &houses[0] ? &houses[1] : &houses[0];
    make_house(next, house->view.generation + 1, change);
    house_drop(house);
    house = next;
}

/* --- devices --- */

static struct peer browser, device[DEVICES_MAX];
static size_t opened; /* devices so far, the one at the start included */
static size_t dialled, cancelled;
static bool nobody_answers, is_held; /* … the dial */

struct device_attempt {
    struct event *soon;
    struct address address;
    void (*done)(void *context, struct device_result *result);
    void *context;
};

static void finish_dial(evutil_socket_t fd, short what, void *context)
{
    static const struct stream_handlers nobody = {0};
    static const struct timeval later = {.tv_usec = 1000};
    struct device_attempt *attempt = context;
    (void)fd;
    (void)what;
    if (is_held) {
        event_add(attempt->soon, &later);
        return;
    }
    struct device_result result = {.outcome = DEVICE_UNREACHABLE, .address = attempt->address};
    if (!nobody_answers) {
        assert_true(opened < DEVICES_MAX);
        result.outcome = DEVICE_OPEN;
        result.stream = peer_stream(&device[opened++], &nobody, NULL);
    }
    void (*done)(void *, struct device_result *) = attempt->done;
    context = attempt->context;
    event_free(attempt->soon);
    free(attempt);
    done(context, &result);
}

struct device_attempt *device_open_plain(struct device_pool *pool, uint16_t port,
                                         const struct address *addresses, size_t count,
                                         void (*done)(void *context, struct device_result *result),
                                         void *context)
{
    static const struct timeval now = {0};
    struct device_attempt *attempt = calloc(1, sizeof *attempt);
    (void)pool;
    assert_int_equal(port, 80);
    assert_true(attempt && count == 1);
    *attempt = (struct device_attempt){.address = addresses[0], .done = done, .context = context};
    attempt->soon = event_new(base, -1, 0, finish_dial, attempt);
    assert_int_equal(event_add(attempt->soon, &now), 0);
    dialled++;
    return attempt;
}

struct device_attempt *device_open(struct device_pool *pool, const struct name *name, uint16_t port,
                                   const struct address *addresses, size_t count,
                                   void (*done)(void *context, struct device_result *result),
                                   void *context)
{
    (void)pool, (void)name, (void)port, (void)addresses, (void)count, (void)done, (void)context;
    fail_msg("nothing here is TLS");
    return NULL;
}

void device_cancel(struct device_attempt *attempt)
{
    event_free(attempt->soon);
    free(attempt);
    cancelled++;
}

/* --- the exchange --- */

static struct proxy proxy;
static struct exchange *exchange;
static unsigned ended;

static void on_ended(void *context)
{
    assert_ptr_equal(context, &proxy);
    exchange = NULL;
    ended++;
}

static void begin_as(enum exchange_form form, bool with_device, bool is_used)
{
    static const struct stream_handlers nobody = {0};
    struct exchange_start start = {
        .target = {.host = HOST, .port = 80},
        .form = form,
        .owner = OWNER,
        .browser = peer_stream(&browser, &nobody, NULL),
        .device_is_used = is_used,
        .generation = proxy_generation(&proxy),
        .ended = on_ended,
        .context = &proxy,
    };
    assert_int_equal(name_parse(&start.name, HOST), STATUS_OK);
    assert_int_equal(address_parse(&start.device_address, "192.168.1.5"), STATUS_OK);
    if (with_device)
        start.device = peer_stream(&device[opened++], &nobody, NULL);
    exchange = exchange_create(&proxy, &start);
    assert_non_null(exchange);
}

static void begin(void)
{
    begin_as(EXCHANGE_TUNNEL, true, false);
}

static int set_up(void **state)
{
    (void)state;
    house = &houses[0];
    make_house(house, 7, AS_IT_WAS);
    has_view = true;
    opened = dialled = cancelled = ended = 0;
    nobody_answers = is_held = false;
    proxy =
        (struct proxy){.base = base, .parking = parking_create(), .farewells = farewells_create()};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exchange_free(exchange);
    exchange = NULL;
    farewells_free(proxy.farewells);
    parking_free(proxy.parking);
    peer_drop(&browser);
    for (size_t i = 0; i < DEVICES_MAX; i++)
        peer_drop(&device[i]);
    house_drop(house);
    return 0;
}

#define GET(path)      "GET " path " HTTP/1.1\r\nHost: " HOST "\r\n\r\n"
#define ASKED(path)    "GET " path " HTTP/1.1\r\nHost: " HOST "\r\nConnection: keep-alive\r\n\r\n"
#define OK(len)        "HTTP/1.1 200 OK\r\nContent-Length: " len "\r\n\r\n"
#define TOLD(len, how) "HTTP/1.1 200 \r\nContent-Length: " len "\r\nConnection: " how "\r\n\r\n"

static void expect(struct peer *peer, const char *text)
{
    run_dry();
    assert_string_equal(peer->got, text);
    peer_forget(peer);
}

static void expect_page(unsigned status, const char *words)
{
    char line[32];
    (void)snprintf(line, sizeof line, "HTTP/1.1 %u ", status);
    run_until(browser.ended);
    if (strncmp(browser.got, line, strlen(line)) != 0 || !peer_has(&browser, words))
        fail_msg("no page %u with \"%s\": %s", status, words, browser.got);
    assert_int_equal(ended, 1);
}

/* --- one request, and the next --- */

static void requests_follow_each_other(void **state)
{
    (void)state;
    begin();
    for (int i = 0; i < 3; i++) {
        peer_say(&browser, GET("/a"));
        expect(&device[0], ASKED("/a"));
        peer_say(&device[0], OK("5") "hello");
        expect(&browser, TOLD("5", "keep-alive") "hello");
    }
    assert_int_equal(dialled + ended, 0);
    peer_finish(&browser);
    run_until(ended == 1 && browser.ended);
}

static void two_requests_at_once(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a") GET("/b"));
    expect(&device[0], ASKED("/a"));
    peer_say(&device[0], OK("1") "a");
    expect(&browser, TOLD("1", "keep-alive") "a");
    expect(&device[0], ASKED("/b"));
    peer_say(&device[0], OK("1") "b");
    expect(&browser, TOLD("1", "keep-alive") "b");
}

/* Both heads are cut at every octet. */
static void octet_by_octet(void **state)
{
    (void)state;
    static const char request[] = GET("/a"), answer[] = OK("5") "hello";
    begin();
    for (size_t i = 0; i < sizeof request - 1; i++) {
        assert_int_equal(device[0].len, 0);
        peer_send(&browser, request + i, 1);
        run_dry();
    }
    expect(&device[0], ASKED("/a"));
    for (size_t i = 0; i < sizeof answer - 1; i++) {
        peer_send(&device[0], answer + i, 1);
        run_dry();
    }
    expect(&browser, TOLD("5", "keep-alive") "hello");
}

static void heads_that_have_no_body(void **state)
{
    (void)state;
    static const struct {
        const char *method, *status, *told;
    } cases[] = {
        {"HEAD", "200", "HTTP/1.1 200 \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
        {"GET", "204", "HTTP/1.1 204 \r\nConnection: keep-alive\r\n\r\n"},
        {"GET", "304", "HTTP/1.1 304 \r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%s / HTTP/1.1\r\nHost: " HOST "\r\n\r\n",
                       cases[i].method);
        peer_say(&browser, text);
        run_until(device[0].len > 0);
        peer_forget(&device[0]);
        (void)snprintf(text, sizeof text, "HTTP/1.1 %s X\r\nContent-Length: 5\r\n\r\n",
                       cases[i].status);
        peer_say(&device[0], text);
        expect(&browser, cases[i].told);
    }
    assert_int_equal(dialled, 0);
}

/* What a device says beyond its answer belongs to nobody: the connection is not used again. */
static void octets_behind_an_answer(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "HTTP/1.1 204 X\r\n\r\nhello",
        OK("2") "hi" OK("6") "poison",
    };
    for (size_t i = 0; i < 2; i++) {
        begin();
        peer_say(&browser, GET("/a"));
        run_until(device[opened - 1].len > 0);
        peer_say(&device[opened - 1], answers[i]);
        run_until(device[opened - 1].ended);
        assert_false(peer_has(&browser, "hello") || peer_has(&browser, "poison"));
        peer_forget(&browser);
        peer_say(&browser, GET("/b"));
        expect(&device[opened], ASKED("/b"));
        assert_int_equal(dialled, i + 1);
        exchange_free(exchange);
        peer_drop(&browser);
    }
    exchange = NULL;
}

/* … also when the next request is there already. */
static void octets_ahead_of_a_request(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a") GET("/b"));
    run_until(device[0].len > 0);
    peer_say(&device[0], OK("0") OK("6") "poison");
    run_until(opened == 2);
    expect(&device[1], ASKED("/b"));
    expect(&browser, TOLD("0", "keep-alive"));
    assert_true(device[0].ended);
}

static void a_device_that_speaks_between(void **state)
{
    (void)state;
    begin();
    peer_say(&device[0], OK("6") "poison");
    run_until(device[0].ended);
    peer_say(&browser, GET("/a"));
    expect(&device[1], ASKED("/a"));
    peer_say(&device[1], OK("1") "a");
    expect(&browser, TOLD("1", "keep-alive") "a");
    peer_say(&device[1], OK("6") "poison");
    run_until(device[1].ended);
    peer_say(&browser, GET("/b"));
    run_until(opened == 3);
    expect(&device[2], ASKED("/b"));
    assert_int_equal(browser.len, 0);
}

/* --- bodies --- */

static void a_body_in_chunks(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, "POST /a HTTP/1.1\r\nHost: " HOST
                       "\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: t\r\n\r\n");
    run_until(peer_has(&device[0], "\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
    assert_true(peer_has(&device[0], "Transfer-Encoding: chunked\r\n"));
    assert_true(peer_has(&device[0], "Connection: close\r\n"));
    peer_say(&device[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "03\r\ndef\r\n0\r\nT: t\r\n\r\n");
    expect(&browser, "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
                     "3\r\ndef\r\n0\r\n\r\n");
    assert_int_equal(ended, 0);
}

/* After a body, nothing else goes over this connection: what a device has not read of it is no
 * request. */
static void no_request_behind_a_body(void **state)
{
    (void)state;
    begin();
    peer_say(&browser,
             "POST /a HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 3\r\n\r\nabc" GET("/b"));
    run_until(peer_has(&device[0], "\r\n\r\nabc"));
    peer_say(&device[0], OK("0"));
    run_until(opened == 2);
    expect(&device[1], ASKED("/b"));
    assert_false(peer_has(&device[0], "/b"));
}

static void to_the_close(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a"));
    run_until(device[0].len > 0);
    peer_say(&device[0], "HTTP/1.1 200 OK\r\n\r\nhello");
    expect(&browser, "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n"
                     "5\r\nhello\r\n");
    peer_finish(&device[0]);
    expect(&browser, "0\r\n\r\n");
    peer_say(&browser, GET("/b"));
    run_until(opened == 2);
    expect(&device[1], ASKED("/b"));
}

static void old_browsers(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, "GET /a HTTP/1.0\r\n\r\n");
    expect(&device[0], ASKED("/a"));
    peer_say(&device[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "5\r\nhello\r\n0\r\n\r\n");
    run_until(browser.ended);
    assert_string_equal(browser.got, "HTTP/1.1 200 \r\nConnection: close\r\n\r\nhello");
}

static void old_devices(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a"));
    run_until(device[0].len > 0);
    peer_say(&device[0], "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    expect(&browser, TOLD("5", "keep-alive") "hello");
    assert_true(device[0].ended);
}

static void who_says_close(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, "GET /a HTTP/1.1\r\nHost: " HOST "\r\nConnection: close\r\n\r\n" GET("/b"));
    expect(&device[0], ASKED("/a"));
    peer_say(&device[0], OK("5") "hello");
    run_until(browser.ended);
    assert_string_equal(browser.got, TOLD("5", "close") "hello");
    run_dry();
    assert_int_equal(device[0].len, 0);
    assert_false(device[0].ended); /* it waits for another browser */
}

static void one_request_of_a_whole_url(void **state)
{
    (void)state;
    begin_as(EXCHANGE_ABSOLUTE, false, false);
    peer_say(&browser, "GET http://" HOST "/a HTTP/1.1\r\nHost: " HOST "\r\n\r\n"
                       "GET http://printer.maple.home.arpa/b HTTP/1.1\r\n"
                       "Host: printer.maple.home.arpa\r\n\r\n");
    run_until(opened == 1);
    expect(&device[0], ASKED("/a"));
    peer_say(&device[0], OK("5") "hello");
    run_until(browser.ended);
    assert_string_equal(browser.got, TOLD("5", "close") "hello");
    assert_int_equal(device[0].len, 0);
}

static void much_of_it(void **state)
{
    (void)state;
    static const char head[] = OK("3000000");
    begin();
    peer_say(&browser, "POST /a HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 3000000\r\n\r\n");
    run_until(peer_has(&device[0], "\r\n\r\n"));
    size_t before = device[0].len;
    device[0].deaf = true;
    browser.to_send = PEER_BULK;
    for (int i = 0; i < 300; i++)
        peers_turn();
    assert_true(browser.sent < PEER_BULK);
    browser.deaf = true;
    peer_say(&device[0], head);
    device[0].to_send = PEER_BULK - 1; /* a whole answer would end it */
    for (int i = 0; i < 300; i++)
        peers_turn();
    assert_true(device[0].sent < PEER_BULK - 1);
    device[0].deaf = browser.deaf = false;
    run_until(device[0].len == before + PEER_BULK);
    peer_check_bulk(&device[0], before, PEER_BULK);
    device[0].to_send = PEER_BULK;
    run_until(browser.ended);
    const char *content = strstr(browser.got, "\r\n\r\n") + 4;
    peer_check_bulk(&browser, (size_t)(content - browser.got), PEER_BULK);
}

/* --- answers that come early, twice, or not as they should --- */

static void an_early_answer(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, "POST /a HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 100\r\n\r\nabc");
    run_until(peer_has(&device[0], "abc"));
    peer_say(&device[0], "HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno");
    run_until(browser.ended && device[0].ended);
    assert_string_equal(browser.got,
                        "HTTP/1.1 413 \r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    assert_int_equal(ended, 1);
}

static void go_on_first(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, "POST /a HTTP/1.1\r\nHost: " HOST
                       "\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    run_until(peer_has(&device[0], "Expect: 100-continue\r\n"));
    peer_say(&device[0], "HTTP/1.1 100 Continue\r\n\r\n");
    expect(&browser, "HTTP/1.1 100 \r\n\r\n");
    peer_say(&browser, "abc");
    run_until(peer_has(&device[0], "\r\n\r\nabc"));
    peer_say(&device[0], OK("2") "ok");
    expect(&browser, TOLD("2", "keep-alive") "ok");
}

static void interim_answers_have_a_bound(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a"));
    run_until(device[0].len > 0);
    for (int i = 0; i < EXCHANGE_INTERIM_MAX; i++)
        peer_say(&device[0], "HTTP/1.1 103 Early Hints\r\n\r\n");
    run_dry();
    assert_int_equal(ended, 0);
    peer_say(&device[0], "HTTP/1.1 103 Early Hints\r\n\r\n");
    run_until(browser.ended && device[0].ended);
    assert_true(peer_has(&browser, "HTTP/1.1 502 "));
}

static void answers_that_are_none(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "220 mail.example ESMTP\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/2 200\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        begin();
        peer_say(&browser, GET("/a"));
        run_until(device[i].len > 0);
        peer_say(&device[i], answers[i]);
        expect_page(502, "HTTP");
        run_until(device[i].ended);
        peer_drop(&browser);
        ended = 0;
    }
}

/* Cut off after every octet: never a whole answer, never two, never silence. */
static void a_device_that_goes_at_every_octet(void **state)
{
    (void)state;
    static const char *const answers[] = {
        OK("5") "hello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n" OK("0"),
    };
    for (size_t which = 0; which < 3; which++) {
        const char *whole = answers[which];
        for (size_t len = 0; len < strlen(whole); len++) {
            opened = ended = 0;
            begin();
            peer_say(&browser, GET("/a"));
            run_until(device[0].len > 0);
            peer_send(&device[0], whole, len);
            peer_hang_up(&device[0]);
            run_until(browser.ended);
            assert_int_equal(ended, 1);
            bool has_begun = peer_has(&browser, "HTTP/1.1 200 ");
            assert_true(has_begun != peer_has(&browser, "HTTP/1.1 502 "));
            assert_false(has_begun &&
                         (peer_has(&browser, "\r\n\r\nhello0") || peer_has(&browser, "0\r\n\r\n")));
            peer_drop(&browser);
            peer_drop(&device[0]);
        }
    }
    assert_int_equal(dialled, 0);
}

/* --- a connection that was used before --- */

static void lost_on_a_used_connection(const char *request, bool browser_is_used)
{
    begin_as(EXCHANGE_TUNNEL, true, true);
    if (browser_is_used) {
        peer_say(&browser, GET("/first"));
        run_until(device[0].len > 0);
        peer_say(&device[0], OK("0"));
        run_until(browser.len > 0);
        peer_forget(&browser);
        peer_forget(&device[0]);
    }
    peer_say(&browser, request);
    run_until(device[0].len > 0);
    peer_hang_up(&device[0]);
}

static void what_only_reads_is_sent_again(void **state)
{
    (void)state;
    lost_on_a_used_connection(GET("/a"), false);
    run_until(opened == 2);
    expect(&device[1], ASKED("/a"));
    peer_say(&device[1], OK("5") "hello");
    expect(&browser, TOLD("5", "keep-alive") "hello");
}

static void but_once(void **state)
{
    (void)state;
    lost_on_a_used_connection(GET("/a"), false);
    run_until(opened == 2 && device[1].len > 0);
    peer_hang_up(&device[1]);
    expect_page(502, "did not answer");
    assert_int_equal(dialled, 1);
}

#define POST(fields) "POST /a HTTP/1.1\r\nHost: " HOST "\r\n" fields "\r\n"

/* The browser decides, as without a proxy. */
static void what_does_more_is_not(void **state)
{
    (void)state;
    static const char *const requests[] = {
        POST(""),
        POST("Content-Length: 3\r\n") "abc",
        "GET /a HTTP/1.1\r\nHost: " HOST "\r\nContent-Length: 3\r\n\r\nabc",
        "DELETE /a HTTP/1.1\r\nHost: " HOST "\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        opened = ended = 0;
        lost_on_a_used_connection(requests[i], true);
        run_until(browser.ended);
        assert_int_equal(browser.len, 0);
        assert_int_equal(dialled, 0);
        assert_int_equal(ended, 1);
        peer_drop(&browser);
        peer_drop(&device[0]);
    }
}

static void nobody_answers_again(void **state)
{
    (void)state;
    nobody_answers = true;
    lost_on_a_used_connection(GET("/a"), false);
    expect_page(504, "");
}

/* An idle connection is another browser's, if it is the same user's. */
static void a_parked_connection(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a"));
    run_until(device[0].len > 0);
    peer_say(&device[0], OK("0"));
    run_until(browser.len > 0);
    peer_forget(&device[0]);
    peer_finish(&browser);
    run_until(ended == 1);
    peer_drop(&browser);
    begin_as(EXCHANGE_TUNNEL, false, false);
    peer_say(&browser, GET("/b"));
    expect(&device[0], ASKED("/b"));
    assert_int_equal(dialled, 0);
}

static void a_login_belongs_to_its_connection(void **state)
{
    (void)state;
    static const char *const logins[] = {
        "GET /a HTTP/1.1\r\nHost: " HOST "\r\nAuthorization: NTLM abc\r\n\r\n",
        "GET /a HTTP/1.1\r\nHost: " HOST "\r\nAuthorization: negotiate abc\r\n\r\n",
    };
    for (size_t i = 0; i < 2; i++) {
        opened = ended = 0;
        begin();
        peer_say(&browser, logins[i]);
        run_until(device[0].len > 0);
        peer_say(&device[0], OK("0"));
        run_until(browser.len > 0);
        peer_forget(&device[0]);
        peer_say(&browser, GET("/b"));
        expect(&device[0], ASKED("/b")); /* its own goes on */
        peer_say(&device[0], OK("0"));
        run_dry();
        peer_finish(&browser);
        run_until(ended == 1 && device[0].ended);
        peer_drop(&browser);
        peer_drop(&device[0]);
    }
}

/* --- WebSockets --- */

#define UPGRADE                                                                                    \
    "GET /w HTTP/1.1\r\nHost: " HOST "\r\nOrigin: http://" HOST                                    \
    "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                                            \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: abc\r\n\r\n"
#define SWITCHED "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"

static void open_websocket(void)
{
    begin();
    peer_say(&browser, UPGRADE);
    run_until(peer_has(&device[0], "\r\n\r\n"));
    assert_true(peer_has(&device[0], "Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    peer_forget(&device[0]);
    peer_say(&device[0], SWITCHED "first");
    expect(&browser, "HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst");
}

static void a_websocket(void **state)
{
    (void)state;
    for (int browser_first = 0; browser_first < 2; browser_first++) {
        opened = ended = 0;
        open_websocket();
        struct peer *first = browser_first ? &browser : &device[0];
        struct peer *second = browser_first ? &device[0] : &browser;
        peer_say(&browser, GET("/no-request"));
        expect(&device[0], GET("/no-request"));
        peer_say(first, "bye");
        peer_finish(first);
        run_until(second->ended);
        assert_string_equal(second->got, "bye");
        assert_int_equal(ended, 0);
        peer_say(second, "still here");
        expect(first, "still here");
        peer_finish(second);
        run_until(first->ended && ended == 1);
        peer_drop(&browser);
        peer_drop(&device[0]);
    }
}

static void a_websocket_that_breaks(void **state)
{
    (void)state;
    open_websocket();
    browser.deaf = true;
    device[0].to_send = PEER_BULK;
    for (int i = 0; i < 100; i++)
        peers_turn();
    peer_hang_up(&browser);
    run_until(ended == 1 && device[0].ended);
}

/* No switch: what the browser has sent behind its request is judged like any other. */
static void a_websocket_that_is_refused(void **state)
{
    (void)state;
    begin();
    peer_say(&browser,
             UPGRADE "GET /x HTTP/1.1\r\nHost: " HOST "\r\nOrigin: http://evil.example\r\n\r\n");
    run_until(peer_has(&device[0], "\r\n\r\n"));
    peer_forget(&device[0]);
    peer_say(&device[0], OK("2") "no");
    run_until(browser.ended);
    assert_true(peer_has(&browser, TOLD("2", "keep-alive") "noHTTP/1.1 403 "));
    assert_int_equal(device[0].len, 0);
}

/* --- the guard --- */

static void foreign_requests(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *request, *words;
    } cases[] = {
        {403, POST("Origin: http://evil.example\r\nContent-Length: 0\r\n"), "another site"},
        {403, POST("Origin: null\r\nContent-Length: 0\r\n"), "another site"},
        {403, "GET / HTTP/1.1\r\nHost: printer.maple.home.arpa\r\n\r\n", "Host"},
        {403,
         "GET /a HTTP/1.1\r\nHost: " HOST "\r\nSec-Fetch-Site: same-site\r\n"
         "Sec-Fetch-Mode: no-cors\r\n\r\n",
         "another site"},
        {200,
         "GET /a?b HTTP/1.1\r\nHost: " HOST "\r\nSec-Fetch-Site: cross-site\r\n"
         "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n",
         "href=\"http://" HOST "/a?b\""},
        {403, "GET /w HTTP/1.1\r\nHost: " HOST "\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
         "WebSocket"},
        {400, "GET http://" HOST "/ HTTP/1.1\r\nHost: " HOST "\r\n\r\n", ""},
        {400, POST("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), ""},
        {400, "GET / HTTP/1.1\r\nHost: " HOST "\nX: y\r\n\r\n", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        opened = ended = 0;
        begin();
        peer_say(&browser, cases[i].request);
        expect_page(cases[i].status, cases[i].words);
        run_dry();
        assert_int_equal(device[0].len, 0); /* it sees neither */
        peer_drop(&browser);
        peer_drop(&device[0]);
    }
}

static void who_is_let_in(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, POST("Origin: https://panel.maple.home.arpa\r\nContent-Length: 0\r\n"));
    run_until(peer_has(&device[0], "Origin: https://panel.maple.home.arpa\r\n"));
}

/* --- the view --- */

static void the_view_changes(void **state)
{
    (void)state;
    static const struct {
        enum change change;
        bool may_stay;
    } cases[] = {
        {AS_IT_WAS, true}, {IT_MOVED, false}, {IT_PUBLISHED_A_KEY, false}, {IT_IS_GONE, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        opened = 0;
        change_view(AS_IT_WAS);
        begin();
        peer_say(&browser, GET("/a"));
        run_until(device[0].len > 0);
        change_view(cases[i].change);
        assert_int_equal(exchange_may_stay(exchange), cases[i].may_stay);
        exchange_free(exchange);
        peer_drop(&browser);
        peer_drop(&device[0]);
    }
    exchange = NULL;
}

static void no_view_any_more(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, GET("/a"));
    run_until(device[0].len > 0);
    has_view = false;
    assert_false(exchange_may_stay(exchange));
    peer_say(&device[0], OK("0"));
    run_until(browser.len > 0);
    peer_forget(&browser);
    peer_forget(&device[0]);
    peer_say(&browser, GET("/b"));
    expect_page(502, "");
    assert_int_equal(device[0].len, 0);
}

/* Each request is held against the view of its own moment. */
static void between_two_requests(void **state)
{
    (void)state;
    static const enum change changes[] = {IT_PUBLISHED_A_KEY, IT_IS_GONE};
    for (size_t i = 0; i < 2; i++) {
        opened = ended = 0;
        change_view(AS_IT_WAS);
        begin();
        peer_say(&browser, GET("/a"));
        run_until(device[0].len > 0);
        peer_forget(&device[0]);
        peer_say(&device[0], OK("0"));
        run_until(browser.len > 0);
        peer_forget(&browser);
        change_view(changes[i]);
        peer_say(&browser, GET("/b"));
        run_until(browser.ended);
        assert_false(peer_has(&browser, "HTTP/1.1 200 "));
        assert_int_equal(device[0].len, 0);
        peer_drop(&browser);
        peer_drop(&device[0]);
        parking_clear(proxy.parking);
    }
}

static void while_it_is_dialled(void **state)
{
    (void)state;
    static const enum change changes[] = {IT_PUBLISHED_A_KEY, IT_IS_GONE, IT_MOVED};
    for (size_t i = 0; i < 3; i++) {
        opened = ended = 0;
        is_held = true;
        change_view(AS_IT_WAS);
        begin_as(EXCHANGE_TUNNEL, false, false);
        peer_say(&browser, GET("/secret"));
        run_until(dialled == i + 1);
        change_view(changes[i]);
        is_held = false;
        run_until(browser.ended || device[0].len > 0);
        assert_int_equal(device[0].len, 0);
        assert_false(peer_has(&browser, "HTTP/1.1 200 "));
        peer_drop(&browser);
        peer_drop(&device[0]);
    }
}

/* --- ends --- */

static void the_browser_goes_while_it_is_dialled(void **state)
{
    (void)state;
    is_held = true;
    begin_as(EXCHANGE_TUNNEL, false, false);
    peer_say(&browser, GET("/a"));
    run_until(dialled == 1);
    exchange_free(exchange);
    exchange = NULL;
    run_dry();
    assert_int_equal(cancelled, 1);
    assert_int_equal(ended, 0);
}

static void the_browser_goes_in_its_body(void **state)
{
    (void)state;
    begin();
    peer_say(&browser, POST("Content-Length: 10\r\n") "abc");
    run_until(peer_has(&device[0], "abc"));
    peer_hang_up(&browser);
    run_until(ended == 1 && device[0].ended);
}

static void a_page_for_the_first_request(void **state)
{
    (void)state;
    static const struct stream_handlers nobody = {0};
    struct refusal refusal;
    refusal_init(&refusal, PAGE_UNREACHABLE, "it is <asleep>");
    struct exchange_start start = {
        .target = {.host = HOST, .port = 80},
        .browser = peer_stream(&browser, &nobody, NULL),
        .refusal = &refusal,
        .ended = on_ended,
        .context = &proxy,
    };
    exchange = exchange_create(&proxy, &start);
    peer_say(&browser, GET("/a"));
    expect_page(504, "it is &lt;asleep&gt;");
    assert_int_equal(dialled, 0);
}

#define one(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        one(requests_follow_each_other),
        one(two_requests_at_once),
        one(octet_by_octet),
        one(heads_that_have_no_body),
        one(octets_behind_an_answer),
        one(octets_ahead_of_a_request),
        one(a_device_that_speaks_between),
        one(a_body_in_chunks),
        one(no_request_behind_a_body),
        one(to_the_close),
        one(old_browsers),
        one(old_devices),
        one(who_says_close),
        one(one_request_of_a_whole_url),
        one(much_of_it),
        one(an_early_answer),
        one(go_on_first),
        one(interim_answers_have_a_bound),
        one(answers_that_are_none),
        one(a_device_that_goes_at_every_octet),
        one(what_only_reads_is_sent_again),
        one(but_once),
        one(what_does_more_is_not),
        one(nobody_answers_again),
        one(a_parked_connection),
        one(a_login_belongs_to_its_connection),
        one(a_websocket),
        one(a_websocket_that_breaks),
        one(a_websocket_that_is_refused),
        one(foreign_requests),
        one(who_is_let_in),
        one(the_view_changes),
        one(no_view_any_more),
        one(between_two_requests),
        one(while_it_is_dialled),
        one(the_browser_goes_while_it_is_dialled),
        one(the_browser_goes_in_its_body),
        one(a_page_for_the_first_request),
    };
    return cmocka_run_group_tests(tests, peers_open, peers_close);
}
