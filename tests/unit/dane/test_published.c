/* What the view says about a name and port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/published.h"
#include "ledger/base/rrtype.h"
#include "tests/unit/dane/made_view.h"

struct room {
    uint8_t *bytes;
    size_t len;
    struct view view;
};

static void room_open(struct room *room, const struct made_household *household)
{
    room->bytes = made_view(household, &room->len);
    assert_int_equal(view_open(&room->view, room->bytes, room->len), STATUS_OK);
    assert_int_equal(view_check(&room->view), STATUS_OK);
}

static struct name named(const char *text)
{
    struct name name;
    assert_int_equal(name_parse(&name, text), STATUS_OK);
    return name;
}

/* 3 1 1 with one octet to tell it by. */
static struct made_rr hash(uint8_t mark)
{
    struct made_rr rr = {.bytes = {3, 1, 1, mark}, .len = 35};
    return rr;
}

static const struct made_household *house(void)
{
    static struct made_household house = {
        .records =
            {
                {.name = "camera", .type = RRTYPE_AAAA, .rrs = {{.len = 16}}, .count = 1},
                {.name = "_443._tcp.camera", .type = RRTYPE_TLSA, .count = 2},
                {.name = "_443._tcp.nas", .type = RRTYPE_TLSA, .count = 1},
                {.name = "_8443._tcp.nas", .type = RRTYPE_TLSA, .count = 1},
                {.name = "_8080._tcp.old", .type = RRTYPE_TLSA, .count = 0, .removed_count = 1},
                {.name = "_443._tcp.old", .type = RRTYPE_TXT, .rrs = {{.len = 2}}, .count = 1},
                {.name = "_https._tcp.old", .type = RRTYPE_TLSA, .count = 1},
                {.name = "_1._tcp._22._tcp.old", .type = RRTYPE_TLSA, .count = 1},
            },
        .record_count = 8,
    };
    house.records[1].rrs[0] = hash(1);
    house.records[1].rrs[1] = (struct made_rr){.bytes = {9, 9, 9}, .len = 4}; /* not understood */
    for (int i = 2; i <= 7; i++) {
        if (house.records[i].type == RRTYPE_TLSA)
            house.records[i].rrs[0] = hash((uint8_t)i);
    }
    house.records[4].removed[0] = hash(4);
    return &house;
}

static void found_in_both_forms(void **state)
{
    (void)state;
    static const char *const names[] = {"camera.maple.home.arpa", "Camera.MAPLE.home.arpa.",
                                        MADE_CAMERA_BY_ID};
    struct room room;
    struct published published;
    room_open(&room, house());
    for (size_t i = 0; i < 3; i++) {
        struct name name = named(names[i]);
        memcpy(name.wire + 1, i == 1 ? "CAMERA" : "camera", 6);
        assert_int_equal(published_find(&published, &room.view, &name, 443), STATUS_OK);
        assert_true(published.household_name && published.found && published.has_record);
        assert_int_equal(published.count, 1); /* the record that is not understood is left out */
        assert_int_equal(published.removed_count, 0);
        assert_int_equal(published.records[0].data[0], 1);
        assert_int_equal(published.record.entry_id[0], 0x22);
        assert_int_equal(published.zone.namespace_id[0], 0x11);
    }
    free(room.bytes);
}

static void what_is_not_there(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint16_t port;
        bool household;
    } table[] = {
        {"camera.maple.home.arpa", 8443, true},
        {"fridge.maple.home.arpa", 443, true},
        {"maple.home.arpa", 443, true},
        {"camera.birch.home.arpa", 443, false},
        {"camera.example", 443, false},
        {"home.arpa", 443, false},
        {"", 443, false},
        {"old.maple.home.arpa", 443, true},
    };
    struct room room;
    struct published published;
    room_open(&room, house());
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct name name = named(table[i].name);
        assert_int_equal(published_find(&published, &room.view, &name, table[i].port), STATUS_OK);
        assert_int_equal(published.household_name, table[i].household);
        assert_false(published.found);
        assert_int_equal(published.count + published.removed_count, 0);
    }
    free(room.bytes);
}

