/* target.c: see target.h.
 *
 * What a URL parser would take for an address (a last label that is a number, in any base) is no
 * name here: browsers turn such hosts into addresses before they ask, so one that arrives was made
 * by hand. */
#include "dane/proxy/target.h"

#include <assert.h>
#include <string.h>

#include "ledger/base/address.h"

const char *target_fault_text(enum target_fault fault)
{
    static const char *const texts[] = {
#define TARGET_FAULT_TEXT(name, text) text,
        TARGET_FAULT_LIST(TARGET_FAULT_TEXT)
#undef TARGET_FAULT_TEXT
    };
    return (size_t)fault < TARGET_FAULT_COUNT ? texts[fault] : "unknown";
}

static enum target_fault read_port(struct target *target, struct http_text text, uint16_t port)
{
    unsigned long long number = port;
    if (text.at && !http_text_number(text, UINT16_MAX, &number))
        return TARGET_FAULT_PORT;
    target->port = (uint16_t)number;
    return number > 0 ? TARGET_FAULT_NONE : TARGET_FAULT_PORT;
}

static enum target_fault copy_host(struct target *target, struct http_text text)
{
    if (text.len == 0)
        return TARGET_FAULT_EMPTY;
    if (text.len >= sizeof target->host)
        return TARGET_FAULT_HOST_LONG;
    if (memchr(text.at, '\0', text.len))
        return TARGET_FAULT_HOST;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        target->host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    target->host[text.len] = '\0';
    return TARGET_FAULT_NONE;
}

static bool is_label(struct http_text label)
{
    for (size_t i = 0; i < label.len; i++) {
        char c = label.at[i];
        bool is_fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!is_fine)
            return false;
    }
    return label.len > 0 && label.len <= 63;
}

static bool is_number(struct http_text label)
{
    return label.len > 0 && label.at[0] >= '0' && label.at[0] <= '9';
}

static enum target_fault check_name(const char *host)
{
    struct http_text rest = {host, strlen(host)}, label = {0};
    while (http_text_part(&rest, '.', &label)) {
        if (!is_label(label))
            return TARGET_FAULT_HOST;
    }
    return is_number(label) ? TARGET_FAULT_HOST : TARGET_FAULT_NONE;
}

static void set_address(struct target *target, const struct address *address)
{
    static_assert((int)TARGET_HOST_SIZE >= (int)ADDRESS_TEXT_SIZE,
                  "a host has room for an address");
    target->is_address = true;
    address_text(address, target->host);
}

static enum target_fault read_name(struct target *target, struct http_text text)
{
    struct address address;
    if (text.len > 1 && text.at[text.len - 1] == '.')
        text.len--;
    enum target_fault fault = copy_host(target, text);
    if (fault != TARGET_FAULT_NONE)
        return fault;
    if (address_parse(&address, target->host) != STATUS_OK)
        return check_name(target->host);
    set_address(target, &address);
    return TARGET_FAULT_NONE;
}

/* "[ADDRESS]", and what follows it in *rest. */
static enum target_fault read_bracketed(struct target *target, struct http_text *rest)
{
    struct http_text inside;
    struct address address;
    rest->at++;
    rest->len--;
    if (!http_text_part(rest, ']', &inside) || !rest->at)
        return TARGET_FAULT_HOST;
    enum target_fault fault = copy_host(target, inside);
    if (fault != TARGET_FAULT_NONE)
        return fault;
    if (!strchr(target->host, ':') || address_parse(&address, target->host) != STATUS_OK)
        return TARGET_FAULT_HOST;
    set_address(target, &address);
    if (rest->len > 0 && rest->at[0] != ':')
        return TARGET_FAULT_HOST;
    *rest = rest->len > 0 ? (struct http_text){rest->at + 1, rest->len - 1} : (struct http_text){0};
    return TARGET_FAULT_NONE;
}

enum target_fault target_of_authority(struct target *target, struct http_text text, uint16_t port)
{
    struct http_text host;
    enum target_fault fault;
    target->is_tls = target->is_address = false;
    if (text.len > 0 && memchr(text.at, '@', text.len))
        return TARGET_FAULT_USERINFO;
    if (text.len > 0 && text.at[0] == '[') {
        fault = read_bracketed(target, &text);
    } else {
        if (!http_text_part(&text, ':', &host))
            return TARGET_FAULT_EMPTY;
        fault = read_name(target, host);
    }
    return fault != TARGET_FAULT_NONE ? fault : read_port(target, text, port);
}

static bool skip_word(struct http_text *text, const char *word)
{
    struct http_text start = {text->at, strlen(word)};
    if (text->len < start.len || !http_text_is_word(start, word))
        return false;
    text->at += start.len;
    text->len -= start.len;
    return true;
}

enum target_fault target_of_url(struct target *target, struct http_text text,
                                struct http_text *path)
{
    bool is_tls = skip_word(&text, "https://");
    if (!is_tls && !skip_word(&text, "http://"))
        return TARGET_FAULT_SCHEME;
    struct http_text authority = text;
    for (authority.len = 0; authority.len < text.len; authority.len++) {
        if (text.at[authority.len] == '/' || text.at[authority.len] == '?')
            break;
    }
    *path = (struct http_text){text.at + authority.len, text.len - authority.len};
    if (memchr(text.at, '#', text.len))
        return TARGET_FAULT_SCHEME;
    enum target_fault fault = target_of_authority(target, authority, is_tls ? 443 : 80);
    target->is_tls = is_tls;
    return fault;
}

bool target_is(const struct target *target, const char *host, uint16_t port)
{
    return target->port == port && strcmp(target->host, host) == 0;
}
