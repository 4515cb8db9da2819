/* device.c: see device.h.
 *
 * The happy path: `dial` (to all addresses that are left), on_dialled, `greet`, on_ready, which
 * takes the verdict, `open`. Whatever goes wrong with one address is noted if it says more than
 * what was noted before (`note`), and the next way is tried: a plainer greeting of the same device
 * (greet_again), a full handshake where a resumed one failed, or the addresses that are left, as an
 * impostor on one must not hide the device on another. When nothing is left, `end` tells what was
 * noted.
 *
 * All of it runs from the loop: dialer and stream call back from there only.
 */
#include "dane/proxy/device.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dane/greeting.h"
#include "dane/probe_reason.h"
#include "dane/proxy/device_pool.h"
#include "dane/proxy/dialer.h"
#include "ledger/base/clock.h"

/* Beyond greeting_rank's. */
enum { RANK_NOTHING = -2, RANK_REFUSED = 100 };

/* RFC 8446, section 6; OpenSSL 3.0 has no name for it. */
enum { ALERTED_NO_APPLICATION_PROTOCOL = SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL };

struct device_attempt {
    struct device_pool *pool;
    struct device_key key; /* with the address that is tried now */
    bool is_plain;
    char sni[256];
    struct address left[DIALER_ADDRESSES_MAX];
    size_t left_count;
    struct dialer *dialer;
    struct stream *stream;
    size_t greeting;
    bool offers_h2;               /* the device has refused HTTP/1.1 */
    bool knows_nothing;           /* what was remembered of this address did not help */
    bool relies_on_memory;        /* this greeting does */
    struct device_shown *offered; /* of the session that is offered, or NULL */
    uint64_t deadline_ms, address_deadline_ms;
    struct device_result result; /* what says most so far */
    int rank;
    void (*done)(void *context, struct device_result *result);
    void *context;
};

static void dial(struct device_attempt *attempt);
static void greet_again(struct device_attempt *attempt);

/* --- the end --- */

void device_cancel(struct device_attempt *attempt)
{
    if (!attempt)
        return;
    dialer_cancel(attempt->dialer);
    stream_free(attempt->stream);
    device_shown_drop(attempt->offered);
    free(attempt);
}

static void end(struct device_attempt *attempt)
{
    struct device_result result = attempt->result;
    void (*done)(void *, struct device_result *) = attempt->done;
    void *context = attempt->context;
    device_cancel(attempt);
    done(context, &result);
}

static void hang_up(struct device_attempt *attempt)
{
    stream_free(attempt->stream);
    attempt->stream = NULL;
}

/* --- what went wrong --- */

/* Is there more in it than in what was noted? Then the result is made new, to be filled in. */
static bool note(struct device_attempt *attempt, enum device_outcome outcome, int rank)
{
    if (rank <= attempt->rank)
        return false;
    attempt->rank = rank;
    attempt->result = (struct device_result){.outcome = outcome, .address = attempt->key.address};
    return true;
}

static void say(struct device_attempt *attempt, const char *clause)
{
    char address[ADDRESS_TEXT_SIZE];
    address_text(&attempt->result.address, address);
    (void)snprintf(attempt->result.reason, sizeof attempt->result.reason, "%s port %u %s", address,
                   (unsigned)attempt->key.port, clause);
}

static void note_failure(struct device_attempt *attempt, const struct probe_failure *failure)
{
    enum status status = failure->status == STATUS_TOO_LONG ? STATUS_MALFORMED : failure->status;
    bool is_answer = status == STATUS_MALFORMED || status == STATUS_CLOSED;
    if (!note(attempt, is_answer ? DEVICE_NOT_TLS : DEVICE_UNREACHABLE, greeting_rank(status)))
        return;
    attempt->result.timed_out = status == STATUS_TIMEOUT;
    say(attempt, probe_reason(failure));
}

static void note_own_failure(struct device_attempt *attempt, enum status status)
{
    const struct probe_failure failure = {.status = status, .connected = true};
    note_failure(attempt, &failure);
}

/* --- the verdict --- */

static bool is_h2(SSL *ssl)
{
    const unsigned char *chosen = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(ssl, &chosen, &len);
    return len == 2 && memcmp(chosen, "h2", 2) == 0;
}

