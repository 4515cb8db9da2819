/* The probe against devices old, strange and hostile, each in a process of its own on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dane/probe.h"
#include "dane/x509.h"
#include "tests/unit/dane/device_process.h"

/* Long enough to never decide a test that ends by itself; and for tests that end by it. */
enum { PATIENT_MS = 30000, SHORT_MS = 300 };

static struct probe probe; /* large */

static struct address at(const char *text)
{
    struct address address;
    assert_int_equal(address_parse(&address, text), STATUS_OK);
    return address;
}

static enum status probed(const char *address, uint16_t port, unsigned timeout_ms)
{
    struct address one = at(address);
    return probe_device(&probe, &one, 1, port, "camera.maple.home.arpa", timeout_ms);
}

static size_t open_descriptors(void)
{
    size_t count = 0;
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

/* --- devices that do TLS --- */

static void an_old_camera(void **state)
{
    (void)state;
    static const struct {
        int max_version;
        const char *address, *protocol;
        uint16_t version;
    } table[] = {
        {TLS1_VERSION, "127.0.0.1", "TLSv1", 0x0301},
        {TLS1_1_VERSION, "::1", "TLSv1.1", 0x0302},
        {TLS1_2_VERSION, "127.0.0.1", "TLSv1.2", 0x0303},
        {TLS1_3_VERSION, "::1", "TLSv1.3", 0x0304},
    };
    struct card card;
    card_init_hopeless(&card);
    const struct card *chain = &card;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct device_process device;
        device_process_start_tls(&device, table[i].address, 0, &chain, 1, table[i].max_version);
        assert_int_equal(probed(table[i].address, device.port, PATIENT_MS), STATUS_OK);
        assert_int_equal(probe.presented.chain_len, 1);
        assert_int_equal(probe.presented.chain[0].len, card.der.len);
        assert_memory_equal(probe.presented.chain[0].bytes, card.der.bytes, card.der.len);
        assert_int_equal(probe.presented.tls_version, table[i].version);
        assert_string_equal(probe.protocol, table[i].protocol);
        assert_true(strlen(probe.cipher) > 0);
        assert_false(probe.presented.legacy_renegotiation);
        assert_false(probe.presented.known_issuer);
        assert_string_equal(probe.reason, "");
        device_process_stop(&device);
    }
    card_deinit(&card);
}

/* The same name, dates and serial, another key. */
static void an_impostor_differs_by_its_key(void **state)
{
    (void)state;
    struct card cards[2];
    uint8_t spki[2][32], presented[32];
    for (size_t i = 0; i < 2; i++) {
        struct device_process device;
        card_init_hopeless(&cards[i]);
        const struct card *chain = &cards[i];
        device_process_start_tls(&device, "127.0.0.1", 0, &chain, 1, 0);
        assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_OK);
        assert_int_equal(spki_sha256(probe.presented.chain[0], presented), STATUS_OK);
        assert_true(minted_spki_sha256(cards[i].key, spki[i]));
        assert_memory_equal(presented, spki[i], 32);
        device_process_stop(&device);
    }
    assert_memory_not_equal(spki[0], spki[1], 32);
    card_deinit(&cards[0]);
    card_deinit(&cards[1]);
}

static void a_chain_and_who_vouches_for_it(void **state)
{
    (void)state;
    char path[] = "/tmp/hearth-test-ca-XXXXXX";
    struct card ca, leaf;
    struct device_process device;
    card_init(&ca, &(struct minted){.subject = "ca", .ca = true}, "p256", NULL);
    card_init_signed(&leaf, (struct minted){.subject = "x", .not_after = "2021-01-01"}, "p256",
                     &ca);
    const struct card *chain[] = {&leaf, &ca};
    device_process_start_tls(&device, "127.0.0.1", 0, chain, 2, 0);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_OK);
    assert_int_equal(probe.presented.chain_len, 2);
    assert_false(probe.presented.known_issuer);
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, ca.x509), 1);
    fclose(file);
    setenv("SSL_CERT_FILE", path, 1);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_OK);
    assert_true(probe.presented.known_issuer); /* though late and for another name */
    unsetenv("SSL_CERT_FILE");
    unlink(path);
    device_process_stop(&device);
    card_deinit(&ca);
    card_deinit(&leaf);
}

