/* vectors.c: see vectors.h. Every seed, salt, stream number and time is fixed, and Ed25519 is
 * deterministic: the same octets come out wherever this runs. */
#include "tests/unit/ledger/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/body.h"
#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "ledger/scope.h"
#include "ledger/statement.h"

/* 2026-01-01T00:00:00Z. */
#define FIRST_MS CLOCK_EARLIEST_MS

enum { OWNER = 1, RECOVERY, NODE, ZONE, STOLEN, NEW_OWNER, NEW_RECOVERY, OTHER_OWNER };

#define PRIVATE_STREAM UINT64_C(0x00000001a1a2a3a4)
#define SHARED_STREAM  UINT64_C(0x00000002b1b2b3b4)
#define DENIAL_STREAM  UINT64_C(0x00000003c1c2c3c4)

static struct vector vectors[VECTORS_MAX];
static size_t vector_count;
static unsigned entries_made;

struct vector_key vectors_key(uint8_t number)
{
    struct vector_key key;
    uint8_t seed[32];
    memset(seed, number, sizeof seed);
    crypt_keypair_from_seed(seed, key.public_key, key.secret);
    return key;
}

static struct body_key body_key(uint8_t number)
{
    struct body_key key = {.algorithm = KEY_ED25519};
    memcpy(key.key, vectors_key(number).public_key, 32);
    return key;
}

static void keep(const char *name, enum vector_kind kind, const char *says, const char *fields,
                 const uint8_t *bytes, size_t len)
{
    assert_true(vector_count < VECTORS_MAX);
    uint8_t *copy = malloc(len);
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    vectors[vector_count++] = (struct vector){name, kind, says, fields, copy, len};
}

static struct entry decoded(const char *name)
{
    const struct vector *vector = vectors_find(name);
    struct entry entry;
    assert_int_equal(entry_decode(&entry, vector->bytes, vector->len), STATUS_OK);
    return entry;
}

static void copy_id(uint8_t to[static 32], const char *name)
{
    memcpy(to, decoded(name).id, 32);
}

/* Where an entry goes: behind `prev` (NULL: the stream's first) in `stream`. */
struct place {
    const char *prev;
    uint8_t author;
    uint64_t stream;
    uint8_t flags;
};

static void make_entry(const char *name, const char *says, const char *fields, struct place place,
                       const struct body *body)
{
    uint8_t octets[LIMIT_BODY];
    uint8_t out[LIMIT_ENTRY];
    size_t len = 0;
    struct writer w = writer_over(octets, sizeof octets);
    assert_int_equal(body_encode(body, &w), STATUS_OK);
    struct vector_key key = vectors_key(place.author);
    struct entry entry = {.type = body->type,
                          .flags = place.flags,
                          .body = octets,
                          .body_len = (uint16_t)w.used,
                          .stream = place.stream,
                          .time = clock_stamp(FIRST_MS + 1000 * entries_made++, 7)};
    memcpy(entry.author, key.public_key, 32);
    if (body->type != ENTRY_GENESIS)
        copy_id(entry.namespace_id, "genesis");
    if (place.stream != 0)
        copy_id(entry.auth_head, "policy");
    if (place.prev) {
        struct entry prev = decoded(place.prev);
        entry.seq = prev.seq + 1;
        memcpy(entry.prev, prev.id, 32);
        if (place.stream == 0)
            memcpy(entry.auth_head, prev.id, 32);
    }
    assert_int_equal(entry_sign(&entry, key.secret, out, &len), STATUS_OK);
    keep(name, VECTOR_ENTRY, says, fields, out, len);
}

static void make_genesis(const char *name, const char *says, uint8_t owner)
{
    struct body body = {.type = ENTRY_GENESIS, .genesis = {.owner = body_key(owner)}};
    struct body_key recovery = body_key(RECOVERY);
    body_recovery_commitment(&recovery, body.genesis.recovery_commitment);
    memset(body.genesis.salt, 0x11, sizeof body.genesis.salt);
    make_entry(name, says, "owner: algorithm:1,owner: key:32,recovery commitment:32,salt:32",
               (struct place){.author = owner}, &body);
}

