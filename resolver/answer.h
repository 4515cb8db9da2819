/* answer.h: decides what a query gets: an answer from here, a question to the world, or silence.
 *
 * Pure: octets, view, policy and time in, octets out. Household names come from the view alone;
 * what no resolver may ask of others (resolver/special.h) is answered here; the rest is for the
 * upstream, whose result resolver/answer_upstream.h turns into the same kind of reply.
 *
 * A class other than IN is REFUSED, an opcode other than QUERY NOTIMP, several questions FORMERR.
 */
#ifndef HEARTH_RESOLVER_ANSWER_H
#define HEARTH_RESOLVER_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/status.h"
#include "ledger/base/view.h"
#include "resolver/cookie.h"
#include "resolver/query.h"
#include "resolver/reply.h"

enum {
    ANSWER_STALE_TTL = 60, /* seconds at most when a household's state is past its soft limit */
    ANSWER_PTR_TTL = 60,
    ANSWER_PTR_MAX = 16, /* names of one address */
    ANSWER_LOCALHOST_TTL = 3600,
};

enum answer_client {
    ANSWER_STRANGER, /* REFUSED, and dropped where the query is malformed */
    ANSWER_GUEST,    /* exact names of one's own household */
    ANSWER_LOCAL,    /* everything */
};

struct answer_input {
    struct view *view;       /* NULL: there is none, and why: */
    enum status view_status; /* OK; NOT_FOUND: no household yet; else it can't be read */
    uint64_t now_ms;         /* household time (ledger/base/clock.h); 0: not known */
    bool local_upstream;     /* somebody else serves other names below home.arpa */
    enum answer_client client;
    bool stream; /* over TCP: no limit but the buffer */
    struct address peer;
    const uint8_t *cookie_key; /* COOKIE_KEY_SIZE octets */
};

enum answer_action { ANSWER_DROP, ANSWER_SEND, ANSWER_UPSTREAM };

/* For the counters. */
enum answer_kind {
    ANSWER_KIND_HOUSEHOLD,
    ANSWER_KIND_SPECIAL,
    ANSWER_KIND_UPSTREAM,
    ANSWER_KIND_REFUSED,
    ANSWER_KIND_MALFORMED,
    ANSWER_KIND_FAILED
};

struct answer {
    enum answer_action action;
    enum answer_kind kind;
    size_t len; /* octets in the buffer; 0 unless action is SEND */
};

/* `query` is filled, for the upstream. `buffer` has at least DNS_UDP_MAX octets. */
struct answer answer_packet(const struct answer_input *input, const uint8_t *packet, size_t len,
                            struct query *query, uint8_t *buffer, size_t size);

/* The same in steps, for who has several packets at hand: each step for all of them before the
 * next, with one view, and waiting for the memory of one is not waiting for each. */
/* False: nobody can be answered; such a query ends here. */
bool answer_read(const struct answer_input *input, const uint8_t *packet, size_t len,
                 struct query *query);
/* May be left out. */
void answer_fetch(const struct answer_input *input, const struct query *query);
struct answer answer_query(const struct answer_input *input, const struct query *query,
                           uint8_t *buffer, size_t size);

/* A reply of an error code alone, for a query that was parsed. */
struct answer answer_failure(const struct answer_input *input, const struct query *query,
                             enum ede ede, const char *text, uint8_t *buffer, size_t size);

/* For those who build a reply of their own: the start and end that all replies share. */
void answer_start(const struct answer_input *input, const struct query *query, struct reply *reply,
                  uint8_t *buffer, size_t size);
size_t answer_finish(const struct answer_input *input, struct reply *reply);

#endif
