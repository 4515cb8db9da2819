/* Entries: what is decoded is the one encoding of what it says, and a signature is right exactly
 * when its author made it.
 *
 * The mutator gives most entries a right length, and many the author whose key is known here, with
 * a right signature. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "ledger/body.h"
#include "ledger/crypt.h"
#include "ledger/entry.h"

enum { BODY_LEN_AT = 6, AUTHOR_AT = 40, PREV_AT = 88, SEQ_AT = 80 };

static uint8_t author[KEY_PUBLIC_SIZE], secret[KEY_SECRET_SIZE];

static void make_author(void)
{
    static const uint8_t seed[KEY_SEED_SIZE] = {1};
    static bool made;
    if (made)
        return;
    enum status status = crypt_init();
    assert(status == STATUS_OK);
    crypt_keypair_from_seed(seed, author, secret);
    made = true;
}

/* Header and body encode to the same octets; the signature is the author's or is wrong. */
static void check_signing(const struct entry *entry)
{
    uint8_t out[LIMIT_ENTRY];
    size_t len = 0;
    struct entry again = *entry;
    enum status status = entry_sign(&again, secret, out, &len);
    assert(status == STATUS_OK && len == entry->len);
    assert(memcmp(out, entry->bytes, len - ENTRY_SIGNATURE_SIZE) == 0);
    assert(memcmp(again.id, entry->id, sizeof again.id) == 0);
    bool same = memcmp(out, entry->bytes, len) == 0;
    assert((entry_verify(entry) == STATUS_OK) == same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct entry entry;
    make_author();
    if (entry_decode(&entry, data, size) != STATUS_OK)
        return 0;
    assert(entry.len == size && entry.body_len <= LIMIT_BODY);
    if (memcmp(entry.author, author, sizeof author) == 0)
        check_signing(&entry);
    else if (data[size - 1] % 16 == 0)
        (void)entry_verify(&entry); /* seldom right; that it is asked must be safe */
    struct body body;
    uint8_t again[LIMIT_BODY];
    if (entry.upgrade || body_decode(&body, entry.type, entry.body, entry.body_len) != STATUS_OK)
        return 0;
    struct writer w = writer_over(again, sizeof again);
    enum status status = body_encode(&body, &w);
    assert(status == STATUS_OK && w.used == entry.body_len);
    assert(memcmp(again, entry.body, w.used) == 0);
    return 0;
}

static void mend(uint8_t *data, size_t size, unsigned how)
{
    size_t body_len = size - ENTRY_HEADER_SIZE - ENTRY_SIGNATURE_SIZE;
    memcpy(data, "HLE1", 4);
    data[BODY_LEN_AT] = (uint8_t)(body_len >> 8);
    data[BODY_LEN_AT + 1] = (uint8_t)body_len;
    if (how % 8 == 1) { /* the first of its stream */
        memset(data + SEQ_AT, 0, 8);
        memset(data + PREV_AT, 0, 32);
    }
    struct entry entry;
    if (how % 4 != 2)
        return;
    make_author();
    memcpy(data + AUTHOR_AT, author, sizeof author);
    size_t len = 0;
    uint8_t out[LIMIT_ENTRY];
    if (entry_decode(&entry, data, size) == STATUS_OK &&
        entry_sign(&entry, secret, out, &len) == STATUS_OK && len == size)
        memcpy(data, out, len);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size >= ENTRY_HEADER_SIZE + ENTRY_SIGNATURE_SIZE && size <= LIMIT_ENTRY && seed % 8 != 0)
        mend(data, size, seed / 8);
    return size;
}
