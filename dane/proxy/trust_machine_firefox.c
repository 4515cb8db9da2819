/* trust_machine_firefox.c: Firefox's policies for the whole machine: one file that all share.
 *
 * What was there is kept beside the list of what we made, and comes back octet for octet when nobody has
 * changed the file since; else only what is ours is taken out. Firefox copies a root of a policy into
 * each profile's cert9.db and leaves it there: the profiles of the HOME are cleaned by trust_firefox.c.
 */
#include "dane/proxy/trust.h"

#include <errno.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/trust_file.h"
#include "dane/proxy/trust_policy.h"

struct policies {
    char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE];
    char saved[FILE_PATH_SIZE];  /* what was there before us */
    char root[FILE_PATH_SIZE];   /* of the system's bundle, for all to read */
    char prefix[FILE_PATH_SIZE]; /* of such paths */
    struct trust_made made;
    char *text; /* heap; NULL: no such file */
    size_t len;
};

static const char *const signs[] = {"/usr/bin/firefox", "/usr/bin/firefox-esr", "/opt/firefox",
                                    "/usr/lib/firefox", "/usr/lib/firefox-esr", "/etc/firefox"};
static const char *const elsewhere[] = {"/usr/lib/firefox-esr/distribution/policies.json",
                                        "/usr/lib/firefox/distribution/policies.json",
                                        "/opt/firefox/distribution/policies.json"};

static bool is_there(const struct trust *trust, const char *const *list, size_t count, char *path)
{
    for (size_t i = 0; i < count; i++)
        if (trust_file_path(path, "%s%s", trust->places.root, list[i]) && trust_file_exists(path))
            return true;
    return false;
}

/* The bundle's file name without the part that differs from CA to CA. */
static bool policies_open(struct policies *policies, const struct trust *trust)
{
    char folder[FILE_PATH_SIZE];
    enum status status;
    bool fits = trust_file_path(policies->folder, "%s/etc/firefox/policies", trust->places.root) &&
                trust_file_path(policies->path, "%s/policies.json", policies->folder) &&
                trust_bundle_path(trust, policies->root) &&
                trust_made_of_machine(trust, &policies->made) &&
                trust_file_folder(folder, policies->root) == STATUS_OK &&
                trust_file_path(policies->prefix, "%s/hearth-", folder) &&
                trust_file_folder(folder, policies->made.path) == STATUS_OK &&
                trust_file_path(policies->saved, "%s/policies.json", folder);
    if (!fits)
        return false;
    status = trust_file_read(policies->path, &policies->text, &policies->len);
    return (status == STATUS_OK && strlen(policies->text) == policies->len) ||
           status == STATUS_NOT_FOUND;
}

/* --- install --- */

/* Keeps what was there, once. */
static enum status save(const struct policies *policies)
{
    if (!policies->text)
        return trust_made_note(&policies->made, policies->path);
    if (trust_file_exists(policies->saved))
        return STATUS_OK;
    enum status status = trust_made_note(&policies->made, policies->saved);
    return status == STATUS_OK
               ? trust_file_replace(policies->saved, policies->text, policies->len, 0600)
               : status;
}

static enum status put(const struct policies *policies, const char *merged)
{
    bool had = false;
    char *rest = NULL;
    enum status status = trust_made_folder(&policies->made, policies->folder, 0755);
    if (status == STATUS_OK && policies->text)
        status = trust_policy_firefox_without(policies->text, policies->prefix, &rest, &had);
    free(rest);
    if (status == STATUS_OK && !had)
        status = save(policies);
    return status == STATUS_OK ? trust_file_replace(policies->path, merged, strlen(merged), 0644)
                               : status;
}

