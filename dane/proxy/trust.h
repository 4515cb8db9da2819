/* trust.h: `hearth trust install | status | uninstall`: the root of hearth-proxy's CA and its PAC, put
 * into the stores of browsers and system, proved there, and taken away again.
 *
 * As a user: Chromium's NSS database, every Firefox profile, the desktop's proxy setting. As root also
 * what counts for the whole machine (policies, the system's bundle). One file for each kind of store;
 * each adds its rows to the report. Nobody else's setting is ever overwritten: it is named, and stays.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_H
#define HEARTH_DANE_PROXY_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/proxy/ca.h"
#include "dane/proxy/pac.h"
#include "dane/proxy/trust_report.h"
#include "dane/proxy/trust_root.h"
#include "ledger/base/file.h"

enum trust_verb { TRUST_INSTALL, TRUST_STATUS, TRUST_UNINSTALL };

/* Where everything lies: absolute paths without a slash at the end. */
struct trust_places {
    char root[FILE_PATH_SIZE];        /* before all machine-wide paths; "" but in tests */
    char home[FILE_PATH_SIZE];        /* "" when there is none: then it has no stores */
    char data_home[FILE_PATH_SIZE];   /* $XDG_DATA_HOME */
    char config_home[FILE_PATH_SIZE]; /* $XDG_CONFIG_HOME */
};
/* From the environment. TOO_LONG. */
enum status trust_places_init(struct trust_places *places);

struct trust_request {
    enum trust_verb verb;
    bool machine;       /* what counts for all users too: for root */
    bool system_ca;     /* ca_dir is the system instance's, made for its user when it is missing */
    const char *ca_dir; /* of ca.pem, ca.key, port */
    const char *listen; /* "127.0.0.1:4680", where ca_dir has no port file */
    uint64_t now_ms;
};

/* What the files of the kinds share. */
struct trust {
    struct trust_request request;
    struct trust_places places;
    bool has_root; /* else there is no CA: only `uninstall` goes on then */
    struct trust_root root;
    struct trust_proof proof;
    char pac_url[PAC_URL_SIZE];
    char work
        [FILE_PATH_SIZE]; /* a private folder with root.pem, inside.pem, outside.pem, password */
    struct trust_report *report;
};

/* Does it all; the report has the rows. What can't be done in one store is a row and does not keep the
 * others from theirs. Fails, with `error` as a sentence, when nothing could be begun: as ca_open, and
 * NOT_FOUND (`status`, and there is no CA yet). */
enum status trust_run(const struct trust_request *request, const struct trust_places *places,
                      struct trust_report *report, char error[static CA_ERROR_SIZE]);

/* The kinds of stores. */
void trust_chromium_user(struct trust *trust);
void trust_firefox_user(struct trust *trust);
void trust_desktop(struct trust *trust);
void trust_machine_chromium(struct trust *trust);
void trust_machine_firefox(struct trust *trust);
void trust_bundle(struct trust *trust);
void trust_uncovered(struct trust *trust);

/* A URL that pac_url makes, for whatever address. */
bool trust_is_our_pac(const char *url);

/* "ROOT/usr/local/share/ca-certificates/hearth-….crt": the root for all to read. */
bool trust_bundle_path(const struct trust *trust, char path[static FILE_PATH_SIZE]);

struct trust_made;
/* The lists of what was made: in the HOME, and machine-wide in a folder of their own. */
bool trust_made_in_home(const struct trust *trust, struct trust_made *made);
bool trust_made_of_machine(const struct trust *trust, struct trust_made *made);

#endif
