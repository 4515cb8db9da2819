/* libhearth-dane as a program sees it: the shared library, its one header, a view file, real
 * handshakes. */
#include <hearth-dane.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "tests/unit/dane/device_process.h"
#include "tests/unit/dane/scene.h"

static const char camera_name[] = "camera.maple.home.arpa";
static char dir[64], view_path[96];
static struct card camera, other;

static int make_dir(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hearth-test-library-XXXXXX");
    (void)snprintf(view_path, sizeof view_path, "%s/names.view", mkdtemp(dir));
    card_init_hopeless(&camera);
    card_init_hopeless(&other);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    card_deinit(&camera);
    card_deinit(&other);
    unlink(view_path);
    return rmdir(dir);
}

/* Publishes as hearthd does: a new file in the place of the old. */
static void publish(const struct made_household *house)
{
    char fresh[128];
    size_t len = 0;
    uint8_t *bytes = made_view(house, &len);
    (void)snprintf(fresh, sizeof fresh, "%s.new", view_path);
    FILE *file = fopen(fresh, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(rename(fresh, view_path), 0);
    free(bytes);
}

static struct made_household house_of(const char *owner, const struct card *card)
{
    struct made_household house = {.records = {{.name = owner, .type = RRTYPE_TLSA, .count = 1}},
                                   .record_count = 1};
    house.records[0].rrs[0] = tlsa_of(card, 3, 1, 1);
    return house;
}

/* --- a connection through memory --- */

struct line {
    SSL *client, *server;
};

static void line_open(struct line *line, const struct card *card, int max_version)
{
    BIO *a = NULL, *b = NULL;
    SSL_CTX *server = device_context(card->key, &card->x509, 1, 0, max_version);
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(client, SSL_VERIFY_NONE, NULL);
    assert_int_equal(hearth_dane_allow_old_devices(client), 1);
    line->server = SSL_new(server);
    line->client = SSL_new(client);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    assert_int_equal(BIO_new_bio_pair(&a, 65536, &b, 65536), 1);
    SSL_set_bio(line->server, a, a);
    SSL_set_bio(line->client, b, b);
    SSL_set_accept_state(line->server);
    SSL_set_connect_state(line->client);
}

static void line_handshake(struct line *line)
{
    for (int i = 0; i < 10 && !SSL_is_init_finished(line->client); i++) {
        (void)SSL_do_handshake(line->client);
        (void)SSL_do_handshake(line->server);
    }
    assert_true(SSL_is_init_finished(line->client));
    ERR_clear_error();
}

static void line_close(struct line *line)
{
    SSL_free(line->client);
    SSL_free(line->server);
}

/* --- tests --- */

static void an_old_camera_is_matched(void **state)
{
    (void)state;
    struct made_household house = house_of("_443._tcp.camera", &camera);
    struct hearth_dane_result result;
    struct line line;
    uint8_t spki[32];
    char hex[65];
    publish(&house);
    struct hearth_dane *dane = hearth_dane_open(view_path);
    assert_non_null(dane);
    line_open(&line, &camera, TLS1_VERSION);
    line_handshake(&line);
    ERR_raise(ERR_LIB_USER, 1); /* the program's own error stays where it is, and alone */
    assert_int_equal(hearth_dane_verify_ssl(dane, line.client, camera_name, 443, &result),
                     HEARTH_DANE_MATCHED);
    assert_int_equal(ERR_GET_LIB(ERR_get_error()), ERR_LIB_USER);
    assert_int_equal(ERR_get_error(), 0);
    assert_int_equal(result.verdict, HEARTH_DANE_MATCHED);
    assert_int_equal(result.forgiven, HEARTH_DANE_EXPIRED | HEARTH_DANE_NAME | HEARTH_DANE_ISSUER |
                                          HEARTH_DANE_WEAK_KEY | HEARTH_DANE_WEAK_SIGNATURE |
                                          HEARTH_DANE_OLD_PROTOCOL);
    assert_true(minted_spki_sha256(camera.key, spki));
    hex_encode(spki, 32, hex);
    assert_string_equal(result.presented, hex);
    assert_int_equal(result.expected_count, 1);
    assert_string_equal(result.expected[0], hex);
    assert_string_equal(result.reason,
                        "it is the published device; forgiven: expired, name, issuer, weak-key, "
                        "weak-signature, old-protocol");
    line_close(&line);
    hearth_dane_close(dane);
}

static void each_verdict(void **state)
{
    (void)state;
    struct made_household good = house_of("_443._tcp.camera", &camera), withdrawn = good,
                          stale = good;
    memcpy(withdrawn.withdrawn[withdrawn.withdrawn_count++], good.records[0].rrs[0].bytes + 3, 32);
    stale.state = VIEW_ZONE_HARD;
    const struct {
        const struct made_household *house;
        const struct card *card;
        const char *name;
        uint16_t port;
        enum hearth_dane_verdict verdict;
        const char *text;
    } table[] = {
        {&good, &camera, camera_name, 443, HEARTH_DANE_MATCHED, "matched"},
        {&good, &camera, "Camera.Maple.home.arpa.", 443, HEARTH_DANE_MATCHED, "matched"},
        {&good, &other, camera_name, 443, HEARTH_DANE_MISMATCH, "mismatch"},
        {&good, &camera, camera_name, 444, HEARTH_DANE_NO_RECORD, "no-record"},
        {&good, &camera, "www.example", 443, HEARTH_DANE_NO_RECORD, "no-record"},
        {&withdrawn, &camera, camera_name, 443, HEARTH_DANE_WITHDRAWN, "withdrawn"},
        {&stale, &camera, camera_name, 443, HEARTH_DANE_STALE, "stale"},
        {&good, &camera, "not a name", 443, HEARTH_DANE_ERROR, "error"},
        {&good, &camera, NULL, 443, HEARTH_DANE_ERROR, "error"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct hearth_dane_result result;
        struct hearth_dane_der der = {table[i].card->der.bytes, table[i].card->der.len};
        publish(table[i].house);
        struct hearth_dane *dane = hearth_dane_open(view_path);
        memset(&result, 1, sizeof result);
        enum hearth_dane_verdict verdict =
            hearth_dane_verify_der(dane, &der, 1, table[i].name, table[i].port, &result);
        assert_int_equal(verdict, table[i].verdict);
        assert_int_equal(result.verdict, verdict);
        assert_string_equal(hearth_dane_verdict_text(verdict), table[i].text);
        assert_true(strlen(result.reason) > 0);
        assert_int_equal(result.forgiven != 0, verdict == HEARTH_DANE_MATCHED);
        if (verdict == HEARTH_DANE_WITHDRAWN) {
            assert_string_equal(result.withdrawn_by, "attic");
            assert_int_equal(result.withdrawn_ms, MADE_WITHDRAWN_MS);
        }
        hearth_dane_close(dane);
    }
}

/* Another machine's text, which goes to a terminal: plain and whole, or its key instead. */
static void a_label_is_plain_or_not_shown(void **state)
{
    (void)state;
    static const char key[] = "3333333333333333333333333333333333333333333333333333333333333333";
    char longest[HEARTH_DANE_HASH_TEXT + 1] = "";
    memset(longest, 'a', HEARTH_DANE_HASH_TEXT);
    const char *const table[][2] = {
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"\x1b[2J", key},
        {"x\xc2\x9b"
         "2J",
         key},
        {"caf\xc3", key},
        {"a\nb", key},
        {longest, key},
        {longest + 1, longest + 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct made_household house = house_of("_443._tcp.camera", &camera);
        struct hearth_dane_result result;
        struct hearth_dane_der der = {camera.der.bytes, camera.der.len};
        memcpy(house.withdrawn[house.withdrawn_count++], house.records[0].rrs[0].bytes + 3, 32);
        house.author = table[i][0];
        publish(&house);
        struct hearth_dane *dane = hearth_dane_open(view_path);
        assert_int_equal(hearth_dane_verify_der(dane, &der, 1, camera_name, 443, &result),
                         HEARTH_DANE_WITHDRAWN);
        assert_string_equal(result.withdrawn_by, table[i][1]);
        hearth_dane_close(dane);
    }
}

/* A reader without a generation file looks for a new view once a second: asks until it has come, or
 * 30 seconds. */
static enum hearth_dane_verdict verdict_in_time(struct hearth_dane *dane,
                                                struct hearth_dane_der der,
                                                enum hearth_dane_verdict awaited)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct hearth_dane_result result;
    for (int i = 0; i < 1500; i++) {
        if (hearth_dane_verify_der(dane, &der, 1, camera_name, 443, &result) == awaited)
            break;
        nanosleep(&pause, NULL);
    }
    return result.verdict;
}

/* One handle sees what is published now, and what is there no more. */
static void a_handle_follows_the_view(void **state)
{
    (void)state;
    struct made_household first = house_of("_443._tcp.camera", &camera);
    struct made_household second = house_of("_443._tcp.camera", &other);
    struct hearth_dane_der der = {camera.der.bytes, camera.der.len};
    struct hearth_dane_result result;
    unlink(view_path);
    struct hearth_dane *dane = hearth_dane_open(view_path);
    assert_non_null(dane);
    assert_int_equal(hearth_dane_verify_der(dane, &der, 1, camera_name, 443, &result),
                     HEARTH_DANE_ERROR);
    assert_non_null(strstr(result.reason, view_path));
    publish(&first);
    assert_int_equal(verdict_in_time(dane, der, HEARTH_DANE_MATCHED), HEARTH_DANE_MATCHED);
    publish(&second);
    assert_int_equal(verdict_in_time(dane, der, HEARTH_DANE_MISMATCH), HEARTH_DANE_MISMATCH);
    hearth_dane_close(dane);
}

static void a_damaged_view_is_an_error(void **state)
{
    (void)state;
    struct made_household house = house_of("_443._tcp.camera", &camera);
    struct hearth_dane_der der = {camera.der.bytes, camera.der.len};
    struct hearth_dane_result result;
    publish(&house);
    FILE *file = fopen(view_path, "r+");
    assert_non_null(file);
    fseek(file, 400, SEEK_SET);
    fputc(0xff, file);
    fclose(file);
    struct hearth_dane *dane = hearth_dane_open(view_path);
    assert_int_equal(hearth_dane_verify_der(dane, &der, 1, camera_name, 443, &result),
                     HEARTH_DANE_ERROR);
    hearth_dane_close(dane);
}

static void misuse_is_an_error(void **state)
{
    (void)state;
    struct made_household house = house_of("_443._tcp.camera", &camera);
    struct hearth_dane_der der = {camera.der.bytes, camera.der.len};
    struct hearth_dane_der rubbish = {(const unsigned char *)"rubbish", 7};
    struct hearth_dane_result result;
    struct line line;
    publish(&house);
    struct hearth_dane *dane = hearth_dane_open(view_path);
    line_open(&line, &camera, 0);
    assert_int_equal(hearth_dane_verify_ssl(dane, line.client, camera_name, 443, &result),
                     HEARTH_DANE_ERROR); /* before the handshake */
    line_handshake(&line);
    assert_int_equal(hearth_dane_verify_ssl(NULL, line.client, camera_name, 443, &result),
                     HEARTH_DANE_ERROR);
    assert_int_equal(hearth_dane_verify_ssl(dane, NULL, camera_name, 443, &result),
                     HEARTH_DANE_ERROR);
    assert_int_equal(hearth_dane_verify_ssl(dane, line.server, camera_name, 443, &result),
                     HEARTH_DANE_ERROR); /* the client has no certificate */
    assert_int_equal(hearth_dane_verify_der(dane, NULL, 1, camera_name, 443, &result),
                     HEARTH_DANE_ERROR);
    assert_int_equal(hearth_dane_verify_der(dane, &der, 0, camera_name, 443, &result),
                     HEARTH_DANE_ERROR);
    assert_int_equal(hearth_dane_verify_der(dane, &rubbish, 1, camera_name, 443, &result),
                     HEARTH_DANE_MISMATCH);
    assert_string_equal(result.presented, "");
    assert_int_equal(hearth_dane_allow_old_devices(NULL), 0);
    hearth_dane_close(NULL);
    hearth_dane_close(dane);
    line_close(&line);
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(hearth_dane_wrong_text(HEARTH_DANE_EXPIRED), "expired");
    assert_string_equal(hearth_dane_wrong_text(HEARTH_DANE_LEGACY_RENEGOTIATION),
                        "legacy-renegotiation");
    assert_string_equal(hearth_dane_wrong_text(3), "unknown");
    assert_string_equal(hearth_dane_wrong_text(0), "unknown");
    assert_string_equal(hearth_dane_verdict_text((enum hearth_dane_verdict)77), "error");
    assert_true(strlen(hearth_dane_version()) > 0);
}

static void *verify_often(void *handle)
{
    struct hearth_dane_der der = {camera.der.bytes, camera.der.len};
    uintptr_t matched = 0;
    for (int i = 0; i < 50; i++) {
        struct hearth_dane_result result;
        matched += hearth_dane_verify_der(handle, &der, 1, camera_name, 443, &result) ==
                   HEARTH_DANE_MATCHED;
    }
    return (void *)matched;
}

static void one_handle_in_many_threads(void **state)
{
    (void)state;
    struct made_household house = house_of("_443._tcp.camera", &camera);
    pthread_t threads[8];
    publish(&house);
    struct hearth_dane *dane = hearth_dane_open(view_path);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_often, dane), 0);
    for (int i = 0; i < 20; i++)
        publish(&house); /* under their feet */
    for (size_t i = 0; i < 8; i++) {
        void *matched = NULL;
        pthread_join(threads[i], &matched);
        assert_int_equal((uintptr_t)matched, 50);
    }
    hearth_dane_close(dane);
}