static void make_grant(void)
{
    struct body body = {.type = ENTRY_GRANT,
                        .grant = {.signing = body_key(NODE),
                                  .zone = body_key(ZONE),
                                  .role = ROLE_ADMIN,
                                  .flags = GRANT_WITNESS | GRANT_SHARE}};
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    memset(body.grant.spki_sha256, 0x22, sizeof body.grant.spki_sha256);
    body_possession_message(&body.grant, decoded("genesis").id, message);
    assert_int_equal(
        crypt_sign("", 0, message, sizeof message, vectors_key(NODE).secret, body.grant.possession),
        STATUS_OK);
    make_entry(
        "grant", "an admin node that may share, with any name",
        "signing: algorithm:1,signing: key:32,SPKI SHA-256:32,zone: algorithm:1,zone: key:32,"
        "role:1,grant flags:1,scope commitment:32,possession signature:64",
        (struct place){.prev = "genesis", .author = OWNER}, &body);
}

static void make_policy(void)
{
    struct body body = {
        .type = ENTRY_POLICY,
        .policy = {.soft_hours = 168, .hard_hours = 720, .min_version = 1},
    };
    make_entry("policy", "seven days, thirty days", "soft hours:2,hard hours:2,min_version:2",
               (struct place){.prev = "grant", .author = OWNER}, &body);
}

static void make_scope_opening(uint8_t opening[static SCOPE_OPENING_MAX], size_t *len,
                               uint8_t commitment[static 32])
{
    static const uint8_t salt[16] = {0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33,
                                     0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33};
    struct name names[2];
    assert_int_equal(name_parse(&names[0], "garage"), STATUS_OK);
    assert_int_equal(name_parse(&names[1], "camera"), STATUS_OK);
    assert_int_equal(scope_encode(names, 2, salt, opening, len, commitment), STATUS_OK);
}

static void make_opens(void)
{
    uint8_t opening[SCOPE_OPENING_MAX];
    uint8_t commitment[32];
    size_t len = 0;
    make_scope_opening(opening, &len, commitment);
    struct body body = {
        .type = ENTRY_OPEN,
        .open = {.kind = KIND_PRIVATE, .opening = opening, .opening_len = (uint16_t)len}};
    make_entry("open-private", "a stream of private records that opens a scope list",
               "kind:1,tag (scope opening):1,length:2,salt:16,count:1,camera:8,garage:8",
               (struct place){.author = NODE, .stream = PRIVATE_STREAM}, &body);
    body.open = (struct body_open){.kind = KIND_SHARED};
    make_entry("open-shared", "a stream of shared records", "kind:1",
               (struct place){.author = NODE, .stream = SHARED_STREAM}, &body);
    body.open = (struct body_open){.kind = KIND_DENIALS};
    make_entry("open-denials", "a stream of denials", "kind:1",
               (struct place){.author = NODE, .stream = DENIAL_STREAM}, &body);
}

static const uint8_t camera_address[16] = {0xfd, 0x68, 0x65, 0x61, 0x72, 0x74, [15] = 0x10};
static const uint8_t camera_address_2[16] = {0xfd, 0x68, 0x65, 0x61, 0x72, 0x74, [15] = 0x11};

static struct body camera_body(void)
{
    struct body body = {.type = ENTRY_SET, .set = {.type = RRTYPE_AAAA, .ttl = 300}};
    assert_int_equal(name_parse(&body.set.name, "camera"), STATUS_OK);
    body.set.by = (const uint8_t *)"cli";
    body.set.by_len = 3;
    return body;
}

static void make_sets(void)
{
    uint8_t over[32];
    struct place place = {.prev = "open-private", .author = NODE, .stream = PRIVATE_STREAM};
    struct body body = camera_body();
    body.set.rr_count = 2;
    body.set.rrs[0] = (struct body_rr){.data = camera_address_2, .len = 16};
    body.set.rrs[1] = (struct body_rr){.data = camera_address, .len = 16};
    make_entry("set", "two addresses of a camera",
               "name:8,RR type:2,TTL:4,count of over:1,count of RRs:1,RR 1: length:2,RR 1:16,"
               "RR 2: length:2,RR 2:16,tag (by):1,length:2,by:3",
               place, &body);
    body = camera_body();
    copy_id(over, "set");
    body.set.over_count = 1;
    body.set.over = over;
    place.prev = "set";
    make_entry("set-delete", "replaces the SET before it by nothing",
               "name:8,RR type:2,TTL:4,count of over:1,over 1:32,count of RRs:1,tag (by):1,"
               "length:2,by:3",
               place, &body);
    static const uint8_t newer_tail[] = {0x05, 0, 2, 'h', 'i', 0x85, 0, 1, 0xff};
    body = camera_body();
    body.tail = newer_tail;
    body.tail_len = sizeof newer_tail;
    place.prev = "set-delete";
    place.flags = 0x80;
    make_entry("set-newer",
               "an unknown flag and two unknown tags, one of them critical: accepted, "
               "relayed, without effect",
               "name:8,RR type:2,TTL:4,count of over:1,count of RRs:1,tag (by):1,length:2,by:3,"
               "tag (unknown):1,length:2,value:2,tag (unknown and critical):1,length:2,value:1",
               place, &body);
}

