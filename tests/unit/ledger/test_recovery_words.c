/* test_recovery_words.c: words that come back, and slips that are noticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ledger/crypt.h"
#include "ledger/recovery_words.h"
#include "tests/unit/ledger/node_help.h"

static void fill(uint8_t seed[static 32], unsigned n)
{
    for (unsigned i = 0; i < 32; i++)
        seed[i] = (uint8_t)(n * 2654435761U >> (i % 4 * 8) ^ i * (n + 7));
}

static void words_come_back(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE], loose[4 * RECOVERY_TEXT_SIZE];
    uint8_t seed[32], back[32];
    for (unsigned n = 0; n < 1000; n++) {
        fill(seed, n);
        recovery_words_encode(seed, text);
        assert_int_equal(strlen(text), RECOVERY_TEXT_SIZE - 1);
        assert_ok(recovery_words_decode(text, back));
        assert_memory_equal(seed, back, 32);
    }
    /* Upper case, other separators, numbered lines. */
    char *out = loose;
    unsigned word = 0;
    for (const char *at = text; *at; at++) {
        if (at == text || at[-1] == ' ')
            out += sprintf(out, "%u. ", ++word);
        if (*at == ' ')
            out += sprintf(out, "-\r\n\t");
        else
            *out++ = (char)toupper((unsigned char)*at);
    }
    *out = '\0';
    assert_ok(recovery_words_decode(loose, back));
    assert_memory_equal(seed, back, 32);
}

static void words_are_the_same_for_ever(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE];
    uint8_t seed[32];
    for (unsigned i = 0; i < 32; i++)
        seed[i] = (uint8_t)i;
    seed[0] = 127, seed[1] = 0; /* the one in the header's comment */
    recovery_words_encode(seed, text);
    /* 0x7f00 is 0111 11 1100 00 0000, and so on; the last two words are the CRC-32C of
     * RFC 3720, least octet first. */
    assert_string_equal(text, "lusab bamag bibaj bimal boban bomar bubat bumaz dabid damig dibij "
                              "dimil dobin domir dubit dumiz nagib midab");
}

/* Every letter of every word replaced by every other letter. */
static void each_wrong_letter_is_noticed(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE];
    uint8_t seed[32], back[32];
    for (unsigned n = 0; n < 40; n++) {
        fill(seed, n);
        recovery_words_encode(seed, text);
        for (size_t i = 0; text[i]; i++) {
            char right = text[i];
            for (char wrong = 'a'; right != ' ' && wrong <= 'z'; wrong++) {
                text[i] = wrong;
                enum status status = recovery_words_decode(text, back);
                if (wrong == right)
                    assert_ok(status);
                else
                    assert_true(status == STATUS_CORRUPT || status == STATUS_MALFORMED);
            }
            text[i] = right;
        }
    }
}

static void words_in_the_wrong_order_are_noticed(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE], swapped[RECOVERY_TEXT_SIZE];
    uint8_t seed[32], back[32];
    for (unsigned n = 0; n < 200; n++) {
        fill(seed, n);
        recovery_words_encode(seed, text);
        for (unsigned i = 0; i < RECOVERY_WORDS; i++)
            for (unsigned j = i + 1; j < RECOVERY_WORDS; j++) {
                memcpy(swapped, text, sizeof swapped);
                memcpy(swapped + (size_t)i * 6, text + (size_t)j * 6, 5);
                memcpy(swapped + (size_t)j * 6, text + (size_t)i * 6, 5);
                if (memcmp(swapped, text, sizeof text) != 0)
                    assert_status(STATUS_CORRUPT, recovery_words_decode(swapped, back));
            }
    }
}

static void bad_words_are_refused(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE], longer[RECOVERY_TEXT_SIZE + 16];
    uint8_t seed[32] = {1}, back[32];
    recovery_words_encode(seed, text);
    assert_status(STATUS_TRUNCATED, recovery_words_decode("", back));
    assert_status(STATUS_TRUNCATED, recovery_words_decode(" - \n", back));
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        snprintf(longer, sizeof longer, "%.*s", (int)cut, text);
        enum status status = recovery_words_decode(longer, back);
        /* A whole word less, or a word cut in two. */
        assert_status(cut % 6 == 5 || cut % 6 == 0 ? STATUS_TRUNCATED : STATUS_MALFORMED, status);
    }
    snprintf(longer, sizeof longer, "%s babab", text);
    assert_status(STATUS_TRAILING, recovery_words_decode(longer, back));
    snprintf(longer, sizeof longer, "%s b", text);
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
    snprintf(longer, sizeof longer, "%sb", text);
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
    memcpy(longer, text, sizeof text);
    longer[5] = 'b'; /* two words run together */
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
    memcpy(longer, text, sizeof text);
    longer[2] = '0';
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_back),
        cmocka_unit_test(words_are_the_same_for_ever),
        cmocka_unit_test(each_wrong_letter_is_noticed),
        cmocka_unit_test(words_in_the_wrong_order_are_noticed),
        cmocka_unit_test(bad_words_are_refused),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
