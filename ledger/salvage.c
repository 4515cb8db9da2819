/* salvage.c: see salvage.h.
 *
 * Files are read through a window that moves by half its size, so that what lies across a border is
 * whole in one of two positions. Of each entry found, what orders it is noted, and where it stands.
 * Then the notes are sorted, authority first, feeds by author, stream and seq, and offered to the
 * ledger in rounds, until a round adds nothing.
 *
 * A database's file also holds pages that a crash left behind, with entries that this node signed
 * for a place and, since they were never committed, signed another for later. Of several for one
 * place of its own only the last one signed can have been committed: that one is taken, and none
 * where the ledger has one already.
 *
 * Two facts of the store are looked for as well: what this node calls itself, and the opening of
 * its scope list. They stand behind the lengths of key and value, and are sealed (store_lmdb.c),
 * which proves nothing: whoever may write a record can put such octets into it. So none is looked
 * for inside an entry or a statement. Where a page was torn and the front of one is lost, an
 * invented fact can still be found: an opening must therefore have the commitment of this node's
 * own grant, and a label be plain.
 */
#include "ledger/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/checksum.h"
#include "ledger/base/reader.h"
#include "ledger/base/text.h"
#include "ledger/body.h"
#include "ledger/crypt.h"
#include "ledger/entry.h"
#include "ledger/ledger_parts.h"
#include "ledger/scope.h"
#include "ledger/statement.h"

enum {
    WINDOW_SIZE = 1 << 20,
    STEP = WINDOW_SIZE / 2,
    SECTOR = 4096, /* what is passed over where the disk fails */
    BATCH = 512,   /* entries that become durable together */
    BODY_LEN_AT = 6,
    LONGEST_KEY = 5, /* … of what is looked for, and longer than the magic */
    FACT_HEAD = 8, /* length of the value (4), flags (2), length of the key (2), as LMDB has them */
    CRC_SIZE = 4,
    OPENINGS_MAX = 16, /* of scope lists: also those of before, and invented ones */
};
static_assert((int)STEP >= (int)LIMIT_ENTRY && (int)STEP >= (int)STORE_META_MAX + FACT_HEAD + 64,
              "half a window holds whatever is looked for");

struct found {
    uint8_t namespace_id[32], author[32], id[32];
    uint64_t stream, seq, time;
    uint64_t offset;
    uint32_t crc; /* tells copies of one id apart, of which one's signature may be damaged */
    uint16_t len;
    uint8_t type, file;
    bool done, taken;
};

struct fact {
    uint8_t bytes[STORE_META_MAX];
    size_t len;
};

struct salvage {
    int files[SALVAGE_FILES_MAX];
    unsigned file_count;
    struct found *found; /* malloc'd */
    size_t count, size;
    uint64_t covered; /* what stands before this offset is part of an entry or a statement */
    struct fact label;
    struct fact openings[OPENINGS_MAX];
    unsigned opening_count;
    uint8_t window[WINDOW_SIZE];
};

struct salvage *salvage_create(void)
{
    return calloc(1, sizeof(struct salvage));
}

void salvage_destroy(struct salvage *salvage)
{
    if (!salvage)
        return;
    for (unsigned i = 0; i < salvage->file_count; i++)
        close(salvage->files[i]);
    free(salvage->found);
    free(salvage);
}

/* --- order --- */

