/* trust_machine_chromium.c: policies of Chromium and Chrome for the whole machine, in a file of our own
 * beside those of others.
 *
 * Of two files that set one policy the browser takes one, and two PACs can't be made into one: where
 * somebody else sets the proxy, or a list of roots, ours is left out, and that is said.
 */
#include "dane/proxy/trust.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/trust_file.h"
#include "dane/proxy/trust_policy.h"

static const char own_name[] = "hearth.json";

struct browser {
    const char *store, *folder;
    const char *signs[3]; /* it is installed when one of these is there */
};

static const struct browser browsers[] = {
    {"Chromium policy",
     "/etc/chromium/policies/managed",
     {"/usr/bin/chromium", "/usr/bin/chromium-browser", "/etc/chromium"}},
    {"Chrome policy",
     "/etc/opt/chrome/policies/managed",
     {"/opt/google/chrome", "/usr/bin/google-chrome", "/etc/opt/chrome"}},
};

static bool is_installed(const struct trust *trust, const struct browser *browser)
{
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < sizeof browser->signs / sizeof browser->signs[0]; i++)
        if (trust_file_path(path, "%s%s", trust->places.root, browser->signs[i]) &&
            trust_file_exists(path))
            return true;
    return false;
}

/* What files of others set; *where is one that does. A file that can't be read as JSON counts as one that
 * sets the proxy: it can't be told that it doesn't. */
struct others {
    bool proxy, roots;
    char where[NAME_MAX + 1];
};

static void look_at(struct others *others, const char *folder, const char *name)
{
    char path[FILE_PATH_SIZE], *text = NULL;
    size_t len;
    bool proxy = true, roots = false;
    if (!trust_file_path(path, "%s/%s", folder, name) ||
        trust_file_read(path, &text, &len) != STATUS_OK ||
        trust_policy_chromium_look(text, &proxy, &roots) != STATUS_OK)
        proxy = true;
    free(text);
    if (proxy || roots)
        (void)snprintf(others->where, sizeof others->where, "%s", name);
    others->proxy = others->proxy || proxy;
    others->roots = others->roots || roots;
}

static void look_around(struct others *others, const char *folder)
{
    *others = (struct others){.proxy = false};
    DIR *stream = opendir(folder);
    for (const struct dirent *entry; stream && (entry = readdir(stream)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".json") == 0 &&
            strcmp(entry->d_name, own_name) != 0)
            look_at(others, folder, entry->d_name);
    }
    if (stream)
        closedir(stream);
}

static enum status put(const struct trust_made *made, const char *folder, const char *path,
                       const char *text)
{
    enum status status = trust_made_folder(made, folder, 0755);
    if (status == STATUS_OK)
        status = trust_made_note(made, path);
    return status == STATUS_OK ? trust_file_replace(path, text, strlen(text), 0644) : status;
}

static void install(const struct trust *trust, const struct trust_made *made, const char *folder,
                    const char *path, struct trust_row *row)
{
    struct others others;
    char *before = NULL;
    size_t len;
    look_around(&others, folder);
    char *text = trust_policy_chromium(others.roots ? NULL : trust->root.base64,
                                       others.proxy ? NULL : trust->pac_url);
    bool same =
        text && trust_file_read(path, &before, &len) == STATUS_OK && strcmp(before, text) == 0;
    enum status status = !text  ? STATUS_NO_MEMORY
                         : same ? STATUS_OK
                                : put(made, folder, path, text);
    free(before);
    free(text);
    if (status != STATUS_OK)
        trust_row_say(row, TRUST_FAILED, "can't be written: %s", status_text(status));
    else if (others.proxy || others.roots)
        trust_row_say(row, TRUST_REFUSED,
                      "%s; %s is set by %s/%s, which stays: Chromium takes only one, and two "
                      "PACs can't be merged",
                      others.roots           ? "root not set"
                      : others.proxy && same ? "root already there, proxy not set"
                                             : "root set, proxy not set",
                      others.roots ? "CACertificates" : "a proxy", folder, others.where);
    else
        trust_row_say(row, same ? TRUST_ALREADY : TRUST_INSTALLED,
                      same ? "root and proxy already there" : "root and proxy set");
}

static void uninstall(const char *path, struct trust_row *row)
{
    if (unlink(path) == 0)
        trust_row_say(row, TRUST_REMOVED, "root and proxy removed");
    else if (errno == ENOENT)
        trust_row_say(row, TRUST_ABSENT, "nothing of Hearth in it");
    else
        trust_row_say(row, TRUST_FAILED, "can't be removed: %s", strerror(errno));
}

static void prove(const struct trust *trust, const char *folder, const char *path,
                  struct trust_row *row)
{
    struct others others;
    char *text = NULL, *base64 = NULL, *url = NULL;
    size_t len;
    look_around(&others, folder);
    if (trust_file_read(path, &text, &len) != STATUS_OK ||
        trust_policy_chromium_read(text, &base64, &url) != STATUS_OK)
        base64 = url = NULL;
    X509 *anchor = base64 && !others.roots ? trust_root_read_base64(base64) : NULL;
    trust_proof_by_anchor(&trust->proof, anchor, &row->inside, &row->outside);
    row->proxy = url && !others.proxy && strcmp(url, trust->pac_url) == 0 ? TRUST_YES : TRUST_NO;
    trust_row_judge(row);
    X509_free(anchor);
    free(text);
    free(base64);
    free(url);
}

void trust_machine_chromium(struct trust *trust)
{
    for (size_t i = 0; i < sizeof browsers / sizeof browsers[0]; i++) {
        char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
        struct trust_made made;
        if (!trust_file_path(folder, "%s%s", trust->places.root, browsers[i].folder) ||
            !trust_file_path(path, "%s/%s", folder, own_name) ||
            !trust_made_of_machine(trust, &made) ||
            (!is_installed(trust, &browsers[i]) && !trust_file_exists(path)))
            continue;
        struct trust_row *row = trust_report_add(trust->report, browsers[i].store, path);
        if (trust->request.verb == TRUST_INSTALL)
            install(trust, &made, folder, path, row);
        else if (trust->request.verb == TRUST_UNINSTALL)
            uninstall(path, row);
        else
            prove(trust, folder, path, row);
    }
}
