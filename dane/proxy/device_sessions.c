/* device_sessions.c: see device_sessions.h. A table of chains to find an entry, a list in order of
 * use to drop one. */
#include "dane/proxy/device_sessions.h"

#include <assert.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "ledger/base/checksum.h"

enum { BUCKETS = 256 };

struct entry {
    LIST_ENTRY(entry) of_bucket;
    TAILQ_ENTRY(entry) of_all;
    struct device_key key;
    struct device_shown *shown;
    SSL_SESSION *sessions[DEVICE_SESSIONS_OF_ONE]; /* the newest last */
    size_t session_count;
};

LIST_HEAD(bucket, entry);
TAILQ_HEAD(entries, entry);

struct device_sessions {
    struct bucket buckets[BUCKETS];
    struct entries all; /* the latest used first */
    size_t count;
};

/* --- what was shown --- */

struct device_shown *device_shown_create(const struct presented *presented, size_t greeting,
                                         uint64_t now_ms)
{
    size_t len = 0, used = 0;
    for (size_t i = 0; i < presented->chain_len; i++)
        len += presented->chain[i].len;
    struct device_shown *shown = calloc(1, sizeof *shown + len);
    if (!shown)
        return NULL;
    shown->count = 1;
    shown->begun_ms = now_ms;
    shown->greeting = greeting;
    shown->presented = *presented;
    for (size_t i = 0; i < presented->chain_len; i++) {
        const struct der *der = &presented->chain[i];
        memcpy(shown->bytes + used, der->bytes, der->len);
        shown->presented.chain[i].bytes = shown->bytes + used;
        used += der->len;
    }
    return shown;
}

struct device_shown *device_shown_hold(struct device_shown *shown)
{
    shown->count++;
    return shown;
}

void device_shown_drop(struct device_shown *shown)
{
    if (!shown)
        return;
    assert(shown->count > 0);
    if (--shown->count > 0)
        return;
    free(shown->judged);
    free(shown);
}

/* --- entries --- */

static struct bucket *bucket_of(struct device_sessions *sessions, const struct device_key *key)
{
    static const uint8_t hash_key[16]; /* names and addresses are the household's own */
    uint64_t hash = siphash13(hash_key, key->name.wire, key->name.len) ^
                    siphash13(hash_key, key->address.octets, sizeof key->address.octets) ^
                    key->port;
    return &sessions->buckets[hash % BUCKETS];
}

static bool same_key(const struct device_key *a, const struct device_key *b)
{
    return a->port == b->port &&
           memcmp(a->address.octets, b->address.octets, sizeof a->address.octets) == 0 &&
           name_equal(&a->name, &b->name);
}

static void drop_sessions(struct entry *entry)
{
    while (entry->session_count > 0)
        SSL_SESSION_free(entry->sessions[--entry->session_count]);
}

/* Connections that are still open may hold on to it. */
static void release_shown(struct entry *entry)
{
    if (!entry->shown)
        return;
    entry->shown->is_kept = false;
    free(entry->shown->judged);
    entry->shown->judged = NULL;
    device_shown_drop(entry->shown);
}

static void drop(struct device_sessions *sessions, struct entry *entry)
{
    LIST_REMOVE(entry, of_bucket);
    TAILQ_REMOVE(&sessions->all, entry, of_all);
    sessions->count--;
    drop_sessions(entry);
    release_shown(entry);
    free(entry);
}

static struct entry *find(struct device_sessions *sessions, const struct device_key *key)
{
    struct entry *entry;
    LIST_FOREACH(entry, bucket_of(sessions, key), of_bucket) {
        if (same_key(&entry->key, key))
            return entry;
    }
    return NULL;
}

static void note_use(struct device_sessions *sessions, struct entry *entry)
{
    TAILQ_REMOVE(&sessions->all, entry, of_all);
    TAILQ_INSERT_HEAD(&sessions->all, entry, of_all);
}

static struct entry *add(struct device_sessions *sessions, const struct device_key *key)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    if (sessions->count >= DEVICE_SESSIONS_MAX)
        drop(sessions, TAILQ_LAST(&sessions->all, entries));
    entry->key = *key;
    LIST_INSERT_HEAD(bucket_of(sessions, key), entry, of_bucket);
    TAILQ_INSERT_HEAD(&sessions->all, entry, of_all);
    sessions->count++;
    return entry;
}

/* --- what others call --- */

struct device_sessions *device_sessions_create(void)
{
    struct device_sessions *sessions = calloc(1, sizeof *sessions);
    if (sessions)
        TAILQ_INIT(&sessions->all);
    return sessions;
}

