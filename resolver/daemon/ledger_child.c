/* ledger_child.c: the ledger process: keys, store, view, control socket (ledger_child_run of
 * child.h).
 *
 * It opens all of them in that order and serves until SIGTERM or the parent's end. What can't be
 * opened is said on the board (FAILED) and ends the process; the parent starts it again. A damaged
 * database is no such reason: it is made again at the start (ledger/rescue.h), and a process that
 * finds its own damaged ends for that. It alone holds signing keys, so that it can't be dumped or
 * traced.
 */
#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "dane/tls_identity.h"
#include "ledger/crypt.h"
#include "resolver/daemon/child.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"
#include "resolver/daemon/control_rights.h"
#include "resolver/daemon/ledger_service.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/sandbox.h"

enum { FAIL_MS = 100 /* for answers that are under way */ };

struct loop_events {
    struct event *terminate, *reload, *parent;
};

const char *ledger_service_label(const struct ledger_service *service)
{
    const char *label = ledger_label(service->ledger);
    return label && label[0] != '\0' ? label : service->host_label;
}

/* The host name's first label; a host without a name is "node". */
static void find_host_label(char label[static LIMIT_LABEL + 1])
{
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    size_t len = strcspn(host, ".");
    if (len == 0 || len > LIMIT_LABEL)
        (void)memcpy(label, "node", sizeof "node");
    else
        memcpy(label, host, len);
}

static enum status identify(void *context, int fd, enum control_right *right)
{
    const struct ledger_service *service = context;
    struct control_peer peer;
    enum status status = control_peer_read(fd, &service->policy, &peer);
    if (status == STATUS_OK)
        *right = control_rights(&service->policy, &peer);
    return status;
}

/* Says which step failed. */
static enum status check(enum status status, const char *what, const char *where)
{
    if (status != STATUS_OK)
        log_error("%s in %s: %s", what, where, status_text(status));
    return status;
}

static void say(const char *text)
{
    log_error("%s", text);
}

static enum status open_ledger(struct ledger_service *service, const char *state)
{
    struct rescue *rescue = &service->rescue;
    enum status status = rescue_open(&service->ledger, state, &service->keys, rescue, say);
    if (status == STATUS_OK && rescue->kind != RESCUE_NONE)
        log_warning("the ledger was made again after damage or loss: %llu entries were recovered%s",
                    (unsigned long long)rescue->entries,
                    rescue->household ? "" : ", and no household");
    return status;
}

static enum status open_service(struct ledger_service *service)
{
    const struct paths *paths = service->context->paths;
    const char *state = paths->state;
    const struct control_handlers handlers = {.identify = identify,
                                              .request = control_ops_request,
                                              .release = control_ops_release,
                                              .context = service};
    enum status status = check(crypt_init(), "libsodium", "this process");
    json_object_seed(0); /* reads a file that the sandbox will have closed */
    if (status == STATUS_OK)
        status = check(node_keys_open(&service->keys, state), "the node's keys", state);
    service->keys_open = status == STATUS_OK;
    if (status == STATUS_OK)
        status = check(tls_identity_open(state, service->keys.spki_sha256), "the TLS key", state);
    if (status == STATUS_OK)
        status = check(open_ledger(service, state), "the ledger", state);
    if (status == STATUS_OK)
        status = check(publication_open(&service->publication, service), "the view", paths->view);
    if (status == STATUS_OK)
        status = keeper_open(&service->keeper, service);
    if (status != STATUS_OK)
        return status;
    service->server = control_server_create(service->base, service->context->control_fd, &handlers,
                                            CONTROL_FRAME_TIMEOUT_MS);
    return service->server ? STATUS_OK : STATUS_NO_MEMORY;
}

static void close_service(struct ledger_service *service)
{
    control_server_destroy(service->server);
    publication_close(&service->publication);
    keeper_close(&service->keeper);
    ledger_close(service->ledger);
    if (service->keys_open)
        node_keys_close(&service->keys);
}

/* --- the loop --- */

void ledger_service_fail(struct ledger_service *service)
{
    const struct timeval soon = {.tv_usec = FAIL_MS * 1000};
    if (service->ending)
        return;
    service->ending = true;
    log_error("the ledger's database is damaged: the ledger process starts again to mend it");
    (void)event_base_loopexit(service->base, &soon);
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(arg);
}

/* Who has written something that is stored is told so. */
static void on_terminate(evutil_socket_t fd, short what, void *arg)
{
    struct ledger_service *service = arg;
    publication_finish(&service->publication);
    on_end(fd, what, service->base);
}

static void on_reload(evutil_socket_t fd, short what, void *arg)
{
    struct ledger_service *service = arg;
    (void)fd;
    (void)what;
    publication_request(&service->publication);
}

static enum status add_events(struct loop_events *events, struct ledger_service *service)
{
    struct event_base *base = service->base;
    events->terminate = evsignal_new(base, SIGTERM, on_terminate, service);
    events->reload = evsignal_new(base, SIGHUP, on_reload, service);
    events->parent = event_new(base, service->context->parent_fd, EV_READ, on_end, base);
    if (!events->terminate || !events->reload || !events->parent ||
        event_add(events->terminate, NULL) != 0 || event_add(events->reload, NULL) != 0 ||
        event_add(events->parent, NULL) != 0)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

static void free_events(struct loop_events *events)
{
    if (events->terminate)
        event_free(events->terminate);
    if (events->reload)
        event_free(events->reload);
    if (events->parent)
        event_free(events->parent);
}

static enum status serve(struct ledger_service *service)
{
    struct loop_events events = {.terminate = NULL};
    struct board_child *self = &service->context->board->children[CHILD_LEDGER];
    enum status status = add_events(&events, service);
    if (status == STATUS_OK)
        status = open_service(service);
    if (status == STATUS_OK)
        status = sandbox_enter(CHILD_LEDGER, service->context->paths);
    if (status == STATUS_OK)
        status = sandbox_seal(CHILD_LEDGER);
    if (status == STATUS_OK) {
        atomic_store(&self->state, CHILD_READY);
        log_debug("serving");
        if (event_base_dispatch(service->base) < 0)
            status = STATUS_IO;
        if (service->ending)
            status = STATUS_CORRUPT;
    }
    if (status != STATUS_OK)
        atomic_store(&self->state, CHILD_FAILED);
    close_service(service);
    free_events(&events);
    return status;
}

int ledger_child_run(const struct child_context *context)
{
    static struct ledger_service service;
    enum status status = STATUS_OK;
    (void)signal(SIGPIPE, SIG_IGN); /* can't fail for this signal */
    control_fields_watch();
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        status = check(STATUS_DENIED, "keeping keys out of core dumps", "this process");
    service.context = context;
    service.policy = control_policy_here(context->paths->system);
    find_host_label(service.host_label);
    if (status == STATUS_OK)
        service.base = event_base_new();
    if (status == STATUS_OK)
        status = service.base ? serve(&service) : STATUS_NO_MEMORY;
    if (service.base)
        event_base_free(service.base);
    /* The keys are wiped: checkers that look at a process from outside may do so again (where there
     * are checkers, the sandbox knows this call). */
    (void)prctl(PR_SET_DUMPABLE, 1);
    return status == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
