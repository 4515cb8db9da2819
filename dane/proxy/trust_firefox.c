/* trust_firefox.c: every Firefox profile of the HOME: the root in its cert9.db, the PAC in its user.js.
 *
 * A profile with a proxy setting of its own gets the root and keeps its setting, said aloud. Firefox
 * writes prefs.js when it ends, so that a running one must be closed before `uninstall` can take back
 * what it has copied there.
 */
#include "dane/proxy/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dane/proxy/trust_nss.h"
#include "dane/proxy/trust_prefs.h"
#include "dane/proxy/trust_profiles.h"

struct profile {
    char folder[FILE_PATH_SIZE], user_js[FILE_PATH_SIZE], prefs_js[FILE_PATH_SIZE];
    char *user_text, *prefs_text; /* heap; NULL: no such file */
    size_t user_len, prefs_len;
    struct trust_made made;
};

static bool is_readable(enum status status)
{
    return status == STATUS_OK || status == STATUS_NOT_FOUND;
}

static bool profile_open(struct profile *profile, const struct trust *trust)
{
    return trust_file_path(profile->user_js, "%s/user.js", profile->folder) &&
           trust_file_path(profile->prefs_js, "%s/prefs.js", profile->folder) &&
           trust_made_in_home(trust, &profile->made) &&
           is_readable(
               trust_file_read(profile->user_js, &profile->user_text, &profile->user_len)) &&
           is_readable(
               trust_file_read(profile->prefs_js, &profile->prefs_text, &profile->prefs_len)) &&
           (!profile->user_text || strlen(profile->user_text) == profile->user_len) &&
           (!profile->prefs_text || strlen(profile->prefs_text) == profile->prefs_len);
}

/* Firefox holds a lock on this file as long as it runs. */
static bool is_running(const struct profile *profile)
{
    char path[FILE_PATH_SIZE];
    if (!trust_file_path(path, "%s/.parentlock", profile->folder))
        return false;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    bool running = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return running;
}

/* Has Firefox ever run in it? These are among the first files that it makes. */
static bool has_run(const struct profile *profile)
{
    static const char *const names[] = {"compatibility.ini", ".parentlock", "logins.json"};
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!trust_file_path(path, "%s/%s", profile->folder, names[i]) || trust_file_exists(path))
            return true;
    return false;
}

static bool write_user_js(const struct profile *profile, char *text)
{
    enum status status =
        text ? trust_file_replace(profile->user_js, text, strlen(text), 0600) : STATUS_NO_MEMORY;
    free(text);
    return status == STATUS_OK;
}

/* --- install --- */

static enum trust_nss_outcome install_root(const struct trust *trust, const struct profile *profile)
{
    if (!trust_nss_is_there(profile->folder)) {
        enum trust_nss_outcome made = trust_nss_create(trust, &profile->made, profile->folder);
        if (made != TRUST_NSS_CHANGED)
            return made;
    }
    return trust_nss_install(trust, profile->folder);
}

static void install(const struct trust *trust, const struct profile *profile, struct trust_row *row)
{
    enum trust_nss_outcome outcome = install_root(trust, profile);
    const char *conflict = trust_prefs_conflict(profile->user_text, profile->prefs_text);
    bool rooted = outcome == TRUST_NSS_NOTHING || outcome == TRUST_NSS_CHANGED;
    if (!rooted) {
        trust_row_say(row, TRUST_FAILED, "%s", trust_nss_text(outcome));
        if (outcome == TRUST_NSS_PASSWORD)
            row->state = TRUST_REFUSED;
        return;
    }
    const char *root = outcome == TRUST_NSS_CHANGED ? "root set" : "root already there";
    if (conflict) {
        trust_row_say(
            row, TRUST_REFUSED,
            "%s; proxy not set: %s (network.proxy.*), which stays. Without the PAC names of the "
            "house don't open here",
            root, conflict);
        return;
    }
    if (trust_prefs_is_set(profile->user_text, trust->pac_url)) {
        trust_row_say(row, rooted && outcome == TRUST_NSS_NOTHING ? TRUST_ALREADY : TRUST_INSTALLED,
                      "%s, proxy already set", root);
        return;
    }
    if (write_user_js(profile,
                      trust_prefs_with(profile->user_text, profile->prefs_text, trust->pac_url)))
        trust_row_say(row, TRUST_INSTALLED,
                      outcome == TRUST_NSS_CHANGED ? "root and proxy set" : "%s, proxy set", root);
    else
        trust_row_say(row, TRUST_FAILED, "%s; user.js can't be written", root);
}

/* --- uninstall --- */

/* Both files as they were. False: they could not be written. */
static bool remove_proxy(const struct profile *profile)
{
    if (profile->prefs_text && trust_prefs_is_ours(profile->prefs_text)) {
        char *text = trust_prefs_restore(profile->prefs_text, profile->user_text);
        enum status status = text ? trust_file_replace(profile->prefs_js, text, strlen(text), 0600)
                                  : STATUS_NO_MEMORY;
        free(text);
        if (status != STATUS_OK)
            return false;
    }
    if (!profile->user_text || !trust_prefs_has_block(profile->user_text))
        return true;
    char *text = trust_prefs_without(profile->user_text);
    if (text && text[0] == '\0' && trust_prefs_was_made(profile->user_text)) {
        free(text);
        return unlink(profile->user_js) == 0;
    }
    return write_user_js(profile, text);
}

