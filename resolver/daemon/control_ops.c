/* control_ops.c: see control_ops.h. Finds the operation, checks the right, and makes an answer of
 * what came of it. */
#include "resolver/daemon/control_ops.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "resolver/daemon/batch.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/log.h"

enum { OP_SHOWN_MAX = 64 };

struct op_row {
    const char *name;
    enum control_right right;
    enum status (*run)(struct control_call *call);
};

static const struct op_row ops[] = {
    {"hello", CONTROL_RIGHT_READ, control_op_hello},
    {"node", CONTROL_RIGHT_READ, control_op_node},
    {"possess", CONTROL_RIGHT_WRITE, control_op_possess},
    {"ingest", CONTROL_RIGHT_WRITE, control_op_ingest},
    {"authority", CONTROL_RIGHT_READ, control_op_authority},
    {"set", CONTROL_RIGHT_WRITE, control_op_set},
    {"forget", CONTROL_RIGHT_WRITE, control_op_forget},
    {"stage", CONTROL_RIGHT_WRITE, control_op_stage},
    {"commit", CONTROL_RIGHT_WRITE, control_op_commit},
    {"withdraw", CONTROL_RIGHT_WRITE, control_op_withdraw},
    {"list", CONTROL_RIGHT_READ, control_op_list},
    {"withdrawn", CONTROL_RIGHT_READ, control_op_withdrawn},
    {"log", CONTROL_RIGHT_READ, control_op_log},
    {"why", CONTROL_RIGHT_READ, control_op_why},
    {"status", CONTROL_RIGHT_READ, control_op_status},
    {"bundle", CONTROL_RIGHT_WRITE, control_op_bundle}, /* each one fills the disk and takes time */
};

static const struct op_row *find_op(const char *name)
{
    for (size_t i = 0; name && i < sizeof ops / sizeof ops[0]; i++) {
        if (strcmp(ops[i].name, name) == 0)
            return &ops[i];
    }
    return NULL;
}

enum status control_call_refuse(struct control_call *call, enum status status, const char *format,
                                ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(call->error, sizeof call->error, format, args);
    va_end(args);
    return status;
}

static json_t *make_refusal(const struct control_call *call, enum status status)
{
    const char *text = status == STATUS_RULE ? rule_text(call->rule) : status_text(status);
    json_t *refusal = control_refusal(status, call->error[0] ? call->error : text);
    if (status == STATUS_RULE)
        control_fields_set_text(refusal, "rule", rule_name(call->rule));
    if (call->hint)
        control_fields_set_text(refusal, "hint", call->hint);
    else if (status == STATUS_NO_HOUSEHOLD)
        control_fields_set_text(refusal, "hint", "hearth init LABEL");
    if (call->index != CONTROL_NO_INDEX)
        control_fields_set_number(refusal, "index", (uint64_t)call->index);
    return refusal;
}

static enum status run_op(struct control_call *call)
{
    const char *name = control_fields_text(call->request, "op");
    const struct op_row *op = find_op(name);
    if (!op)
        return control_call_refuse(call, STATUS_MALFORMED, "there is no operation \"%.*s\"",
                                   name ? (int)control_fields_text_cut(name, OP_SHOWN_MAX) : 0,
                                   name ? name : "");
    if (control_session_right(call->session) < op->right) {
        call->hint = "run it as root, as the user of hearthd, or as a member of the group hearth";
        return control_call_refuse(call, STATUS_DENIED, "this user may read, but not change");
    }
    enum status status = ledger_ready(call->service->ledger);
    return status == STATUS_OK ? op->run(call) : status;
}

/* What has no other explanation found no room on the disk. */
static void explain_full(struct control_call *call, enum status status)
{
    if (status != STATUS_FULL || call->error[0] != '\0')
        return;
    call->hint = "make room on that disk; what is published stays, and nothing has to be repaired";
    (void)snprintf(call->error, sizeof call->error,
                   "there is no room on the disk of %.300s: nothing was changed",
                   call->service->context->paths->state);
}

static enum status ran_out(struct control_call *call)
{
    if (call->fd >= 0)
        close(call->fd);
    call->fd = -1;
    if (!call->changed)
        return STATUS_NO_MEMORY;
    publication_request(&call->service->publication);
    return control_call_refuse(call, STATUS_NO_MEMORY,
                               "the change is stored, but there is no memory for its answer");
}

void control_ops_request(void *context, struct control_session *session, const json_t *request)
{
    (void)control_fields_ran_out(); /* what the request before had to do without */
    struct control_call call = {
        .service = context,
        .session = session,
        .request = request,
        .answer = json_pack("{s:i, s:b}", "version", CONTROL_VERSION, "ok", 1),
        .fd = -1,
        .rule = RULE_NONE,
        .index = CONTROL_NO_INDEX,
    };
    enum status status = call.answer ? run_op(&call) : STATUS_NO_MEMORY;
    if (control_fields_ran_out() && status == STATUS_OK) /* half an answer is none */
        status = ran_out(&call);
    if (status == STATUS_OK && call.changed) {
        keeper_request(&call.service->keeper);
        publication_await(&call.service->publication, session, call.answer);
        return;
    }
    if (ledger_is_damaged(call.service->ledger))
        ledger_service_fail(call.service);
    if (status != STATUS_OK) {
        explain_full(&call, status);
        json_decref(call.answer);
        call.answer = make_refusal(&call, status);
    }
    if (status == STATUS_IO || status == STATUS_CORRUPT)
        log_error("%s: %s", control_fields_text(request, "op"), status_text(status));
    control_session_answer(session, call.answer, call.fd);
}

void control_ops_release(void *context, void *attachment)
{
    (void)context;
    batch_deinit(attachment);
    free(attachment);
}