/* docs/examples/verify.c, as built. */
static void the_example(void **state)
{
    (void)state;
    const char *build = getenv("HEARTH_BUILD");
    const struct card *chains[] = {&camera, &other};
    if (!build)
        fail_msg("HEARTH_BUILD is not set: run this by ctest");
    for (int i = 0; i < 2; i++) {
        struct device_process device;
        char owner[64], command[512];
        device_process_start_tls(&device, "127.0.0.1", 0, &chains[i], 1, TLS1_VERSION);
        (void)snprintf(owner, sizeof owner, "_%u._tcp.camera", (unsigned)device.port);
        struct made_household house = house_of(owner, &camera);
        publish(&house);
        (void)snprintf(command, sizeof command,
                       "HEARTH_VIEW='%s' '%s/bin/hearth-dane-example' %s %u 127.0.0.1 | grep -q %s",
                       view_path, build, camera_name, (unsigned)device.port,
                       i == 0 ? "'It is it.'" : "': mismatch: '");
        int status = system(command);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
        device_process_stop(&device);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_camera_is_matched),
        cmocka_unit_test(each_verdict),
        cmocka_unit_test(an_old_camera_is_matched),
        cmocka_unit_test(a_label_is_plain_or_not_shown),
        cmocka_unit_test(a_handle_follows_the_view),
        cmocka_unit_test(a_damaged_view_is_an_error),
        cmocka_unit_test(misuse_is_an_error),
        cmocka_unit_test(words),
        cmocka_unit_test(one_handle_in_many_threads),
        cmocka_unit_test(the_example),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
