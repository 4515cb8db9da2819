/* trust.c: see trust.h. The order of things: the CA, what is for the whole machine, then the HOME's stores,
 * by a child with that user's rights when root is asked to do it in the HOME of another.
 */
#include "dane/proxy/trust.h"

#include <errno.h>
#include <openssl/x509.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dane/proxy/trust_authority.h"
#include "dane/proxy/trust_file.h"
#include "dane/proxy/trust_rights.h"

enum {
    PORT_DIGITS = 5,
    FIRST_PERSON = 1000, /* uids from here on are people's (login.defs, UID_MIN) */
};

static const char port_file[] = "port";
static const char *const work_files[] = {"password", "root.pem", "inside.pem", "outside.pem"};

/* --- where --- */

/* A variable's value, or what it is without one. */
static bool take_variable(char path[static FILE_PATH_SIZE], const char *value, const char *home,
                          const char *rest)
{
    return value && value[0] == '/' ? trust_file_path(path, "%s", value)
                                    : trust_file_path(path, "%s%s", home, rest);
}

enum status trust_places_init(struct trust_places *places)
{
    const char *home = getenv("HOME");
    *places = (struct trust_places){.root = ""};
    if (!home || home[0] != '/' || home[1] == '\0')
        return STATUS_OK;
    bool fits = trust_file_path(places->home, "%s", home);
    for (size_t len = strlen(places->home); fits && len > 1 && places->home[len - 1] == '/'; len--)
        places->home[len - 1] = '\0';
    fits =
        fits &&
        take_variable(places->data_home, getenv("XDG_DATA_HOME"), places->home, "/.local/share") &&
        take_variable(places->config_home, getenv("XDG_CONFIG_HOME"), places->home, "/.config");
    return fits ? STATUS_OK : STATUS_TOO_LONG;
}

bool trust_made_in_home(const struct trust *trust, struct trust_made *made)
{
    return trust_file_path(made->path, "%s/hearth/trust-made", trust->places.data_home);
}

bool trust_made_of_machine(const struct trust *trust, struct trust_made *made)
{
    return trust_file_path(made->path, "%s/var/lib/hearth-trust/made", trust->places.root);
}

bool trust_is_our_pac(const char *url)
{
    char one[PAC_URL_SIZE], other[PAC_URL_SIZE];
    size_t same = 0;
    pac_url("[", one);
    pac_url("1", other);
    while (one[same] != '\0' && one[same] == other[same])
        same++;
    return strncmp(url, one, same) == 0;
}

/* The proxy keeps the port that it came to, when it was not the one asked for. */
static void find_pac(struct trust *trust)
{
    char path[FILE_PATH_SIZE], listen[32], *text = NULL;
    size_t len = 0;
    const char *chosen = trust->request.listen;
    if (trust_file_path(path, "%s/%s", trust->request.ca_dir, port_file) &&
        trust_file_read(path, &text, &len) == STATUS_OK) {
        size_t digits = strspn(text, "0123456789");
        unsigned long port = digits > 0 && digits <= PORT_DIGITS ? strtoul(text, NULL, 10) : 0;
        if (port > 0 && port <= UINT16_MAX && (text[digits] == '\n' || text[digits] == '\0')) {
            (void)snprintf(listen, sizeof listen, "127.0.0.1:%lu", port);
            chosen = listen;
        }
    }
    free(text);
    pac_url(chosen, trust->pac_url);
}

/* --- the folder of files that programs are shown --- */

static bool write_work(const struct trust *trust, const char *name, const char *text, size_t len)
{
    char path[FILE_PATH_SIZE];
    enum status status = trust_file_path(path, "%s/%s", trust->work, name)
                             ? trust_file_replace(path, text, len, 0600)
                             : STATUS_TOO_LONG;
    return status == STATUS_OK;
}

