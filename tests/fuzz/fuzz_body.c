/* Bodies without the header's walls around them: the first octet is the type. What is decoded is
 * the one encoding of what it says. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/body.h"
#include "ledger/scope.h"

enum { SALT_SIZE = 16 };

/* The list encodes to the same octets, also from names in another order, and has its own names. */
static void check_opening(const struct body_open *open)
{
    static struct name names[SCOPE_NAMES_MAX];
    uint8_t again[SCOPE_OPENING_MAX], commitment[32], right[32];
    size_t len = 0;
    assert(scope_check(open->opening, open->opening_len) == STATUS_OK);
    struct reader r = reader_over(open->opening, open->opening_len);
    const uint8_t *salt = reader_bytes(&r, SALT_SIZE);
    size_t count = reader_u8(&r);
    for (size_t i = count; i-- > 0;) {
        enum status status = name_read(&r, &names[i]);
        assert(status == STATUS_OK && scope_has(open->opening, open->opening_len, &names[i]));
    }
    enum status status = scope_encode(names, count, salt, again, &len, commitment);
    assert(status == STATUS_OK && len == open->opening_len);
    assert(memcmp(again, open->opening, len) == 0);
    scope_commitment(open->opening, len, right);
    assert(memcmp(commitment, right, sizeof right) == 0);
}

/* What else is made of a body's octets. */
static void use(const struct body *body)
{
    static const uint8_t namespace_id[32];
    uint8_t message[POSSESSION_MESSAGE_SIZE], commitment[32];
    if (body->type == ENTRY_OPEN && body->open.opening)
        check_opening(&body->open);
    else if (body->type == ENTRY_GRANT)
        body_possession_message(&body->grant, namespace_id, message);
    else if (body->type == ENTRY_RECOVER)
        body_recovery_commitment(&body->recover.recovery, commitment);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct body body;
    uint8_t again[LIMIT_BODY];
    if (size == 0 || body_decode(&body, data[0], data + 1, size - 1) != STATUS_OK)
        return 0;
    use(&body);
    struct writer w = writer_over(again, sizeof again);
    enum status status = body_encode(&body, &w);
    assert(status == STATUS_OK && w.used == size - 1);
    assert(memcmp(again, data + 1, w.used) == 0);
    return 0;
}