static int compare_u64(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* Authority before feeds, each after what it most likely needs; of one place the last signed first.
 */
static int compare_found(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    int order = (a->stream != 0) - (b->stream != 0);
    if (order == 0)
        order = memcmp(a->namespace_id, b->namespace_id, 32);
    if (order == 0 && a->stream != 0)
        order = memcmp(a->author, b->author, 32);
    if (order == 0)
        order = compare_u64(a->stream, b->stream);
    if (order == 0)
        order = compare_u64(a->seq, b->seq);
    if (order == 0)
        order = compare_u64(b->time, a->time);
    if (order == 0)
        order = memcmp(a->id, b->id, 32);
    return order == 0 ? compare_u64(a->crc, b->crc) : order;
}

/* Sorts, and keeps one of each. */
static void settle(struct salvage *salvage)
{
    size_t kept = 0;
    if (salvage->count == 0)
        return;
    qsort(salvage->found, salvage->count, sizeof *salvage->found, compare_found);
    for (size_t i = 1; i < salvage->count; i++)
        if (compare_found(&salvage->found[kept], &salvage->found[i]) != 0)
            salvage->found[++kept] = salvage->found[i];
    salvage->count = kept + 1;
}

/* --- looking --- */

static enum status make_room(struct salvage *salvage)
{
    if (salvage->count < salvage->size)
        return STATUS_OK;
    settle(salvage); /* copies of pages are many: first see what is left without them */
    if (salvage->count < salvage->size / 2)
        return STATUS_OK;
    size_t size = salvage->size * 2 + 1024;
    struct found *found = realloc(salvage->found, size * sizeof *found);
    if (!found)
        return STATUS_NO_MEMORY;
    salvage->found = found;
    salvage->size = size;
    return STATUS_OK;
}

/* What begins inside another reaches no further than that: it may be made up. */
static void cover(struct salvage *salvage, uint64_t offset, size_t len)
{
    if (offset >= salvage->covered)
        salvage->covered = offset + len;
}

/* The length that what begins at `at` gives itself; 0 when there is not so much. */
static size_t own_length(const uint8_t *at, size_t left, size_t header)
{
    struct reader r = reader_over(at, left);
    (void)reader_bytes(&r, BODY_LEN_AT); /* too short shows in the next line */
    size_t len = header + (size_t)reader_u16(&r) + ENTRY_SIGNATURE_SIZE;
    return r.error == STATUS_OK && len <= left ? len : 0;
}

static void look_for_statement(struct salvage *salvage, const uint8_t *at, size_t left,
                               uint64_t offset)
{
    struct statement statement;
    size_t len = own_length(at, left, STATEMENT_HEADER_SIZE);
    if (len > 0 && statement_decode(&statement, at, len) == STATUS_OK)
        cover(salvage, offset, len);
}

/* An entry may begin at `at`. Its own length says where it must end. */
static enum status look_for_entry(struct salvage *salvage, const uint8_t *at, size_t left,
                                  uint64_t offset)
{
    struct entry entry;
    size_t len = own_length(at, left, ENTRY_HEADER_SIZE);
    if (len == 0 || len > LIMIT_ENTRY || entry_decode(&entry, at, len) != STATUS_OK)
        return STATUS_OK;
    cover(salvage, offset, len);
    enum status status = make_room(salvage);
    if (status != STATUS_OK)
        return status;
    struct found *found = &salvage->found[salvage->count++];
    *found = (struct found){.stream = entry.stream,
                            .seq = entry.seq,
                            .time = entry.time,
                            .offset = offset,
                            .crc = crc32c(0, at, len),
                            .len = (uint16_t)len,
                            .type = entry.type,
                            .file = (uint8_t)(salvage->file_count - 1)};
    memcpy(found->namespace_id, entry_namespace(&entry), 32);
    memcpy(found->author, entry.author, 32);
    memcpy(found->id, entry.id, 32);
    return STATUS_OK;
}

/* A fact of that key may stand at `at`, `before` octets of the window before it. */
static bool look_for_fact(struct fact *fact, const char *key, const uint8_t *at, size_t before,
                          size_t left)
{
    uint16_t key_len;
    uint32_t len;
    size_t expected = strlen(key);
    if (before < FACT_HEAD || left < expected)
        return false;
    memcpy(&len, at - FACT_HEAD, sizeof len);
    memcpy(&key_len, at - sizeof key_len, sizeof key_len);
    if (key_len != expected || len <= CRC_SIZE || len > STORE_META_MAX + CRC_SIZE ||
        len > left - expected)
        return false;
    size_t sealed = expected + len - CRC_SIZE;
    struct reader r = reader_over(at + sealed, CRC_SIZE);
    if (reader_u32(&r) != crc32c(0, at, sealed))
        return false;
    fact->len = len - CRC_SIZE;
    memcpy(fact->bytes, at + expected, fact->len);
    return true;
}

static void look_for_label(struct salvage *salvage, const uint8_t *at, size_t before, size_t left)
{
    struct fact label;
    if (look_for_fact(&label, META_LABEL, at, before, left) && label.len < LABEL_SIZE &&
        text_is_plain(label.bytes, label.len))
        salvage->label = label;
}

/* Which of them is this node's shows once its grant is there. */
static void look_for_opening(struct salvage *salvage, const uint8_t *at, size_t before, size_t left)
{
    struct fact opening;
    if (salvage->opening_count == OPENINGS_MAX ||
        !look_for_fact(&opening, META_SCOPE, at, before, left))
        return;
    for (unsigned i = 0; i < salvage->opening_count; i++) {
        const struct fact *known = &salvage->openings[i];
        if (known->len == opening.len && memcmp(known->bytes, opening.bytes, opening.len) == 0)
            return;
    }
    salvage->openings[salvage->opening_count++] = opening;
}

/* All of the window; only what begins in its first `end` octets. */
static enum status look_through(struct salvage *salvage, size_t len, size_t end, uint64_t offset)
{
    const uint8_t *window = salvage->window;
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < end; i++) {
        const uint8_t *at = window + i;
        if ((*at != 'H' && *at != META_LABEL[0] && *at != META_SCOPE[0]) || len - i < LONGEST_KEY)
            continue;
        if (memcmp(at, "HLE1", 4) == 0)
            status = look_for_entry(salvage, at, len - i, offset + i);
        else if (memcmp(at, "HLS1", 4) == 0)
            look_for_statement(salvage, at, len - i, offset + i);
        else if (offset + i < salvage->covered)
            continue;
        else if (memcmp(at, META_LABEL, strlen(META_LABEL)) == 0)
            look_for_label(salvage, at, i, len - i);
        else if (memcmp(at, META_SCOPE, strlen(META_SCOPE)) == 0)
            look_for_opening(salvage, at, i, len - i);
    }
    return status;
}