static void uninstall(const struct trust *trust, const struct profile *profile,
                      struct trust_row *row)
{
    bool in_prefs = profile->prefs_text && trust_prefs_is_ours(profile->prefs_text);
    bool in_user = profile->user_text && trust_prefs_has_block(profile->user_text);
    /* Firefox keeps the key of its saved passwords in such a database: once it has run, it is its own. */
    const struct trust_made *made = has_run(profile) ? NULL : &profile->made;
    enum trust_nss_outcome outcome = trust_nss_is_there(profile->folder)
                                         ? trust_nss_remove(trust, made, profile->folder)
                                         : TRUST_NSS_NOTHING;
    bool failed = outcome != TRUST_NSS_NOTHING && outcome != TRUST_NSS_CHANGED;
    if (in_prefs && is_running(profile)) {
        trust_row_say(
            row, TRUST_REFUSED,
            "%s; the proxy setting is still there, because a running Firefox would write it back: "
            "close it and run this again",
            failed ? trust_nss_text(outcome) : "no root of Hearth left");
        return;
    }
    if (!remove_proxy(profile)) {
        trust_row_say(row, TRUST_FAILED, "user.js or prefs.js can't be written");
        return;
    }
    if (failed)
        trust_row_say(row, TRUST_FAILED, "%s", trust_nss_text(outcome));
    else if (in_prefs || in_user)
        trust_row_say(row, TRUST_REMOVED,
                      outcome == TRUST_NSS_CHANGED ? "root and proxy removed" : "proxy removed");
    else if (outcome == TRUST_NSS_CHANGED)
        trust_row_say(row, TRUST_REMOVED, "root removed");
    else
        trust_row_say(row, TRUST_ABSENT, "nothing of Hearth in it");
}

/* --- status --- */

static void prove(const struct trust *trust, const struct profile *profile, struct trust_row *row)
{
    enum trust_nss_outcome outcome = TRUST_NSS_NOTHING;
    row->inside = TRUST_NO;
    row->outside = TRUST_NO;
    if (trust_nss_is_there(profile->folder))
        outcome = trust_nss_prove(trust, profile->folder, &row->inside, &row->outside);
    row->proxy = profile->user_text && trust_prefs_is_set(profile->user_text, trust->pac_url)
                     ? TRUST_YES
                     : TRUST_NO;
    trust_row_judge(row);
    if (outcome == TRUST_NSS_NO_TOOL || outcome == TRUST_NSS_FAILED) {
        row->state = TRUST_FAILED;
        trust_row_add(row, outcome == TRUST_NSS_NO_TOOL
                               ? "vfychain is not installed: apt install libnss3-tools"
                               : "vfychain could not judge");
    }
}

/* --- all profiles --- */

static void do_profile(struct trust *trust, const char *name, const char *folder)
{
    struct profile profile = {.user_text = NULL};
    char store[TRUST_STORE_SIZE];
    (void)snprintf(store, sizeof store, "Firefox profile %.100s", name);
    struct trust_row *row = trust_report_add(trust->report, store, folder);
    (void)snprintf(profile.folder, sizeof profile.folder, "%s", folder);
    if (!profile_open(&profile, trust))
        trust_row_say(row, TRUST_FAILED, "its user.js or prefs.js can't be read");
    else if (trust->request.verb == TRUST_INSTALL)
        install(trust, &profile, row);
    else if (trust->request.verb == TRUST_UNINSTALL)
        uninstall(trust, &profile, row);
    else
        prove(trust, &profile, row);
    free(profile.user_text);
    free(profile.prefs_text);
}

static size_t do_profiles(struct trust *trust, const char *folder)
{
    struct trust_profile profiles[TRUST_PROFILES_MAX];
    char path[FILE_PATH_SIZE], *text = NULL;
    size_t len = 0, done = 0;
    struct stat there;
    if (!trust_file_path(path, "%s/profiles.ini", folder) ||
        trust_file_read(path, &text, &len) != STATUS_OK)
        return 0;
    size_t count = trust_profiles_parse(text, len, profiles);
    free(text);
    for (size_t i = 0; i < count; i++) {
        bool good = profiles[i].is_relative
                        ? trust_file_path(path, "%s/%s", folder, profiles[i].path)
                        : trust_file_path(path, "%s", profiles[i].path);
        if (!good || stat(path, &there) != 0 || !S_ISDIR(there.st_mode))
            continue;
        do_profile(trust, profiles[i].name, path);
        done++;
    }
    return done;
}

void trust_firefox_user(struct trust *trust)
{
    static const char *const programs[] = {"firefox", "firefox-esr"};
    char folder[FILE_PATH_SIZE];
    size_t done = 0;
    if (trust_file_path(folder, "%s/.mozilla/firefox", trust->places.home))
        done += do_profiles(trust, folder);
    if (trust_file_path(folder, "%s/mozilla/firefox", trust->places.config_home))
        done += do_profiles(trust, folder);
    bool wanted = done == 0 && trust->request.verb != TRUST_UNINSTALL && !trust->request.machine;
    for (size_t i = 0; wanted && i < sizeof programs / sizeof programs[0]; i++)
        if (trust_file_path(folder, "%s/usr/bin/%s", trust->places.root, programs[i]) &&
            trust_file_exists(folder)) {
            trust_row_say(
                trust_report_add(trust->report, "Firefox", folder), TRUST_ABSENT,
                "no profile yet; start it once, and then run `hearth trust install` again");
            return;
        }
}
