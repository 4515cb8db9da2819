/* trust_desktop.c: the desktop's proxy setting, which Chromium as a user goes by: GNOME's through
 * gsettings, KDE's through kwriteconfig.
 *
 * A setting that is not ours is named and stays. Each value is read back: without a session gsettings
 * takes what it is told, and forgets it.
 */
#include "dane/proxy/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/trust_file.h"
#include "dane/proxy/trust_tool.h"

enum { VALUE_SIZE = PAC_URL_SIZE + 16 };

static const char schema[] = "org.gnome.system.proxy";

/* One desktop: how its mode and its PAC are read and set. */
struct desktop {
    const char *store, *path;
    const char *off, *automatic; /* values of the mode */
    bool (*get)(const struct trust *trust, bool mode, char value[static VALUE_SIZE]);
    bool (*set)(const struct trust *trust, bool mode,
                const char *value); /* NULL: as if never set */
};

/* What the program says, without blanks around it and without single quotes. */
static bool read_value(const struct trust *trust, const char *const argv[],
                       char value[static VALUE_SIZE])
{
    struct trust_said said;
    enum status status = trust_tool_run(trust->places.home, argv, &said);
    bool good = status == STATUS_OK && said.exit_code == 0 && said.len < VALUE_SIZE;
    if (good) {
        const char *from = said.text + strspn(said.text, " '\n");
        size_t len = strlen(from);
        while (len > 0 && strchr(" '\n", from[len - 1]))
            len--;
        memcpy(value, from, len);
        value[len] = '\0';
    }
    trust_tool_free(&said);
    return good;
}

/* --- GNOME --- */

static bool gnome_get(const struct trust *trust, bool mode, char value[static VALUE_SIZE])
{
    return read_value(
        trust, (const char *[]){"gsettings", "get", schema, mode ? "mode" : "autoconfig-url", NULL},
        value);
}

static bool gnome_set(const struct trust *trust, bool mode, const char *value)
{
    const char *key = mode ? "mode" : "autoconfig-url";
    return trust_tool_succeeds(
        trust->places.home, value ? (const char *[]){"gsettings", "set", schema, key, value, NULL}
                                  : (const char *[]){"gsettings", "reset", schema, key, NULL});
}

/* Is there a session that would keep a setting? */
static bool gnome_is_here(const struct trust *trust)
{
    char value[VALUE_SIZE], bus[FILE_PATH_SIZE];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    bool session = getenv("DBUS_SESSION_BUS_ADDRESS") || getenv("GSETTINGS_BACKEND") ||
                   (runtime && trust_file_path(bus, "%s/bus", runtime) && trust_file_exists(bus));
    return session && gnome_get(trust, true, value);
}

/* --- KDE --- */

static const char *kde_tool(const char *const names[2])
{
    char path[TRUST_TOOL_PATH_SIZE];
    for (size_t i = 0; i < 2; i++)
        if (trust_tool_find(names[i], path))
            return names[i];
    return NULL;
}

static const char *kde_key(bool mode)
{
    return mode ? "ProxyType" : "Proxy Config Script";
}

static bool kde_get(const struct trust *trust, bool mode, char value[static VALUE_SIZE])
{
    const char *tool = kde_tool((const char *[2]){"kreadconfig6", "kreadconfig5"});
    return tool && read_value(trust,
                              (const char *[]){tool, "--file", "kioslaverc", "--group",
                                               "Proxy Settings", "--key", kde_key(mode), NULL},
                              value);
}

static bool kde_set(const struct trust *trust, bool mode, const char *value)
{
    const char *tool = kde_tool((const char *[2]){"kwriteconfig6", "kwriteconfig5"});
    return tool && trust_tool_succeeds(trust->places.home,
                                       (const char *[]){tool, "--file", "kioslaverc", "--group",
                                                        "Proxy Settings", "--key", kde_key(mode),
                                                        value ? value : "--delete", NULL});
}

