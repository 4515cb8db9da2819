/* trust_report.h: what `hearth trust` did or found, store by store.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_REPORT_H
#define HEARTH_DANE_PROXY_TRUST_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "dane/proxy/pac.h"
#include "dane/proxy/trust_proof.h"

/* The enum and its words (the `state` of JSON) from one list. */
#define TRUST_STATES(X)                                                                            \
    X(INSTALLED, "installed") /* changed now */                                                    \
    X(ALREADY, "already")     /* was there as it should be */                                      \
    X(REMOVED, "removed")                                                                          \
    X(ABSENT, "absent")   /* nothing of ours there, and nothing to be done */                      \
    X(GOOD, "good")       /* `status`: all of it proved */                                         \
    X(BAD, "bad")         /* `status`: something is missing or too much */                         \
    X(REFUSED, "refused") /* somebody else's setting is in the way, and stays */                   \
    X(FAILED, "failed")                                                                            \
    X(UNCOVERED, "not-covered") /* a browser in a box of its own */

enum trust_state {
#define TRUST_ENUM(name, text) TRUST_##name,
    TRUST_STATES(TRUST_ENUM)
#undef TRUST_ENUM
};

enum { TRUST_STORE_SIZE = 128, TRUST_PATH_SIZE = 1024, TRUST_TEXT_SIZE = 768 };

struct trust_row {
    char store[TRUST_STORE_SIZE]; /* "Firefox profile default-esr" */
    char path[TRUST_PATH_SIZE];
    char text[TRUST_TEXT_SIZE]; /* "root and proxy set" */
    enum trust_state state;
    enum trust_answer inside, outside; /* is such a leaf accepted? */
    enum trust_answer proxy;           /* does the PAC lead here? */
};

struct trust_report {
    struct trust_row *rows; /* heap */
    size_t count, room;
    bool broken;            /* memory was out: some rows are missing */
    char pac[PAC_URL_SIZE]; /* the PAC that belongs to it */
};

const char *trust_state_text(enum trust_state state);

/* A new row, FAILED until told otherwise; borrowed until the next one is added. Never NULL. */
struct trust_row *trust_report_add(struct trust_report *report, const char *store,
                                   const char *path);
__attribute__((format(printf, 3, 4))) void trust_row_say(struct trust_row *row,
                                                         enum trust_state state, const char *format,
                                                         ...);
/* Adds to what is said already, after "; ". */
__attribute__((format(printf, 2, 3))) void trust_row_add(struct trust_row *row, const char *format,
                                                         ...);

/* From what is known of it, for `status`: GOOD when the root is right and the proxy is not missing. */
void trust_row_judge(struct trust_row *row);

/* Over a pipe, between processes of this program. Reading checks what it reads. */
enum status trust_report_write(const struct trust_report *report, int fd);
enum status trust_report_read(struct trust_report *report, int fd);
void trust_report_deinit(struct trust_report *report);

#endif
