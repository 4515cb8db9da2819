/* publication.c: see publication.h. */
#include "resolver/daemon/publication.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/view_build.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/ledger_service.h"
#include "resolver/daemon/log.h"

enum { PEER_SIZE = 33, RETRY_MS = 1000 };

struct publication_waiter {
    TAILQ_ENTRY(publication_waiter) link;
    struct control_session *session;
    json_t *answer;
};

/* --- what the household is like --- */

struct survey {
    struct publication *publication;
    const uint8_t *own_id;
    struct name last;
};

/* Is this the PEER record that names one's own household? Its first label is the petname. */
static bool is_own_peer(const struct survey *survey, const struct household_set *set)
{
    return set->type == RRTYPE_PEER && set->conflicts == 0 && set->rr_count == 1 &&
           set->rrs[0].len == PEER_SIZE && memcmp(set->rrs[0].data, survey->own_id, 32) == 0 &&
           set->name.wire[0] <= NAME_LABEL_MAX;
}

static bool survey_set(void *context, const struct household_set *set)
{
    struct survey *survey = context;
    struct publication *publication = survey->publication;
    if (set->conflicts > 0)
        publication->conflicts++;
    if (is_own_peer(survey, set) && publication->petname[0] == '\0') {
        memcpy(publication->petname, set->name.wire + 1, set->name.wire[0]);
        publication->petname[set->name.wire[0]] = '\0';
    }
    if (set->rr_count > 0 && !rrtype_is_internal(set->type) &&
        !name_equal(&set->name, &survey->last)) {
        publication->names++;
        survey->last = set->name;
    }
    return true;
}

static void take_survey(struct publication *publication, struct household *household,
                        const uint8_t *own_id)
{
    struct survey survey = {.publication = publication, .own_id = own_id};
    publication->petname[0] = '\0';
    publication->names = publication->conflicts = 0;
    household_each_winner(household, survey_set, &survey);
}

/* --- building --- */

static const char *label_of(void *context, const uint8_t key[static 32])
{
    const struct ledger_service *service = context;
    bool own = memcmp(key, service->keys.signing.public_key, 32) == 0;
    return own ? ledger_service_label(service) : NULL;
}

static uint32_t present_flags(const struct publication *publication, struct clock_reading clock)
{
    struct board_config config;
    board_get_config(publication->service->context->board, &config);
    return (config.local_upstream ? VIEW_FLAG_LOCAL_UPSTREAM : 0U) |
           (clock_is_implausible(clock) ? VIEW_FLAG_TIME_UNKNOWN : 0U);
}

static enum status put_view(struct publication *publication, struct household *household)
{
    struct ledger_service *service = publication->service;
    struct household_authority authority;
    struct clock_reading clock = clock_read();
    uint64_t generation = publisher_next(&publication->publisher);
    bool frozen = household_authority(household, &authority) == STATUS_OK && authority.frozen;
    /* One node is its own witness: fresh, without limits, until there are statements of others. */
    struct view_build_household own = {
        .household = household,
        .own = true,
        .state = frozen ? VIEW_ZONE_FROZEN : VIEW_ZONE_FRESH,
        .label = label_of,
        .label_context = service,
    };
    struct view_build input = {
        .generation = generation,
        .published_ms = clock_household_ms(clock, ledger_floor_ms(service->ledger)),
        .flags = present_flags(publication, clock),
        .serial = (uint32_t)generation,
        .households = &own,
        .household_count = 1,
    };
    memcpy(own.namespace_id, ledger_own_id(service->ledger), sizeof own.namespace_id);
    memcpy(own.petname, publication->petname, sizeof own.petname);
    memcpy(input.hash_key, publication->publisher.hash_key, sizeof input.hash_key);
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum status status = view_build(&input, &bytes, &len);
    if (status == STATUS_OK)
        status = publisher_put(&publication->publisher, bytes, len);
    free(bytes);
    if (status == STATUS_OK) {
        publication->published = true;
        publication->generation = generation;
        publication->published_ms = input.published_ms;
        publication->flags = input.flags;
        publication->last_len = len;
    }
    return status;
}

/* --- answers that wait --- */

static json_t *settle(const struct publication *publication, json_t *answer)
{
    if (publication->failed == STATUS_OK) {
        if (publication->published)
            control_fields_set_word(answer, "generation", publication->generation);
        else
            (void)json_object_set_new(answer, "generation", json_null());
        return answer;
    }
    json_decref(answer);
    return control_refusal(STATUS_IO,
                           "the change is stored, but could not be published: the view can't be "
                           "written");
}

