/* ingest.c: how fast signed entries come in, beside what libsodium and LMDB need for them alone.
 *
 *     bench_ingest DIR COUNT ALONE ROUNDS
 *
 * COUNT entries (SETs of a granted node) are made first, in memory. Then each round prints lines
 * "what entries seconds processor-seconds", for:
 *
 *     verify        their signatures, by libsodium alone, in one thread
 *     verify-all    the same in a thread for each processor
 *     put           their octets into LMDB in one durable transaction
 *     ingest        ledger_ingest of each, in one batch
 *     import        backup_import of a bundle of all of them
 *     put-alone     ALONE of them into LMDB, each durable before the next
 *     index-alone   the same with an index by id
 *     ingest-alone  ALONE of them by ledger_ingest, each durable before the next
 *
 * Those of one kind take turns, so that what else the machine does falls on all of them alike.
 *
 * DIR is an existing folder; each measurement makes a new one in it.
 */
#include <lmdb.h>
#include <pthread.h>
#include <sched.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/base/clock.h"
#include "ledger/base/rrtype.h"
#include "ledger/crypt.h"
#include "ledger/ledger.h"
#include "ledger/owner.h"

enum {
    PATH_MAX_SIZE = 512,
    SETUP = 3 /* GENESIS, GRANT, OPEN */,
    MESSAGE_MAX = LIMIT_ENTRY + 32,
    THREADS_MAX = 64,
    SLICE = 50 /* entries of a turn */
};

#define NOW_MS UINT64_C(1800000000000)

static const char prefix[] = "hearth/v1/entry";

struct item {
    uint16_t len;
    uint8_t id[ENTRY_ID_SIZE];
    uint8_t bytes[LIMIT_ENTRY];
};

static struct item *items;
static size_t item_count;
static uint8_t author[32], namespace_id[32];
static struct node_keys reader_keys; /* of the node that takes the entries in */
static const char *scratch;

static void must(enum status status, const char *what)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "bench_ingest: %s: %s\n", what, status_text(status));
    exit(EXIT_FAILURE);
}

static void must_lmdb(int error, const char *what)
{
    if (error == MDB_SUCCESS)
        return;
    fprintf(stderr, "bench_ingest: %s: %s\n", what, mdb_strerror(error));
    exit(EXIT_FAILURE);
}

