/* control_ops_status.c: status: how this node is, problems first. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "resolver/daemon/board.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_ops.h"

enum { PROBLEM_SIZE = 256 + 3 * PATHS_SIZE, DISK_LOW_BYTES = 1 << 20 };

struct report {
    const struct ledger_service *service;
    struct household *household; /* or NULL */
    struct clock_reading clock;
    bool frozen, lost; /* lost: a problem that there is no memory for */
    json_t *problems;
};

[[gnu::format(printf, 3, 4)]] static void add_problem(struct report *report, const char *hint,
                                                      const char *format, ...)
{
    char text[PROBLEM_SIZE];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (json_array_append_new(report->problems,
                              json_pack("{s:o, s:o}", "text", control_fields_text_new(text), "hint",
                                        control_fields_text_new(hint))) != 0)
        report->lost = true;
}

static void add_doors(struct report *report, json_t *answer)
{
    const struct paths *paths = report->service->context->paths;
    struct board_config config;
    json_t *doors = json_array();
    board_get_config(report->service->context->board, &config);
    for (uint32_t i = 0; i < config.listener_count; i++) {
        char text[CONFIG_ENDPOINT_TEXT_SIZE];
        bool bound = config.listener_bound[i];
        config_endpoint_text(&config.listeners[i], text);
        (void)json_array_append_new(
            doors, json_pack("{s:s, s:s, s:b}", "door", "dns", "address", text, "bound", bound));
        if (!bound)
            add_problem(report, "set [resolver] listen in hearth.conf, then send hearthd SIGHUP",
                        "%s is taken by another program: no DNS there", text);
    }
    bool published = report->service->publication.published;
    (void)json_array_append_new(doors, json_pack("{s:s, s:o, s:b}", "door", "nss", "address",
                                                 control_fields_text_new(paths->view_file), "bound",
                                                 published));
    (void)json_array_append_new(doors,
                                json_pack("{s:s, s:o, s:b}", "door", "control", "address",
                                          control_fields_text_new(paths->control), "bound", 1));
    (void)json_object_set_new(answer, "doors", doors);
}

static void add_children(struct report *report, json_t *answer)
{
    struct board *board = report->service->context->board;
    json_t *children = json_array();
    for (unsigned role = 0; role < CHILD_ROLES; role++) {
        struct board_child *child = &board->children[role];
        const char *name = board_role_text((enum child_role)role);
        uint32_t state = atomic_load(&child->state);
        (void)json_array_append_new(children,
                                    json_pack("{s:s, s:i, s:s, s:I}", "role", name, "pid",
                                              (int)atomic_load(&child->pid), "state",
                                              board_state_text((enum child_state)state), "restarts",
                                              (json_int_t)atomic_load(&child->restarts)));
        if (state != CHILD_READY && state != CHILD_OFF)
            add_problem(report,
                        "read what hearthd says: journalctl -u hearthd, or its own terminal",
                        "the %s process is %s", name, board_state_text((enum child_state)state));
    }
    (void)json_object_set_new(answer, "children", children);
}

static void add_counters(struct report *report, json_t *answer)
{
    struct board_child *resolver = &report->service->context->board->children[CHILD_RESOLVER];
    json_t *counters = json_object();
    for (unsigned i = 0; i < BOARD_COUNTERS; i++) {
        const char *name = board_counter_text(i);
        if (name)
            control_fields_set_number(counters, name, atomic_load(&resolver->counters[i]));
    }
    (void)json_object_set_new(answer, "counters", counters);
}

struct node_list {
    struct report *report;
    json_t *array;
};

static bool add_node(void *context, const struct household_grant *grant)
{
    const struct node_list *list = context;
    const struct ledger_service *service = list->report->service;
    bool self = memcmp(grant->key, service->keys.signing.public_key, 32) == 0;
    json_t *json = control_grant_json(service, grant);
    json_t *node =
        json_pack("{s:O, s:O, s:O, s:O, s:b}", "id", json_object_get(json, "key"), "label",
                  json_object_get(json, "label"), "role", json_object_get(json, "role"), "state",
                  json_object_get(json, "state"), "self", self);
    json_decref(json);
    /* What other nodes say comes with their statements. */
    if (self)
        control_fields_set_number(node, "seen", list->report->clock.wall_ms);
    else
        (void)json_object_set_new(node, "seen", json_null());
    return json_array_append_new(list->array, node) == 0;
}

static void add_nodes(struct report *report, json_t *answer)
{
    struct node_list list = {.report = report, .array = json_array()};
    struct household_grant own;
    const uint8_t *key = report->service->keys.signing.public_key;
    if (report->household) {
        household_each_grant(report->household, add_node, &list);
        enum status status = household_find_grant(report->household, key, &own);
        if (status != STATUS_OK || own.state != GRANT_LIVE)
            add_problem(report, "hearth log", "this node may not write: its key is %s",
                        status == STATUS_OK ? control_grant_state(own.state) : "not granted");
    }
    (void)json_object_set_new(answer, "nodes", list.array);
}