void device_sessions_free(struct device_sessions *sessions)
{
    if (!sessions)
        return;
    struct entry *next, *entry = TAILQ_FIRST(&sessions->all);
    for (; entry; entry = next) {
        next = TAILQ_NEXT(entry, of_all);
        drop(sessions, entry);
    }
    free(sessions);
}

/* OpenSSL spoils a session when a newer one comes in its place, or its connection failed. */
static void drop_spoilt(struct entry *entry)
{
    size_t kept = 0;
    for (size_t i = 0; i < entry->session_count; i++) {
        if (SSL_SESSION_is_resumable(entry->sessions[i]) == 1)
            entry->sessions[kept++] = entry->sessions[i];
        else
            SSL_SESSION_free(entry->sessions[i]);
    }
    entry->session_count = kept;
}

/* RFC 8446, appendix C.4: a ticket once. Of the last one a copy goes out all the same: browsers
 * open several connections at a time, and within a house nobody is kept from telling them apart. */
static SSL_SESSION *take_session(struct entry *entry)
{
    drop_spoilt(entry);
    if (entry->session_count == 0)
        return NULL;
    SSL_SESSION *session = entry->sessions[entry->session_count - 1];
    if (SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION)
        return SSL_SESSION_up_ref(session) == 1 ? session : NULL;
    if (entry->session_count == 1)
        return SSL_SESSION_dup(session);
    entry->session_count--;
    return session;
}

/* Not one whose hour is over. */
static struct entry *find_fresh(struct device_sessions *sessions, const struct device_key *key,
                                uint64_t now_ms)
{
    struct entry *entry = find(sessions, key);
    if (!entry || now_ms - entry->shown->begun_ms < DEVICE_SESSION_MS)
        return entry;
    drop(sessions, entry);
    return NULL;
}

struct device_shown *device_sessions_find(struct device_sessions *sessions,
                                          const struct device_key *key, uint64_t now_ms,
                                          struct ssl_session_st **session)
{
    struct entry *entry = find_fresh(sessions, key, now_ms);
    *session = NULL;
    if (!entry)
        return NULL;
    note_use(sessions, entry);
    *session = take_session(entry);
    return entry->shown;
}

/* Of all but who vouches for it, which follows from the chain. */
static bool same_presented(const struct presented *a, const struct presented *b)
{
    if (a->chain_len != b->chain_len || a->tls_version != b->tls_version ||
        a->legacy_renegotiation != b->legacy_renegotiation)
        return false;
    for (size_t i = 0; i < a->chain_len; i++) {
        if (a->chain[i].len != b->chain[i].len ||
            memcmp(a->chain[i].bytes, b->chain[i].bytes, a->chain[i].len) != 0)
            return false;
    }
    return true;
}

struct device_shown *device_sessions_recognise(struct device_sessions *sessions,
                                               const struct device_key *key,
                                               const struct presented *presented, size_t greeting,
                                               uint64_t now_ms)
{
    struct entry *entry = find_fresh(sessions, key, now_ms);
    bool is_same = entry && entry->shown->greeting == greeting &&
                   same_presented(&entry->shown->presented, presented);
    return is_same ? entry->shown : NULL;
}

static void add_session(struct entry *entry, SSL_SESSION *session)
{
    if (SSL_SESSION_is_resumable(session) != 1 || SSL_SESSION_up_ref(session) != 1)
        return;
    if (SSL_SESSION_get_protocol_version(session) < TLS1_3_VERSION)
        drop_sessions(entry);
    if (entry->session_count == DEVICE_SESSIONS_OF_ONE) {
        SSL_SESSION_free(entry->sessions[0]);
        entry->session_count--;
        for (size_t i = 0; i < entry->session_count; i++)
            entry->sessions[i] = entry->sessions[i + 1];
    }
    entry->sessions[entry->session_count++] = session;
}

void device_sessions_keep(struct device_sessions *sessions, const struct device_key *key,
                          struct device_shown *shown, struct ssl_session_st *session)
{
    struct entry *entry = find(sessions, key);
    if (!entry)
        entry = add(sessions, key);
    if (!entry)
        return;
    if (entry->shown != shown) {
        drop_sessions(entry);
        release_shown(entry);
        entry->shown = device_shown_hold(shown);
        shown->is_kept = true;
    }
    note_use(sessions, entry);
    if (session)
        add_session(entry, session);
}

void device_sessions_forget(struct device_sessions *sessions, const struct device_key *key)
{
    struct entry *entry = find(sessions, key);
    if (entry)
        drop(sessions, entry);
}

size_t device_sessions_count(const struct device_sessions *sessions)
{
    return sessions->count;
}
