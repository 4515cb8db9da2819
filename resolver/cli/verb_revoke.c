/* verb_revoke.c: `revoke NAME[:PORT]`: withdraws the published keys of a device.
 *
 * A WITHDRAW names a SHA-256 and holds for every name of the household, so other names with the
 * same key are named before the question. What a record publishes as SHA-512 can't be withdrawn: it
 * is said, and can be unset.
 */
#include <stdio.h>
#include <string.h>

#include "dane/tlsa.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/body.h"
#include "resolver/cli/labels.h"
#include "resolver/cli/next_name.h"
#include "resolver/cli/output.h"
#include "resolver/cli/prompt.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"
#include "resolver/service_name.h"

struct revoke {
    struct session *session;
    const struct name_argument *name;
    json_t *hashes; /* hex → array of the names that publish it, of the device asked for */
    json_t *gone;   /* hex: withdrawn before */
    json_t *others; /* hex → names besides, of all the household */
    size_t kept;    /* records that no SHA-256 stands for */
    char kept_at[NAME_TEXT_SIZE]; /* one of them */
};

static int parse_reason(struct cli *cli, int *reason)
{
    const char *text = cli_option(cli, "--reason");
    *reason = REASON_NONE;
    if (!text)
        return EXIT_YES;
    for (int i = REASON_LOST; i <= REASON_REPLACED; i++) {
        if (strcmp(labels_reason((uint64_t)i), text) == 0) {
            *reason = i;
            return EXIT_YES;
        }
    }
    return output_error(cli, EXIT_USAGE, NULL, NULL, "lost, stolen, retired or replaced",
                        "%.32s is no reason that the ledger knows", text);
}

static bool is_asked_for(const struct revoke *revoke, const struct name *owner)
{
    struct name device;
    uint16_t port = 0;
    if (service_name_read(owner, &device, &port) != STATUS_OK)
        return name_equal(owner, &revoke->name->relative);
    return name_equal(&device, &revoke->name->relative) &&
           (revoke->name->port == 0 || revoke->name->port == port);
}

static void note(json_t *map, const char *hash, const char *full)
{
    json_t *names = json_object_get(map, hash);
    if (!names) {
        names = json_array();
        json_object_set_new(map, hash, names);
    }
    json_array_append_new(names, json_string(full));
}

static void take_rr(struct revoke *revoke, const json_t *hex, bool mine, bool removed,
                    const char *full)
{
    struct record_data data;
    struct tlsa tlsa;
    char hash[65];
    if (!records_rr_octets(hex, &data) || tlsa_decode(&tlsa, data.octets, data.len) != STATUS_OK)
        return;
    if (tlsa.matching != TLSA_SHA256 || tlsa.data_len != 32) {
        revoke->kept += mine;
        if (mine)
            (void)snprintf(revoke->kept_at, sizeof revoke->kept_at, "%s", full);
        return;
    }
    hex_encode(tlsa.data, 32, hash);
    if (mine && removed)
        json_array_append_new(revoke->gone, json_string(hash));
    else
        note(mine ? revoke->hashes : revoke->others, hash, full);
}

static int take_record(void *context, json_t *item)
{
    struct revoke *revoke = context;
    struct name owner;
    char full[NAME_TEXT_SIZE];
    if (records_type(item) != RRTYPE_TLSA || control_fields_name(item, "name", &owner) != STATUS_OK)
        return EXIT_YES;
    bool mine = is_asked_for(revoke, &owner);
    own_names_full_text(&revoke->session->own, &owner, full);
    size_t i;
    json_t *hex;
    json_array_foreach(json_object_get(item, "rrs"), i, hex)
        take_rr(revoke, hex, mine, false, full);
    json_array_foreach(json_object_get(item, "removed"), i, hex)
        take_rr(revoke, hex, mine, true, full);
    return EXIT_YES;
}

static int ask(struct revoke *revoke)
{
    struct cli *cli = revoke->session->cli;
    const char *hash;
    json_t *names, *other;
    size_t i;
    json_object_foreach(revoke->hashes, hash, names) {
        json_array_foreach(names, i, other)
            output_line(cli, "%s  at %s", hash, json_string_value(other));
        json_array_foreach(json_object_get(revoke->others, hash), i, other)
            output_warning(cli, "%s publishes the same key: it will count there no more either",
                           json_string_value(other));
    }
    if (revoke->kept > 0)
        output_warning(cli, "%zu record%s not by SHA-256, and can only be taken away (unset)",
                       revoke->kept, revoke->kept == 1 ? " is" : "s are");
    enum prompt_answer answer = prompt_ask(
        cli, "Withdraw? The household will never accept that key again unless the owner lifts it.");
    return answer == PROMPT_YES ? EXIT_YES : prompt_refused(cli, answer, "--yes");
}