/* What has passed, and what of the processors' time this process took. */
struct moment {
    double wall, processor;
};

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct moment moment_now(void)
{
    return (struct moment){seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static void print(const char *what, size_t count, struct moment spent)
{
    printf("%s %zu %.6f %.6f\n", what, count, spent.wall, spent.processor);
    fflush(stdout);
}

static void add_since(struct moment *spent, struct moment begin)
{
    struct moment end = moment_now();
    spent->wall += end.wall - begin.wall;
    spent->processor += end.processor - begin.processor;
}

static void report(const char *what, size_t count, struct moment begin)
{
    struct moment spent = {0};
    add_since(&spent, begin);
    print(what, count, spent);
}

static void make_folder(char path[static PATH_MAX_SIZE])
{
    static unsigned made;
    snprintf(path, PATH_MAX_SIZE, "%s/%d-%u", scratch, (int)getpid(), made++);
    must(mkdir(path, 0700) == 0 ? STATUS_OK : STATUS_IO, path);
}

/* --- the entries --- */

static struct key_pair pair_of(uint8_t octet)
{
    uint8_t seed[32];
    struct key_pair pair;
    memset(seed, octet, sizeof seed);
    must(key_pair_from_seed(&pair, seed), "key");
    return pair;
}

static void add_item(const uint8_t id[static 32], const uint8_t *bytes, size_t len)
{
    struct item *item = &items[item_count++];
    item->len = (uint16_t)len;
    memcpy(item->id, id, sizeof item->id);
    memcpy(item->bytes, bytes, len);
}

static void found(struct owner_head *head, const struct node_keys *node)
{
    struct owner_entry made;
    struct body_grant grant = {.role = ROLE_ADMIN};
    struct key_pair owner = pair_of(1), recovery = pair_of(2);
    must(owner_genesis(&owner, recovery.public_key, NOW_MS, head, &made), "genesis");
    add_item(made.id, made.bytes, made.len);
    must(node_keys_possess(node, head->namespace_id, &grant), "possession");
    must(owner_grant(&owner, head, NOW_MS, &grant, &made), "grant");
    add_item(made.id, made.bytes, made.len);
    key_pair_close(&owner);
    key_pair_close(&recovery);
}

/* The AAAA of one device. */
static void body_of_device(struct body *body, uint32_t number, uint8_t address[static 16])
{
    char text[32];
    *body =
        (struct body){.type = ENTRY_SET, .set = {.type = RRTYPE_AAAA, .ttl = 300, .rr_count = 1}};
    snprintf(text, sizeof text, "dev%06u", (unsigned)number);
    must(name_parse(&body->set.name, text), text);
    memset(address, 0, 16);
    address[0] = 0xfd;
    for (unsigned i = 0; i < 4; i++)
        address[12 + i] = (uint8_t)(number >> (24 - 8 * i));
    body->set.rrs[0] = (struct body_rr){.data = address, .len = 16};
    body->set.by = (const uint8_t *)"import";
    body->set.by_len = 6;
}

static void sign_feed(const struct owner_head *head, const struct node_keys *node, size_t count)
{
    uint8_t octets[LIMIT_BODY], bytes[LIMIT_ENTRY], address[16], prev[32] = {0};
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = KIND_PRIVATE}};
    for (size_t i = 0; i <= count; i++) {
        size_t len;
        struct writer w = writer_over(octets, sizeof octets);
        if (i > 0)
            body_of_device(&body, (uint32_t)i - 1, address);
        must(body_encode(&body, &w), "body");
        struct entry entry = {
            .type = body.type, .stream = UINT64_C(1) << 32 | 7, .seq = i, .body = octets};
        entry.time = clock_stamp(NOW_MS, (uint16_t)i);
        entry.body_len = (uint16_t)w.used;
        memcpy(entry.namespace_id, head->namespace_id, sizeof entry.namespace_id);
        memcpy(entry.author, node->signing.public_key, sizeof entry.author);
        memcpy(entry.auth_head, head->id, sizeof entry.auth_head);
        memcpy(entry.prev, prev, sizeof entry.prev);
        must(entry_sign(&entry, node->signing.secret, bytes, &len), "sign");
        memcpy(prev, entry.id, sizeof prev);
        add_item(entry.id, bytes, len);
    }
}

static void make_items(size_t count)
{
    struct owner_head head;
    struct node_keys node = {.signing = pair_of(3), .zone = pair_of(4)};
    reader_keys = (struct node_keys){.signing = pair_of(5), .zone = pair_of(6)};
    items = calloc(count + SETUP, sizeof *items);
    must(items ? STATUS_OK : STATUS_NO_MEMORY, "entries");
    found(&head, &node);
    memcpy(namespace_id, head.namespace_id, sizeof namespace_id);
    memcpy(author, node.signing.public_key, sizeof author);
    sign_feed(&head, &node, count);
    node_keys_close(&node);
}

/* --- each of them alone --- */

struct range {
    size_t from, to;
};

static void *verify_range(void *context)
{
    const struct range *range = context;
    uint8_t message[MESSAGE_MAX];
    memcpy(message, prefix, sizeof prefix);
    for (size_t i = range->from; i < range->to; i++) {
        size_t len = items[i].len - 64U;
        memcpy(message + sizeof prefix, items[i].bytes, len);
        if (crypto_sign_verify_detached(items[i].bytes + len, message, sizeof prefix + len,
                                        author) != 0)
            must(STATUS_SIGNATURE, "verify");
    }
    return NULL;
}

static size_t count_processors(void)
{
    cpu_set_t set;
    must(sched_getaffinity(0, sizeof set, &set) == 0 ? STATUS_OK : STATUS_IO, "processors");
    size_t count = (size_t)CPU_COUNT(&set);
    return count < THREADS_MAX ? count : THREADS_MAX;
}

