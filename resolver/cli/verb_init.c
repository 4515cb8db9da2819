/* verb_init.c: `init LABEL`: makes a household on this node.
 *
 * Order: the owner's key to disk; GENESIS and this node's GRANT signed here; the recovery key to
 * where it was asked for; then both entries to hearthd, at once; then the PEER record that gives
 * the household its name. Each step may be the last: a second `init` finds an owner's key without a
 * household and goes on with it, or a household of that key without a name and names it. A recovery
 * key that was shown before the household existed is void then, and said to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/crypt.h"
#include "ledger/owner.h"
#include "ledger/rdata.h"
#include "ledger/recovery_words.h"
#include "resolver/cli/idn.h"
#include "resolver/cli/output.h"
#include "resolver/cli/qr.h"
#include "resolver/cli/records.h"
#include "resolver/cli/verbs.h"

#define OTHER_FILE "another FILE, on a disk that has room"

struct init {
    struct cli *cli;
    struct session session;
    const char *label, *recovery_file;
    char folded[NAME_LABEL_MAX + 1];
    struct key_pair owner, recovery;
    char words[RECOVERY_TEXT_SIZE];
    struct owner_head head;
    struct owner_entry genesis, grant;
    bool continues;  /* the owner's key was there already */
    bool founded;    /* the household is there, only its name is missing */
    bool wrote_file; /* the recovery file */
    char id[BASE32_ID_LEN + 1];
};

/* --- before anything is made --- */

static int check_label(struct init *init)
{
    struct cli *cli = init->cli;
    char hint[NAME_HINT_SIZE] = "", shown[256];
    struct name name;
    output_escape(init->label, strlen(init->label), shown, sizeof shown);
    enum status status = name_parse(&name, init->label);
    if (status == STATUS_NAME_U_LABEL && idn_to_ascii(init->label, hint, sizeof hint) != STATUS_OK)
        hint[0] = '\0';
    if (status == STATUS_OK && name_labels(name.wire, name.len) != 1)
        status = STATUS_MALFORMED;
    if (status == STATUS_OK) {
        memcpy(init->folded, name.wire + 1, name.wire[0]);
        init->folded[name.wire[0]] = '\0';
        status = strchr(init->folded, '_') ? STATUS_RESERVED : petname_check(init->folded);
    }
    if (status == STATUS_OK)
        return EXIT_YES;
    return output_error(cli, EXIT_REFUSED, NULL, status_name(status),
                        *hint ? hint : "one label like maple: letters, digits, '-'", "%s: %s",
                        shown, status_text(status));
}

static void warn_clock(struct init *init)
{
    struct clock_reading now = clock_read();
    char when[OUTPUT_TIME_SIZE];
    if (!clock_is_implausible(now))
        return;
    output_time(now.wall_ms, when);
    output_warning(init->cli,
                   "this machine's clock says %s, which can't be. Nothing depends on it, but log "
                   "and certificates' dates will be wrong until it is set.",
                   when);
}

static int refuse_existing(struct init *init, const char *id)
{
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s status", init->cli->command);
    return output_error(
        init->cli, EXIT_REFUSED, json_pack("{s:s}", "id", id), status_name(STATUS_EXISTS), hint,
        "this node has a household already: %s%s%s",
        *init->session.petname ? init->session.petname : id,
        *init->session.petname ? ".home.arpa, " : "", *init->session.petname ? id : "");
}

/* A household is there. Is it one that an earlier `init` of ours founded but could not name? */
static int check_founded(struct init *init)
{
    json_t *authority = NULL;
    uint8_t owner[32];
    base32_encode_id(init->session.household, init->id);
    if (*init->session.petname != '\0' ||
        owner_key_read(&init->owner, init->cli->paths.owner) != STATUS_OK)
        return refuse_existing(init, init->id);
    int code = session_ask(&init->session, json_pack("{s:s}", "op", "authority"), &authority);
    if (code != EXIT_YES)
        return code;
    init->founded = control_fields_octets(authority, "owner", owner, 32) == STATUS_OK &&
                    memcmp(owner, init->owner.public_key, 32) == 0;
    json_decref(authority);
    return init->founded ? EXIT_YES : refuse_existing(init, init->id);
}

