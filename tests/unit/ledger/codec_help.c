/* codec_help.c: see codec_help.h. */
#include "tests/unit/ledger/codec_help.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/text.h"

uint8_t *help_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, bytes, len);
    return copy;
}

void help_expect(enum status got, enum status wanted, const char *what, size_t number)
{
    if (got != wanted)
        fail_msg("%s %zu: got %s, not %s", what, number, status_name(got), status_name(wanted));
}

void help_every_length(enum status (*decode)(const uint8_t *bytes, size_t len),
                       const uint8_t *bytes, size_t len)
{
    for (size_t n = 0; n <= len; n++) {
        uint8_t *cut = help_copy(bytes, n);
        help_expect(decode(cut, n), n < len ? STATUS_TRUNCATED : STATUS_OK, "length", n);
        free(cut);
    }
    uint8_t *more = malloc(len + 1);
    assert_non_null(more);
    memcpy(more, bytes, len);
    more[len] = 0;
    help_expect(decode(more, len + 1), STATUS_TRAILING, "length", len + 1);
    free(more);
}

uint64_t help_random(struct help_random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(0x2545f4914f6cdd1d);
}

uint32_t help_below(struct help_random *random, uint32_t bound)
{
    return (uint32_t)((help_random(random) >> 32) % bound);
}

void help_fill(struct help_random *random, void *bytes, size_t len)
{
    uint8_t *at = bytes;
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)help_below(random, 256);
}

size_t help_hex(const char *text, uint8_t *bytes, size_t size)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        char pair[3] = {text[0], text[1], '\0'};
        assert_true(len < size);
        assert_int_equal(hex_decode(pair, &bytes[len++], 1), STATUS_OK);
        text++;
    }
    return len;
}