static void verify_part(struct range part, size_t thread_count, struct moment *spent)
{
    pthread_t threads[THREADS_MAX];
    struct range ranges[THREADS_MAX];
    size_t count = part.to - part.from;
    struct moment begin = moment_now();
    for (size_t i = 0; i < thread_count; i++) {
        ranges[i] = (struct range){.from = part.from + count * i / thread_count,
                                   .to = part.from + count * (i + 1) / thread_count};
        must(pthread_create(&threads[i], NULL, verify_range, &ranges[i]) == 0 ? STATUS_OK
                                                                              : STATUS_NO_MEMORY,
             "thread");
    }
    for (size_t i = 0; i < thread_count; i++)
        pthread_join(threads[i], NULL);
    add_since(spent, begin);
}

enum { LOG, INDEX, DATABASES };

static MDB_env *open_lmdb(MDB_dbi databases[static DATABASES])
{
    char path[PATH_MAX_SIZE];
    MDB_env *env;
    MDB_txn *txn;
    make_folder(path);
    must_lmdb(mdb_env_create(&env), "create");
    must_lmdb(mdb_env_set_maxdbs(env, DATABASES), "databases");
    must_lmdb(mdb_env_set_mapsize(env, (size_t)1 << 30), "map");
    must_lmdb(mdb_env_open(env, path, MDB_NOLOCK, 0600), "open");
    must_lmdb(mdb_txn_begin(env, NULL, 0, &txn), "begin");
    must_lmdb(mdb_dbi_open(txn, "log", MDB_CREATE, &databases[LOG]), "log");
    must_lmdb(mdb_dbi_open(txn, "index", MDB_CREATE, &databases[INDEX]), "index");
    must_lmdb(mdb_txn_commit(txn), "commit");
    return env;
}

/* Number -> octets and, with an index, id -> number: what a ledger can't do without. */
static void put_one(MDB_txn *txn, const MDB_dbi databases[static DATABASES], size_t i, bool indexed)
{
    uint8_t number[8];
    for (unsigned j = 0; j < sizeof number; j++)
        number[j] = (uint8_t)(i >> (56 - 8 * j));
    MDB_val key = {sizeof number, number}, octets = {items[i].len, items[i].bytes};
    MDB_val id = {sizeof items[i].id, items[i].id};
    must_lmdb(mdb_put(txn, databases[LOG], &key, &octets, MDB_APPEND), "put");
    if (indexed)
        must_lmdb(mdb_put(txn, databases[INDEX], &id, &key, 0), "put");
}

/* From one on, in transactions of `batch` puts. */
static void put_range(MDB_env *env, const MDB_dbi databases[static DATABASES], struct range range,
                      size_t batch, bool indexed)
{
    MDB_txn *txn = NULL;
    for (size_t i = range.from; i < range.to; i++) {
        if (!txn)
            must_lmdb(mdb_txn_begin(env, NULL, 0, &txn), "begin");
        put_one(txn, databases, i, indexed);
        if ((i + 1 - range.from) % batch != 0 && i + 1 < range.to)
            continue;
        must_lmdb(mdb_txn_commit(txn), "commit");
        txn = NULL;
    }
}

static void put_all(void)
{
    MDB_dbi databases[DATABASES];
    MDB_env *env = open_lmdb(databases);
    struct moment begin = moment_now();
    put_range(env, databases, (struct range){0, item_count}, item_count, false);
    report("put", item_count, begin);
    mdb_env_close(env);
}

/* --- the ledger --- */

static struct ledger *open_ledger(void)
{
    char path[PATH_MAX_SIZE];
    struct ledger *ledger;
    make_folder(path);
    must(ledger_open(&ledger, path, &reader_keys), "ledger");
    return ledger;
}

static void ingest_range(struct ledger *ledger, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        must(ledger_ingest(ledger, items[i].bytes, items[i].len, i == 0), "ingest");
}