static void open_it(struct device_attempt *attempt, const struct verdict *verdict)
{
    static const struct stream_handlers nobody = {0};
    struct stream *stream = attempt->stream;
    SSL *ssl = stream_ssl(stream);
    attempt->stream = NULL;
    stream_set_deadline(stream, 0);
    stream_set_handlers(stream, &nobody, NULL);
    attempt->result = (struct device_result){
        .outcome = DEVICE_OPEN, .stream = stream, .address = attempt->key.address};
    if (ssl && verdict) {
        attempt->result.verdict = *verdict;
        attempt->result.resumed = SSL_session_reused(ssl) == 1;
        (void)snprintf(attempt->result.protocol, sizeof attempt->result.protocol, "%s",
                       SSL_get_version(ssl));
        device_pool_keep(attempt->pool, ssl);
    }
    end(attempt);
}

/* The real device, but no HTTP/1.1 with it: no other address will be better. */
static void end_without_http(struct device_attempt *attempt, const struct verdict *verdict)
{
    attempt->rank = RANK_NOTHING;
    (void)note(attempt, DEVICE_H2_ONLY, RANK_REFUSED);
    attempt->result.verdict = *verdict;
    say(attempt, "speaks HTTP/2 only");
    end(attempt);
}

static void refuse(struct device_attempt *attempt, const struct verdict *verdict)
{
    hang_up(attempt);
    if (attempt->offered) { /* its certificate may be another one by now */
        attempt->knows_nothing = true;
        device_sessions_forget(attempt->pool->sessions, &attempt->key);
        greet_again(attempt);
        return;
    }
    if (note(attempt, DEVICE_REFUSED, RANK_REFUSED)) {
        attempt->result.verdict = *verdict;
        say(attempt, "is not the device that was published");
    }
    if (verdict->kind == VERDICT_STALE || verdict->kind == VERDICT_NO_RECORD)
        end(attempt); /* that is so whatever another address shows */
    else
        dial(attempt);
}

/* The chain of this handshake, or of the one that began the session. */
static struct device_shown *shown_by(struct device_attempt *attempt, SSL *ssl)
{
    if (SSL_session_reused(ssl) == 1 && attempt->offered)
        return device_shown_hold(attempt->offered);
    device_shown_drop(attempt->offered);
    attempt->offered = NULL;
    return device_pool_take_shown(attempt->pool, ssl, attempt->greeting);
}

static void on_ready(void *context)
{
    struct device_attempt *attempt = context;
    SSL *ssl = stream_ssl(attempt->stream);
    struct device_link *link = device_pool_link(ssl);
    struct verdict verdict;
    link->shown = shown_by(attempt, ssl);
    if (!link->shown) {
        hang_up(attempt);
        note_own_failure(attempt, STATUS_MALFORMED);
        dial(attempt);
        return;
    }
    device_judge_again(attempt->pool, link->shown, &attempt->key.name, attempt->key.port, &verdict);
    if (verdict.kind != VERDICT_MATCHED)
        refuse(attempt, &verdict);
    else if (attempt->offers_h2 || is_h2(ssl))
        end_without_http(attempt, &verdict);
    else
        open_it(attempt, &verdict);
}

/* --- greeting --- */

static void on_failed(void *context, enum status why)
{
    struct device_attempt *attempt = context;
    struct probe_failure failure;
    struct device_link *link = device_pool_link(stream_ssl(attempt->stream));
    stream_failure(attempt->stream, &failure);
    failure.asked_client_certificate = link->asked_client_certificate;
    hang_up(attempt);
    if (attempt->relies_on_memory && why != STATUS_TIMEOUT) {
        device_sessions_forget(attempt->pool->sessions, &attempt->key);
        attempt->knows_nothing = true;
        greet_again(attempt);
        return;
    }
    if (ERR_GET_REASON(failure.tls_error) == ALERTED_NO_APPLICATION_PROTOCOL &&
        !attempt->offers_h2) {
        attempt->offers_h2 = true;
        greet_again(attempt);
        return;
    }
    note_failure(attempt, &failure);
    size_t next = greeting_next(attempt->greeting, attempt->sni);
    if (!attempt->offers_h2 && next < GREETING_COUNT &&
        greeting_is_refused(&failure, failure.status)) {
        attempt->greeting = next;
        greet_again(attempt);
    } else {
        dial(attempt);
    }
}