/* Fills the window from there; sectors that can't be read are zeros. Returns how much there is. */
static size_t fill(struct salvage *salvage, int fd, uint64_t offset)
{
    size_t have = 0;
    while (have < WINDOW_SIZE) {
        uint64_t at = offset + have;
        ssize_t got = pread(fd, salvage->window + have, WINDOW_SIZE - have, (off_t)at);
        if (got == 0)
            break;
        if (got > 0) {
            have += (size_t)got;
        } else if (errno != EINTR) {
            size_t skip = SECTOR - at % SECTOR;
            skip = skip < WINDOW_SIZE - have ? skip : WINDOW_SIZE - have;
            memset(salvage->window + have, 0, skip);
            have += skip;
        }
    }
    return have;
}

enum status salvage_file(struct salvage *salvage, const char *path)
{
    if (salvage->file_count == SALVAGE_FILES_MAX)
        return STATUS_FULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_DENIED;
    struct stat file;
    if (fstat(fd, &file) != 0 || !S_ISREG(file.st_mode)) {
        close(fd);
        return STATUS_DENIED;
    }
    salvage->files[salvage->file_count++] = fd;
    salvage->covered = 0;
    enum status status = STATUS_OK;
    /* A fact is told by what stands before it: after the first window, its front was seen already.
     */
    for (uint64_t offset = 0; status == STATUS_OK && (off_t)offset < file.st_size; offset += STEP) {
        size_t have = fill(salvage, fd, offset);
        bool last = have < WINDOW_SIZE;
        status = look_through(salvage, have, last || have < STEP ? have : STEP + FACT_HEAD, offset);
        if (last)
            break;
    }
    return status;
}

/* --- giving --- */

static enum status read_found(const struct salvage *salvage, const struct found *found,
                              uint8_t bytes[static LIMIT_ENTRY])
{
    ssize_t got;
    do
        got = pread(salvage->files[found->file], bytes, found->len, (off_t)found->offset);
    while (got < 0 && errno == EINTR);
    return got == found->len ? STATUS_OK : STATUS_IO;
}

/* Did the key itself agree to this grant? Everything else in a file may be somebody's invention: an
 * entry can be written into a record of another entry. */
static bool grants(const struct salvage *salvage, const struct found *found,
                   const uint8_t key[static 32])
{
    uint8_t bytes[LIMIT_ENTRY], message[POSSESSION_MESSAGE_SIZE];
    struct entry entry;
    struct body body;
    if (found->type != ENTRY_GRANT || read_found(salvage, found, bytes) != STATUS_OK ||
        entry_decode(&entry, bytes, found->len) != STATUS_OK ||
        body_decode(&body, entry.type, entry.body, entry.body_len) != STATUS_OK ||
        memcmp(body.grant.signing.key, key, 32) != 0)
        return false;
    body_possession_message(&body.grant, entry.namespace_id, message);
    return crypt_verify("", 0, message, sizeof message, key, body.grant.possession) == STATUS_OK;
}

static bool has_genesis(const struct salvage *salvage, const uint8_t namespace_id[static 32])
{
    for (size_t i = 0; i < salvage->count; i++)
        if (salvage->found[i].type == ENTRY_GENESIS &&
            memcmp(salvage->found[i].id, namespace_id, 32) == 0)
            return true;
    return false;
}

/* Which household is this node's own? NULL when it can't be told. */
static const uint8_t *own_household(const struct salvage *salvage, const uint8_t key[static 32])
{
    for (size_t i = 0; i < salvage->count; i++)
        if (grants(salvage, &salvage->found[i], key) &&
            has_genesis(salvage, salvage->found[i].namespace_id))
            return salvage->found[i].namespace_id;
    return NULL;
}

static bool same_place(const struct found *a, const struct found *b)
{
    return a->stream == b->stream && a->seq == b->seq && memcmp(a->author, b->author, 32) == 0 &&
           memcmp(a->namespace_id, b->namespace_id, 32) == 0;
}