/* Leaves a bundle of everything at `bundle_path`. */
static void ingest_bulk(const char *bundle_path)
{
    struct ledger *ledger = open_ledger();
    struct moment begin = moment_now();
    must(ledger_begin(ledger), "begin");
    ingest_range(ledger, 0, item_count);
    must(ledger_commit(ledger), "commit");
    report("ingest", item_count, begin);
    FILE *file = fopen(bundle_path, "wb");
    must(file ? backup_export(ledger, fileno(file)) : STATUS_IO, "export");
    fclose(file);
    ledger_close(ledger);
}

/* Each durable before the next, in turns of SLICE. */
static void all_alone(size_t count)
{
    MDB_dbi plain[DATABASES], indexed[DATABASES];
    MDB_env *plain_env = open_lmdb(plain), *indexed_env = open_lmdb(indexed);
    struct ledger *ledger = open_ledger();
    struct moment put = {0}, index = {0}, ingest = {0};
    must(ledger_begin(ledger), "begin");
    ingest_range(ledger, 0, SETUP);
    must(ledger_commit(ledger), "commit");
    for (size_t from = SETUP; from < SETUP + count; from += SLICE) {
        size_t to = from + SLICE < SETUP + count ? from + SLICE : SETUP + count;
        struct moment begin = moment_now();
        put_range(plain_env, plain, (struct range){from, to}, 1, false);
        add_since(&put, begin);
        begin = moment_now();
        put_range(indexed_env, indexed, (struct range){from, to}, 1, true);
        add_since(&index, begin);
        begin = moment_now();
        ingest_range(ledger, from, to);
        add_since(&ingest, begin);
    }
    print("put-alone", count, put);
    print("index-alone", count, index);
    print("ingest-alone", count, ingest);
    ledger_close(ledger);
    mdb_env_close(plain_env);
    mdb_env_close(indexed_env);
}

static void import_bundle(const char *path)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    must(file && fstat(fileno(file), &st) == 0 ? STATUS_OK : STATUS_IO, path);
    size_t len = (size_t)st.st_size;
    uint8_t *bytes = malloc(len);
    must(bytes && fread(bytes, 1, len, file) == len ? STATUS_OK : STATUS_IO, path);
    fclose(file);
    struct ledger *ledger = open_ledger();
    struct moment begin = moment_now();
    must(backup_import(ledger, bytes, len, namespace_id, NULL, NULL), "import");
    report("import", item_count, begin);
    ledger_close(ledger);
    free(bytes);
}

/* Beside each, half of its floor before and half after it. */
static void all_bulk(const char *bundle)
{
    struct moment one = {0}, each = {0};
    size_t count = item_count - SETUP, processors = count_processors();
    struct range first = {SETUP, SETUP + count / 2}, second = {first.to, item_count};
    verify_part(first, 1, &one);
    ingest_bulk(bundle);
    verify_part(second, 1, &one);
    print("verify", count, one);
    verify_part(first, processors, &each);
    import_bundle(bundle);
    verify_part(second, processors, &each);
    print("verify-all", count, each);
}

int main(int argc, char **argv)
{
    char bundle[PATH_MAX_SIZE];
    if (argc != 5) {
        fprintf(stderr, "bench_ingest DIR COUNT ALONE ROUNDS\n");
        return 2;
    }
    scratch = argv[1];
    size_t count = strtoul(argv[2], NULL, 10), alone = strtoul(argv[3], NULL, 10);
    must(alone <= count ? STATUS_OK : STATUS_RANGE, argv[3]);
    must(crypt_init(), "libsodium");
    make_items(count);
    snprintf(bundle, sizeof bundle, "%s/%d.bundle", scratch, (int)getpid());
    for (unsigned long round = strtoul(argv[4], NULL, 10); round > 0; round--) {
        put_all();
        all_bulk(bundle);
        all_alone(alone);
    }
    node_keys_close(&reader_keys);
    free(items);
    return EXIT_SUCCESS;
}