static void do_nothing(void *context)
{
    (void)context;
}

/* What is remembered of this device: the greeting that it understands and, if its chain is still
 * right by the present view, a session. */
static void recall(struct device_attempt *attempt, SSL *ssl)
{
    SSL_SESSION *session = NULL;
    struct verdict verdict;
    struct device_sessions *sessions = attempt->pool->sessions;
    struct device_shown *shown =
        device_sessions_find(sessions, &attempt->key, device_pool_now_ms(), &session);
    if (!shown)
        return;
    device_judge_again(attempt->pool, shown, &attempt->key.name, attempt->key.port, &verdict);
    if (verdict.kind != VERDICT_MATCHED) {
        device_sessions_forget(sessions, &attempt->key);
    } else {
        attempt->greeting = shown->greeting;
        attempt->relies_on_memory = session || shown->greeting > 0;
        if (session && SSL_set_session(ssl, session) == 1)
            attempt->offered = device_shown_hold(shown);
    }
    SSL_SESSION_free(session);
}

static bool prepare(struct device_attempt *attempt, SSL *ssl)
{
    static const uint8_t http1[] = "\x08http/1.1", h2[] = "\x02h2";
    device_shown_drop(attempt->offered);
    attempt->offered = NULL;
    attempt->relies_on_memory = false;
    if (!attempt->knows_nothing && attempt->greeting == 0 && !attempt->offers_h2)
        recall(attempt, ssl);
    if (greeting_prepare(ssl, attempt->greeting, attempt->sni) != STATUS_OK)
        return false;
    if (!greeting_is_modern(attempt->greeting))
        return true;
    if (attempt->offered && attempt->offered->presented.tls_version < TLS1_3_VERSION &&
        SSL_set_max_proto_version(ssl, TLS1_2_VERSION) != 1)
        return false; /* it can't be resumed otherwise, and what TLS 1.3 needs costs time */
    return attempt->offers_h2 ? SSL_set_alpn_protos(ssl, h2, sizeof h2 - 1) == 0
                              : SSL_set_alpn_protos(ssl, http1, sizeof http1 - 1) == 0;
}

static enum status begin_tls(struct device_attempt *attempt)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t until_ms = attempt->address_deadline_ms;
    SSL *ssl = device_pool_connection(attempt->pool, &attempt->key);
    if (!ssl || !prepare(attempt, ssl)) {
        SSL_free(ssl);
        ERR_clear_error();
        return STATUS_NO_MEMORY;
    }
    stream_set_deadline(attempt->stream, until_ms > now_ms ? (unsigned)(until_ms - now_ms) : 1);
    return stream_start_tls(attempt->stream, ssl, false);
}

static void greet(struct device_attempt *attempt, int fd)
{
    static const struct stream_handlers handlers = {
        .ready = on_ready, .input = do_nothing, .drained = do_nothing, .failed = on_failed};
    attempt->stream = stream_create(attempt->pool->base, fd, &handlers, attempt);
    if (attempt->stream && attempt->is_plain) {
        open_it(attempt, NULL);
    } else if (!attempt->stream || begin_tls(attempt) != STATUS_OK) {
        hang_up(attempt);
        note_own_failure(attempt, STATUS_IO);
        end(attempt);
    }
}

/* --- dialling --- */

static unsigned left_ms(uint64_t until_ms, unsigned most_ms)
{
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t left = until_ms > now_ms ? until_ms - now_ms : 0;
    return left < most_ms ? (unsigned)left : most_ms;
}

static void note_undialled(struct device_attempt *attempt, const struct dialer_result *result)
{
    const struct probe_failure failure = {.status = result->status, .error = result->error};
    attempt->key.address = result->address;
    if (attempt->rank == RANK_NOTHING && attempt->left_count == 0 && result->failed == 0) {
        (void)note(attempt, DEVICE_UNREACHABLE, 0);
        (void)snprintf(attempt->result.reason, sizeof attempt->result.reason, "it has no address");
        return;
    }
    note_failure(attempt, &failure);
}

static void strike_out(struct device_attempt *attempt, uint32_t places)
{
    size_t kept = 0;
    for (size_t i = 0; i < attempt->left_count; i++) {
        if (!(places >> i & 1))
            attempt->left[kept++] = attempt->left[i];
    }
    attempt->left_count = kept;
}