static void make_denials(void)
{
    struct body body = {.type = ENTRY_SUSPEND, .suspend = {.signing = body_key(STOLEN)}};
    make_entry(
        "suspend", "a node that is to be believed no more", "signing: algorithm:1,signing: key:32",
        (struct place){.prev = "open-denials", .author = NODE, .stream = DENIAL_STREAM}, &body);
    body = (struct body){.type = ENTRY_WITHDRAW, .withdraw = {.reason = REASON_STOLEN}};
    memset(body.withdraw.hash, 0x44, sizeof body.withdraw.hash);
    make_entry("withdraw", "a device key that counts for no name any more", "SHA-256:32,reason:1",
               (struct place){.prev = "suspend", .author = NODE, .stream = DENIAL_STREAM}, &body);
}

static struct body_head head_of(const char *name)
{
    struct entry entry = decoded(name);
    struct body_head head = {.stream = entry.stream, .seq = entry.seq};
    memcpy(head.id, entry.id, sizeof head.id);
    return head;
}

/* The branch that MERGE absorbs, the line that goes on, and its end in RECOVER. */
static void make_branches(void)
{
    struct body body = {.type = ENTRY_LIFT};
    copy_id(body.lift.id, "suspend");
    make_entry("lift", "ends the SUSPEND; on a branch of its own behind POLICY", "entry id:32",
               (struct place){.prev = "policy", .author = OWNER}, &body);

    body = (struct body){.type = ENTRY_SCOPE,
                         .scope = {.signing = body_key(NODE), .zone = body_key(ZONE)}};
    uint8_t opening[SCOPE_OPENING_MAX];
    size_t len = 0;
    make_scope_opening(opening, &len, body.scope.scope_commitment);
    memset(body.scope.spki_sha256, 0x22, sizeof body.scope.spki_sha256);
    body.scope.flags = GRANT_WITNESS;
    body.scope.heads.count = 2;
    body.scope.heads.heads[0] = head_of("withdraw");
    body.scope.heads.heads[1] = head_of("set");
    make_entry(
        "scope", "the node may write two names from now on; what it denied before still counts",
        "signing: algorithm:1,signing: key:32,SPKI SHA-256:32,zone: algorithm:1,zone: key:32,"
        "grant flags:1,scope commitment:32,count of heads:1,head 1: stream:8,head 1: seq:8,"
        "head 1: id:32,head 2: stream:8,head 2: seq:8,head 2: id:32",
        (struct place){.prev = "policy", .author = OWNER}, &body);

    body = (struct body){.type = ENTRY_MERGE};
    copy_id(body.merge.other, "lift");
    make_entry("merge", "behind SCOPE; absorbs the branch of LIFT", "the other head's id:32",
               (struct place){.prev = "scope", .author = OWNER}, &body);
}

static void make_end(void)
{
    struct body body = {.type = ENTRY_REVOKE,
                        .revoke = {.signing = body_key(STOLEN), .reason = REASON_STOLEN}};
    make_entry("revoke", "a key without a grant, stolen; no heads: nothing of it counts",
               "signing: algorithm:1,signing: key:32,reason:1,count of heads:1",
               (struct place){.prev = "merge", .author = OWNER}, &body);

    body = (struct body){.type = ENTRY_RECOVER,
                         .recover = {.recovery = body_key(RECOVERY), .owner = body_key(NEW_OWNER)}};
    struct body_key next = body_key(NEW_RECOVERY);
    body_recovery_commitment(&next, body.recover.recovery_commitment);
    make_entry("recover", "a new owner; clears all grants",
               "recovery: algorithm:1,recovery: key:32,new owner: algorithm:1,new owner: key:32,"
               "new recovery commitment:32",
               (struct place){.prev = "revoke", .author = RECOVERY}, &body);
}