/* Is another one for the same place of our own streams held, or taken just now? */
static bool place_is_taken(const struct salvage *salvage, size_t i, const uint8_t key[static 32])
{
    const struct found *found = salvage->found;
    if (found[i].stream == 0 || memcmp(found[i].author, key, 32) != 0)
        return false;
    for (size_t k = i; k > 0 && same_place(&found[i], &found[k - 1]); k--)
        if (found[k - 1].taken)
            return true;
    for (size_t k = i + 1; k < salvage->count && same_place(&found[i], &found[k]); k++)
        if (found[k].taken)
            return true;
    return false;
}

static void mark_held(struct salvage *salvage, struct ledger *ledger)
{
    struct household *own = ledger_own(ledger);
    for (size_t i = 0; own && i < salvage->count; i++)
        if (household_holds(own, salvage->found[i].id))
            salvage->found[i].done = salvage->found[i].taken = true;
}

/* Offers one. Only what the world refuses comes back as a status. */
static enum status offer(struct salvage *salvage, struct ledger *ledger, size_t i, bool own,
                         uint64_t *added)
{
    uint8_t bytes[LIMIT_ENTRY];
    struct found *found = &salvage->found[i];
    if (read_found(salvage, found, bytes) != STATUS_OK) {
        found->done = true;
        return STATUS_OK;
    }
    enum status status = ledger_ingest(ledger, bytes, found->len, own);
    switch (status) {
    case STATUS_WAIT_PREV:
    case STATUS_WAIT_GRANT:
    case STATUS_FOREIGN: /* until its GENESIS is in */
        return STATUS_OK;
    case STATUS_FULL:
    case STATUS_IO:
    case STATUS_NO_MEMORY:
    case STATUS_CORRUPT:
    case STATUS_BUSY:
        return status;
    default:
        break;
    }
    found->done = true;
    found->taken = status == STATUS_OK || status == STATUS_DUPLICATE;
    *added += status == STATUS_OK;
    return STATUS_OK;
}

/* Offers from *at on what is not done, as one batch. */
static enum status offer_batch(struct salvage *salvage, struct ledger *ledger, const uint8_t *own,
                               const uint8_t key[static 32], size_t *at, uint64_t *added)
{
    enum status status = ledger_begin(ledger);
    if (status != STATUS_OK)
        return status;
    for (size_t offers = 0; status == STATUS_OK && *at < salvage->count && offers < BATCH; ++*at) {
        struct found *found = &salvage->found[*at];
        if (found->done || place_is_taken(salvage, *at, key))
            continue;
        status =
            offer(salvage, ledger, *at, own && memcmp(found->namespace_id, own, 32) == 0, added);
        offers++;
    }
    if (status == STATUS_OK)
        return ledger_commit(ledger);
    ledger_abort(ledger);
    return status;
}

/* The opening of the list that this node's own grant commits it to, if it was found. */
static const struct fact *own_opening(const struct salvage *salvage, struct ledger *ledger,
                                      const uint8_t own_key[static 32])
{
    struct household *own = ledger_own(ledger);
    struct household_grant grant;
    if (!own || household_find_grant(own, own_key, &grant) != STATUS_OK || !grant.scoped)
        return NULL;
    for (unsigned i = 0; i < salvage->opening_count; i++) {
        const struct fact *opening = &salvage->openings[i];
        uint8_t commitment[32];
        scope_commitment(opening->bytes, opening->len, commitment);
        if (memcmp(commitment, grant.scope_commitment, sizeof commitment) == 0 &&
            scope_check(opening->bytes, opening->len) == STATUS_OK)
            return opening;
    }
    return NULL;
}

static enum status give_facts(const struct salvage *salvage, struct ledger *ledger,
                              const uint8_t own_key[static 32])
{
    char label[LABEL_SIZE];
    enum status status = STATUS_OK;
    if (salvage->label.len > 0 && ledger_label(ledger)[0] == '\0') {
        memcpy(label, salvage->label.bytes, salvage->label.len);
        label[salvage->label.len] = '\0';
        status = ledger_set_label(ledger, label);
    }
    const struct fact *opening = own_opening(salvage, ledger, own_key);
    if (status == STATUS_OK && opening)
        status = ledger_set_scope_opening(ledger, opening->bytes, opening->len);
    return status;
}

enum status salvage_into(struct salvage *salvage, struct ledger *ledger,
                         const uint8_t own_key[static 32], uint64_t *added)
{
    uint64_t before;
    *added = 0;
    settle(salvage);
    mark_held(salvage, ledger);
    const uint8_t *own = ledger_own_id(ledger);
    if (!own)
        own = own_household(salvage, own_key);
    enum status status = STATUS_OK;
    do {
        before = *added;
        for (size_t at = 0; status == STATUS_OK && at < salvage->count;)
            status = offer_batch(salvage, ledger, own, own_key, &at, added);
    } while (status == STATUS_OK && *added > before);
    return status == STATUS_OK ? give_facts(salvage, ledger, own_key) : status;
}
