/* The proxy configuration: its text, and the same inside a data: URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/pac.h"

static void the_script_leads_home(void **state)
{
    (void)state;
    char text[PAC_SIZE];
    pac_text("127.0.0.1:4680", text);
    assert_non_null(strstr(text, "function FindProxyForURL(url, host) {\n"));
    assert_non_null(strstr(text, "return \"PROXY 127.0.0.1:4680\";\n"));
    assert_non_null(strstr(text, "return \"DIRECT\";\n"));
    assert_null(strstr(text, "; DIRECT"));
    assert_string_equal(text + strlen(text) - 2, "}\n");
    pac_text("[::1]:65535", text);
    assert_non_null(strstr(text, "\"PROXY [::1]:65535\""));
}

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void the_url_holds_the_script(void **state)
{
    (void)state;
    static const char prefix[] = "data:application/x-ns-proxy-autoconfig;base64,";
    char listen[32] = "127.0.0.1:4680";
    for (int more = 0; more < 3; more++) { /* all three ways to end */
        char text[PAC_SIZE], url[PAC_URL_SIZE], decoded[PAC_SIZE + 3];
        size_t len = 0;
        pac_text(listen, text);
        pac_url(listen, url);
        assert_memory_equal(url, prefix, strlen(prefix));
        const char *at = url + strlen(prefix);
        assert_int_equal(strlen(at), (strlen(text) + 2) / 3 * 4);
        assert_int_equal(strcspn(at, "="), (strlen(text) * 4 + 2) / 3);
        unsigned bits = 0, held = 0;
        for (; *at != '\0' && *at != '='; at++) {
            assert_true(digit(*at) >= 0);
            bits = bits << 6 | (unsigned)digit(*at);
            held += 6;
            if (held >= 8) {
                held -= 8;
                decoded[len++] = (char)(bits >> held);
            }
        }
        decoded[len] = '\0';
        assert_string_equal(decoded, text);
        strcat(listen, "1");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_script_leads_home),
        cmocka_unit_test(the_url_holds_the_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
