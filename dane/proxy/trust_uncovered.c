/* trust_uncovered.c: browsers in a box of their own (snap, flatpak), which read neither the HOME's stores nor
 * the machine's policies: they are named, so that nobody takes them for covered.
 */
#include "dane/proxy/trust.h"

#include <string.h>

#include "dane/proxy/trust_file.h"

enum where { IN_ROOT, IN_HOME, IN_DATA };

static const struct {
    enum where where;
    const char *path, *store, *box;
} boxed[] = {
    {IN_ROOT, "/snap/bin/chromium", "Chromium (snap)", "snap"},
    {IN_HOME, "/snap/chromium", "Chromium (snap)", "snap"},
    {IN_ROOT, "/snap/bin/firefox", "Firefox (snap)", "snap"},
    {IN_HOME, "/snap/firefox", "Firefox (snap)", "snap"},
    {IN_ROOT, "/var/lib/flatpak/app/org.chromium.Chromium", "Chromium (flatpak)", "flatpak"},
    {IN_DATA, "/flatpak/app/org.chromium.Chromium", "Chromium (flatpak)", "flatpak"},
    {IN_ROOT, "/var/lib/flatpak/app/com.google.Chrome", "Chrome (flatpak)", "flatpak"},
    {IN_DATA, "/flatpak/app/com.google.Chrome", "Chrome (flatpak)", "flatpak"},
    {IN_ROOT, "/var/lib/flatpak/app/org.mozilla.firefox", "Firefox (flatpak)", "flatpak"},
    {IN_DATA, "/flatpak/app/org.mozilla.firefox", "Firefox (flatpak)", "flatpak"},
    {IN_ROOT, "/var/lib/flatpak/app/com.brave.Browser", "Brave (flatpak)", "flatpak"},
    {IN_DATA, "/flatpak/app/com.brave.Browser", "Brave (flatpak)", "flatpak"},
};

void trust_uncovered(struct trust *trust)
{
    const char *last = "";
    for (size_t i = 0; i < sizeof boxed / sizeof boxed[0]; i++) {
        const char *base = boxed[i].where == IN_ROOT   ? trust->places.root
                           : boxed[i].where == IN_HOME ? trust->places.home
                                                       : trust->places.data_home;
        char path[FILE_PATH_SIZE];
        if (strcmp(boxed[i].store, last) == 0 ||
            (boxed[i].where != IN_ROOT && trust->places.home[0] == '\0') ||
            !trust_file_path(path, "%s%s", base, boxed[i].path) || !trust_file_exists(path))
            continue;
        last = boxed[i].store;
        trust_row_say(trust_report_add(trust->report, boxed[i].store, path), TRUST_UNCOVERED,
                      "not covered: a %s has a home and certificates of its own, where nothing is "
                      "changed; import "
                      "the CA's certificate and set the PAC in its own settings",
                      boxed[i].box);
    }
}