static bool write_certificate(const struct trust *trust, const char *name,
                              const struct x509_st *certificate)
{
    size_t len = 0;
    char *pem = certificate ? trust_root_pem(certificate, &len) : NULL;
    bool good = !certificate || (pem && write_work(trust, name, pem, len));
    free(pem);
    return good;
}

static bool open_work(struct trust *trust)
{
    (void)snprintf(trust->work, sizeof trust->work, "/tmp/hearth-trust.XXXXXX");
    if (!mkdtemp(trust->work)) {
        trust->work[0] = '\0';
        return false;
    }
    /* An empty first line is the empty password; certutil takes no empty file. */
    return write_work(trust, "password", "\n", 1) &&
           (!trust->has_root ||
            write_work(trust, "root.pem", trust->root.pem, trust->root.pem_len)) &&
           write_certificate(trust, "inside.pem", trust->proof.inside) &&
           write_certificate(trust, "outside.pem", trust->proof.outside);
}

static void close_work(struct trust *trust)
{
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; trust->work[0] != '\0' && i < sizeof work_files / sizeof work_files[0]; i++)
        if (trust_file_path(path, "%s/%s", trust->work, work_files[i]))
            (void)unlink(path);
    if (trust->work[0] != '\0')
        (void)rmdir(trust->work);
    trust->work[0] = '\0';
}

/* --- the HOME --- */

static void clear_made(const struct trust *trust, size_t from, bool fits,
                       const struct trust_made *made)
{
    bool done = true;
    for (size_t i = from; i < trust->report->count; i++)
        done = done && trust->report->rows[i].state != TRUST_FAILED &&
               trust->report->rows[i].state != TRUST_REFUSED;
    enum status status = fits ? trust_made_clear(made, done) : STATUS_TOO_LONG;
    if (status != STATUS_OK)
        trust_row_say(trust_report_add(trust->report, "What install made", made->path),
                      TRUST_FAILED, "can't be cleared away: %s", status_text(status));
}

static void do_home(struct trust *trust)
{
    struct trust_made made;
    size_t from = trust->report->count;
    if (!open_work(trust)) {
        trust_row_say(trust_report_add(trust->report, "Stores of the home", trust->places.home),
                      TRUST_FAILED, "no folder for temporary files");
        close_work(trust);
        return;
    }
    trust_chromium_user(trust);
    trust_firefox_user(trust);
    trust_desktop(trust);
    if (trust->request.verb == TRUST_UNINSTALL)
        clear_made(trust, from, trust_made_in_home(trust, &made), &made);
    close_work(trust);
}

static void work(void *context, int fd)
{
    struct trust *trust = context;
    trust_report_deinit(trust->report);
    do_home(trust);
    enum status status = trust_report_write(trust->report, fd);
    _exit(status == STATUS_OK ? 0 : 1);
}

static enum status take(void *context, int fd)
{
    struct trust *trust = context;
    return trust_report_read(trust->report, fd);
}

static void run_home(struct trust *trust)
{
    uid_t owner = geteuid();
    if (trust->places.home[0] == '\0')
        return;
    enum status status = trust_rights_owner(trust->places.home, &owner);
    if (status == STATUS_OK && geteuid() == 0 && owner != 0)
        status = trust_rights_run(owner, &(struct trust_rights_job){work, take, trust});
    else if (status == STATUS_OK)
        do_home(trust);
    if (status != STATUS_OK)
        trust_row_say(trust_report_add(trust->report, "Stores of the home", trust->places.home),
                      TRUST_FAILED, "can't be worked on with its owner's rights: %s",
                      status_text(status));
}

/* --- the machine --- */

