/* device_sessions.h: TLS sessions with devices, for the next connection to resume, and what the
 * device showed when they were begun.
 *
 * A resumed handshake presents no certificate: the chain of the handshake that began it stands in,
 * and is judged in its place. It is kept for an hour from that handshake, however often the session
 * was renewed since.
 */
#ifndef HEARTH_DANE_PROXY_DEVICE_SESSIONS_H
#define HEARTH_DANE_PROXY_DEVICE_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/verdict.h"
#include "ledger/base/address.h"
#include "ledger/base/name.h"
#include "ledger/base/view_file.h"

struct ssl_session_st; /* OpenSSL's SSL_SESSION */
struct device_sessions;

enum {
    DEVICE_SESSIONS_MAX = 1024,  /* devices; the one unused for longest goes */
    DEVICE_SESSION_MS = 3600000, /* from the full handshake on */
    DEVICE_SESSIONS_OF_ONE = 4,  /* TLS 1.3: each is used once, as long as there is another */
};

/* A verdict and what it was passed on besides. */
struct device_judged {
    struct name name;
    uint16_t port;
    struct view_file_id view;
    uint64_t generation, second;
    struct verdict verdict;
};

/* What a device showed in a full handshake. Counted: several connections and sessions share it. */
struct device_shown {
    unsigned count;
    uint64_t begun_ms;            /* boot time */
    size_t greeting;              /* that it understood */
    struct presented presented;   /* borrows `bytes` */
    bool is_kept;                 /* remembered here: worth a verdict that is kept too */
    struct device_judged *judged; /* the last verdict on it, or NULL */
    uint8_t bytes[];
};

/* Copies what is presented. NULL: no memory. The caller owns one count. */
struct device_shown *device_shown_create(const struct presented *presented, size_t greeting,
                                         uint64_t now_ms);
struct device_shown *device_shown_hold(struct device_shown *shown);
void device_shown_drop(struct device_shown *shown); /* NULL is allowed */

struct device_key {
    struct name name;
    struct address address;
    uint16_t port;
};

struct device_sessions *device_sessions_create(void);
void device_sessions_free(struct device_sessions *sessions);

/* What is remembered of this device, or NULL; borrowed. *session: one to resume (a reference of the
 * caller's, SSL_SESSION_free), or NULL. */
struct device_shown *device_sessions_find(struct device_sessions *sessions,
                                          const struct device_key *key, uint64_t now_ms,
                                          struct ssl_session_st **session);

/* What is remembered of this device if it showed just this, or NULL; borrowed. A handshake that
 * shows it again needs no look at it anew; its hour goes on. */
struct device_shown *device_sessions_recognise(struct device_sessions *sessions,
                                               const struct device_key *key,
                                               const struct presented *presented, size_t greeting,
                                               uint64_t now_ms);

/* Remembers. `session` may be NULL (what was shown alone); else a reference is taken. What was
 * remembered of another chain goes. Without memory nothing is remembered. */
void device_sessions_keep(struct device_sessions *sessions, const struct device_key *key,
                          struct device_shown *shown, struct ssl_session_st *session);

void device_sessions_forget(struct device_sessions *sessions, const struct device_key *key);

size_t device_sessions_count(const struct device_sessions *sessions); /* devices */

#endif
