/* The cross-site guard: which requests reach a device. Two tables: attacks and honest use by name,
 * and every combination of what a request can say about where it comes from, with the verdict by
 * the rules in guard.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/guard.h"

#define OWN       "https://cam.maple.home.arpa"
#define SIBLING   "https://fridge.maple.home.arpa"
#define FOLLOWED  "https://cam.oak.home.arpa"
#define EVIL      "https://evil.example"
#define PANEL     "https://panel.example"
#define DASHBOARD "https://hearth.home.arpa"

static const struct target tls = {.host = "cam.maple.home.arpa", .port = 443, .is_tls = true};
static const struct target tls_8443 = {.host = "cam.maple.home.arpa", .port = 8443, .is_tls = true};
static const struct target plain = {.host = "cam.maple.home.arpa", .port = 80};
static const struct target plain_8080 = {.host = "cam.maple.home.arpa", .port = 8080};

static const struct http_text origins[] = {
    {PANEL, sizeof PANEL - 1},
    {"https://ha.maple.home.arpa:8123", sizeof "https://ha.maple.home.arpa:8123" - 1},
};

static enum guard_verdict judge(const struct target *device, const char *request)
{
    struct http_head head;
    const struct guard guard = {device, origins, 2, DASHBOARD};
    const char *reason = "never set";
    enum http_fault fault = http_head_read(&head, HTTP_REQUEST, request, strlen(request));
    if (fault != HTTP_FAULT_NONE)
        fail_msg("%s: %s", request, http_fault_text(fault));
    enum guard_verdict verdict = guard_judge(&guard, &head, &reason);
    assert_int_equal(verdict == GUARD_PASS, !reason);
    assert_true(!reason || strcmp(reason, "never set") != 0);
    return verdict;
}

static void expect(const struct target *device, const char *method, const char *fields,
                   enum guard_verdict expected)
{
    char request[1024], host[32] = "cam.maple.home.arpa";
    if (device->port != 443 && device->port != 80)
        (void)snprintf(host, sizeof host, "cam.maple.home.arpa:%u", device->port);
    (void)snprintf(request, sizeof request, "%s / HTTP/1.1\r\nHost: %s\r\n%s\r\n", method, host,
                   fields);
    enum guard_verdict verdict = judge(device, request);
    if (verdict != expected)
        fail_msg("%s-> %d instead of %d", request, verdict, expected);
}

#define SITE(value)      "Sec-Fetch-Site: " value "\r\n"
#define MODE(mode, dest) "Sec-Fetch-Mode: " mode "\r\nSec-Fetch-Dest: " dest "\r\n"
#define LINK             MODE("navigate", "document")
#define ORIGIN(value)    "Origin: " value "\r\n"
#define REFERER(value)   "Referer: " value "\r\n"
#define WS               "Connection: Upgrade\r\nUpgrade: websocket\r\n"

static const struct {
    const struct target *device;
    const char *method, *fields;
    enum guard_verdict expected;
} uses[] = {
    /* A person, and programs. */
    {&tls, "GET", SITE("none") LINK "Sec-Fetch-User: ?1\r\n", GUARD_PASS},
    {&tls, "POST", "", GUARD_PASS},
    {&tls, "PUT", "Authorization: Basic eDp5\r\n", GUARD_PASS},
    {&plain, "GET", "", GUARD_PASS},
    /* The device's own pages. */
    {&tls, "GET", SITE("same-origin") LINK REFERER(OWN "/"), GUARD_PASS},
    {&tls, "GET", SITE("same-origin") MODE("no-cors", "image"), GUARD_PASS},
    {&tls, "POST", SITE("same-origin") ORIGIN(OWN) MODE("cors", "empty"), GUARD_PASS},
    {&tls, "POST", ORIGIN(OWN), GUARD_PASS},
    {&tls, "POST", ORIGIN("HTTPS://CAM.maple.home.arpa.:443"), GUARD_PASS},
    {&tls, "GET", SITE("same-origin") MODE("websocket", "empty") ORIGIN(OWN) WS, GUARD_PASS},
    {&tls, "GET", ORIGIN(OWN) WS, GUARD_PASS},
    {&tls_8443, "POST", SITE("same-origin") ORIGIN(OWN ":8443"), GUARD_PASS},
    {&plain, "POST", ORIGIN("http://cam.maple.home.arpa") REFERER("http://cam.maple.home.arpa/a"),
     GUARD_PASS},
    {&plain, "GET", REFERER("http://cam.maple.home.arpa/a?b"), GUARD_PASS},
    {&plain_8080, "GET", REFERER("http://cam.maple.home.arpa:8080"), GUARD_PASS},
    {&plain, "GET", ORIGIN("http://cam.maple.home.arpa") WS, GUARD_PASS},
    /* A form on a page that keeps its address back. */
    {&tls, "POST", SITE("same-origin") ORIGIN("null") LINK, GUARD_PASS},
    /* Public pages: image, fetch, form, preflight, frame, worker, socket. */
    {&tls, "GET", SITE("cross-site") MODE("no-cors", "image") REFERER(EVIL "/"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("no-cors", "image"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("cors", "empty") ORIGIN(EVIL), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") MODE("no-cors", "empty") ORIGIN(EVIL), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") LINK ORIGIN(EVIL), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") LINK ORIGIN("null"), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") LINK, GUARD_REFUSE},
    {&tls, "OPTIONS", SITE("cross-site") MODE("cors", "empty") ORIGIN(EVIL), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("navigate", "iframe"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("navigate", "embed"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("no-cors", "document"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("websocket", "empty") ORIGIN(EVIL) WS, GUARD_REFUSE},
    {&tls, "GET", ORIGIN(EVIL) WS, GUARD_REFUSE},
    {&tls, "GET", ORIGIN("null") WS, GUARD_REFUSE},
    {&tls, "GET", SITE("same-origin") ORIGIN("null") WS, GUARD_REFUSE},
    {&tls, "GET", WS, GUARD_REFUSE},
    {&tls, "GET", SITE("none") WS, GUARD_REFUSE},
    {&tls, "GET", SITE("same-origin") WS, GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") LINK ORIGIN(EVIL) WS, GUARD_REFUSE},
    {&tls, "POST", ORIGIN("null"), GUARD_REFUSE},
    {&tls, "POST", ORIGIN(EVIL), GUARD_REFUSE},
    {&tls, "POST", ORIGIN("https://cam.maple.home.arpa.evil.example"), GUARD_REFUSE},
    {&tls, "POST", ORIGIN("https://evilcam.maple.home.arpa"), GUARD_REFUSE},
    {&tls, "POST", ORIGIN(OWN "@evil.example"), GUARD_REFUSE},
    {&tls, "POST", ORIGIN(OWN " " EVIL), GUARD_REFUSE},
    {&tls, "POST", ORIGIN(OWN ", " EVIL), GUARD_REFUSE},
    {&tls, "POST", ORIGIN(OWN "?"), GUARD_REFUSE},
    {&tls, "POST", ORIGIN("cam.maple.home.arpa"), GUARD_REFUSE},
    {&plain, "GET", REFERER("http://evil.example/"), GUARD_REFUSE},
    {&plain, "POST", ORIGIN("http://evil.example"), GUARD_REFUSE},
    {&plain, "POST", ORIGIN("null"), GUARD_REFUSE},
    /* A link from there. */
    {&tls, "GET", SITE("cross-site") LINK REFERER(EVIL "/"), GUARD_ASK},
    {&tls, "GET", SITE("cross-site") LINK, GUARD_ASK},
    {&tls, "GET", SITE("same-site") LINK REFERER(SIBLING "/"), GUARD_ASK},
    {&tls, "HEAD", SITE("cross-site") LINK, GUARD_REFUSE},
    /* Siblings and other households. */
    {&tls, "GET", SITE("same-site") MODE("no-cors", "image"), GUARD_REFUSE},
    {&tls, "POST", SITE("same-site") ORIGIN(SIBLING), GUARD_REFUSE},
    {&tls, "GET", ORIGIN(SIBLING) WS, GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN(FOLLOWED), GUARD_REFUSE},
    {&tls, "POST", SITE("same-site") ORIGIN(OWN ":8443"), GUARD_REFUSE},
    {&tls_8443, "POST", SITE("same-site") ORIGIN(OWN), GUARD_REFUSE},
    {&tls_8443, "GET", ORIGIN(OWN) WS, GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN("http://cam.maple.home.arpa"), GUARD_REFUSE},
    {&plain, "POST", ORIGIN(OWN), GUARD_REFUSE},
    {&plain_8080, "GET", REFERER("http://cam.maple.home.arpa/"), GUARD_REFUSE},
    {&plain_8080, "POST", ORIGIN(OWN ":8080"), GUARD_REFUSE},
    {&tls, "POST", ORIGIN("http://cam.maple.home.arpa:443"), GUARD_REFUSE},
    {&plain, "GET", REFERER(OWN "/"), GUARD_REFUSE},
    /* Sent back here by a foreign page that our own page asked for. */
    {&tls, "GET", SITE("cross-site") MODE("no-cors", "image") REFERER(OWN "/"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") LINK REFERER(OWN "/"), GUARD_ASK},
    {&tls, "POST", SITE("cross-site") ORIGIN(OWN), GUARD_REFUSE},
    /* Let in by the household. */
    {&tls, "POST", SITE("cross-site") ORIGIN(PANEL), GUARD_PASS},
    {&tls, "POST", SITE("same-site") ORIGIN("https://ha.maple.home.arpa:8123"), GUARD_PASS},
    {&tls, "GET", ORIGIN(PANEL) WS, GUARD_PASS},
    {&tls, "GET", SITE("cross-site") MODE("no-cors", "image") REFERER(PANEL "/"), GUARD_PASS},
    {&tls, "GET", SITE("cross-site") MODE("navigate", "iframe") REFERER(PANEL "/a"), GUARD_PASS},
    {&tls, "POST", SITE("same-site") ORIGIN("https://ha.maple.home.arpa"), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN("http://panel.example"), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN("https://PANEL.example"), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN("https://panel.example.evil.example"), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN(EVIL) REFERER(PANEL "/"), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") ORIGIN("null") REFERER(PANEL "/"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") REFERER("https://panel.example@evil.example/"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") REFERER("https://panel.example.evil.example/"), GUARD_REFUSE},
    /* The dashboard links, and does nothing more. */
    {&tls, "GET", SITE("cross-site") LINK REFERER(DASHBOARD "/"), GUARD_PASS},
    {&tls, "GET", SITE("same-site") LINK REFERER(DASHBOARD "/devices?a"), GUARD_PASS},
    {&tls, "GET", SITE("cross-site") MODE("navigate", "iframe") REFERER(DASHBOARD "/"),
     GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("no-cors", "image") REFERER(DASHBOARD "/"), GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") MODE("cors", "empty") ORIGIN(DASHBOARD), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") LINK ORIGIN(DASHBOARD), GUARD_REFUSE},
    {&tls, "POST", SITE("cross-site") LINK REFERER(DASHBOARD "/"), GUARD_REFUSE},
    {&tls, "HEAD", SITE("cross-site") LINK REFERER(DASHBOARD "/"), GUARD_REFUSE},
    {&tls, "GET", ORIGIN(DASHBOARD) WS, GUARD_REFUSE},
    {&tls, "GET", SITE("cross-site") LINK REFERER(DASHBOARD ":8443/"), GUARD_ASK},
    {&tls, "GET", SITE("cross-site") LINK REFERER("http://hearth.home.arpa/"), GUARD_ASK},
    {&tls, "GET", SITE("cross-site") LINK REFERER(DASHBOARD "/") REFERER(DASHBOARD "/"), GUARD_ASK},
    {&tls, "GET", SITE("cross-site") LINK REFERER(DASHBOARD ".evil.example/"), GUARD_ASK},
    {&tls, "GET", SITE("cross-site") LINK REFERER("https://hearth.home.arpa@evil.example/"),
     GUARD_ASK},
    /* Other protocols. */
    {&tls, "GET", "Connection: Upgrade\r\nUpgrade: h2c\r\n", GUARD_REFUSE},
    {&tls, "GET", ORIGIN(OWN) "Connection: Upgrade\r\nUpgrade: h2c\r\n", GUARD_REFUSE},
    {&tls, "GET", ORIGIN(OWN) "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n", GUARD_REFUSE},
    {&tls, "GET", ORIGIN(OWN) WS "Upgrade: h2c\r\n", GUARD_REFUSE},
    {&tls, "GET", ORIGIN(OWN) "Upgrade: websocket\r\n", GUARD_REFUSE},
    {&tls, "GET", ORIGIN(OWN) WS "Content-Length: 9\r\n", GUARD_REFUSE},
    {&tls, "POST", ORIGIN(OWN) WS, GUARD_REFUSE},
    {&tls, "GET", ORIGIN(OWN) ORIGIN(OWN) WS, GUARD_REFUSE},
    {&tls, "CONNECT", "", GUARD_REFUSE},
    {&tls, "connect", SITE("same-origin"), GUARD_REFUSE},
};

static void attacks_and_honest_use_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        expect(uses[i].device, uses[i].method, uses[i].fields, uses[i].expected);
}

/* What a field says, whoever it is that sent it. */
enum said { ABSENT, SAYS_OWN, SAYS_NULL, SAYS_LISTED, SAYS_DASHBOARD, SAYS_FOREIGN };
enum site { UNSAID, SAME, NOBODY, OTHER, ODD };
enum upgrade { NO_UPGRADE, TO_WEBSOCKET, TO_ELSE };

struct value {
    const char *fields;
    int says;
};

static const struct value origin_values[] = {
    {"", ABSENT},
    {ORIGIN(OWN), SAYS_OWN},
    {ORIGIN("null"), SAYS_NULL},
    {ORIGIN(PANEL), SAYS_LISTED},
    {ORIGIN(DASHBOARD), SAYS_FOREIGN},
    {ORIGIN(OWN ":8443"), SAYS_FOREIGN},
    {ORIGIN("http://cam.maple.home.arpa"), SAYS_FOREIGN},
    {ORIGIN(OWN "/"), SAYS_FOREIGN},
    {ORIGIN(PANEL "/"), SAYS_FOREIGN},
    {ORIGIN(SIBLING), SAYS_FOREIGN},
    {ORIGIN(EVIL), SAYS_FOREIGN},
    {ORIGIN("Null"), SAYS_FOREIGN},
    {ORIGIN(""), SAYS_FOREIGN},
    {ORIGIN(OWN) ORIGIN(OWN), SAYS_FOREIGN},
    {ORIGIN(OWN) ORIGIN(EVIL), SAYS_FOREIGN},
    {ORIGIN(PANEL) ORIGIN(PANEL), SAYS_FOREIGN},
};

static const struct value site_values[] = {
    {"", UNSAID},
    {SITE("same-origin"), SAME},
    {SITE("none"), NOBODY},
    {SITE("same-site"), OTHER},
    {SITE("cross-site"), OTHER},
    {SITE("Same-Origin"), ODD},
    {SITE("same-origin, none"), ODD},
    {SITE("same-origin;a"), ODD},
    {SITE(""), ODD},
    {SITE("junk"), ODD},
    {SITE("same-origin") SITE("same-origin"), ODD},
    {SITE("none") SITE("cross-site"), ODD},
};

static const struct value link_values[] = {
    {"", false},
    {LINK, true},
    {MODE("navigate", "iframe"), false},
    {MODE("no-cors", "image"), false},
    {MODE("cors", "empty"), false},
    {MODE("Navigate", "document"), false},
    {LINK "Sec-Fetch-Mode: navigate\r\n", false},
    {LINK "Sec-Fetch-Dest: document\r\n", false},
};

static const struct value method_values[] = {
    {"GET", true}, {"HEAD", false}, {"POST", false}, {"OPTIONS", false}, {"get", false},
};

static const struct value referer_values[] = {
    {"", ABSENT},
    {REFERER(OWN "/a"), SAYS_OWN},
    {REFERER(PANEL "/a"), SAYS_LISTED},
    {REFERER(DASHBOARD "/"), SAYS_DASHBOARD},
    {REFERER(SIBLING "/"), SAYS_FOREIGN},
    {REFERER(OWN ":8443/"), SAYS_FOREIGN},
    {REFERER("about:blank"), SAYS_FOREIGN},
    {REFERER(OWN "/") REFERER(OWN "/"), SAYS_FOREIGN},
};

static const struct value upgrade_values[] = {
    {"", NO_UPGRADE},
    {WS, TO_WEBSOCKET},
    {"Upgrade: websocket\r\n", TO_ELSE},
    {"Connection: Upgrade\r\nUpgrade: h2c\r\n", TO_ELSE},
};

/* One request, as a choice of each. */
struct choice {
    int origin, site, referer, upgrade;
    bool is_get, is_link;
};

static bool is_own(const struct choice *c)
{
    bool undenied = c->site == UNSAID || c->site == SAME || c->site == NOBODY;
    if (c->origin == SAYS_OWN)
        return undenied;
    if (c->origin == SAYS_NULL)
        return c->site == SAME;
    if (c->origin != ABSENT)
        return false;
    return c->site == SAME || c->site == NOBODY ||
           (c->site == UNSAID && (c->referer == ABSENT || c->referer == SAYS_OWN));
}

static bool is_let_in(const struct choice *c)
{
    bool agrees = c->site == UNSAID || c->site == OTHER;
    return agrees &&
           (c->origin == SAYS_LISTED || (c->origin == ABSENT && c->referer == SAYS_LISTED));
}

static enum guard_verdict by_the_rules(const struct choice *c)
{
    if (c->upgrade == TO_ELSE || (c->upgrade == TO_WEBSOCKET && !c->is_get))
        return GUARD_REFUSE;
    if (c->upgrade == TO_WEBSOCKET) {
        bool named = c->origin == SAYS_OWN || c->origin == SAYS_LISTED;
        return named && (is_own(c) || is_let_in(c)) ? GUARD_PASS : GUARD_REFUSE;
    }
    if (is_own(c) || is_let_in(c))
        return GUARD_PASS;
    if (!c->is_get || !c->is_link || c->site != OTHER)
        return GUARD_REFUSE;
    return c->origin == ABSENT && c->referer == SAYS_DASHBOARD ? GUARD_PASS : GUARD_ASK;
}

#define EACH(index, values) for (size_t index = 0; index < sizeof values / sizeof *values; index++)

static void try_choice(const struct value *const picked[static 6])
{
    char fields[768];
    const struct choice choice = {
        .origin = picked[0]->says,
        .site = picked[1]->says,
        .is_link = picked[2]->says,
        .is_get = picked[3]->says,
        .referer = picked[4]->says,
        .upgrade = picked[5]->says,
    };
    (void)snprintf(fields, sizeof fields, "%s%s%s%s%s", picked[0]->fields, picked[1]->fields,
                   picked[2]->fields, picked[4]->fields, picked[5]->fields);
    expect(&tls, picked[3]->fields, fields, by_the_rules(&choice));
}

static void every_combination_has_its_verdict(void **state)
{
    (void)state;
    EACH(o, origin_values)
    EACH(s, site_values)
    EACH(l, link_values)
    EACH(m, method_values)
    EACH(r, referer_values)
    EACH(u, upgrade_values)
    {
        const struct value *const picked[] = {&origin_values[o],  &site_values[s],
                                              &link_values[l],    &method_values[m],
                                              &referer_values[r], &upgrade_values[u]};
        try_choice(picked);
    }
}

static void the_host_is_what_was_opened(void **state)
{
    (void)state;
    static const struct {
        const struct target *device;
        const char *host;
        enum guard_verdict expected;
    } table[] = {
        {&tls, "cam.maple.home.arpa", GUARD_PASS},
        {&tls, "CAM.maple.home.arpa.:443", GUARD_PASS},
        {&tls_8443, "cam.maple.home.arpa:8443", GUARD_PASS},
        {&plain, "cam.maple.home.arpa", GUARD_PASS},
        {&plain, "cam.maple.home.arpa:80", GUARD_PASS},
        {&plain_8080, "cam.maple.home.arpa:8080", GUARD_PASS},
        {&tls, "", GUARD_REFUSE},
        {&tls, "evil.example", GUARD_REFUSE},
        {&tls, "fridge.maple.home.arpa", GUARD_REFUSE},
        {&tls, "maple.home.arpa", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa:80", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa:8443", GUARD_REFUSE},
        {&tls_8443, "cam.maple.home.arpa", GUARD_REFUSE},
        {&plain, "cam.maple.home.arpa:443", GUARD_REFUSE},
        {&plain_8080, "cam.maple.home.arpa", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa:", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa:0", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa..", GUARD_REFUSE},
        {&tls, "user@cam.maple.home.arpa", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa, evil.example", GUARD_REFUSE},
        {&tls, "cam.maple.home.arpa evil.example", GUARD_REFUSE},
        {&tls, "https://cam.maple.home.arpa", GUARD_REFUSE},
        {&tls, "127.0.0.1", GUARD_REFUSE},
        {&tls, "[::1]", GUARD_REFUSE},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char request[256];
        (void)snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                       table[i].host);
        if (judge(table[i].device, request) != table[i].expected)
            fail_msg("%s", table[i].host);
    }
    assert_int_equal(judge(&tls, "GET / HTTP/1.0\r\n\r\n"), GUARD_PASS);
    assert_int_equal(judge(&tls, "GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n"), GUARD_REFUSE);
    assert_int_equal(judge(&tls, "POST / HTTP/1.0\r\nOrigin: https://evil.example\r\n\r\n"),
                     GUARD_REFUSE);
}

/* Without ORIGINS records and without a dashboard nobody is let in by them. */
static void an_empty_list_lets_nobody_in(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "POST / HTTP/1.1\r\nHost: cam.maple.home.arpa\r\nOrigin: " PANEL "\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: cam.maple.home.arpa\r\nOrigin:\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: cam.maple.home.arpa\r\n" SITE("cross-site")
            REFERER(PANEL "/") "\r\n",
        "GET / HTTP/1.1\r\nHost: cam.maple.home.arpa\r\n" SITE("cross-site") REFERER("") "\r\n",
    };
    static const struct http_text empty = {"", 0};
    const struct guard guards[] = {{&tls, NULL, 0, NULL}, {&tls, &empty, 1, ""}};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        for (size_t g = 0; g < 2; g++) {
            struct http_head head;
            const char *reason;
            assert_int_equal(http_head_read(&head, HTTP_REQUEST, requests[i], strlen(requests[i])),
                             HTTP_FAULT_NONE);
            assert_int_equal(guard_judge(&guards[g], &head, &reason), GUARD_REFUSE);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attacks_and_honest_use_are_told_apart),
        cmocka_unit_test(every_combination_has_its_verdict),
        cmocka_unit_test(the_host_is_what_was_opened),
        cmocka_unit_test(an_empty_list_lets_nobody_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