static void a_certificate_list_too_long(void **state)
{
    (void)state;
    static char sans[1900];
    struct card ca;
    struct device_process device;
    const struct card *chain[64];
    for (size_t used = 0; used < sizeof sans - 64;)
        used += (size_t)snprintf(sans + used, sizeof sans - used, "%sa-name-that-is-long.example",
                                 used ? "," : "");
    card_init(&ca, &(struct minted){.sans = sans, .ca = true}, "p256", NULL);
    for (size_t i = 0; i < 64; i++)
        chain[i] = &ca;
    device_process_start_tls(&device, "127.0.0.1", 0, chain, 20, 0);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_OK);
    assert_int_equal(probe.presented.chain_len, X509_CHAIN_MAX); /* the rest is not looked at */
    device_process_stop(&device);
    /* Beyond our bound, within OpenSSL's own. */
    assert_in_range(40 * ca.der.len, X509_DER_MAX, SSL_MAX_CERT_LIST_DEFAULT - 1);
    device_process_start_tls(&device, "127.0.0.1", 0, chain, 40, 0);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_MALFORMED);
    assert_non_null(strstr(probe.reason, "certificate list that is too long"));
    device_process_stop(&device);
    card_deinit(&ca);
}

static void serve_context(int listener, void *context)
{
    struct device_server server = {
        .manner = DEVICE_TLS, .listener = listener, .context = context, .title = "", .text = ""};
    device_server_run(&server);
}

static void a_device_that_demands_a_certificate(void **state)
{
    (void)state;
    struct card card;
    struct device_process device;
    card_init(&card, &(struct minted){0}, "p256", NULL);
    SSL_CTX *context = device_context(card.key, &card.x509, 1, 0, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    device_process_start(&device, "127.0.0.1", 0, serve_context, context);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_MALFORMED);
    assert_non_null(strstr(probe.reason, "demands a client certificate"));
    device_process_stop(&device);
    SSL_CTX_free(context);
    card_deinit(&card);
}

/* Devices that end the handshake over what they should have passed over are greeted more plainly.
 */
static void old_devices_that_refuse_a_greeting(void **state)
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
        {{.sni = true, .extensions = true}, TLS1_1_VERSION, "TLSv1.1"},
        {{.max_version = TLS1_VERSION}, TLS1_VERSION, "TLSv1"},
        {{.sni = true, .extensions = true, .max_version = TLS1_VERSION}, TLS1_VERSION, "TLSv1"},
    };
    struct card card;
    card_init_hopeless(&card);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct device_process device;
        SSL_CTX *context = device_context(card.key, &card.x509, 1, 0, table[i].max_version);
        device_context_dislike(context, &table[i].dislikes);
        device_process_start(&device, "127.0.0.1", 0, serve_context, context);
        if (probed("127.0.0.1", device.port, PATIENT_MS) != STATUS_OK)
            fail_msg("%zu: %s", i, probe.reason);
        assert_string_equal(probe.protocol, table[i].protocol);
        assert_string_equal(probe.reason, "");
        device_process_stop(&device);
        SSL_CTX_free(context);
    }
    card_deinit(&card);
}

/* A device that can do better is not talked down (RFC 7507), and the first reason stays. */
static void a_modern_device_is_not_talked_down(void **state)
{
    (void)state;
    static const struct device_dislikes picky = {.extensions = true};
    struct card card;
    struct device_process device;
    card_init(&card, &(struct minted){0}, "p256", NULL);
    SSL_CTX *context = device_context(card.key, &card.x509, 1, TLS1_3_VERSION, 0);
    device_context_dislike(context, &picky);
    device_process_start(&device, "127.0.0.1", 0, serve_context, context);
    assert_int_not_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_OK);
    assert_true(strlen(probe.reason) > 0);
    device_process_stop(&device);
    SSL_CTX_free(context);
    card_deinit(&card);
}

/* --- devices that do not --- */

static void plain_http(void **state)
{
    (void)state;
    struct device_process device;
    device_process_start_manner(&device, "127.0.0.1", 0, DEVICE_PLAIN);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_MALFORMED);
    assert_non_null(strstr(probe.reason, "speaks plain HTTP"));
    device_process_stop(&device);
}

static void a_device_that_says_nothing(void **state)
{
    (void)state;
    struct device_process device;
    device_process_start_manner(&device, "::1", 0, DEVICE_HANG);
    assert_int_equal(probed("::1", device.port, SHORT_MS), STATUS_TIMEOUT);
    assert_non_null(strstr(probe.reason, "accepted the connection, then did not answer"));
    device_process_stop(&device);
}

