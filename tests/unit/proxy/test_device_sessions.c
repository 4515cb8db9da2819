/* The store of sessions: what is found, how often, how long, and how many there are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "dane/proxy/device_sessions.h"

static struct device_sessions *sessions;

static struct device_key key_of(unsigned number)
{
    struct device_key key = {.port = 443};
    enum status status = name_parse(&key.name, "camera.maple.home.arpa");
    assert_int_equal(status, STATUS_OK);
    key.address.octets[14] = (uint8_t)(number >> 8);
    key.address.octets[15] = (uint8_t)number;
    return key;
}

static SSL_SESSION *session_of(int version, uint8_t id)
{
    SSL_SESSION *session = SSL_SESSION_new();
    assert_non_null(session);
    assert_int_equal(SSL_SESSION_set_protocol_version(session, version), 1);
    assert_int_equal(SSL_SESSION_set1_id(session, &id, 1), 1);
    assert_int_equal(SSL_SESSION_set1_master_key(session, &id, 1), 1);
    return session;
}

static struct device_shown *shown_of(const char *certificate, uint64_t now_ms)
{
    struct presented presented = {
        .chain = {{(const uint8_t *)certificate, strlen(certificate)},
                  {(const uint8_t *)"issuer", 6}},
        .chain_len = 2,
        .tls_version = TLS1_2_VERSION,
        .legacy_renegotiation = true,
    };
    struct device_shown *shown = device_shown_create(&presented, 1, now_ms);
    assert_non_null(shown);
    return shown;
}

static void keep(const struct device_key *key, struct device_shown *shown, int version, uint8_t id)
{
    SSL_SESSION *session = session_of(version, id);
    device_sessions_keep(sessions, key, shown, session);
    SSL_SESSION_free(session);
}

/* The id of the session that is found; 0: none. */
static unsigned found(const struct device_key *key, uint64_t now_ms)
{
    SSL_SESSION *session = NULL;
    unsigned len = 0, id = 0;
    (void)device_sessions_find(sessions, key, now_ms, &session);
    if (session)
        id = SSL_SESSION_get_id(session, &len)[0];
    SSL_SESSION_free(session);
    return id;
}

static void what_was_shown_is_a_copy(void **state)
{
    (void)state;
    char certificate[] = "leaf";
    struct device_shown *shown = shown_of(certificate, 0);
    certificate[0] = 'x';
    assert_int_equal(shown->presented.chain_len, 2);
    assert_memory_equal(shown->presented.chain[0].bytes, "leaf", 4);
    assert_memory_equal(shown->presented.chain[1].bytes, "issuer", 6);
    assert_int_equal(shown->presented.tls_version, TLS1_2_VERSION);
    assert_true(shown->presented.legacy_renegotiation);
    assert_ptr_equal(device_shown_hold(shown), shown);
    device_shown_drop(shown);
    assert_int_equal(shown->greeting, 1);
    device_shown_drop(shown);
    device_shown_drop(NULL);
}

static void each_device_has_its_own(void **state)
{
    (void)state;
    struct device_key key = key_of(1), other_port = key, other_address = key_of(2),
                      other_name = key;
    struct device_shown *shown = shown_of("a", 0);
    SSL_SESSION *session = NULL;
    other_port.port = 8443;
    assert_int_equal(name_parse(&other_name.name, "fridge.maple.home.arpa"), STATUS_OK);
    keep(&key, shown, TLS1_2_VERSION, 7);
    assert_int_equal(found(&key, 1), 7);
    assert_int_equal(found(&other_port, 1), 0);
    assert_int_equal(found(&other_address, 1), 0);
    assert_int_equal(found(&other_name, 1), 0);
    assert_ptr_equal(device_sessions_find(sessions, &key, 1, &session), shown);
    SSL_SESSION_free(session);
    device_sessions_forget(sessions, &other_port);
    assert_int_equal(found(&key, 1), 7);
    device_sessions_forget(sessions, &key);
    assert_int_equal(found(&key, 1), 0);
    assert_int_equal(device_sessions_count(sessions), 0);
    device_shown_drop(shown);
}

static void as_often_as_allowed(void **state)
{
    (void)state;
    struct device_key key = key_of(1);
    struct device_shown *shown = shown_of("a", 0);
    for (uint8_t id = 1; id <= 3; id++)
        keep(&key, shown, TLS1_2_VERSION, id);
    for (int i = 0; i < 5; i++)
        assert_int_equal(found(&key, 1), 3); /* TLS 1.2: the newest, ever again */
    device_sessions_forget(sessions, &key);
    for (uint8_t id = 1; id <= DEVICE_SESSIONS_OF_ONE + 2; id++)
        keep(&key, shown, TLS1_3_VERSION, id);
    for (unsigned id = DEVICE_SESSIONS_OF_ONE + 2; id > 3; id--)
        assert_int_equal(found(&key, 1), id); /* TLS 1.3: each once */
    assert_int_equal(found(&key, 1), 3);
    assert_int_equal(found(&key, 1), 3); /* but for the last */
    device_shown_drop(shown);
    device_sessions_forget(sessions, &key);
}

