/* test_service_name.c: `_port._tcp.` put before a name and taken off again. */
#include "resolver/service_name.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_there_and_back(void **state)
{
    (void)state;
    struct name camera, service, device;
    uint16_t port = 0;
    char text[NAME_TEXT_SIZE];
    assert_int_equal(name_parse(&camera, "camera"), STATUS_OK);
    assert_int_equal(service_name_make(&camera, 8443, &service), STATUS_OK);
    name_text(service.wire, service.len, text);
    assert_string_equal(text, "_8443._tcp.camera");
    assert_int_equal(service_name_read(&service, &device, &port), STATUS_OK);
    assert_true(name_equal(&device, &camera));
    assert_int_equal(port, 8443);
    static const char *const others[] = {"camera",          "_tcp.camera",     "_443._udp.camera",
                                         "_x._tcp.camera",  "_0._tcp.camera",  "_70000._tcp.camera",
                                         "443._tcp.camera", "_443.tcp.camera", "@"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(name_parse(&service, others[i]), STATUS_OK);
        assert_int_equal(service_name_read(&service, &device, &port), STATUS_NOT_FOUND);
    }
}

static void test_too_long(void **state)
{
    (void)state;
    struct name device = {.len = 1}, service;
    while (device.len < 246)
        assert_int_equal(name_prepend(&device, "1234", 4), STATUS_OK);
    assert_int_equal(device.len, 246);
    assert_int_equal(service_name_make(&device, 10, &service), STATUS_OK);
    assert_int_equal(service_name_make(&device, 100, &service), STATUS_NAME_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