static bool kde_is_here(const struct trust *trust)
{
    char path[FILE_PATH_SIZE];
    const char *desktop = getenv("XDG_CURRENT_DESKTOP");
    bool session = (desktop && strstr(desktop, "KDE")) ||
                   (trust_file_path(path, "%s/kioslaverc", trust->places.config_home) &&
                    trust_file_exists(path));
    return session && kde_tool((const char *[2]){"kwriteconfig6", "kwriteconfig5"}) &&
           kde_tool((const char *[2]){"kreadconfig6", "kreadconfig5"});
}

/* --- either --- */

static void install(const struct trust *trust, const struct desktop *desktop, struct trust_row *row,
                    const char *mode, const char *url)
{
    char read_back[VALUE_SIZE] = "";
    bool off = mode[0] == '\0' || strcmp(mode, desktop->off) == 0;
    bool ours = trust_is_our_pac(url);
    if (!ours && (!off || url[0] != '\0')) {
        trust_row_say(row, TRUST_REFUSED,
                      "proxy not set: there is another setting (%.200s), which stays",
                      url[0] != '\0' ? url : mode);
    } else if (ours && strcmp(mode, desktop->automatic) == 0 && strcmp(url, trust->pac_url) == 0) {
        trust_row_say(row, TRUST_ALREADY, "proxy already set");
    } else if (ours && !off && strcmp(mode, desktop->automatic) != 0) {
        trust_row_say(row, TRUST_REFUSED,
                      "proxy not set: there is another setting (%.200s), which stays", mode);
    } else if (desktop->set(trust, false, trust->pac_url) &&
               desktop->set(trust, true, desktop->automatic) &&
               desktop->get(trust, false, read_back) && strcmp(read_back, trust->pac_url) == 0) {
        trust_row_say(row, TRUST_INSTALLED, "proxy set");
    } else {
        trust_row_say(row, TRUST_FAILED,
                      "the setting was not taken; is this inside the desktop's session?");
    }
}

static void uninstall(const struct trust *trust, const struct desktop *desktop,
                      struct trust_row *row, const char *mode, const char *url)
{
    if (!trust_is_our_pac(url)) {
        trust_row_say(row, TRUST_ABSENT, "no setting of Hearth");
        return;
    }
    bool done = desktop->set(trust, false, NULL);
    if (strcmp(mode, desktop->automatic) == 0)
        done = desktop->set(trust, true, NULL) && done;
    trust_row_say(row, done ? TRUST_REMOVED : TRUST_FAILED,
                  done ? "proxy removed" : "the setting can't be changed back");
}

static void do_desktop(struct trust *trust, const struct desktop *desktop)
{
    char mode[VALUE_SIZE] = "", url[VALUE_SIZE] = "";
    struct trust_row *row = trust_report_add(trust->report, desktop->store, desktop->path);
    if (!desktop->get(trust, true, mode) || !desktop->get(trust, false, url)) {
        trust_row_say(row, TRUST_FAILED, "the setting can't be read");
    } else if (trust->request.verb == TRUST_INSTALL) {
        install(trust, desktop, row, mode, url);
    } else if (trust->request.verb == TRUST_UNINSTALL) {
        uninstall(trust, desktop, row, mode, url);
    } else {
        bool set = strcmp(mode, desktop->automatic) == 0 && strcmp(url, trust->pac_url) == 0;
        row->proxy = set ? TRUST_YES : TRUST_NO;
        trust_row_judge(row);
    }
}

void trust_desktop(struct trust *trust)
{
    const struct desktop gnome = {
        "Desktop proxy setting (GNOME)", schema, "none", "auto", gnome_get, gnome_set};
    const struct desktop kde = {
        "Desktop proxy setting (KDE)", "kioslaverc", "0", "2", kde_get, kde_set};
    bool has_gnome = gnome_is_here(trust), has_kde = kde_is_here(trust);
    if (has_gnome)
        do_desktop(trust, &gnome);
    if (has_kde)
        do_desktop(trust, &kde);
    if (has_gnome || has_kde || trust->request.verb == TRUST_UNINSTALL || trust->request.machine)
        return;
    trust_row_say(
        trust_report_add(trust->report, "Desktop proxy setting", ""), TRUST_ABSENT,
        "none here; Chromium finds the proxy by the policies of root's `hearth trust install`, or "
        "when it is started with --proxy-pac-url (`hearth trust status --json`: pac)");
}
