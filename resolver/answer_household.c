/* answer_household.c: see answer_household.h.
 *
 * One look-up by exact name, one in its RRsets. There are no wildcards, no delegations and no
 * aliases, so a name that is not in the view does not exist, and one without RRsets is an empty
 * non-terminal.
 *
 * A household that has not been heard from says less and less: past its soft limit TTLs are short
 * and the answers are marked stale; past the hard one no TLSA is given, not even the news that
 * there is none.
 */
#include "resolver/answer_household.h"

#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"

enum freshness { FRESH, STALE, EXPIRED };

/* What one answer is made from. */
struct task {
    const struct answer_input *input;
    const struct household_name *found;
    struct reply *reply;
    enum freshness freshness;
};

/* Cheap, and right for all but absurd names with dots inside labels, which no view has. */
static bool may_be_household(const struct name *name)
{
    size_t len = name_home_arpa.len;
    return name->len > len && memcmp(name->wire + name->len - len, name_home_arpa.wire, len) == 0;
}

void household_hash(const struct answer_input *input, struct query *query)
{
    if (input->view && may_be_household(&query->folded))
        query->view_hash = view_hash(input->view, query->folded.wire, query->folded.len);
}

void household_fetch(const struct answer_input *input, const struct query *query)
{
    if (input->view && may_be_household(&query->folded))
        view_fetch(input->view, query->view_hash);
}

enum status household_find(const struct answer_input *input, const struct query *query,
                           struct household_name *found)
{
    const struct name *name = &query->folded;
    if (!may_be_household(name))
        return STATUS_NOT_FOUND;
    if (!input->view)
        return input->view_status == STATUS_OK ? STATUS_CORRUPT : input->view_status;
    enum status status =
        view_find_hashed(input->view, query->view_hash, name->wire, name->len, &found->name);
    found->exists = status == STATUS_OK;
    if (status == STATUS_OK)
        status = view_zone_at(input->view, found->name.zone, &found->zone);
    else if (status == STATUS_NOT_FOUND)
        status = view_find_zone(input->view, name->wire, name->len, &found->zone);
    if (status == STATUS_OK && input->client == ANSWER_GUEST &&
        (found->zone.flags & VIEW_ZONE_OWN) == 0)
        return STATUS_NOT_FOUND;
    return status;
}

static enum freshness judge_freshness(const struct view_zone *zone, uint64_t now_ms)
{
    if (zone->state == VIEW_ZONE_HARD || (zone->hard_ms != 0 && now_ms >= zone->hard_ms))
        return EXPIRED;
    if (zone->state == VIEW_ZONE_SOFT || (zone->soft_ms != 0 && now_ms >= zone->soft_ms))
        return STALE;
    return FRESH;
}

static uint32_t limit_ttl(const struct task *task, uint32_t ttl)
{
    return task->freshness != FRESH && ttl > ANSWER_STALE_TTL ? ANSWER_STALE_TTL : ttl;
}

static enum status append_rrset(const struct task *task, enum reply_section section, uint16_t owner,
                                const struct view_rrset *rrset, uint32_t ttl)
{
    enum status status = reply_rrset(task->reply, section, owner, rrset->type, ttl, rrset->data,
                                     rrset->data_len, rrset->count);
    if (status == STATUS_OK && task->reply->query->dnssec_ok && rrset->sig_count > 0)
        status = reply_rrset(task->reply, section, owner, RRTYPE_RRSIG, ttl, rrset->sigs,
                             rrset->sigs_len, rrset->sig_count);
    return status;
}

/* RFC 2308, section 3: the SOA goes with what is not there, and its TTL is the lesser of its own
 * and its minimum. */
static enum status append_soa(const struct task *task)
{
    struct view *view = task->input->view;
    struct view_name apex;
    struct view_rrset soa;
    enum status status = view_name_at(view, task->found->zone.apex, &apex);
    if (status == STATUS_OK)
        status = view_rrset(view, &apex, RRTYPE_SOA, &soa);
    if (status != STATUS_OK)
        return STATUS_CORRUPT;
    const struct name *name = &task->reply->query->folded;
    if (soa.count != 1 || soa.data_len < 2 + 20 || apex.wire_len > name->len)
        return STATUS_CORRUPT;
    struct reader minimum_at = reader_over(soa.data + soa.data_len - 4, 4);
    uint32_t minimum = reader_u32(&minimum_at);
    uint32_t ttl = limit_ttl(task, soa.ttl < minimum ? soa.ttl : minimum);
    uint16_t owner = (uint16_t)(REPLY_OWNER_QUESTION + name->len - apex.wire_len);
    return append_rrset(task, REPLY_AUTHORITY, owner, &soa, ttl);
}