static void on_dialled(void *context, const struct dialer_result *result)
{
    struct device_attempt *attempt = context;
    attempt->dialer = NULL;
    if (result->status != STATUS_OK) {
        note_undialled(attempt, result);
        end(attempt);
        return;
    }
    attempt->key.address = result->address;
    attempt->greeting = 0;
    attempt->offers_h2 = attempt->knows_nothing = false;
    attempt->address_deadline_ms =
        clock_monotonic_ms() + left_ms(attempt->deadline_ms, attempt->pool->handshake_ms);
    strike_out(attempt, result->failed | UINT32_C(1) << result->index);
    greet(attempt, result->fd);
}

/* To all addresses that are left. */
static void dial(struct device_attempt *attempt)
{
    unsigned ms = left_ms(attempt->deadline_ms, attempt->pool->connect_ms);
    if (attempt->left_count == 0 || ms == 0) {
        end(attempt);
        return;
    }
    attempt->dialer = dialer_start(attempt->pool->base, attempt->left, attempt->left_count,
                                   attempt->key.port, ms, on_dialled, attempt);
    if (!attempt->dialer) {
        note_own_failure(attempt, STATUS_IO);
        end(attempt);
    }
}

static void on_dialled_again(void *context, const struct dialer_result *result)
{
    struct device_attempt *attempt = context;
    attempt->dialer = NULL;
    if (result->status == STATUS_OK) {
        greet(attempt, result->fd);
        return;
    }
    note_undialled(attempt, result);
    dial(attempt);
}

/* The same address in another way, over a new connection. */
static void greet_again(struct device_attempt *attempt)
{
    if (attempt->knows_nothing && attempt->relies_on_memory)
        attempt->greeting = 0;
    unsigned ms = left_ms(attempt->address_deadline_ms, attempt->pool->handshake_ms);
    if (ms > 0)
        attempt->dialer = dialer_start(attempt->pool->base, &attempt->key.address, 1,
                                       attempt->key.port, ms, on_dialled_again, attempt);
    if (!attempt->dialer) {
        note_own_failure(attempt, ms > 0 ? STATUS_IO : STATUS_TIMEOUT);
        dial(attempt);
    }
}

/* --- what others call --- */

static struct device_attempt *attempt_create(struct device_pool *pool, uint16_t port,
                                             const struct address *addresses, size_t count)
{
    struct device_attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt)
        return NULL;
    attempt->pool = pool;
    attempt->key.port = port;
    attempt->rank = RANK_NOTHING;
    attempt->result.outcome = DEVICE_UNREACHABLE;
    attempt->deadline_ms = clock_monotonic_ms() + pool->whole_ms;
    attempt->left_count = count < DIALER_ADDRESSES_MAX ? count : DIALER_ADDRESSES_MAX;
    if (attempt->left_count > 0)
        memcpy(attempt->left, addresses, attempt->left_count * sizeof *addresses);
    attempt->dialer = dialer_start(pool->base, attempt->left, attempt->left_count, port,
                                   pool->connect_ms, on_dialled, attempt);
    if (attempt->dialer)
        return attempt;
    free(attempt);
    return NULL;
}

struct device_attempt *device_open(struct device_pool *pool, const struct name *name, uint16_t port,
                                   const struct address *addresses, size_t count,
                                   void (*done)(void *context, struct device_result *result),
                                   void *context)
{
    char text[NAME_TEXT_SIZE];
    struct device_attempt *attempt = attempt_create(pool, port, addresses, count);
    if (!attempt)
        return NULL;
    attempt->key.name = *name;
    name_text(name->wire, name->len, text);
    (void)snprintf(attempt->sni, sizeof attempt->sni, "%.255s", text);
    attempt->done = done;
    attempt->context = context;
    return attempt;
}

struct device_attempt *device_open_plain(struct device_pool *pool, uint16_t port,
                                         const struct address *addresses, size_t count,
                                         void (*done)(void *context, struct device_result *result),
                                         void *context)
{
    struct device_attempt *attempt = attempt_create(pool, port, addresses, count);
    if (!attempt)
        return NULL;
    attempt->is_plain = true;
    attempt->done = done;
    attempt->context = context;
    return attempt;
}
