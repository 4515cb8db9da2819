/* The whole of `hearth trust` for a machine that lies in a scratch folder: policies and bundle come and go. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dane/proxy/trust.h"
#include "dane/proxy/trust_file.h"
#include "ledger/base/clock.h"

static char top[64], ca_dir[80];
static struct trust_places places;

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about;
    (void)kind;
    (void)walk;
    return remove(path);
}

static const char *in_top(const char *name)
{
    static char path[FILE_PATH_SIZE];
    assert_true(trust_file_path(path, "%s%s", top, name));
    return path;
}

static void make_folder(const char *path)
{
    struct trust_made nowhere = {.path = ""};
    assert_true(trust_file_path(nowhere.path, "%s/notes/made", top));
    assert_int_equal(trust_made_folder(&nowhere, in_top(path), 0755), STATUS_OK);
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(trust_file_replace(in_top(path), text, strlen(text), 0644), STATUS_OK);
}

static void assert_file(const char *path, const char *expected)
{
    char *text;
    size_t len;
    assert_int_equal(trust_file_read(in_top(path), &text, &len), STATUS_OK);
    assert_string_equal(text, expected);
    free(text);
}

static int set_up(void **state)
{
    (void)state;
    (void)strcpy(top, "/tmp/hearth-trust-unit.XXXXXX");
    if (!mkdtemp(top))
        return -1;
    (void)snprintf(ca_dir, sizeof ca_dir, "%s/ca", top);
    places = (struct trust_places){.home = ""};
    (void)strcpy(places.root, top);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct trust_report report;

static enum status run(enum trust_verb verb)
{
    char error[CA_ERROR_SIZE];
    const struct trust_request request = {.verb = verb,
                                          .machine = true,
                                          .ca_dir = ca_dir,
                                          .listen = "127.0.0.1:4680",
                                          .now_ms = clock_read().wall_ms};
    trust_report_deinit(&report);
    return trust_run(&request, &places, &report, error);
}

static const struct trust_row *row(const char *store)
{
    for (size_t i = 0; i < report.count; i++)
        if (strcmp(report.rows[i].store, store) == 0)
            return &report.rows[i];
    fail_msg("no row of %s", store);
    return NULL;
}

static void nothing_installed(void **state)
{
    (void)state;
    assert_int_equal(run(TRUST_STATUS), STATUS_NOT_FOUND);
    assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
    assert_int_equal(report.count, 1);
    assert_int_equal(row("System bundle")->state, TRUST_INSTALLED);
    assert_int_equal(run(TRUST_UNINSTALL), STATUS_OK);
    assert_false(trust_file_exists(in_top("/usr")));
    assert_false(trust_file_exists(in_top("/etc")));
    assert_false(trust_file_exists(in_top("/var")));
    trust_report_deinit(&report);
}

static void comes_and_goes(void **state)
{
    static const char *const stores[] = {"System bundle", "Chromium policy", "Chrome policy",
                                         "Firefox policy"};
    static const char policies[] = "{\"policies\":\n {  \"DisableTelemetry\":true}}";
    (void)state;
    make_folder("/etc/chromium");
    make_folder("/opt/google/chrome");
    make_folder("/etc/firefox/policies");
    write_file("/etc/firefox/policies/policies.json", policies);
    assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(row(stores[i])->state, TRUST_INSTALLED);
    assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(row(stores[i])->state, TRUST_ALREADY);
    assert_int_equal(run(TRUST_STATUS), STATUS_OK);
    for (size_t i = 1; i < 4; i++) {
        assert_int_equal(row(stores[i])->state, TRUST_GOOD);
        assert_int_equal(row(stores[i])->inside, TRUST_YES);
        assert_int_equal(row(stores[i])->outside, TRUST_NO);
        assert_int_equal(row(stores[i])->proxy, TRUST_YES);
    }
    assert_int_equal(run(TRUST_UNINSTALL), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(row(stores[i])->state, TRUST_REMOVED);
    assert_file("/etc/firefox/policies/policies.json", policies);
    assert_false(trust_file_exists(in_top("/etc/chromium/policies")));
    assert_false(trust_file_exists(in_top("/etc/opt")));
    assert_false(trust_file_exists(in_top("/usr")));
    assert_false(trust_file_exists(in_top("/var")));
    trust_report_deinit(&report);
}

/* Somebody changes Firefox's file in between: his change stays. */
static void a_change_in_between(void **state)
{
    (void)state;
    char *text, *comma;
    size_t len;
    make_folder("/etc/firefox/policies");
    write_file("/etc/firefox/policies/policies.json", "{\"policies\":{\"A\":1}}");
    assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
    assert_int_equal(trust_file_read(in_top("/etc/firefox/policies/policies.json"), &text, &len),
                     STATUS_OK);
    comma = strstr(text, "\"A\": 1");
    assert_non_null(comma);
    comma[5] = '2';
    write_file("/etc/firefox/policies/policies.json", text);
    free(text);
    assert_int_equal(run(TRUST_UNINSTALL), STATUS_OK);
    assert_file("/etc/firefox/policies/policies.json",
                "{\n  \"policies\": {\n    \"A\": 2\n  }\n}\n");
    assert_false(trust_file_exists(in_top("/var")));
    trust_report_deinit(&report);
}

static void what_is_in_the_way_stays(void **state)
{
    (void)state;
    make_folder("/etc/chromium/policies/managed");
    make_folder("/etc/opt/chrome/policies/managed");
    make_folder("/usr/lib/firefox-esr/distribution");
    write_file("/etc/chromium/policies/managed/a.json", "{\"ProxyServer\":\"x:1\"}");
    write_file("/etc/opt/chrome/policies/managed/a.json", "{\"CACertificates\":[]}");
    write_file("/usr/lib/firefox-esr/distribution/policies.json", "{}");
    assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
    assert_int_equal(row("Chromium policy")->state, TRUST_REFUSED);
    assert_int_equal(row("Chrome policy")->state, TRUST_REFUSED);
    assert_int_equal(row("Firefox policy")->state, TRUST_REFUSED);
    assert_false(trust_file_exists(in_top("/etc/firefox")));
    assert_int_equal(run(TRUST_STATUS), STATUS_OK);
    assert_int_equal(row("Chromium policy")->inside, TRUST_YES);
    assert_int_equal(row("Chromium policy")->proxy, TRUST_NO);
    assert_int_equal(row("Chrome policy")->inside, TRUST_NO);
    assert_int_equal(run(TRUST_UNINSTALL), STATUS_OK);
    assert_file("/etc/chromium/policies/managed/a.json", "{\"ProxyServer\":\"x:1\"}");
    assert_false(trust_file_exists(in_top("/etc/chromium/policies/managed/hearth.json")));
    trust_report_deinit(&report);
}

/* The proxy had to take another port. */
static void the_port_it_came_to(void **state)
{
    char url[PAC_URL_SIZE];
    (void)state;
    assert_int_equal(mkdir(ca_dir, 0700), 0);
    write_file("/ca/port", "4681\n");
    assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
    pac_url("127.0.0.1:4681", url);
    assert_string_equal(report.pac, url);
    static const char *const wrong[] = {"",        "\n",   "0\n",        "65536\n",
                                        "4681x\n", "-1\n", "000004681\n"};
    pac_url("127.0.0.1:4680", url);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        write_file("/ca/port", wrong[i]);
        assert_int_equal(run(TRUST_INSTALL), STATUS_OK);
        assert_string_equal(report.pac, url);
    }
    trust_report_deinit(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_installed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(comes_and_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_change_in_between, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_in_the_way_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_port_it_came_to, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
