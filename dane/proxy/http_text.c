/* http_text.c: see http_text.h. */
#include "dane/proxy/http_text.h"

#include <string.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool http_text_is(struct http_text text, const char *other)
{
    return strlen(other) == text.len && (text.len == 0 || memcmp(text.at, other, text.len) == 0);
}

bool http_text_is_word(struct http_text text, const char *word)
{
    /* Mostly it is another word, and differs at once. The text has no NUL, the word ends with one. */
    for (size_t i = 0; i < text.len; i++) {
        if (lower(text.at[i]) != lower(word[i]))
            return false;
    }
    return word[text.len] == '\0';
}

static bool is_token_character(char c)
{
    bool alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    return alphanumeric || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_text_is_token(struct http_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_character(text.at[i]))
            return false;
    }
    return text.len > 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct http_text http_text_trim(struct http_text text)
{
    while (text.len > 0 && is_blank(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

bool http_text_part(struct http_text *rest, char stop, struct http_text *part)
{
    if (!rest->at)
        return false;
    const char *end = rest->len > 0 ? memchr(rest->at, stop, rest->len) : NULL;
    if (!end) {
        *part = *rest;
        *rest = (struct http_text){0};
        return true;
    }
    *part = (struct http_text){rest->at, (size_t)(end - rest->at)};
    rest->len -= part->len + 1;
    rest->at = end + 1;
    return true;
}

bool http_text_number(struct http_text text, unsigned long long most, unsigned long long *number)
{
    unsigned long long value = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        unsigned digit = (unsigned)(text.at[i] - '0');
        if (value > most / 10 || digit > most - value * 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return text.len > 0;
}
