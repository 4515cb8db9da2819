/* trust_bundle.c: the system's bundle, which curl, wget, Python and others go by: the root's PEM among the
 * local certificates, and update-ca-certificates run over them. Browsers don't read it; Firefox's policy
 * names its file, because all may read that.
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
#include "dane/proxy/trust_tool.h"

static const char local_folder[] = "/usr/local/share/ca-certificates";
static const char bundle_file[] = "/etc/ssl/certs/ca-certificates.crt";
static const char configuration_file[] = "/etc/ca-certificates.conf";

enum { GONE_SIZE = 4096 };

bool trust_bundle_path(const struct trust *trust, char path[static FILE_PATH_SIZE])
{
    return trust_file_path(path, "%s%s/%s", trust->places.root, local_folder,
                           trust->has_root ? trust->root.file_name : "hearth-.crt");
}

static bool is_hearths(const char *path)
{
    char *text = NULL;
    size_t len;
    X509 *certificate = NULL;
    bool is = trust_file_read(path, &text, &len) == STATUS_OK &&
              trust_root_read_pem(text, len, &certificate, 1) == 1 &&
              trust_root_is_hearths(certificate, "Hearth");
    X509_free(certificate);
    free(text);
    return is;
}

/* Removes the files of Hearth's roots, all but `keep`; how many. `gone` has a line for each. */
static size_t remove_roots(const char *folder, const char *keep, char gone[static GONE_SIZE])
{
    size_t count = 0, used = 0;
    gone[0] = '\0';
    DIR *stream = opendir(folder);
    for (const struct dirent *entry; stream && (entry = readdir(stream)) != NULL;) {
        char path[FILE_PATH_SIZE];
        if (strncmp(entry->d_name, "hearth-", 7) == 0 &&
            trust_file_path(path, "%s/%s", folder, entry->d_name) &&
            (!keep || strcmp(path, keep) != 0) && is_hearths(path) && unlink(path) == 0) {
            int len = snprintf(gone + used, GONE_SIZE - used, "!%s\n", entry->d_name);
            if (len > 0 && (size_t)len < GONE_SIZE - used)
                used += (size_t)len;
            gone[used] = '\0';
            count++;
        }
    }
    if (stream)
        closedir(stream);
    return count;
}

/* The system's configuration with `gone` behind it, in a file of its own, which the caller removes.
 */
static bool write_configuration(const char *gone, char path[static FILE_PATH_SIZE])
{
    char *text = NULL;
    size_t len = 0;
    enum status status = trust_file_read(configuration_file, &text, &len);
    (void)snprintf(path, FILE_PATH_SIZE, "/tmp/hearth-certificates.XXXXXX");
    int fd = status == STATUS_OK ? mkstemp(path) : -1;
    bool good = fd >= 0 && dprintf(fd, "%s\n%s", text, gone) > 0;
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !good)
        (void)unlink(path);
    free(text);
    return good;
}

/* Runs update-ca-certificates. Links in /etc/ssl/certs, and what its hooks keep (Java's store), it
 * takes out only where its configuration names them with '!'. */
static bool run_tool(const char *gone)
{
    char path[FILE_PATH_SIZE];
    const char *plain[] = {"update-ca-certificates", NULL};
    if (gone[0] == '\0' || !write_configuration(gone, path))
        return trust_tool_succeeds("/", plain);
    const char *naming[] = {"update-ca-certificates", "--certsconf", path, NULL};
    bool good = trust_tool_succeeds("/", naming);
    (void)unlink(path);
    return good;
}

/* The bundle anew. In a tree that is not the system's own it is left alone. */
static bool update(const struct trust *trust, const char *gone, struct trust_row *row)
{
    char tool[TRUST_TOOL_PATH_SIZE];
    if (trust->places.root[0] != '\0')
        return true;
    if (!trust_tool_find("update-ca-certificates", tool)) {
        trust_row_say(row, TRUST_FAILED,
                      "update-ca-certificates is not installed: apt install ca-certificates");
        return false;
    }
    if (run_tool(gone))
        return true;
    trust_row_say(row, TRUST_FAILED, "update-ca-certificates failed: run it by hand");
    return false;
}

static void install(const struct trust *trust, const char *folder, const char *path,
                    struct trust_row *row)
{
    struct trust_made made;
    char gone[GONE_SIZE];
    char *before = NULL;
    size_t len;
    bool same =
        trust_file_read(path, &before, &len) == STATUS_OK && strcmp(before, trust->root.pem) == 0;
    free(before);
    enum status status = trust_made_of_machine(trust, &made) ? STATUS_OK : STATUS_TOO_LONG;
    if (status == STATUS_OK && !same)
        status = trust_made_folder(&made, folder, 0755);
    if (status == STATUS_OK && !same)
        status = trust_file_replace(path, trust->root.pem, trust->root.pem_len, 0644);
    bool former = remove_roots(folder, path, gone) > 0;
    if (status != STATUS_OK)
        trust_row_say(row, TRUST_FAILED, "can't be written: %s", status_text(status));
    else if (same && !former)
        trust_row_say(row, TRUST_ALREADY, "root already there");
    else if (update(trust, gone, row))
        trust_row_say(row, TRUST_INSTALLED, "root set");
}

static void uninstall(const struct trust *trust, const char *folder, struct trust_row *row)
{
    char gone[GONE_SIZE];
    if (remove_roots(folder, NULL, gone) == 0)
        trust_row_say(row, TRUST_ABSENT, "nothing of Hearth in it");
    else if (update(trust, gone, row))
        trust_row_say(row, TRUST_REMOVED, "root removed");
}

void trust_bundle(struct trust *trust)
{
    char folder[FILE_PATH_SIZE], path[FILE_PATH_SIZE], bundle[FILE_PATH_SIZE];
    if (!trust_bundle_path(trust, path) || trust_file_folder(folder, path) != STATUS_OK ||
        !trust_file_path(bundle, "%s%s", trust->places.root, bundle_file))
        return;
    struct trust_row *row = trust_report_add(trust->report, "System bundle", bundle);
    if (trust->request.verb == TRUST_INSTALL) {
        install(trust, folder, path, row);
    } else if (trust->request.verb == TRUST_UNINSTALL) {
        uninstall(trust, folder, row);
    } else {
        trust_proof_by_file(&trust->proof, bundle, &row->inside, &row->outside);
        trust_row_judge(row);
    }
}