/* Why an RRset that was there once has nothing left. */
static void explain_emptied(struct reply *reply, const struct view_rrset *rrset)
{
    if ((rrset->flags & VIEW_RRSET_WITHDRAWN) != 0)
        reply_extended(reply, EDE_BLOCKED, "withdrawn by the household");
    else if ((rrset->flags & VIEW_RRSET_CONFLICT) != 0)
        reply_extended(reply, EDE_OTHER, "in conflict in the household");
}

static bool is_hidden(const struct task *task, uint16_t type)
{
    return task->freshness == EXPIRED && type == RRTYPE_TLSA;
}

/* RFC 8482, section 4.1: one RRset is answer enough to ANY. */
static enum status find_any(const struct task *task, struct view_rrset *rrset)
{
    const struct view_name *name = &task->found->name;
    for (uint32_t i = 0; i < name->rrset_count; i++) {
        enum status status = view_rrset_at(task->input->view, name->first_rrset + i, rrset);
        if (status != STATUS_OK)
            return STATUS_CORRUPT;
        if (rrset->count > 0 && (rrset->flags & VIEW_RRSET_INTERNAL) == 0 &&
            !is_hidden(task, rrset->type))
            return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

static enum status find_rrset(const struct task *task, struct view_rrset *rrset)
{
    uint16_t type = task->reply->query->type;
    if (type == RRTYPE_ANY)
        return find_any(task, rrset);
    if (is_hidden(task, type))
        return STATUS_NOT_FOUND;
    enum status status = view_rrset(task->input->view, &task->found->name, type, rrset);
    if (status == STATUS_OK && (rrset->flags & VIEW_RRSET_INTERNAL) != 0)
        return STATUS_NOT_FOUND;
    return status;
}

static enum status answer_found(const struct task *task)
{
    struct view_rrset rrset;
    enum status status = find_rrset(task, &rrset);
    if (status == STATUS_NOT_FOUND)
        return append_soa(task);
    if (status != STATUS_OK)
        return status;
    if (rrset.count > 0)
        return append_rrset(task, REPLY_ANSWER, REPLY_OWNER_QUESTION, &rrset,
                            limit_ttl(task, rrset.ttl));
    explain_emptied(task->reply, &rrset);
    return append_soa(task);
}

enum answer_kind household_answer(const struct answer_input *input, struct reply *reply,
                                  const struct household_name *found)
{
    struct task task = {.input = input, .found = found, .reply = reply};
    uint16_t type = reply->query->type;
    if (input->client == ANSWER_GUEST && type == RRTYPE_ANY) {
        reply_error(reply, RCODE_REFUSED, EDE_PROHIBITED, "guests ask for one type at a time");
        return ANSWER_KIND_REFUSED;
    }
    task.freshness = judge_freshness(&found->zone, input->now_ms);
    if (task.freshness == EXPIRED && type == RRTYPE_TLSA) {
        reply_error(reply, RCODE_SERVFAIL, EDE_NO_AUTHORITY,
                    "household not heard from for too long");
        return ANSWER_KIND_FAILED;
    }
    reply_flags(reply, DNS_AA);
    if (task.freshness != FRESH)
        reply_extended(reply, EDE_STALE, "household not heard from for long");
    if (!found->exists)
        reply->rcode = RCODE_NXDOMAIN;
    enum status status = found->exists ? answer_found(&task) : append_soa(&task);
    if (status == STATUS_OK || status == STATUS_NO_SPACE)
        return ANSWER_KIND_HOUSEHOLD;
    reply_reset(reply);
    reply->flags &= (uint16_t)~DNS_AA;
    reply_error(reply, RCODE_SERVFAIL, EDE_NOT_READY, "the household's view is damaged");
    return ANSWER_KIND_FAILED;
}
