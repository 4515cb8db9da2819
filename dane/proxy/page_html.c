/* page_html.c: see page_html.h. */
#include "dane/proxy/page_html.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ledger/base/text.h"

enum { GROUP_OCTETS = 4, UTF8_MAX = 4 };

void page_html_raw(struct writer *w, const char *markup)
{
    writer_bytes(w, markup, strlen(markup));
}

/* Octets of the character at `text`; 0 for what is none, or a control character. */
static size_t character_len(const char *text)
{
    for (size_t len = 1; len <= UTF8_MAX && text[len - 1] != '\0'; len++) {
        if (text_is_plain((const uint8_t *)text, len))
            return len;
    }
    return 0;
}

static const char *entity_of(char c)
{
    switch (c) {
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '&':
        return "&amp;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* Writes the first character of a text that is not empty; returns its octets. */
static size_t write_character(struct writer *w, const char *text)
{
    size_t len = character_len(text);
    const char *entity = entity_of(*text);
    if (len == 0)
        page_html_raw(w, "&#xfffd;");
    else if (entity)
        page_html_raw(w, entity);
    else
        writer_bytes(w, text, len);
    return len > 0 ? len : 1;
}

void page_html_text(struct writer *w, const char *text)
{
    while (*text != '\0')
        text += write_character(w, text);
}

void page_html_word(struct writer *w, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    size_t len = strlen(word);
    if (len > 0 && strspn(word, plain) == len) {
        page_html_text(w, word);
        return;
    }
    page_html_text(w, "'");
    while (*word != '\0') {
        if (*word == '\'')
            page_html_text(w, "'\\'"); /* out of the quotes, one quote; its own opens them again */
        word += write_character(w, word);
    }
    page_html_text(w, "'");
}

static size_t group_len(size_t at, size_t len)
{
    return len - at < GROUP_OCTETS ? len - at : GROUP_OCTETS;
}

size_t page_html_differing(const uint8_t *octets, const uint8_t *other, size_t len)
{
    size_t differing = 0;
    for (size_t at = 0; at < len; at += GROUP_OCTETS)
        differing += memcmp(octets + at, other + at, group_len(at, len)) != 0;
    return differing;
}

void page_html_hex(struct writer *w, const uint8_t *octets, size_t len, const uint8_t *other)
{
    char hex[2 * GROUP_OCTETS + 1];
    bool all = other && page_html_differing(octets, other, len) * GROUP_OCTETS >= len;
    page_html_raw(w, "<code class=\"key\" title=\"");
    for (size_t at = 0; at < len; at += GROUP_OCTETS) {
        hex_encode(octets + at, group_len(at, len), hex);
        page_html_raw(w, hex);
    }
    page_html_raw(w, "\">");
    for (size_t at = 0; at < len; at += GROUP_OCTETS) {
        size_t group = group_len(at, len);
        bool marked = other && !all && memcmp(octets + at, other + at, group) != 0;
        hex_encode(octets + at, group, hex);
        page_html_raw(w, marked ? "<mark>" : "<span>");
        page_html_raw(w, hex);
        page_html_raw(w, marked ? "</mark>" : "</span>");
    }
    page_html_raw(w, "</code>");
}

void page_html_time(struct writer *w, uint64_t ms)
{
    static const char *const months[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
    };
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(ms / 1000);
    if (!gmtime_r(&seconds, &tm) || tm.tm_mon < 0 || tm.tm_mon > 11)
        return;
    (void)snprintf(text, sizeof text, "%d %s %d, %02d:%02d UTC", tm.tm_mday, months[tm.tm_mon],
                   tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
    page_html_raw(w, text);
}