/* What there is to say, done or not; `done` is what was withdrawn. */
static json_t *revoke_object(const struct revoke *revoke, json_t *done)
{
    char full[NAME_TEXT_SIZE];
    own_names_full_text(&revoke->session->own, &revoke->name->relative, full);
    return json_pack("{s:s, s:O, s:O, s:i}", "name", full, "withdrawn", done, "already",
                     revoke->gone, "kept", (int)revoke->kept);
}

/* Withdraws each hash. Done ones stay done when a later one fails, and calling again goes on. */
static int withdraw_all(struct revoke *revoke, int reason, json_t *done)
{
    struct cli *cli = revoke->session->cli;
    const char *hash;
    json_t *names;
    json_object_foreach(revoke->hashes, hash, names) {
        json_t *answer = NULL;
        enum status status = session_try(
            revoke->session,
            json_pack("{s:s, s:s, s:i}", "op", "withdraw", "hash", hash, "reason", reason),
            SESSION_WRITE_MS, &answer);
        if (status != STATUS_OK)
            return session_lost(cli, status, revoke_object(revoke, done));
        if (!json_is_true(json_object_get(answer, "ok"))) {
            int code = session_report(cli, answer, revoke_object(revoke, done));
            json_decref(answer);
            return code;
        }
        json_array_append_new(
            done, json_pack("{s:s, s:O?}", "hash", hash, "id", json_object_get(answer, "id")));
        output_line(cli, "withdrawn  %s", hash);
        json_decref(answer);
    }
    return EXIT_YES;
}

static int nothing_to_do(struct revoke *revoke, json_t *done)
{
    struct cli *cli = revoke->session->cli;
    char full[NAME_TEXT_SIZE];
    own_names_full_text(&revoke->session->own, &revoke->name->relative, full);
    if (json_array_size(revoke->gone) > 0) {
        output_line(cli, "%s: its published keys are withdrawn already", full);
        return output_object(cli, revoke_object(revoke, done), EXIT_YES);
    }
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, revoke->kept > 0 ? "%s unset %s TLSA" : "%s ls%s",
                   cli->command, revoke->kept_at);
    return output_error(cli, EXIT_NO, NULL, status_name(STATUS_NOT_FOUND), hint,
                        "%s publishes no key by SHA-256", full);
}

static int revoke_device(struct revoke *revoke, int reason)
{
    struct cli *cli = revoke->session->cli;
    json_t *done = json_array();
    int code =
        session_each(revoke->session, json_pack("{s:s, s:i}", "op", "list", "limit", SESSION_PAGE),
                     "records", take_record, revoke);
    if (code == EXIT_YES && json_object_size(revoke->hashes) == 0) {
        code = nothing_to_do(revoke, done);
        json_decref(done);
        return code;
    }
    if (code == EXIT_YES)
        code = ask(revoke);
    if (code == EXIT_YES)
        code = withdraw_all(revoke, reason, done);
    if (code == EXIT_YES) {
        struct next_name next;
        next_name(&next, revoke->name, revoke->name->port);
        output_next(cli, "give the device a new key, then %s adopt %s %s", cli->command, next.name,
                    next.address);
        code = output_object(cli, revoke_object(revoke, done), EXIT_YES);
    }
    json_decref(done);
    return code;
}

int verb_revoke(struct cli *cli)
{
    struct session session;
    struct name_argument name;
    int reason = 0, code = parse_reason(cli, &reason);
    if (code != EXIT_YES)
        return code;
    struct revoke revoke = {.session = &session,
                            .name = &name,
                            .hashes = json_object(),
                            .gone = json_array(),
                            .others = json_object()};
    code = session_open_household(&session, cli);
    if (code == EXIT_YES)
        code = session_name(&session, cli->argv[0], true, &name);
    if (code == EXIT_YES)
        code = revoke_device(&revoke, reason);
    session_close(&session);
    json_decref(revoke.hashes);
    json_decref(revoke.gone);
    json_decref(revoke.others);
    return code;
}
