/* Head statements: what is decoded encodes to the same octets (a tail that this version does not
 * know left aside), and a signature is right exactly when its author made it.
 *
 * The mutator gives most statements a right length, and many the author whose key is known here,
 * with a right signature. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "ledger/crypt.h"
#include "ledger/statement.h"

enum { HEADER_SIZE = 232, BODY_LEN_AT = 6, AUTHOR_AT = 40 };

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

static void check_signing(const struct statement *statement, const uint8_t *data, size_t size)
{
    uint8_t out[LIMIT_STATEMENT];
    size_t len = 0;
    enum status status = statement_sign(statement, secret, out, &len);
    assert(status == STATUS_OK && len <= size);
    bool verified = statement_verify(statement, data, size) == STATUS_OK;
    if (len < size) { /* there is a tail: the body's length and what follows differ */
        assert(memcmp(out + 8, data + 8, len - 8 - SIGNATURE_SIZE) == 0);
        return;
    }
    assert(memcmp(out, data, len - SIGNATURE_SIZE) == 0);
    assert(verified == (memcmp(out, data, len) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct statement statement;
    make_author();
    if (statement_decode(&statement, data, size) != STATUS_OK)
        return 0;
    assert(statement.address_count <= LIMIT_STATEMENT_ADDRS && statement.label_len < 64);
    assert(strlen(statement.label) == statement.label_len);
    struct statement next = statement;
    next.number++;
    int order = next.number == 0 ? 1 : -1;
    assert(statement_compare(&statement, &statement) == 0);
    assert(statement_compare(&statement, &next) * order > 0);
    if (memcmp(statement.author, author, sizeof author) == 0)
        check_signing(&statement, data, size);
    else if (data[size - 1] % 16 == 0)
        (void)statement_verify(&statement, data, size);
    return 0;
}

static void mend(uint8_t *data, size_t size, unsigned how)
{
    size_t body_len = size - HEADER_SIZE - SIGNATURE_SIZE;
    memcpy(data, "HLS1", 4);
    data[BODY_LEN_AT] = (uint8_t)(body_len >> 8);
    data[BODY_LEN_AT + 1] = (uint8_t)body_len;
    if (how % 4 != 2)
        return;
    struct statement statement;
    uint8_t out[LIMIT_STATEMENT];
    size_t len = 0;
    make_author();
    memcpy(data + AUTHOR_AT, author, sizeof author);
    if (statement_decode(&statement, data, size) == STATUS_OK &&
        statement_sign(&statement, secret, out, &len) == STATUS_OK && len == size)
        memcpy(data, out, len);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (size >= HEADER_SIZE + SIGNATURE_SIZE && size <= LIMIT_STATEMENT && seed % 8 != 0)
        mend(data, size, seed / 8);
    return size;
}