static void make_statement(const char *name, const char *says, const char *fields,
                           struct statement *statement)
{
    uint8_t out[LIMIT_STATEMENT];
    size_t len = 0;
    struct vector_key key = vectors_key(NODE);
    struct entry head = decoded("recover");
    copy_id(statement->namespace_id, "genesis");
    memcpy(statement->author, key.public_key, 32);
    statement->incarnation = clock_stamp(FIRST_MS, 0);
    statement->time = clock_stamp(FIRST_MS + 3600000, 0);
    statement->authority_seq = head.seq;
    memcpy(statement->authority_head, head.id, 32);
    memset(statement->frontier, 0x55, 32);
    memset(statement->state_root, 0x66, 32);
    assert_int_equal(statement_sign(statement, key.secret, out, &len), STATUS_OK);
    keep(name, VECTOR_STATEMENT, says, fields, out, len);
}

static void make_statements(void)
{
    struct statement household = {
        .form = STATEMENT_HOUSEHOLD,
        .number = 41,
        .label_len = 6,
        .label = "k\xc3\xbc"
                 "che",
        .address_count = 2,
        .addresses = {{.port = 4653},
                      {.address = {[10] = 0xff, 0xff, 192, 168, 1, 2}, .port = 4653}},
    };
    memcpy(household.addresses[0].address, camera_address, 16);
    memset(household.nonce, 0x77, 32);
    make_statement("statement-household",
                   "an answer to a nonce; its frontier and state root are fillers",
                   "label length:1,label:6,count of addresses:1,address 1:16,port 1:2,"
                   "address 2:16,port 2:2",
                   &household);
    struct statement shared = {.form = STATEMENT_SHARED, .number = 42};
    make_statement("statement-shared", "for followers; its frontier and state root are fillers",
                   "label length:1,count of addresses:1", &shared);
}

/* One section; the names of each list end with NULL. */
static void write_section(struct bundle_writer *writer, const char *genesis,
                          const char *const *const lists[3])
{
    uint64_t parts_len = BUNDLE_PARTS_EMPTY;
    uint32_t counts[3] = {0};
    for (size_t part = 0; part < 3; part++) {
        for (const char *const *name = lists[part]; *name; name++) {
            parts_len += BUNDLE_ITEM_EXTRA + vectors_find(*name)->len;
            counts[part]++;
        }
    }
    assert_int_equal(bundle_writer_section(writer, decoded(genesis).id, parts_len, counts),
                     STATUS_OK);
    for (unsigned part = 0; part < 3; part++) {
        assert_int_equal(bundle_writer_list(writer, (enum bundle_part)part), STATUS_OK);
        for (const char *const *name = lists[part]; *name; name++) {
            const struct vector *item = vectors_find(*name);
            assert_int_equal(bundle_writer_item(writer, item->bytes, item->len), STATUS_OK);
        }
    }
}

static void make_bundle(void)
{
    static const char *const none[] = {NULL};
    static const char *const authority[] = {"genesis", "grant",  "policy",  "lift", "scope",
                                            "merge",   "revoke", "recover", NULL};
    static const char *const statements[] = {"statement-household", NULL};
    static const char *const feeds[] = {"open-private", "set",         "set-delete",
                                        "set-newer",    "open-shared", "open-denials",
                                        "suspend",      "withdraw",    NULL};
    static const char *const other[] = {"genesis-other", NULL};
    static uint8_t bytes[65536];
    struct bundle_writer *writer = NULL;
    int fd = memfd_create("bundle", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(bundle_writer_create(&writer, fd, 2), STATUS_OK);
    write_section(writer, "genesis", (const char *const *const[3]){authority, statements, feeds});
    write_section(writer, "genesis-other", (const char *const *const[3]){other, none, none});
    assert_int_equal(bundle_writer_finish(writer), STATUS_OK);
    ssize_t len = pread(fd, bytes, sizeof bytes, 0);
    assert_true(len > 0 && (size_t)len < sizeof bytes);
    close(fd);
    keep("bundle", VECTOR_BUNDLE, "two households: all the entries above, and a genesis alone",
         NULL, bytes, (size_t)len);
}

const struct vector *vectors_all(size_t *count)
{
    if (vector_count == 0) {
        assert_int_equal(crypt_init(), STATUS_OK);
        make_genesis("genesis", "the household's first entry: its id is the namespace", OWNER);
        make_grant();
        make_policy();
        make_opens();
        make_sets();
        make_denials();
        make_branches();
        make_end();
        make_statements();
        make_genesis("genesis-other", "another household, for the bundle", OTHER_OWNER);
        make_bundle();
    }
    *count = vector_count;
    return vectors;
}

const struct vector *vectors_find(const char *name)
{
    size_t count = vector_count;
    if (count == 0)
        vectors_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(vectors[i].name, name) == 0)
            return &vectors[i];
    }
    fail_msg("no vector %s", name);
    return NULL;
}