static void nobody_there(void **state)
{
    (void)state;
    uint16_t port = 0;
    int listener = device_listen("127.0.0.1", &port);
    assert_true(listener >= 0);
    close(listener);
    assert_int_equal(probed("127.0.0.1", port, PATIENT_MS), STATUS_UNREACHABLE);
    assert_non_null(strstr(probe.reason, "refused the connection"));
    assert_int_equal(probe_device(&probe, NULL, 0, 443, NULL, PATIENT_MS), STATUS_UNREACHABLE);
    assert_true(strlen(probe.reason) > 0);
}

/* What a raw device answers to the ClientHello before it closes. */
struct answer {
    const char *octets;
    size_t len;
    enum status status;
    const char *reason;
};

static int accept_blocking(int listener)
{
    struct pollfd poller = {.fd = listener, .events = POLLIN};
    (void)poll(&poller, 1, PATIENT_MS);
    return accept(listener, NULL, NULL);
}

static void serve_answer(int listener, void *context)
{
    const struct answer *answer = context;
    char hello[4096];
    int fd = accept_blocking(listener);
    (void)!read(fd, hello, sizeof hello);
    (void)!write(fd, answer->octets, answer->len);
    close(fd);
}

static void answers_that_are_not_tls(void **state)
{
    (void)state;
    static const char old[] = "OpenSSL here no longer has (SSL 3.0, 3DES or RC4)";
    struct answer table[] = {
        {"HTTP/1.0 400 Bad Request\r\n\r\n", 28, STATUS_MALFORMED, "speaks plain HTTP"},
        {"<html>", 6, STATUS_MALFORMED, "a page in plain text"},
        {"SSH-2.0-dropbear\r\n", 18, STATUS_MALFORMED, "speaks SSH"},
        {"220 ready\r\n", 11, STATUS_MALFORMED, "mail or FTP"},
        {"\0\0\0\0\0\0\0\0", 8, STATUS_MALFORMED, "not TLS"},
        {"\x15\x03\x00\x00\x02\x02\x28", 7, STATUS_MALFORMED, old}, /* handshake_failure */
        {"\x15\x03\x01\x00\x02\x02\x46", 7, STATUS_MALFORMED, old}, /* protocol_version */
        {"\x16\x03\x00\x00\x2a\x02\x00\x00\x26\x03\x00", 11, STATUS_CLOSED,
         old},                                                        /* SSL 3.0 hello */
        {"\x15\x03\x03\x00\x02\x02\x70", 7, STATUS_MALFORMED, "SNI"}, /* unrecognized_name */
        {"\x16\x03\x03\x00\x04\x63\x00\x00\x00", 9, STATUS_MALFORMED, "broke its rules"},
        {"", 0, STATUS_CLOSED, "without a word of TLS"},
        {"\x16\x03\x03", 3, STATUS_CLOSED, "during the handshake"},
        {"HTT", 3, STATUS_CLOSED, "not TLS"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct device_process device;
        device_process_start(&device, "127.0.0.1", 0, serve_answer, &table[i]);
        assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), table[i].status);
        if (!strstr(probe.reason, table[i].reason))
            fail_msg("%zu: %s", i, probe.reason);
        device_process_stop(&device);
    }
}

/* --- devices that keep one waiting --- */

static void serve_trickle(int listener, void *context)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    int fd = accept_blocking(listener);
    (void)context;
    (void)!write(fd, "\x16\x03\x03\x40\x00", 5); /* a record of 16 KiB … */
    while (send(fd, "\x02", 1, MSG_NOSIGNAL) == 1)
        nanosleep(&pause, NULL); /* … octet by octet */
}

static void a_handshake_that_trickles(void **state)
{
    (void)state;
    struct device_process device;
    device_process_start(&device, "127.0.0.1", 0, serve_trickle, NULL);
    assert_int_equal(probed("127.0.0.1", device.port, SHORT_MS), STATUS_TIMEOUT);
    device_process_stop(&device);
}

static void serve_flood(int listener, void *context)
{
    static const char hello_request[] = "\x16\x03\x01\x00\x04\x00\x00\x00\x00";
    char bytes[900];
    int fd = accept_blocking(listener);
    (void)context;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = hello_request[i % 9];
    while (send(fd, bytes, sizeof bytes, MSG_NOSIGNAL) == (ssize_t)sizeof bytes)
        ;
}

