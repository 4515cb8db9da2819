/* Policies as texts: what is somebody else's stays, and ours goes without a trace. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/pac.h"
#include "dane/proxy/trust_policy.h"

static const char root[] = "/c/hearth-22.crt", prefix[] = "/c/hearth-";
static char url[PAC_URL_SIZE];

static int set_up(void **state)
{
    (void)state;
    pac_url("127.0.0.1:4680", url);
    return 0;
}

static void chromium_reads_back(void **state)
{
    char *text = trust_policy_chromium("QUJD", url), *base64 = NULL, *pac = NULL;
    bool proxy, roots;
    (void)state;
    assert_non_null(strstr(text, "\"ProxyPacMandatory\": true"));
    assert_non_null(strstr(text, "\"ProxyMode\": \"pac_script\""));
    assert_int_equal(trust_policy_chromium_read(text, &base64, &pac), STATUS_OK);
    assert_string_equal(base64, "QUJD");
    assert_string_equal(pac, url);
    assert_int_equal(trust_policy_chromium_look(text, &proxy, &roots), STATUS_OK);
    assert_true(proxy && roots);
    free(text);
    free(base64);
    free(pac);
    text = trust_policy_chromium("QUJD", NULL);
    assert_int_equal(trust_policy_chromium_look(text, &proxy, &roots), STATUS_OK);
    assert_true(!proxy && roots);
    free(text);
    text = trust_policy_chromium(NULL, url);
    assert_int_equal(trust_policy_chromium_look(text, &proxy, &roots), STATUS_OK);
    assert_true(proxy && !roots);
    free(text);
}

static void chromium_sees_others(void **state)
{
    static const char *const with[] = {"{\"ProxyMode\":\"direct\"}", "{\"ProxySettings\":{}}",
                                       "{\"ProxyServer\":\"x\"}", "{\"ProxyPacUrl\":\"x\"}",
                                       "{\"A\":1,\"ProxyBypassList\":\"x\"}"};
    static const char *const bad[] = {"", "[]", "1", "{", "{\"a\":1,\"a\":2}", "{\"a\":1,}"};
    bool proxy, roots;
    (void)state;
    for (size_t i = 0; i < sizeof with / sizeof with[0]; i++) {
        assert_int_equal(trust_policy_chromium_look(with[i], &proxy, &roots), STATUS_OK);
        assert_true(proxy && !roots);
    }
    assert_int_equal(trust_policy_chromium_look("{\"HomepageLocation\":\"x\"}", &proxy, &roots),
                     STATUS_OK);
    assert_true(!proxy && !roots);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(trust_policy_chromium_look(bad[i], &proxy, &roots), STATUS_MALFORMED);
}

static char *merge(const char *text, bool *taken)
{
    char *merged = NULL;
    assert_int_equal(trust_policy_firefox_with(text, root, prefix, url, &merged, taken), STATUS_OK);
    return merged;
}

static void firefox_round_trip(const char *before, const char *after)
{
    bool taken, had, has_root, has_proxy;
    char *merged = merge(before, &taken), *rest = NULL;
    assert_false(taken);
    trust_policy_firefox_look(merged, root, url, &has_root, &has_proxy);
    assert_true(has_root && has_proxy);
    char *again = merge(merged, &taken);
    assert_string_equal(again, merged);
    assert_int_equal(trust_policy_firefox_without(merged, prefix, &rest, &had), STATUS_OK);
    assert_true(had);
    if (after)
        assert_string_equal(rest, after);
    else
        assert_null(rest);
    free(merged);
    free(again);
    free(rest);
}

static void firefox_comes_and_goes(void **state)
{
    (void)state;
    firefox_round_trip(NULL, NULL);
    firefox_round_trip("{}", NULL);
    firefox_round_trip("{\"policies\":{\"DisableTelemetry\":true}}",
                       "{\n  \"policies\": {\n    \"DisableTelemetry\": true\n  }\n}\n");
    firefox_round_trip(
        "{\"policies\":{\"Certificates\":{\"ImportEnterpriseRoots\":true,\"Install\":[\"/x\"]}}}",
        "{\n  \"policies\": {\n    \"Certificates\": {\n      \"ImportEnterpriseRoots\": true,\n"
        "      \"Install\": [\n        \"/x\"\n      ]\n    }\n  }\n}\n");
    firefox_round_trip(
        "{\"policies\":{\"DNSOverHTTPS\":{\"Enabled\":false,\"ExcludedDomains\":[\"corp\"]}},\"x\":"
        "1}",
        "{\n  \"policies\": {\n    \"DNSOverHTTPS\": {\n      \"Enabled\": false,\n"
        "      \"ExcludedDomains\": [\n        \"corp\"\n      ]\n    }\n  },\n  \"x\": 1\n}\n");
}

static void firefox_keeps_another_proxy(void **state)
{
    static const char theirs[] =
        "{\"policies\":{\"Proxy\":{\"Mode\":\"manual\",\"HTTPProxy\":\"a:1\"}}}";
    bool taken, had, has_root, has_proxy;
    char *rest = NULL, *merged = merge(theirs, &taken);
    (void)state;
    assert_true(taken);
    assert_non_null(strstr(merged, "\"HTTPProxy\": \"a:1\""));
    trust_policy_firefox_look(merged, root, url, &has_root, &has_proxy);
    assert_true(has_root && !has_proxy);
    assert_int_equal(trust_policy_firefox_without(merged, prefix, &rest, &had), STATUS_OK);
    assert_true(had);
    assert_non_null(strstr(rest, "\"HTTPProxy\": \"a:1\""));
    assert_null(strstr(rest, "hearth"));
    free(merged);
    free(rest);
}

static void firefox_replaces_a_former_root(void **state)
{
    bool taken;
    char *merged = merge(
        "{\"policies\":{\"Certificates\":{\"Install\":[\"/c/hearth-11.crt\",\"/y\"]}}}", &taken);
    (void)state;
    assert_null(strstr(merged, "hearth-11"));
    assert_non_null(strstr(merged, "/y"));
    assert_non_null(strstr(merged, root));
    free(merged);
}

static void firefox_leaves_foreign_files(void **state)
{
    static const char *const bad[] = {"",
                                      "[]",
                                      "{",
                                      "{\"policies\":[]}",
                                      "{\"policies\":{\"Certificates\":1}}",
                                      "{\"policies\":{\"Certificates\":{\"Install\":\"x\"}}}",
                                      "{\"policies\":{\"DNSOverHTTPS\":{\"ExcludedDomains\":{}}}}",
                                      "// x\n{}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *merged = NULL;
        bool taken;
        assert_int_equal(trust_policy_firefox_with(bad[i], root, prefix, url, &merged, &taken),
                         STATUS_MALFORMED);
        assert_null(merged);
    }
}

/* The zone alone was somebody's own wish. */
static void firefox_takes_only_its_own(void **state)
{
    char *rest = NULL;
    bool had = true;
    (void)state;
    assert_int_equal(trust_policy_firefox_without(
                         "{\"policies\":{\"DNSOverHTTPS\":{\"ExcludedDomains\":[\"home.arpa\"]}}}",
                         prefix, &rest, &had),
                     STATUS_OK);
    assert_false(had);
    assert_non_null(strstr(rest, "home.arpa"));
    free(rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chromium_reads_back),
        cmocka_unit_test(chromium_sees_others),
        cmocka_unit_test(firefox_comes_and_goes),
        cmocka_unit_test(firefox_keeps_another_proxy),
        cmocka_unit_test(firefox_replaces_a_former_root),
        cmocka_unit_test(firefox_leaves_foreign_files),
        cmocka_unit_test(firefox_takes_only_its_own),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