/* --- keys --- */

static int make_owner_key(struct init *init)
{
    struct cli *cli = init->cli;
    enum status status = owner_key_create(&init->owner, cli->paths.owner);
    if (status == STATUS_EXISTS) {
        init->continues = true;
        status = owner_key_read(&init->owner, cli->paths.owner);
    }
    if (status == STATUS_OK)
        return EXIT_YES;
    return output_error(
        cli, status == STATUS_DENIED ? EXIT_REFUSED : EXIT_BROKEN, NULL, status_name(status),
        status == STATUS_DENIED ? "the key file must be yours alone (chmod 600)" : NULL,
        "the owner's key in %s: %s", cli->paths.owner, status_text(status));
}

static int make_recovery_key(struct init *init)
{
    uint8_t *seed = crypt_secret_alloc(KEY_SEED_SIZE);
    enum status status = seed ? STATUS_OK : STATUS_NO_MEMORY;
    if (status == STATUS_OK) {
        crypt_random(seed, KEY_SEED_SIZE);
        status = key_pair_from_seed(&init->recovery, seed);
    }
    if (status == STATUS_OK)
        recovery_words_encode(seed, init->words);
    crypt_secret_free(seed);
    return status == STATUS_OK ? EXIT_YES
                               : output_status(init->cli, status, NULL, "the recovery key");
}

static int refuse_file(struct init *init)
{
    return output_error(init->cli, EXIT_REFUSED, NULL, status_name(STATUS_EXISTS), "another FILE",
                        "%s exists already and is not written over", init->recovery_file);
}

static enum status write_and_close(int fd, const char *words)
{
    enum status status = file_write_all(fd, words, strlen(words));
    if (status == STATUS_OK)
        status = file_write_all(fd, "\n", 1);
    if (status == STATUS_OK && fsync(fd) != 0)
        status = file_status(errno);
    if (close(fd) != 0 && status == STATUS_OK)
        status = file_status(errno);
    return status;
}

/* FILE must not exist: a recovery key is never written over another. It is whole and durable, its
 * name too, before there is a household that needs it. */
static int write_recovery_file(struct init *init)
{
    const char *path = init->recovery_file;
    char folder[FILE_PATH_SIZE];
    if (!path)
        return EXIT_YES;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return refuse_file(init);
    if (fd < 0)
        return output_error(init->cli, EXIT_BROKEN, NULL, status_name(STATUS_IO), OTHER_FILE,
                            "%s: %s", path, strerror(errno));
    enum status status = write_and_close(fd, init->words);
    if (status == STATUS_OK)
        status = file_path_folder(folder, path);
    if (status == STATUS_OK)
        status = file_sync_folder(folder);
    if (status == STATUS_OK) {
        init->wrote_file = true;
        return EXIT_YES;
    }
    unlink(path);
    return output_error(init->cli, EXIT_BROKEN, NULL, status_name(status), OTHER_FILE, "%s: %s",
                        path, status_text(status));
}

/* --- entries --- */

static int take_node_keys(struct init *init, struct body_grant *grant)
{
    json_t *node = NULL;
    int code = session_ask(&init->session, json_pack("{s:s}", "op", "node"), &node);
    if (code != EXIT_YES)
        return code;
    *grant = (struct body_grant){.role = ROLE_ADMIN, .flags = GRANT_WITNESS};
    grant->signing.algorithm = grant->zone.algorithm = KEY_ED25519;
    bool whole = control_fields_octets(node, "signing_key", grant->signing.key, 32) == STATUS_OK &&
                 control_fields_octets(node, "zone_key", grant->zone.key, 32) == STATUS_OK &&
                 control_fields_octets(node, "spki_sha256", grant->spki_sha256, 32) == STATUS_OK;
    json_decref(node);
    return whole ? EXIT_YES
                 : output_status(init->cli, STATUS_MALFORMED, NULL,
                                 "hearthd's answer about its keys");
}

