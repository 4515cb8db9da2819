/* trust_profiles.c: see trust_profiles.h. */
#include "dane/proxy/trust_profiles.h"

#include <stdio.h>
#include <string.h>

struct span {
    const char *text;
    size_t len;
};

static struct span trim(struct span span)
{
    while (span.len > 0 && strchr(" \t\r", span.text[0])) {
        span.text++;
        span.len--;
    }
    while (span.len > 0 && strchr(" \t\r", span.text[span.len - 1]))
        span.len--;
    return span;
}

static bool is_key(struct span key, const char *name)
{
    return key.len == strlen(name) && strncmp(key.text, name, key.len) == 0;
}

static void take(struct trust_profile *profile, struct span key, struct span value)
{
    if (is_key(key, "Name"))
        (void)snprintf(profile->name, sizeof profile->name, "%.*s", (int)value.len, value.text);
    else if (is_key(key, "IsRelative"))
        profile->is_relative = !is_key(value, "0");
    else if (is_key(key, "Path") && value.len < sizeof profile->path)
        (void)snprintf(profile->path, sizeof profile->path, "%.*s", (int)value.len, value.text);
}

/* Ends a section: its profile counts if it has a path that was not there before. */
static size_t close_section(struct trust_profile *profiles, size_t count,
                            struct trust_profile *profile)
{
    bool counts = profile->path[0] != '\0' && count < TRUST_PROFILES_MAX &&
                  (profile->is_relative || profile->path[0] == '/');
    for (size_t i = 0; counts && i < count; i++)
        counts = strcmp(profiles[i].path, profile->path) != 0 ||
                 profiles[i].is_relative != profile->is_relative;
    if (!counts)
        return count;
    if (profile->name[0] == '\0')
        (void)snprintf(profile->name, sizeof profile->name, "%.*s", TRUST_PROFILE_NAME_SIZE - 1,
                       profile->path);
    profiles[count] = *profile;
    return count + 1;
}

static bool is_profile_section(struct span line)
{
    static const char prefix[] = "[Profile";
    if (line.len <= sizeof prefix || strncmp(line.text, prefix, sizeof prefix - 1) != 0)
        return false;
    size_t digits = line.len - sizeof prefix; /* all but the bracket at the end */
    return line.text[line.len - 1] == ']' &&
           strspn(line.text + sizeof prefix - 1, "0123456789") == digits;
}

size_t trust_profiles_parse(const char *text, size_t len,
                            struct trust_profile profiles[static TRUST_PROFILES_MAX])
{
    const struct trust_profile empty = {.is_relative = true};
    struct trust_profile profile = empty;
    bool inside = false;
    size_t count = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line_len = end ? (size_t)(end - (text + at)) : len - at;
        struct span line = trim((struct span){text + at, line_len});
        at += line_len + 1;
        const char *equals = line.len > 0 ? memchr(line.text, '=', line.len) : NULL;
        if (line.len > 0 && line.text[0] == '[') {
            count = close_section(profiles, count, &profile);
            profile = empty;
            inside = is_profile_section(line);
        } else if (inside && equals && line.text[0] != ';' && line.text[0] != '#') {
            size_t key_len = (size_t)(equals - line.text);
            take(&profile, trim((struct span){line.text, key_len}),
                 trim((struct span){equals + 1, line.len - key_len - 1}));
        }
    }
    return close_section(profiles, count, &profile);
}