static void run_machine(struct trust *trust)
{
    uid_t owner = 0;
    struct trust_made made;
    size_t from = trust->report->count;
    enum status status = trust_rights_owner(trust->request.ca_dir, &owner);
    bool foreign = owner != geteuid() && owner >= FIRST_PERSON;
    if (trust->request.verb == TRUST_INSTALL && (status != STATUS_OK || foreign)) {
        trust_row_say(
            trust_report_add(trust->report, "Stores of the machine", trust->request.ca_dir),
            TRUST_REFUSED,
            "left alone: this CA belongs to a single user, who could then vouch for everybody's "
            "names");
        return;
    }
    trust_bundle(trust);
    trust_machine_chromium(trust);
    trust_machine_firefox(trust);
    if (trust->request.verb == TRUST_UNINSTALL)
        clear_made(trust, from, trust_made_of_machine(trust, &made), &made);
}

/* The folder of a user's CA may be the first thing in a HOME: what is made above it is written down. */
static enum status make_ca_parents(const struct trust *trust)
{
    char parent[FILE_PATH_SIZE];
    struct trust_made made;
    enum status status = trust_file_folder(parent, trust->request.ca_dir);
    if (status != STATUS_OK || trust_file_exists(parent))
        return status;
    uid_t owner = geteuid();
    bool in_home = trust->places.home[0] != '\0' &&
                   strncmp(parent, trust->places.home, strlen(trust->places.home)) == 0;
    status = in_home ? trust_rights_owner(trust->places.home, &owner) : STATUS_OK;
    if (status != STATUS_OK || !in_home || owner != geteuid())
        return status;
    return trust_made_in_home(trust, &made) ? trust_made_folder(&made, parent, 0700)
                                            : STATUS_TOO_LONG;
}

/* The system instance's folder belongs to its own user, if that is there already. */
static enum status make_system_folder(const char *folder)
{
    const struct passwd *account = getpwnam("hearth-proxy");
    if (mkdir(folder, 0755) != 0)
        return errno == EEXIST ? STATUS_OK : file_status(errno);
    if (account && chown(folder, account->pw_uid, account->pw_gid) != 0)
        return file_status(errno);
    return STATUS_OK;
}

static enum status open_authority(struct trust *trust, struct trust_authority *authority,
                                  char *error)
{
    const struct trust_request *request = &trust->request;
    enum status status = STATUS_OK;
    error[0] = '\0';
    if (request->verb == TRUST_INSTALL)
        status = request->system_ca ? make_system_folder(request->ca_dir) : make_ca_parents(trust);
    if (status == STATUS_OK)
        status = trust_authority_open(authority, request->ca_dir, request->verb == TRUST_INSTALL,
                                      request->verb == TRUST_STATUS, request->now_ms, error);
    if (status != STATUS_OK && error[0] == '\0')
        (void)snprintf(error, CA_ERROR_SIZE, "%s: %s", request->ca_dir, status_text(status));
    if (status != STATUS_OK)
        return status;
    status = trust_root_init(&trust->root, authority->certificate);
    trust->has_root = status == STATUS_OK;
    trust->proof = authority->proof;
    return status;
}

enum status trust_run(const struct trust_request *request, const struct trust_places *places,
                      struct trust_report *report, char error[static CA_ERROR_SIZE])
{
    struct trust_authority authority = {.certificate = NULL};
    struct trust *trust = calloc(1, sizeof *trust);
    if (!trust)
        return STATUS_NO_MEMORY;
    trust->request = *request;
    trust->places = *places;
    trust->report = report;
    enum status status = open_authority(trust, &authority, error);
    find_pac(trust);
    (void)snprintf(report->pac, sizeof report->pac, "%s", trust->pac_url);
    /* What is in the stores can go without the CA, whatever became of it. */
    if (status != STATUS_OK && request->verb == TRUST_UNINSTALL)
        status = STATUS_OK;
    if (status == STATUS_OK) {
        if (request->machine)
            run_machine(trust);
        run_home(trust);
        trust_uncovered(trust);
    }
    if (status == STATUS_OK && report->broken)
        status = STATUS_NO_MEMORY;
    trust_root_deinit(&trust->root);
    trust_authority_close(&authority);
    free(trust);
    return status;
}
