/* Hosts and ports as browsers and other programs say them: what is taken has one spelling, which
 * reads as itself; case and a dot at the end make no difference. The first octet is the port where
 * none is said. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "dane/proxy/target.h"
#include "ledger/base/address.h"

enum { TEXT_MAX = 512, AUTHORITY_SIZE = TARGET_HOST_SIZE + 16 };

static bool is_same(const struct target *a, const struct target *b)
{
    return target_is(a, b->host, b->port) && a->is_address == b->is_address;
}

static size_t write_authority(const struct target *target, const char *dot,
                              char text[static AUTHORITY_SIZE])
{
    bool is_ipv6 = strchr(target->host, ':');
    int len = snprintf(text, AUTHORITY_SIZE, "%s%s%s%s:%u", is_ipv6 ? "[" : "", target->host,
                       is_ipv6 ? "]" : "", is_ipv6 ? "" : dot, target->port);
    assert(len > 0 && len < AUTHORITY_SIZE);
    return (size_t)len;
}

static void check_spelling(const struct target *target)
{
    struct address address;
    size_t len = strnlen(target->host, sizeof target->host);
    assert(len > 0 && len < sizeof target->host && target->port > 0);
    assert(target->is_address == (address_parse(&address, target->host) == STATUS_OK));
    if (target->is_address) {
        char text[ADDRESS_TEXT_SIZE];
        address_text(&address, text);
        assert(strcmp(text, target->host) == 0);
        return;
    }
    assert(strspn(target->host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == len);
    assert(target->host[0] != '.' && target->host[len - 1] != '.' && !strstr(target->host, ".."));
    const char *dot = strrchr(target->host, '.');
    assert(!isdigit((unsigned char)(dot ? dot[1] : target->host[0])));
}

static void check_again(const struct target *target)
{
    static const char *const dots[] = {"", "."};
    for (size_t i = 0; i < 2; i++) {
        char text[AUTHORITY_SIZE];
        struct target again;
        size_t len = write_authority(target, dots[i], text);
        enum target_fault fault = target_of_authority(&again, (struct http_text){text, len}, 0);
        assert(fault == TARGET_FAULT_NONE && is_same(target, &again));
    }
}

static void try_authority(struct http_text text, uint16_t port)
{
    char upper[TEXT_MAX];
    struct target target, loud;
    enum target_fault fault = target_of_authority(&target, text, port);
    for (size_t i = 0; i < text.len; i++)
        upper[i] = (char)toupper((unsigned char)text.at[i]);
    assert(target_of_authority(&loud, (struct http_text){upper, text.len}, port) == fault);
    if (fault != TARGET_FAULT_NONE)
        return;
    assert(is_same(&target, &loud) && !target.is_tls);
    assert(!memchr(text.at, '@', text.len) && !memchr(text.at, '\0', text.len));
    check_spelling(&target);
    check_again(&target);
}

static void try_url(struct http_text text)
{
    struct target target, again;
    struct http_text path, rest;
    if (target_of_url(&target, text, &path) != TARGET_FAULT_NONE)
        return;
    assert(path.at >= text.at && path.at + path.len == text.at + text.len);
    assert(path.len == 0 || path.at[0] == '/' || path.at[0] == '?');
    check_spelling(&target);
    char authority[AUTHORITY_SIZE], url[TEXT_MAX + AUTHORITY_SIZE];
    (void)write_authority(&target, "", authority);
    int len = snprintf(url, sizeof url, "%s://%s", target.is_tls ? "https" : "http", authority);
    assert(len > 0 && (size_t)len + path.len < sizeof url);
    memcpy(url + len, path.at, path.len);
    enum target_fault fault =
        target_of_url(&again, (struct http_text){url, (size_t)len + path.len}, &rest);
    assert(fault == TARGET_FAULT_NONE && is_same(&target, &again));
    assert(again.is_tls == target.is_tls && rest.len == path.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > TEXT_MAX)
        return 0;
    struct http_text text = {(const char *)data + 1, size - 1};
    try_authority(text, data[0]);
    try_url(text);
    return 0;
}