static void install(const struct trust *trust, const struct policies *policies,
                    struct trust_row *row)
{
    char *merged = NULL, other[FILE_PATH_SIZE];
    bool taken = false;
    if (!policies->text &&
        is_there(trust, elsewhere, sizeof elsewhere / sizeof elsewhere[0], other)) {
        trust_row_say(row, TRUST_REFUSED, "not made, because Firefox would then ignore %s", other);
        return;
    }
    enum status status = trust_policy_firefox_with(policies->text, policies->root, policies->prefix,
                                                   trust->pac_url, &merged, &taken);
    if (status == STATUS_MALFORMED) {
        trust_row_say(row, TRUST_REFUSED,
                      "left as it is: what is there is not the JSON of Firefox's policies");
        return;
    }
    bool same = merged && policies->text && strcmp(merged, policies->text) == 0;
    if (status == STATUS_OK && merged && !same)
        status = put(policies, merged);
    free(merged);
    if (status != STATUS_OK)
        trust_row_say(row, TRUST_FAILED, "can't be written: %s", status_text(status));
    else if (taken)
        trust_row_say(row, TRUST_REFUSED,
                      "root %s; proxy not set: it has a Proxy of its own, which stays (two PACs "
                      "can't be merged)",
                      same ? "already there" : "set");
    else
        trust_row_say(row, same ? TRUST_ALREADY : TRUST_INSTALLED,
                      same ? "root and proxy already there" : "root and proxy set");
}

/* --- uninstall --- */

/* Is the file still what install made of the saved one? */
static bool is_untouched(const struct policies *policies, const char *saved, const char *path,
                         const char *url)
{
    char *merged = NULL;
    bool taken;
    enum status status =
        trust_policy_firefox_with(saved, path, policies->prefix, url, &merged, &taken);
    bool same = status == STATUS_OK && strcmp(merged, policies->text) == 0;
    free(merged);
    return same;
}

static enum status put_back(const struct policies *policies, const struct trust *trust,
                            const char *rest)
{
    char *saved = NULL;
    size_t len;
    enum status status = trust_file_read(policies->saved, &saved, &len);
    if (status == STATUS_OK && trust->has_root &&
        is_untouched(policies, saved, policies->root, trust->pac_url))
        status = trust_file_replace(policies->path, saved, len, 0644);
    else if (!rest && trust_made_has(&policies->made, policies->path))
        status = unlink(policies->path) == 0 ? STATUS_OK : file_status(errno);
    else
        status = trust_file_replace(policies->path, rest ? rest : "{}\n",
                                    strlen(rest ? rest : "{}\n"), 0644);
    free(saved);
    if (status == STATUS_OK)
        (void)unlink(policies->saved);
    return status;
}

static void uninstall(const struct trust *trust, const struct policies *policies,
                      struct trust_row *row)
{
    char *rest = NULL;
    bool had = false;
    enum status status = STATUS_OK;
    if (policies->text)
        status = trust_policy_firefox_without(policies->text, policies->prefix, &rest, &had);
    if (status == STATUS_OK && had)
        status = put_back(policies, trust, rest);
    free(rest);
    if (status != STATUS_OK)
        trust_row_say(row, TRUST_FAILED, "can't be changed back: %s", status_text(status));
    else
        trust_row_say(row, had ? TRUST_REMOVED : TRUST_ABSENT,
                      had ? "root and proxy removed" : "nothing of Hearth in it");
}

/* --- status --- */

static void prove(const struct trust *trust, const struct policies *policies, struct trust_row *row)
{
    bool has_root = false, has_proxy = false;
    if (policies->text)
        trust_policy_firefox_look(policies->text, policies->root, trust->pac_url, &has_root,
                                  &has_proxy);
    if (has_root) {
        trust_proof_by_file(&trust->proof, policies->root, &row->inside, &row->outside);
    } else {
        row->inside = TRUST_NO;
        row->outside = TRUST_NO;
    }
    row->proxy = has_proxy ? TRUST_YES : TRUST_NO;
    trust_row_judge(row);
}

void trust_machine_firefox(struct trust *trust)
{
    struct policies policies = {.text = NULL};
    char sign[FILE_PATH_SIZE];
    if (!is_there(trust, signs, sizeof signs / sizeof signs[0], sign))
        return;
    bool readable = policies_open(&policies, trust);
    struct trust_row *row = trust_report_add(trust->report, "Firefox policy", policies.path);
    if (!readable)
        trust_row_say(row, TRUST_FAILED, "can't be read");
    else if (trust->request.verb == TRUST_INSTALL)
        install(trust, &policies, row);
    else if (trust->request.verb == TRUST_UNINSTALL)
        uninstall(trust, &policies, row);
    else
        prove(trust, &policies, row);
    free(policies.text);
}