static int take_possession(struct init *init, struct body_grant *grant)
{
    char id[65];
    json_t *answer = NULL;
    hex_encode(init->head.namespace_id, 32, id);
    json_t *request =
        json_pack("{s:s, s:s, s:i, s:i, s:n}", "op", "possess", "namespace", id, "role",
                  (int)grant->role, "flags", (int)grant->flags, "scope_commitment");
    int code = session_ask(&init->session, request, &answer);
    if (code != EXIT_YES)
        return code;
    bool whole = control_fields_octets(answer, "possession", grant->possession, 64) == STATUS_OK;
    json_decref(answer);
    return whole ? EXIT_YES : output_status(init->cli, STATUS_MALFORMED, NULL, "hearthd's proof");
}

static int sign_entries(struct init *init)
{
    struct body_grant grant;
    uint64_t now_ms = clock_read().wall_ms;
    int code = take_node_keys(init, &grant);
    if (code != EXIT_YES)
        return code;
    enum status status =
        owner_genesis(&init->owner, init->recovery.public_key, now_ms, &init->head, &init->genesis);
    if (status != STATUS_OK)
        return output_status(init->cli, status, NULL, "GENESIS");
    base32_encode_id(init->head.namespace_id, init->id);
    code = take_possession(init, &grant);
    if (code != EXIT_YES)
        return code;
    status = owner_grant(&init->owner, &init->head, now_ms, &grant, &init->grant);
    return status == STATUS_OK ? EXIT_YES : output_status(init->cli, status, NULL, "GRANT");
}

/* --- handing over --- */

static json_t *entry_object(const struct owner_entry *entry)
{
    return output_hex(entry->bytes, entry->len);
}

/* The answer did not come: the household may be there or not, so the recovery words must not be
 * lost. */
static int report_lost(struct init *init, enum status status)
{
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "start hearthd, then again: %s init %s", init->cli->command,
                   init->label);
    json_t *object = init->wrote_file ? NULL : json_pack("{s:s}", "recovery", init->words);
    if (!init->wrote_file)
        output_line(init->cli,
                    "If the household was made all the same, this is its recovery key:\n\n  %s\n",
                    init->words);
    return output_error(init->cli, session_exit_code(status), object, status_name(status), hint,
                        "no answer of hearthd's came to the household handed over: %s",
                        status_text(status));
}

static int hand_over(struct init *init)
{
    char label[NAME_LABEL_MAX + 1] = "";
    json_t *answer = NULL;
    if (gethostname(label, sizeof label - 1) != 0 || *label == '\0')
        (void)snprintf(label, sizeof label, "node");
    label[strcspn(label, ".")] = '\0';
    json_t *request = json_pack("{s:s, s:[o, o], s:b, s:o}", "op", "ingest", "entries",
                                entry_object(&init->genesis), entry_object(&init->grant), "own", 1,
                                "label", output_string(label, strlen(label)));
    enum status status = session_try(&init->session, request, SESSION_WRITE_MS, &answer);
    if (status != STATUS_OK)
        return report_lost(init, status);
    int code = EXIT_YES;
    if (!json_is_true(json_object_get(answer, "ok"))) {
        code = session_report(init->cli, answer, NULL);
        if (init->wrote_file)
            unlink(init->recovery_file); /* of a household that never was */
    }
    json_decref(answer);
    return code;
}

/* PEER at LABEL._peer: the household's name for itself. */
static int name_household(struct init *init)
{
    struct name owner = {.len = 1};
    uint8_t rdata[33] = {0};
    json_t *answer = NULL;
    enum status status = name_prepend(&owner, "_peer", 5);
    if (status == STATUS_OK)
        status = name_prepend(&owner, init->folded, strlen(init->folded));
    if (status == STATUS_OK)
        status = base32_decode_id(init->id, BASE32_ID_LEN, rdata);
    if (status != STATUS_OK)
        return output_status(init->cli, status, NULL, init->label);
    json_t *record = records_new(&owner, RRTYPE_PEER, RECORD_TTL);
    records_add(record, rdata, sizeof rdata);
    int code = records_publish(&init->session, json_pack("[o]", record), "init", &answer);
    json_decref(answer);
    if (code != EXIT_YES && !init->cli->json)
        (void)fprintf(stderr, "The household is there, but has no name yet. To go on: %s init %s\n",
                      init->cli->command, init->label);
    return code;
}