/* HelloRequests without end: each is in order, and the handshake never gets on. */
static void a_handshake_without_end(void **state)
{
    (void)state;
    struct device_process device;
    device_process_start(&device, "127.0.0.1", 0, serve_flood, NULL);
    assert_int_equal(probed("127.0.0.1", device.port, PATIENT_MS), STATUS_MALFORMED);
    device_process_stop(&device);
}

/* --- a device that dies in the middle, at every place --- */

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
    while (read(fd, bytes, sizeof bytes) > 0) /* no reset before the other side has read all */
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
    struct card card;
    card_init(&card, &(struct minted){0}, "p256", NULL);
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
        struct device_process device;
        struct cutter cutter = {.context = device_context(card.key, &card.x509, 1, 0, versions[i]),
                                .step = 7};
        device_process_start(&device, "127.0.0.1", 0, serve_cuts, &cutter);
        size_t limit = 0;
        enum status status = STATUS_CLOSED;
        for (; limit < 4096 && status != STATUS_OK; limit += cutter.step) {
            status = probed("127.0.0.1", device.port, PATIENT_MS);
            if (status != STATUS_OK) {
                assert_int_equal(status, STATUS_CLOSED);
                assert_int_equal(probe.presented.chain_len, 0);
                assert_true(strlen(probe.reason) > 0);
            }
        }
        assert_int_equal(status, STATUS_OK);
        assert_true(limit > card.der.len); /* it took all that a handshake has */
        device_process_stop(&device);
        SSL_CTX_free(cutter.context);
    }
    card_deinit(&card);
}

/* --- several addresses --- */

static void the_first_address_that_answers(void **state)
{
    (void)state;
    struct card card;
    struct device_process silent, good, plain;
    card_init_hopeless(&card);
    const struct card *chain = &card;
    device_process_start_tls(&good, "127.0.0.1", 0, &chain, 1, 0);
    device_process_start_manner(&silent, "127.0.0.2", good.port, DEVICE_HANG);
    device_process_start_manner(&plain, "127.0.0.3", good.port, DEVICE_PLAIN);
    /* 127.0.0.4: nobody. The silent one does not eat the others' share. */
    struct address all[] = {at("127.0.0.4"), at("127.0.0.2"), at("127.0.0.3"), at("127.0.0.1")};
    assert_int_equal(probe_device(&probe, all, 4, good.port, NULL, 4000), STATUS_OK);
    assert_memory_equal(&probe.address, &all[3], sizeof all[3]);
    assert_int_equal(probe.presented.chain_len, 1);
    /* None completes it: the one that came furthest is told. */
    assert_int_equal(probe_device(&probe, all, 3, good.port, NULL, 900), STATUS_MALFORMED);
    assert_non_null(strstr(probe.reason, "127.0.0.3"));
    assert_int_equal(probe_device(&probe, all, 2, good.port, NULL, 600), STATUS_TIMEOUT);
    assert_non_null(strstr(probe.reason, "127.0.0.2"));
    device_process_stop(&silent);
    device_process_stop(&good);
    device_process_stop(&plain);
    card_deinit(&card);
}

static size_t descriptors_before;

static int count_descriptors(void **state)
{
    (void)state;
    (void)probe_device(&probe, NULL, 0, 443, NULL, 0); /* whatever OpenSSL opens once */
    descriptors_before = open_descriptors();
    return 0;
}

static void no_descriptor_is_left(void **state)
{
    (void)state;
    assert_int_equal(open_descriptors(), descriptors_before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_camera),
        cmocka_unit_test(an_impostor_differs_by_its_key),
        cmocka_unit_test(a_chain_and_who_vouches_for_it),
        cmocka_unit_test(a_certificate_list_too_long),
        cmocka_unit_test(a_device_that_demands_a_certificate),
        cmocka_unit_test(old_devices_that_refuse_a_greeting),
        cmocka_unit_test(a_modern_device_is_not_talked_down),
        cmocka_unit_test(plain_http),
        cmocka_unit_test(a_device_that_says_nothing),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(answers_that_are_not_tls),
        cmocka_unit_test(a_handshake_that_trickles),
        cmocka_unit_test(a_handshake_without_end),
        cmocka_unit_test(a_device_that_dies_in_the_middle),
        cmocka_unit_test(the_first_address_that_answers),
        cmocka_unit_test(no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, count_descriptors, NULL);
}
