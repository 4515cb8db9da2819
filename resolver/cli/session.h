/* session.h: a verb's talk with hearthd (docs/control-protocol.md).
 *
 * Every function reports its failure itself, as the verb's one error, and returns the exit code: 0
 * goes on.
 *
 *     struct session s;
 *     int code = session_open_household(&s, cli);
 *     if (code == 0)
 *         code = session_ask(&s, json_pack("{s:s, s:s}", "op", "forget", "name", name), &answer);
 *     session_close(&s);
 */
#ifndef HEARTH_RESOLVER_CLI_SESSION_H
#define HEARTH_RESOLVER_CLI_SESSION_H

#include "resolver/cli/cli.h"
#include "resolver/cli/name_argument.h"
#include "resolver/daemon/control_fields.h"

/* How long hearthd may take: for a place in its queue, for an answer that it only has to look up
 * (behind what others write), and for one that signs, stores and publishes first. */
enum {
    SESSION_CONNECT_MS = 10 * 1000,
    SESSION_READ_MS = 60 * 1000,
    SESSION_WRITE_MS = 600 * 1000,
    SESSION_PAGE = CONTROL_PAGE_LIMIT_MAX,
};

struct session {
    struct cli *cli;
    struct control_client client;
    bool open;
    bool has_household;
    uint8_t household[32];
    char petname[64]; /* "" when there is none */
    struct own_names own;
    enum status failed; /* of the last session_ask */
};

/* Connects and says hello. */
int session_open(struct session *session, struct cli *cli);
/* The same, and refuses when there is no household yet. */
int session_open_household(struct session *session, struct cli *cli);
void session_close(struct session *session); /* safe after a failed open */

/* Sends the request (taken over; "version" is added) and waits. *answer is the caller's; NULL on
 * failure. */
int session_ask(struct session *session, json_t *request, json_t **answer);
/* The same for what changes the household or writes all of it out. */
int session_write(struct session *session, json_t *request, json_t **answer);

/* The same without a word: *answer may be an error object. For callers that want to say more. */
enum status session_try(struct session *session, json_t *request, unsigned timeout_ms,
                        json_t **answer);
/* Says what an error answer says, with what JSON carries besides (taken over, may be NULL); returns
 * the exit code. */
int session_report(struct cli *cli, const json_t *answer, json_t *object);
/* The exit code of a session_try that failed: EXIT_UNREACHABLE only if there was no answer. */
int session_exit_code(enum status status);
/* Says that hearthd could not be asked, or how its answer failed; `object` as above. */
int session_lost(struct cli *cli, enum status status, json_t *object);

/* Asks a paged op until `next` is null, or `each` (context, one element) returns non-zero, which is
 * returned. `request` is taken over; `list` names the array. */
int session_each(struct session *session, json_t *request, const char *list,
                 int (*each)(void *context, json_t *item), void *context);

/* A NAME for writing: one's own household's. Reports refusals. */
int session_name(struct session *session, const char *text, bool with_port,
                 struct name_argument *argument);

/* Fields of answers, as they are shown: "" and 0 when they are not there. Others by
 * control_fields.h. */
const char *session_text(const json_t *object, const char *key);
uint64_t session_number(const json_t *object, const char *key);

#endif
