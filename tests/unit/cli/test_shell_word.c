/* test_shell_word.c: words as a shell reads them back. */
#include "resolver/cli/shell_word.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *word, const char *quoted)
{
    char text[64];
    shell_word(word, text, sizeof text);
    assert_string_equal(text, quoted);
}

static void test_words(void **state)
{
    (void)state;
    expect("/home/me/hearth-1.2", "/home/me/hearth-1.2");
    expect("", "''");
    expect("two words", "'two words'");
    expect("it's", "'it'\\''s'");
    expect("$HOME", "'$HOME'");
    expect("a;b", "'a;b'");
    expect("~me", "'~me'");
    expect("k\xc3\xbc", "'k\xc3\xbc'");
}

static void test_room(void **state)
{
    (void)state;
    char text[SHELL_WORD_SIZE(3)];
    shell_word("'''", text, sizeof text);
    assert_int_equal(strlen(text), 14);
    shell_word("''''", text, sizeof text);
    assert_string_equal(text, "");
    shell_word("plainplainplain", text, sizeof text);
    assert_string_equal(text, "");
}

/* A real shell reads each back, octet for octet. */
static void test_by_a_shell(void **state)
{
    (void)state;
    static const char *const words[] = {"a b", "it's", "$(id)", "`id`", "\\",
                                        "*",   "a\nb", "!!",    "#"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char text[64], command[128], back[64];
        shell_word(words[i], text, sizeof text);
        (void)snprintf(command, sizeof command, "printf %%s %s", text);
        FILE *shell = popen(command, "r");
        assert_non_null(shell);
        size_t len = fread(back, 1, sizeof back - 1, shell);
        back[len] = '\0';
        assert_int_equal(pclose(shell), 0);
        assert_string_equal(back, words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_by_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