static void answer_waiters(struct publication *publication)
{
    struct publication_waiter *waiter = NULL;
    while ((waiter = TAILQ_FIRST(&publication->waiters))) {
        TAILQ_REMOVE(&publication->waiters, waiter, link);
        control_session_answer(waiter->session, settle(publication, waiter->answer), -1);
        free(waiter);
    }
}

/* --- when --- */

static void schedule(struct publication *publication, uint64_t wait_ms)
{
    struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
                           .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};
    publication->scheduled = event_add(publication->due, &wait) == 0;
}

static void publish(struct publication *publication)
{
    struct ledger *ledger = publication->service->ledger;
    struct household *household = ledger_own(ledger);
    enum status before = publication->failed;
    publication->failed = STATUS_OK;
    if (household) {
        take_survey(publication, household, ledger_own_id(ledger));
        publication->failed = put_view(publication, household);
    }
    publication->last_ms = clock_monotonic_ms();
    if (publication->failed != STATUS_OK && before == STATUS_OK)
        log_error("the view can't be published: %s", status_text(publication->failed));
    if (publication->failed != STATUS_OK)
        schedule(publication, RETRY_MS);
    answer_waiters(publication);
}

static void on_due(evutil_socket_t fd, short what, void *arg)
{
    struct publication *publication = arg;
    (void)fd;
    (void)what;
    publication->scheduled = false;
    publish(publication);
}

/* The clock may have become known, or lost. */
static void on_check(evutil_socket_t fd, short what, void *arg)
{
    struct publication *publication = arg;
    (void)fd;
    (void)what;
    if (publication->published && present_flags(publication, clock_read()) != publication->flags)
        publication_request(publication);
}

void publication_request(struct publication *publication)
{
    uint64_t since_ms = clock_monotonic_ms() - publication->last_ms;
    bool small = publication->last_len <= PUBLICATION_SMALL_BYTES;
    bool retrying = publication->failed != STATUS_OK;
    if (publication->scheduled && !retrying)
        return;
    schedule(publication,
             small || since_ms >= PUBLICATION_PAUSE_MS ? 0 : PUBLICATION_PAUSE_MS - since_ms);
}

void publication_await(struct publication *publication, struct control_session *session,
                       json_t *answer)
{
    struct publication_waiter *waiter = calloc(1, sizeof *waiter);
    if (!waiter) {
        json_decref(answer);
        publication_request(publication);
        control_session_answer(session,
                               control_refusal(STATUS_NO_MEMORY, "the change is stored, but there "
                                                                 "is no memory to wait for the "
                                                                 "view that has it"),
                               -1);
        return;
    }
    waiter->session = session;
    waiter->answer = answer;
    TAILQ_INSERT_TAIL(&publication->waiters, waiter, link);
    publication_request(publication);
}

void publication_finish(struct publication *publication)
{
    if (!TAILQ_EMPTY(&publication->waiters))
        publish(publication);
}

enum status publication_open(struct publication *publication, struct ledger_service *service)
{
    const struct timeval pause = {.tv_sec = PUBLICATION_CHECK_S};
    TAILQ_INIT(&publication->waiters);
    publication->service = service;
    enum status status = publisher_open(&publication->publisher, service->context->paths->view);
    if (status != STATUS_OK)
        return status;
    publication->open = true;
    publication->due = evtimer_new(service->base, on_due, publication);
    publication->check = event_new(service->base, -1, EV_PERSIST, on_check, publication);
    if (!publication->due || !publication->check || event_add(publication->check, &pause) != 0)
        return STATUS_NO_MEMORY;
    publish(publication); /* a failure is said and tried again: reads and writes go on meanwhile */
    return STATUS_OK;
}

void publication_close(struct publication *publication)
{
    struct publication_waiter *waiter = NULL;
    while (publication->service && (waiter = TAILQ_FIRST(&publication->waiters))) {
        TAILQ_REMOVE(&publication->waiters, waiter, link);
        json_decref(waiter->answer);
        free(waiter);
    }
    if (publication->due)
        event_free(publication->due);
    if (publication->check)
        event_free(publication->check);
    if (publication->open)
        publisher_close(&publication->publisher);
    *publication = (struct publication){.open = false};
}