static void emptied_by_a_withdrawal(void **state)
{
    (void)state;
    struct room room;
    struct published published;
    struct name name = named("old.maple.home.arpa");
    room_open(&room, house());
    assert_int_equal(published_find(&published, &room.view, &name, 8080), STATUS_OK);
    assert_true(published.found);
    assert_int_equal(published.count, 0);
    assert_int_equal(published.removed_count, 1);
    assert_int_equal(published.removed[0].data[0], 4);
    free(room.bytes);
}

static void names_too_long_to_publish(void **state)
{
    (void)state;
    struct room room;
    struct published published;
    struct name name = named("maple.home.arpa");
    uint16_t port = 0;
    char label[63];
    memset(label, 'a', sizeof label);
    for (size_t len = sizeof label; name.len < 250;) {
        len = 254U - name.len < 64 ? 253U - name.len : 63;
        assert_int_equal(name_prepend(&name, label, len), STATUS_OK);
    }
    room_open(&room, house());
    assert_int_equal(published_find(&published, &room.view, &name, 443), STATUS_OK);
    assert_true(published.household_name);
    assert_false(published.found);
    assert_int_equal(published_only_port(&room.view, &name, &port), STATUS_NOT_FOUND);
    free(room.bytes);
}

static void the_only_port(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum status status;
        uint16_t port;
    } table[] = {
        {"camera.maple.home.arpa", STATUS_OK, 443},      {MADE_CAMERA_BY_ID, STATUS_OK, 443},
        {"nas.maple.home.arpa", STATUS_NOT_FOUND, 0},    /* two */
        {"old.maple.home.arpa", STATUS_OK, 8080},        /* emptied, but published */
        {"fridge.maple.home.arpa", STATUS_NOT_FOUND, 0}, /* no such name */
        {"maple.home.arpa", STATUS_NOT_FOUND, 0},
    };
    struct room room;
    room_open(&room, house());
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct name name = named(table[i].name);
        uint16_t port = 0;
        assert_int_equal(published_only_port(&room.view, &name, &port), table[i].status);
        assert_int_equal(port, table[i].port);
    }
    free(room.bytes);
}

/* Labels that only look like ports are none. */
static void labels_that_are_no_port(void **state)
{
    (void)state;
    static const char *const labels[] = {"_0._tcp.x",     "_0443._tcp.x", "_65536._tcp.x",
                                         "_99999._tcp.x", "_4a3._tcp.x",  "443._tcp.x",
                                         "_._tcp.x"};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct made_household household = {
            .records = {{.name = labels[i], .type = RRTYPE_TLSA, .count = 1}}, .record_count = 1};
        household.records[0].rrs[0] = hash(1);
        struct room room;
        struct name name = named("x.maple.home.arpa");
        uint16_t port = 0;
        room_open(&room, &household);
        assert_int_equal(published_only_port(&room.view, &name, &port), STATUS_NOT_FOUND);
        free(room.bytes);
    }
}

static void damage_is_said(void **state)
{
    (void)state;
    struct room room;
    struct published published;
    struct name name = named("camera.maple.home.arpa");
    uint16_t port = 0;
    room_open(&room, house());
    room.bytes[room.len - 100] ^= 1;
    assert_int_equal(view_open(&room.view, room.bytes, room.len), STATUS_OK);
    assert_int_equal(published_find(&published, &room.view, &name, 443), STATUS_CORRUPT);
    assert_int_equal(published_only_port(&room.view, &name, &port), STATUS_CORRUPT);
    free(room.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_in_both_forms),     cmocka_unit_test(what_is_not_there),
        cmocka_unit_test(emptied_by_a_withdrawal), cmocka_unit_test(names_too_long_to_publish),
        cmocka_unit_test(the_only_port),           cmocka_unit_test(labels_that_are_no_port),
        cmocka_unit_test(damage_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
