/* trust_chromium.c: the NSS database that Chromium and Chrome read as a user.
 *
 * `~/.pki/nssdb` where it exists, else `$XDG_DATA_HOME/pki/nssdb`, made when it is absent. The former is
 * never made: it would hide the latter, with all that is in it.
 */
#include "dane/proxy/trust.h"

#include <stdio.h>

#include "dane/proxy/trust_nss.h"

static bool find_folder(const struct trust *trust, char folder[static FILE_PATH_SIZE])
{
    if (trust_file_path(folder, "%s/.pki/nssdb", trust->places.home) && trust_file_exists(folder))
        return true;
    return trust_file_path(folder, "%s/pki/nssdb", trust->places.data_home);
}

static enum trust_nss_outcome install(const struct trust *trust, const struct trust_made *made,
                                      const char *folder)
{
    if (!trust_nss_is_there(folder)) {
        if (trust_made_folder(made, folder, 0700) != STATUS_OK)
            return TRUST_NSS_FAILED;
        enum trust_nss_outcome outcome = trust_nss_create(trust, made, folder);
        if (outcome != TRUST_NSS_CHANGED)
            return outcome;
    }
    return trust_nss_install(trust, folder);
}

static void say(struct trust_row *row, enum trust_nss_outcome outcome, bool installing)
{
    if (outcome == TRUST_NSS_CHANGED)
        trust_row_say(row, installing ? TRUST_INSTALLED : TRUST_REMOVED,
                      installing ? "root set" : "root removed");
    else if (outcome == TRUST_NSS_NOTHING)
        trust_row_say(row, installing ? TRUST_ALREADY : TRUST_ABSENT,
                      installing ? "root already there" : "nothing of Hearth in it");
    else
        trust_row_say(row, outcome == TRUST_NSS_PASSWORD ? TRUST_REFUSED : TRUST_FAILED, "%s",
                      trust_nss_text(outcome));
}

static void prove(const struct trust *trust, const char *folder, struct trust_row *row)
{
    enum trust_nss_outcome outcome = TRUST_NSS_NOTHING;
    row->inside = TRUST_NO;
    row->outside = TRUST_NO;
    if (trust_nss_is_there(folder))
        outcome = trust_nss_prove(trust, folder, &row->inside, &row->outside);
    trust_row_judge(row);
    if (outcome == TRUST_NSS_NOTHING)
        return;
    row->state = TRUST_FAILED;
    trust_row_add(row, outcome == TRUST_NSS_NO_TOOL
                           ? "vfychain is not installed: apt install libnss3-tools"
                           : "vfychain could not judge");
}

void trust_chromium_user(struct trust *trust)
{
    char folder[FILE_PATH_SIZE] = "";
    struct trust_made made;
    bool fits = find_folder(trust, folder) && trust_made_in_home(trust, &made);
    struct trust_row *row = trust_report_add(trust->report, "Chromium and Chrome", folder);
    if (!fits)
        trust_row_say(row, TRUST_FAILED, "its path is too long");
    else if (trust->request.verb == TRUST_STATUS)
        prove(trust, folder, row);
    else if (trust->request.verb == TRUST_INSTALL)
        say(row, install(trust, &made, folder), true);
    else
        say(row,
            trust_nss_is_there(folder) ? trust_nss_remove(trust, &made, folder) : TRUST_NSS_NOTHING,
            false);
}
