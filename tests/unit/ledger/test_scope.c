/* test_scope.c: scope lists: their one form, what lies in them, and their commitment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/body.h"
#include "ledger/crypt.h"
#include "ledger/scope.h"
#include "tests/unit/ledger/codec_help.h"

static const uint8_t salt[16] = "0123456789abcdef";

struct list {
    uint8_t opening[SCOPE_OPENING_MAX];
    size_t len;
    uint8_t commitment[32];
};

static struct name name_of(const char *text)
{
    struct name name;
    assert_int_equal(name_parse(&name, text), STATUS_OK);
    return name;
}

/* Up to four names; NULL ends them. */
static struct list list_of(const char *const texts[static 5])
{
    struct name names[4];
    struct list list = {.len = 0};
    size_t count = 0;
    for (; texts[count]; count++)
        names[count] = name_of(texts[count]);
    assert_int_equal(scope_encode(names, count, salt, list.opening, &list.len, list.commitment),
                     STATUS_OK);
    return list;
}

static bool has(const struct list *list, const char *text)
{
    struct name name = name_of(text);
    return scope_has(list->opening, list->len, &name);
}

static void a_name_covers_itself_and_all_below(void **state)
{
    (void)state;
    struct list list = list_of((const char *const[5]){"garage", "cam1.hall"});
    assert_true(has(&list, "garage"));
    assert_true(has(&list, "cam1.garage"));
    assert_true(has(&list, "_443._tcp.cam1.garage"));
    assert_true(has(&list, "cam1.hall"));
    assert_false(has(&list, "hall"));
    assert_false(has(&list, "cam2.hall"));
    assert_false(has(&list, "mygarage"));
    assert_false(has(&list, "garage.hall"));
    assert_false(has(&list, "@"));
}

static void no_name_covers_nothing_and_the_apex_everything(void **state)
{
    (void)state;
    struct list none = list_of((const char *const[5]){NULL});
    struct list all = list_of((const char *const[5]){"@"});
    assert_int_equal(none.len, 17);
    assert_int_equal(scope_check(none.opening, none.len), STATUS_OK);
    assert_false(has(&none, "@"));
    assert_false(has(&none, "camera"));
    assert_true(has(&all, "@"));
    assert_true(has(&all, "cam1.garage"));
}

/* The order given does not matter, nor how often a name is. */
static void a_set_of_names_has_one_opening(void **state)
{
    (void)state;
    struct list a = list_of((const char *const[5]){"b", "a.b", "c"});
    struct list b = list_of((const char *const[5]){"c", "b", "a.b", "b"});
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.opening, b.opening, a.len);
    assert_memory_equal(a.commitment, b.commitment, 32);
    static const uint8_t names[] = "\3\1b\0\1a\1b\0\1c";
    assert_memory_equal(a.opening, salt, 16);
    assert_int_equal(a.len, 16 + sizeof names);
    assert_memory_equal(a.opening + 16, names, sizeof names);
}

static void the_commitment_hides_the_list(void **state)
{
    (void)state;
    uint8_t commitment[32];
    struct list list = list_of((const char *const[5]){"camera"});
    crypt_hash("hearth1.scopelst", list.opening, list.len, commitment);
    assert_memory_equal(list.commitment, commitment, 32);
    scope_commitment(list.opening, list.len, commitment);
    assert_memory_equal(list.commitment, commitment, 32);
    list.opening[0] ^= 1; /* another salt */
    scope_commitment(list.opening, list.len, commitment);
    assert_memory_not_equal(list.commitment, commitment, 32);
}

static void every_other_length_is_refused(void **state)
{
    (void)state;
    struct list list = list_of((const char *const[5]){"camera", "cam1.garage", "hall"});
    help_every_length(scope_check, list.opening, list.len);
}

static void each_bad_form_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *names; /* hex: count and names */
        enum status status;
    } rows[] = {
        {"00", STATUS_OK},
        {"01 00", STATUS_OK},
        {"02 016200 016300", STATUS_OK},
        {"02 016300 016200", STATUS_NOT_CANONICAL},
        {"02 016200 016200", STATUS_NOT_CANONICAL},
        {"02 016200 0161016200", STATUS_OK}, /* below sorts behind */
        {"02 0161016200 016200", STATUS_NOT_CANONICAL},
        {"02 0161016300 026262 00", STATUS_NOT_CANONICAL},
        {"03 016200 016400 016300", STATUS_NOT_CANONICAL},
        {"01 014200", STATUS_NAME_CHARACTER},
        {"01 012a00", STATUS_NAME_CHARACTER},
        {"01 022d6200", STATUS_NAME_CHARACTER},
        {"01 c000", STATUS_MALFORMED},
        {"01 0162", STATUS_TRUNCATED},
        {"01", STATUS_TRUNCATED},
        {"", STATUS_TRUNCATED},
        {"00 00", STATUS_TRAILING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[256];
        memcpy(bytes, salt, 16);
        size_t len = 16 + help_hex(rows[i].names, bytes + 16, sizeof bytes - 16);
        uint8_t *copy = help_copy(bytes, len);
        help_expect(scope_check(copy, len), rows[i].status, "row", i);
        free(copy);
    }
}

static void limits_are_kept(void **state)
{
    (void)state;
    static struct name names[SCOPE_NAMES_MAX + 1];
    struct list list;
    for (unsigned i = 0; i <= SCOPE_NAMES_MAX; i++) {
        char text[8];
        snprintf(text, sizeof text, "%03u", i);
        names[i] = name_of(text);
    }
    assert_int_equal(
        scope_encode(names, SCOPE_NAMES_MAX + 1, salt, list.opening, &list.len, list.commitment),
        STATUS_RANGE);
    assert_int_equal(
        scope_encode(names, SCOPE_NAMES_MAX, salt, list.opening, &list.len, list.commitment),
        STATUS_OK);
    assert_int_equal(list.len, 17 + 255 * 5);
    for (unsigned i = 0; i < SCOPE_NAMES_MAX; i++) {
        char text[16];
        snprintf(text, sizeof text, "long%06u", i);
        names[i] = name_of(text);
    }
    assert_int_equal(
        scope_encode(names, SCOPE_NAMES_MAX, salt, list.opening, &list.len, list.commitment),
        STATUS_NO_SPACE);
    names[0] = (struct name){.len = 3, .wire = {1, 'B', 0}};
    assert_int_equal(scope_encode(names, 1, salt, list.opening, &list.len, list.commitment),
                     STATUS_NAME_CHARACTER);
    static const uint8_t big[SCOPE_OPENING_MAX + 1];
    assert_int_equal(scope_check(big, sizeof big), STATUS_TOO_LONG);
    assert_int_equal(scope_check(big, sizeof big - 1), STATUS_TRAILING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_covers_itself_and_all_below),
        cmocka_unit_test(no_name_covers_nothing_and_the_apex_everything),
        cmocka_unit_test(a_set_of_names_has_one_opening),
        cmocka_unit_test(the_commitment_hides_the_list),
        cmocka_unit_test(every_other_length_is_refused),
        cmocka_unit_test(each_bad_form_is_refused),
        cmocka_unit_test(limits_are_kept),
    };
    return crypt_init() == STATUS_OK ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
