/* trust_prefs.c: see trust_prefs.h. */
#include "dane/proxy/trust_prefs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/trust.h"

static const char type_name[] = "network.proxy.type";
static const char url_name[] = "network.proxy.autoconfig_url";
static const char begin_mark[] = "// Hearth begin";
static const char end_mark[] = "// Hearth end\n";
static const char before_mark[] = "// before: ";

/* --- reading --- */

/* Behind blanks and comments. */
static const char *skip(const char *at)
{
    for (;;) {
        at += strspn(at, " \t\r\n");
        if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            at = end ? end + 2 : at + strlen(at);
        } else {
            return at;
        }
    }
}

/* Behind one word: a string with its quotes, or what has no blank and none of `,()` in it. */
static const char *skip_word(const char *at)
{
    if (*at != '"' && *at != '\'')
        return at + strcspn(at, " \t\r\n,();");
    const char quote = *at++;
    while (*at != '\0' && *at != quote)
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    return *at == quote ? at + 1 : at;
}

struct pref {
    const char *start, *end;  /* of the statement, without the line's end */
    const char *name, *value; /* name within its quotes */
    size_t name_len, value_len;
};

/* The statement `user_pref("name", value);` that begins at `at`; false when there is none. */
static bool read_pref(const char *at, struct pref *pref)
{
    static const char word[] = "user_pref";
    pref->start = at;
    if (strncmp(at, word, sizeof word - 1) != 0)
        return false;
    at = skip(at + sizeof word - 1);
    if (*at != '(')
        return false;
    pref->name = skip(at + 1);
    pref->end = skip_word(pref->name);
    pref->name_len = pref->end - pref->name >= 2 ? (size_t)(pref->end - pref->name) - 2 : 0;
    pref->name++; /* its quote */
    at = skip(pref->end);
    if (*at != ',')
        return false;
    pref->value = skip(at + 1);
    pref->end = skip_word(pref->value);
    pref->value_len = (size_t)(pref->end - pref->value);
    at = skip(pref->end);
    if (*at != ')')
        return false;
    at = skip(at + 1);
    pref->end = *at == ';' ? at + 1 : at;
    return true;
}

/* The statement at or behind `at`; false at the end. What is none is passed over, a line at a time. */
static bool next_pref(const char *at, struct pref *pref)
{
    for (at = skip(at); *at != '\0'; at = skip(at + strcspn(at, "\n")))
        if (read_pref(at, pref))
            return true;
    return false;
}

static bool is_named(const struct pref *pref, const char *name)
{
    return pref->name_len == strlen(name) && strncmp(pref->name, name, pref->name_len) == 0;
}

bool trust_prefs_get(const char *text, const char *name, char value[static TRUST_PREF_SIZE])
{
    struct pref pref;
    bool found = false;
    for (const char *at = text; at && next_pref(at, &pref); at = pref.end)
        if (is_named(&pref, name) && pref.value_len < TRUST_PREF_SIZE) {
            memcpy(value, pref.value, pref.value_len);
            value[pref.value_len] = '\0';
            found = true;
        }
    return found;
}

/* A quoted URL of ours, or an empty one. */
static bool is_our_url(const char *value)
{
    char url[TRUST_PREF_SIZE];
    size_t len = strlen(value);
    if (len < 2)
        return true;
    (void)snprintf(url, sizeof url, "%.*s", (int)len - 2, value + 1);
    return url[0] == '\0' || trust_is_our_pac(url);
}

static const char *conflict_in(const char *text)
{
    char type[TRUST_PREF_SIZE], url[TRUST_PREF_SIZE];
    bool has_type = trust_prefs_get(text, type_name, type),
         has_url = trust_prefs_get(text, url_name, url);
    if (has_url && !is_our_url(url))
        return "it has a PAC of its own";
    if (!has_type || strcmp(type, "0") == 0 || strcmp(type, "5") == 0)
        return NULL;
    return strcmp(type, "2") == 0 && has_url ? NULL : "it has a proxy setting of its own";
}

const char *trust_prefs_conflict(const char *user_js, const char *prefs_js)
{
    const char *conflict = conflict_in(user_js);
    return conflict ? conflict : conflict_in(prefs_js);
}

/* --- the block --- */

/* The first octet of the block, at a line's beginning, and the one behind it; NULL when there is no whole
 * block. */
static const char *find_block(const char *text, const char **end)
{
    const size_t mark = sizeof begin_mark - 1;
    const char *start = text ? strstr(text, begin_mark) : NULL;
    while (start &&
           ((start != text && start[-1] != '\n') || (start[mark] != ' ' && start[mark] != ':')))
        start = strstr(start + 1, begin_mark);
    const char *last = start ? strstr(start, end_mark) : NULL;
    if (!last)
        return NULL;
    *end = last + sizeof end_mark - 1;
    return start;
}