/* --- the end --- */

static void say_recovery(struct init *init)
{
    struct cli *cli = init->cli;
    if (init->founded) {
        output_line(cli, "\nIts recovery key is the one that the first `init` showed.");
        return;
    }
    if (init->wrote_file) {
        output_line(cli,
                    "\nThe recovery key is in %s: print it, keep it away from this machine, "
                    "and delete the file.",
                    init->recovery_file);
        return;
    }
    output_line(cli, "\nRecovery key. Write it on paper now: it is not kept anywhere and never "
                     "shown again. Who\nhas it can take the household over; without it, a lost "
                     "owner's key can't be replaced.\n");
    for (int word = 0; word < RECOVERY_WORDS; word++)
        if (!cli->json)
            printf("%s%.5s%s", word % 6 == 0 ? "  " : " ", init->words + (size_t)word * 6,
                   word % 6 == 5 ? "\n" : "");
    output_line(cli, "%s", "");
    if (cli->terminal && !cli->json && qr_print(stdout, init->words, cli->colour) != STATUS_OK)
        output_warning(cli, "the QR code could not be drawn");
}

static int report_done(struct init *init)
{
    struct cli *cli = init->cli;
    char zone[NAME_TEXT_SIZE];
    (void)snprintf(zone, sizeof zone, "%s.home.arpa", init->folded);
    output_line(cli, "%s is your household.", zone);
    output_line(cli, "  id         %s", init->id);
    output_line(cli, "  owner key  %s/owner.key (readable by you alone; keep a copy offline)",
                cli->paths.owner);
    if (init->continues && !init->founded)
        output_line(cli, "An earlier `init` had made the owner's key; a recovery key shown then is "
                         "void.");
    say_recovery(init);
    output_next(cli, "%s adopt camera ADDR", cli->command);
    json_t *object =
        json_pack("{s:s, s:s, s:s}", "id", init->id, "zone", zone, "label", init->folded);
    if (init->wrote_file)
        json_object_set_new(object, "recovery_file",
                            output_string(init->recovery_file, strlen(init->recovery_file)));
    else if (!init->founded)
        json_object_set_new(object, "recovery", json_string(init->words));
    return output_object(cli, object, EXIT_YES);
}

static int found(struct init *init)
{
    int code = make_owner_key(init);
    if (code == EXIT_YES)
        code = make_recovery_key(init);
    if (code == EXIT_YES)
        code = sign_entries(init);
    if (code == EXIT_YES)
        code = write_recovery_file(init);
    return code == EXIT_YES ? hand_over(init) : code;
}

static int init_household(struct init *init)
{
    int code = check_label(init);
    if (code == EXIT_YES && crypt_init() != STATUS_OK)
        code = output_status(init->cli, STATUS_CRYPTO, NULL, "");
    if (code == EXIT_YES)
        code = session_open(&init->session, init->cli);
    if (code == EXIT_YES && init->session.has_household)
        code = check_founded(init);
    if (code != EXIT_YES)
        return code;
    warn_clock(init);
    if (!init->founded && init->recovery_file && access(init->recovery_file, F_OK) == 0)
        return refuse_file(init); /* before anything is made; open(2) asks again */
    if (!init->founded)
        code = found(init);
    if (code == EXIT_YES)
        code = name_household(init);
    return code == EXIT_YES ? report_done(init) : code;
}

int verb_init(struct cli *cli)
{
    struct init *init = calloc(1, sizeof *init);
    if (!init)
        return output_status(cli, STATUS_NO_MEMORY, NULL, "");
    init->cli = cli;
    init->label = cli->argv[0];
    init->recovery_file = cli_option(cli, "--recovery-out");
    int code = init_household(init);
    session_close(&init->session);
    key_pair_close(&init->owner);
    key_pair_close(&init->recovery);
    crypt_wipe(init->words, sizeof init->words);
    free(init);
    return code;
}