/* An hour from the handshake that began it, whatever came later. */
static void an_hour_at_most(void **state)
{
    (void)state;
    struct device_key key = key_of(1);
    struct device_shown *shown = shown_of("a", 1000);
    keep(&key, shown, TLS1_3_VERSION, 1);
    assert_int_equal(found(&key, 1000 + DEVICE_SESSION_MS - 1), 1);
    keep(&key, shown, TLS1_3_VERSION, 2);
    assert_int_equal(found(&key, 1000 + DEVICE_SESSION_MS), 0);
    assert_int_equal(device_sessions_count(sessions), 0);
    device_shown_drop(shown);
}

/* With another chain nothing of the one before is left. */
static void another_chain(void **state)
{
    (void)state;
    struct device_key key = key_of(1);
    struct device_shown *before = shown_of("a", 0), *after = shown_of("b", 0);
    SSL_SESSION *session = NULL;
    keep(&key, before, TLS1_3_VERSION, 1);
    assert_true(before->is_kept);
    device_sessions_keep(sessions, &key, after, NULL);
    assert_false(before->is_kept);
    assert_ptr_equal(device_sessions_find(sessions, &key, 1, &session), after);
    assert_null(session);
    assert_int_equal(before->count, 1);
    device_shown_drop(before);
    device_shown_drop(after);
    device_sessions_forget(sessions, &key);
}

/* The same octets in the same way are the same; one octet or another version is not. */
static void shown_again(void **state)
{
    (void)state;
    struct device_key key = key_of(1), other = key_of(2);
    struct device_shown *kept = shown_of("leaf", 0), *again = shown_of("leaf", 5),
                        *another = shown_of("leaF", 5);
    struct presented presented = again->presented;
    device_sessions_keep(sessions, &key, kept, NULL);
    assert_ptr_equal(device_sessions_recognise(sessions, &key, &presented, 1, 5), kept);
    assert_null(device_sessions_recognise(sessions, &other, &presented, 1, 5));
    assert_null(device_sessions_recognise(sessions, &key, &presented, 0, 5));
    assert_null(device_sessions_recognise(sessions, &key, &another->presented, 1, 5));
    presented.tls_version = TLS1_VERSION;
    assert_null(device_sessions_recognise(sessions, &key, &presented, 1, 5));
    presented = again->presented;
    presented.legacy_renegotiation = false;
    assert_null(device_sessions_recognise(sessions, &key, &presented, 1, 5));
    presented = again->presented;
    presented.chain_len = 1;
    assert_null(device_sessions_recognise(sessions, &key, &presented, 1, 5));
    assert_null(device_sessions_recognise(sessions, &key, &again->presented, 1, DEVICE_SESSION_MS));
    device_shown_drop(kept);
    device_shown_drop(again);
    device_shown_drop(another);
}

static void so_many_at_most(void **state)
{
    (void)state;
    struct device_shown *shown = shown_of("a", 0);
    struct device_key first = key_of(0), second = key_of(1);
    for (unsigned i = 0; i < DEVICE_SESSIONS_MAX; i++) {
        struct device_key key = key_of(i);
        keep(&key, shown, TLS1_2_VERSION, 1);
    }
    assert_int_equal(found(&first, 1), 1); /* used: the second is now the oldest */
    struct device_key one_more = key_of(DEVICE_SESSIONS_MAX);
    keep(&one_more, shown, TLS1_2_VERSION, 1);
    assert_int_equal(device_sessions_count(sessions), DEVICE_SESSIONS_MAX);
    assert_int_equal(found(&first, 1), 1);
    assert_int_equal(found(&second, 1), 0);
    device_shown_drop(shown);
}

static int make_sessions(void **state)
{
    (void)state;
    sessions = device_sessions_create();
    return sessions ? 0 : -1;
}

static int free_sessions(void **state)
{
    (void)state;
    device_sessions_free(sessions);
    device_sessions_free(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_shown_is_a_copy),
        cmocka_unit_test(each_device_has_its_own),
        cmocka_unit_test(as_often_as_allowed),
        cmocka_unit_test(an_hour_at_most),
        cmocka_unit_test(another_chain),
        cmocka_unit_test(shown_again),
        cmocka_unit_test(so_many_at_most),
    };
    return cmocka_run_group_tests(tests, make_sessions, free_sessions);
}
