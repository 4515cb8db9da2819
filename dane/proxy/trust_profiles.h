/* trust_profiles.h: Firefox's profiles.ini: which profiles there are. Pure.
 *
 *   [Profile0]
 *   Name=default-esr
 *   IsRelative=1                 relative to the folder of profiles.ini; 0: Path is absolute
 *   Path=abcd1234.default-esr
 *
 * Other sections ([General], [Install…]) name no profile that has no section of its own.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_PROFILES_H
#define HEARTH_DANE_PROXY_TRUST_PROFILES_H

#include <stdbool.h>
#include <stddef.h>

enum { TRUST_PROFILES_MAX = 64, TRUST_PROFILE_NAME_SIZE = 96, TRUST_PROFILE_PATH_SIZE = 1024 };

struct trust_profile {
    char name[TRUST_PROFILE_NAME_SIZE]; /* cut when longer; the path when it has none */
    char path[TRUST_PROFILE_PATH_SIZE];
    bool is_relative;
};

/* How many there are, each path once; at most TRUST_PROFILES_MAX are written. A profile without a path, or
 * with one that is too long, is none. */
size_t trust_profiles_parse(const char *text, size_t len,
                            struct trust_profile profiles[static TRUST_PROFILES_MAX]);

#endif