static void add_household(struct report *report, json_t *answer)
{
    const struct publication *publication = &report->service->publication;
    struct household_authority authority;
    control_fields_set_household(answer, "household", ledger_own_id(report->service->ledger));
    const struct rescue *rescue = &report->service->rescue;
    if (!report->household && rescue->kind == RESCUE_NONE)
        add_problem(report, "hearth init LABEL", "no household yet");
    if (report->household && household_authority(report->household, &authority) == STATUS_OK)
        report->frozen = authority.frozen;
    if (report->frozen)
        add_problem(report, "hearth log",
                    "the household's authority is frozen: two branches contradict each other");
    if (publication->conflicts > 0)
        add_problem(report, "hearth ls", "%zu names have contradicting records",
                    publication->conflicts);
    if (report->household && publication->petname[0] == '\0')
        add_problem(report, "hearth init LABEL",
                    "the household has no name of its own: only its id works");
    (void)json_object_set_new(answer, "frozen", json_boolean(report->frozen));
}

static void add_publication(struct report *report, json_t *answer)
{
    const struct publication *publication = &report->service->publication;
    control_fields_set_text(answer, "petname", publication->petname);
    control_fields_set_number(answer, "names", publication->names);
    control_fields_set_number(answer, "conflicts", publication->conflicts);
    if (publication->published) {
        control_fields_set_word(answer, "generation", publication->generation);
        control_fields_set_number(answer, "published", publication->published_ms);
    } else {
        (void)json_object_set_new(answer, "generation", json_null());
        (void)json_object_set_new(answer, "published", json_null());
    }
    if (publication->failed != STATUS_OK)
        add_problem(report,
                    "look at the folder's rights and the room on its disk (ls -ld, df); it is "
                    "tried again by itself",
                    "the view can't be published: %s", status_text(publication->failed));
}

static void add_lost_household(struct report *report, const char *state)
{
    char hint[PROBLEM_SIZE];
    (void)snprintf(hint, sizeof hint,
                   "copy a backup to %s/" RESCUE_COPY " and start hearthd again; to begin anew "
                   "instead: rm %s/" RESCUE_REPORT,
                   state, state);
    add_problem(report, hint,
                "the ledger was damaged or lost, and no household could be read again");
}

/* What the database went through stays here until somebody has taken note of it. */
static void add_rescue(struct report *report)
{
    char hint[PROBLEM_SIZE];
    const struct rescue *rescue = &report->service->rescue;
    const char *state = report->service->context->paths->state;
    if (rescue->kind == RESCUE_NONE)
        return;
    if (!report->household) {
        add_lost_household(report, state);
        return;
    }
    if (rescue->kind == RESCUE_OLDER) {
        add_problem(report, "hearth ls: is all there?",
                    "the ledger's database was older than what this node had written: %llu entries "
                    "were found again",
                    (unsigned long long)rescue->entries);
        return;
    }
    (void)snprintf(hint, sizeof hint,
                   "hearth ls: is all there? Then: rm -r %s/" RESCUE_REPORT "%s%s%s%s", state,
                   rescue->kept[0] ? " " : "", rescue->kept[0] ? state : "",
                   rescue->kept[0] ? "/" : "", rescue->kept);
    add_problem(report, hint,
                "the ledger's database %s: it was rebuilt, and %llu entries were recovered",
                rescue->kind == RESCUE_MISSING ? "was missing" : "was damaged",
                (unsigned long long)rescue->entries);
}

static void add_disk(struct report *report)
{
    struct statvfs disk;
    const char *state = report->service->context->paths->state;
    enum status copy = report->service->keeper.failed;
    if (statvfs(state, &disk) == 0 && disk.f_bavail * disk.f_frsize < DISK_LOW_BYTES)
        add_problem(report, "make room on it", "the disk of %s is full: writes are refused", state);
    else if (copy != STATUS_OK)
        add_problem(report,
                    "look at the room on the disk and at the kernel's messages (df, dmesg); it is "
                    "tried again by itself",
                    "the copy of the ledger in %s can't be written: %s", state, status_text(copy));
}

static void add_store(struct report *report, json_t *answer)
{
    struct ledger_stats stats = {.entries = 0};
    enum status status = ledger_stats(report->service->ledger, &stats);
    if (status != STATUS_OK)
        add_problem(report, "read what hearthd says: journalctl -u hearthd, or its own terminal",
                    "the ledger's store can't be read: %s", status_text(status));
    control_fields_set_number(answer, "entries", stats.entries);
    control_fields_set_number(answer, "bytes", stats.bytes);
}

static void add_clock(struct report *report, json_t *answer)
{
    json_t *clock = json_pack("{s:I, s:b}", "wall", (json_int_t)report->clock.wall_ms,
                              "synchronised", report->clock.synchronised);
    (void)json_object_set_new(answer, "clock", clock);
    if (clock_is_implausible(report->clock))
        add_problem(report, "set the clock, or start a time service",
                    "this machine's clock is wrong: it is before 2026");
}

enum status control_op_status(struct control_call *call)
{
    struct report report = {
        .service = call->service,
        .household = ledger_own(call->service->ledger),
        .clock = clock_read(),
        .problems = json_array(),
    };
    json_t *answer = call->answer;
    if (json_object_set_new(answer, "problems", report.problems) != 0)
        return STATUS_NO_MEMORY;
    control_fields_set_text(answer, "label", ledger_service_label(call->service));
    add_household(&report, answer);
    add_publication(&report, answer);
    add_nodes(&report, answer);
    add_clock(&report, answer);
    add_doors(&report, answer);
    add_children(&report, answer);
    add_counters(&report, answer);
    add_store(&report, answer);
    add_rescue(&report);
    add_disk(&report);
    bool healthy = json_array_size(report.problems) == 0 && !report.lost;
    return json_object_set_new(answer, "healthy", json_boolean(healthy)) == 0 ? STATUS_OK
                                                                              : STATUS_NO_MEMORY;
}