/* Does the block's first line have the word? */
static bool has_word(const char *block, const char *word)
{
    const char *found = strstr(block, word);
    return found && found < block + strcspn(block, ":\n");
}

bool trust_prefs_has_block(const char *user_js)
{
    const char *end;
    return find_block(user_js, &end) != NULL;
}

bool trust_prefs_was_made(const char *user_js)
{
    const char *end, *block = find_block(user_js, &end);
    return block && has_word(block, " made");
}

static bool sets(const char *text, const char *url)
{
    char type[TRUST_PREF_SIZE], value[TRUST_PREF_SIZE];
    if (!trust_prefs_get(text, type_name, type) || strcmp(type, "2") != 0 ||
        !trust_prefs_get(text, url_name, value) || strlen(value) < 2)
        return false;
    value[strlen(value) - 1] = '\0';
    return url ? strcmp(value + 1, url) == 0 : trust_is_our_pac(value + 1);
}

bool trust_prefs_is_set(const char *user_js, const char *url)
{
    return trust_prefs_has_block(user_js) && sets(user_js, url);
}

bool trust_prefs_is_ours(const char *prefs_js)
{
    return sets(prefs_js, NULL);
}

/* The text without its block. The newline that came with the block goes with it. */
static size_t copy_without(const char *text, char *out)
{
    const char *end, *block = find_block(text, &end);
    size_t before = block ? (size_t)(block - text) : strlen(text);
    size_t rest = block ? strlen(end) : 0;
    if (block && before > 0 && has_word(block, " newline"))
        before--;
    memcpy(out, text, before);
    if (rest > 0)
        memcpy(out + before, end, rest);
    out[before + rest] = '\0';
    return before + rest;
}

char *trust_prefs_without(const char *user_js)
{
    char *out = malloc(strlen(user_js) + 1);
    if (out)
        (void)copy_without(user_js, out);
    return out;
}

/* "// before: …" lines: those of the former block, or what prefs.js says now. */
static void write_before(FILE *out, const char *user_js, const char *prefs_js)
{
    const char *end, *block = find_block(user_js, &end);
    if (block) {
        for (const char *line = block; line < end; line += strcspn(line, "\n") + 1)
            if (strncmp(line, before_mark, sizeof before_mark - 1) == 0)
                (void)fwrite(line, 1, strcspn(line, "\n") + 1, out);
        return;
    }
    char value[TRUST_PREF_SIZE];
    const char *const names[] = {type_name, url_name};
    for (size_t i = 0; i < 2; i++)
        if (trust_prefs_get(prefs_js, names[i], value) && !trust_prefs_is_ours(prefs_js) &&
            !strchr(value, '\n'))
            (void)fprintf(out, "%suser_pref(\"%s\", %s);\n", before_mark, names[i], value);
}

char *trust_prefs_with(const char *user_js, const char *prefs_js, const char *url)
{
    char *text = NULL;
    size_t size = 0;
    char *rest = trust_prefs_without(user_js ? user_js : "");
    FILE *out = rest ? open_memstream(&text, &size) : NULL;
    if (out) {
        size_t len = strlen(rest);
        bool made = !user_js || trust_prefs_was_made(user_js);
        bool newline = len > 0 && rest[len - 1] != '\n';
        (void)fprintf(out, "%s%s%s%s%s: `hearth trust uninstall` takes this away.\n", rest,
                      newline ? "\n" : "", begin_mark, newline ? " newline" : "",
                      made ? " made" : "");
        write_before(out, user_js, prefs_js);
        (void)fprintf(out, "user_pref(\"%s\", 2);\nuser_pref(\"%s\", \"%s\");\n%s", type_name,
                      url_name, url, end_mark);
        if (fclose(out) != 0) {
            free(text);
            text = NULL;
        }
    }
    free(rest);
    return text;
}

/* prefs.js without the two settings, each with its line's end. */
static void write_without_ours(FILE *out, const char *prefs_js)
{
    struct pref pref;
    const char *from = prefs_js;
    for (const char *at = prefs_js; next_pref(at, &pref); at = pref.end) {
        if (!is_named(&pref, type_name) && !is_named(&pref, url_name))
            continue;
        (void)fwrite(from, 1, (size_t)(pref.start - from), out);
        from = pref.end + (*pref.end == '\n');
        pref.end = from;
    }
    (void)fputs(from, out);
}

char *trust_prefs_restore(const char *prefs_js, const char *user_js)
{
    char *text = NULL;
    size_t size = 0;
    const char *end = NULL, *block = user_js ? find_block(user_js, &end) : NULL;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    write_without_ours(out, prefs_js);
    for (const char *line = block; line && line < end; line += strcspn(line, "\n") + 1)
        if (strncmp(line, before_mark, sizeof before_mark - 1) == 0)
            (void)fwrite(line + sizeof before_mark - 1, 1,
                         strcspn(line, "\n") + 1 - (sizeof before_mark - 1), out);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
