/* control_ops.h: the operations of the control socket: one table, a small function for each
 * (docs/control-protocol.md). The functions live in control_ops_*.c, a file for each kind.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONTROL_OPS_H
#define HEARTH_RESOLVER_DAEMON_CONTROL_OPS_H

#include "ledger/rule.h"
#include "resolver/daemon/ledger_service.h"

enum { CONTROL_ERROR_SIZE = 512, CONTROL_NO_INDEX = -1 };

/* One request on its way through an operation. */
struct control_call {
    struct ledger_service *service;
    struct control_session *session;
    const json_t *request;
    json_t *answer; /* an object with "version" and "ok": the operation adds its fields */
    bool changed;   /* the answer waits for the next view */
    int fd;         /* goes with the answer; -1 */
    /* Of a refusal. */
    char error[CONTROL_ERROR_SIZE]; /* "" = the status's or rule's own text */
    enum rule rule;
    const char *hint;
    long index;
};

/* Notes what people are told and returns `status`. */
[[gnu::format(printf, 3, 4)]] enum status control_call_refuse(struct control_call *call,
                                                              enum status status,
                                                              const char *format, ...);

/* The handlers of struct control_handlers; `context` is the ledger_service. */
void control_ops_request(void *context, struct control_session *session, const json_t *request);
void control_ops_release(void *context, void *attachment);

/* control_ops_node.c */
enum status control_op_hello(struct control_call *call);
enum status control_op_node(struct control_call *call);
enum status control_op_possess(struct control_call *call);
enum status control_op_authority(struct control_call *call);
/* control_ops_write.c */
enum status control_op_ingest(struct control_call *call);
enum status control_op_set(struct control_call *call);
enum status control_op_forget(struct control_call *call);
enum status control_op_stage(struct control_call *call);
enum status control_op_commit(struct control_call *call);
enum status control_op_withdraw(struct control_call *call);
/* control_ops_read.c */
enum status control_op_list(struct control_call *call);
enum status control_op_withdrawn(struct control_call *call);
enum status control_op_why(struct control_call *call);
/* control_ops_log.c */
enum status control_op_log(struct control_call *call);
/* control_ops_status.c */
enum status control_op_status(struct control_call *call);
/* control_ops_bundle.c */
enum status control_op_bundle(struct control_call *call);

/* Shared by several of them: a key's grant as JSON. */
json_t *control_grant_json(const struct ledger_service *service,
                           const struct household_grant *grant);
const char *control_grant_state(enum grant_state state);
/* RRs as a list of hex. */
json_t *control_rrs_json(const struct body_rr *rrs, size_t count);

#endif
