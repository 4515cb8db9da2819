/* trust_nss.h: one NSS database (Chromium's, or a Firefox profile's), by certutil and vfychain of
 * libnss3-tools.
 *
 * The root is there with the flags "C,,": a CA for servers. What is read is not written to: vfychain
 * opens the database read-only, with the leaf from a file.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_NSS_H
#define HEARTH_DANE_PROXY_TRUST_NSS_H

#include <stdbool.h>

#include "dane/proxy/trust.h"
#include "dane/proxy/trust_file.h"

enum trust_nss_outcome {
    TRUST_NSS_NOTHING, /* nothing had to be done */
    TRUST_NSS_CHANGED,
    TRUST_NSS_NO_TOOL,  /* no certutil */
    TRUST_NSS_PASSWORD, /* the database has a password */
    TRUST_NSS_FAILED,
};
/* Why it did not go, for people; "" for the first two. */
const char *trust_nss_text(enum trust_nss_outcome outcome);

bool trust_nss_is_there(const char *folder);

/* Makes an empty database in the folder, which exists; its files go onto the list. */
enum trust_nss_outcome trust_nss_create(const struct trust *trust, const struct trust_made *made,
                                        const char *folder);
/* Our root in, every other of Hearth's out. */
enum trust_nss_outcome trust_nss_install(const struct trust *trust, const char *folder);
/* Every root of Hearth's out; files of a database that `made` has (or NULL), and that holds nothing
 * now, too. */
enum trust_nss_outcome trust_nss_remove(const struct trust *trust, const struct trust_made *made,
                                        const char *folder);
/* What NSS itself says about both leaves. */
enum trust_nss_outcome trust_nss_prove(const struct trust *trust, const char *folder,
                                       enum trust_answer *inside, enum trust_answer *outside);

#endif
