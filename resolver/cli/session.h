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

enum { SESSION_READ_MS = 60 * 1000, SESSION_WRITE_MS = 600 * 1000, SESSION_PAGE = 2000 };

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

/* The same without a word: *answer may be an error object. For callers that want to say more. */
enum status session_try(struct session *session, json_t *request, json_t **answer);
/* Says what an error answer says, with what JSON carries besides; returns the exit code. */
int session_report(struct cli *cli, const json_t *answer, json_t *object);
/* Says that hearthd could not be asked. */
int session_lost(struct cli *cli, enum status status);

/* Asks a paged op until `next` is null, or `each` (context, one element) returns non-zero, which is
 * returned. `request` is taken over; `list` names the array. */
int session_each(struct session *session, json_t *request, const char *list,
                 int (*each)(void *context, json_t *item), void *context);

/* A NAME for writing: one's own household's. Reports refusals. */
int session_name(struct session *session, const char *text, bool with_port,
                 struct name_argument *argument);

/* Fields of answers. */
const char *field_text(const json_t *object, const char *key); /* "" when it isn't there */
uint64_t field_number(const json_t *object, const char *key);
/* The hex of exactly `len` octets. */
bool field_octets(const json_t *object, const char *key, uint8_t *octets, size_t len);
/* Relative name of a record; false when it is none. */
bool field_name(const json_t *object, struct name *name);

#endif
