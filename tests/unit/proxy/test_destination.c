/* What the view says about a host and a port: rule by rule of destination.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dane/proxy/destination.h"
#include "ledger/base/text.h"
#include "tests/unit/proxy/made_house.h"

#define NOW_MS UINT64_C(1795356180000)
#define ID_A   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* no household's */

static const uint8_t key[64] = {1, 2, 3};
static const uint8_t v4[4] = {192, 168, 1, 20};
static const uint8_t v6[16] = {0xfd, [15] = 0x20};

/* maple, one's own:
 *   camera   A, AAAA, a key at 443 and at 8443, ORIGINS
 *   lost     A, a key at 443 that was withdrawn
 *   public   A, a key at 443 that only a public CA could vouch for
 *   lamp     A, no key; an SRV below _tcp
 *   note     a NOTE alone
 *   nowhere  a key at 443, no address
 *   deep.shed A; shed is there only because of it
 * birch, followed: door: A, a key at 443 */
static void fill(struct made_house *house)
{
    static const uint8_t spare[32] = {9};
    uint8_t rdata[67];
    struct household *maple = house_add(house, "maple", true);
    struct household *birch = house_add(house, "birch", false);
    house_rr(house_set(maple, "camera", RRTYPE_A), v4, 4);
    house_rr(house_set(maple, "camera", RRTYPE_AAAA), v6, 16);
    house_key(maple, "_443._tcp.camera", 3, 1, 1, key);
    house_key(maple, "_8443._tcp.camera", 3, 1, 2, key);
    struct household_set *origins = house_set(maple, "camera", RRTYPE_ORIGINS);
    house_rr(origins, "https://panel.example", 21);
    house_rr(origins, "https://panel.example:8443", 26);
    house_rr(house_set(maple, "lost", RRTYPE_A), v4, 4);
    stub_add_removed(house_set(maple, "_443._tcp.lost", RRTYPE_TLSA), rdata,
                     (uint16_t)house_tlsa(rdata, 3, 1, 1, spare));
    house_rr(house_set(maple, "public", RRTYPE_A), v4, 4);
    house_key(maple, "_443._tcp.public", 1, 1, 1, key);
    house_key(maple, "_444._tcp.public", 1, 1, 1, key);
    house_rr(house_set(maple, "lamp", RRTYPE_A), v4, 4);
    house_rr(house_set(maple, "_http._tcp.lamp", RRTYPE_SRV), "\0\0\0\0\0\x50\0", 7);
    house_rr(house_set(maple, "note", RRTYPE_NOTE), "\4plain", 6);
    house_key(maple, "_443._tcp.nowhere", 3, 1, 1, key);
    house_rr(house_set(maple, "deep.shed", RRTYPE_A), v4, 4);
    house_rr(house_set(birch, "door", RRTYPE_A), v4, 4);
    house_key(birch, "_443._tcp.door", 3, 1, 1, key);
}

static int set_up(void **state)
{
    struct made_house *house = calloc(1, sizeof *house);
    assert_non_null(house);
    fill(house);
    house->input.generation = 77;
    house_finish(house);
    *state = house;
    return 0;
}

static int tear_down(void **state)
{
    house_drop(*state);
    free(*state);
    return 0;
}

static enum status find(struct destination *destination, struct view *view, const char *host,
                        uint16_t port)
{
    struct target target = {.port = port};
    struct address address;
    snprintf(target.host, sizeof target.host, "%s", host);
    target.is_address = address_parse(&address, host) == STATUS_OK;
    memset(destination, 0xa5, sizeof *destination);
    return destination_find(destination, view, &target, NOW_MS);
}

static enum destination_kind kind_of(struct made_house *house, const char *host, uint16_t port)
{
    struct destination destination;
    assert_int_equal(find(&destination, &house->view, host, port), STATUS_OK);
    assert_int_equal(destination.port, port);
    return destination.kind;
}

static void assert_refused(struct made_house *house, const char *host, uint16_t port,
                           enum page_kind page)
{
    struct destination destination;
    assert_int_equal(find(&destination, &house->view, host, port), STATUS_OK);
    assert_int_equal(destination.kind, DESTINATION_REFUSED);
    assert_int_equal(destination.page, page);
}

/* --- rules 1 and 2 --- */

static void what_is_no_household_name_is_foreign(void **state)
{
    static const char *const hosts[] = {
        "192.168.1.20", "::1",   "fd00::20",          "localhost",          "www.example",
        "arpa",         "home",  "home.arpa.example", "maplehome.arpa",     "xhome.arpa",
        "ip6.arpa",     "local", "camera.local",      "-x.maple.home.arpa", "router.lan",
    };
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        assert_int_equal(kind_of(*state, hosts[i], 443), DESTINATION_FOREIGN);
        assert_int_equal(kind_of(*state, hosts[i], 80), DESTINATION_FOREIGN);
    }
}

static void the_dashboard_is_at_443_alone(void **state)
{
    assert_int_equal(kind_of(*state, "hearth.home.arpa", 443), DESTINATION_DASHBOARD);
    assert_int_equal(kind_of(*state, "hearth.home.arpa", 80), DESTINATION_FOREIGN);
    assert_int_equal(kind_of(*state, "hearth.home.arpa", 8443), DESTINATION_FOREIGN);
    assert_int_equal(kind_of(*state, "x.hearth.home.arpa", 443), DESTINATION_FOREIGN);
}

static void other_names_of_home_arpa_may_be_a_neighbours(void **state)
{
    assert_int_equal(kind_of(*state, "home.arpa", 443), DESTINATION_OTHER);
    assert_int_equal(kind_of(*state, "router.home.arpa", 443), DESTINATION_OTHER);
    assert_int_equal(kind_of(*state, "a.router.home.arpa", 80), DESTINATION_OTHER);
    assert_int_equal(kind_of(*state, "xmaple.home.arpa", 443), DESTINATION_OTHER);
    assert_int_equal(kind_of(*state, "camera." ID_A ".home.arpa", 443), DESTINATION_FOREIGN);
}

static void without_a_view_nothing_is_known_of_households(void **state)
{
    struct destination destination;
    (void)state;
    assert_int_equal(find(&destination, NULL, "camera.maple.home.arpa", 443), STATUS_NOT_FOUND);
    assert_int_equal(find(&destination, NULL, "router.home.arpa", 443), STATUS_NOT_FOUND);
    assert_int_equal(find(&destination, NULL, "www.example", 443), STATUS_OK);
    assert_int_equal(destination.kind, DESTINATION_FOREIGN);
    assert_int_equal(find(&destination, NULL, "hearth.home.arpa", 443), STATUS_OK);
    assert_int_equal(destination.kind, DESTINATION_DASHBOARD);
}

/* --- rule 3 --- */

static void a_published_key_makes_tls(void **state)
{
    struct made_house *house = *state;
    struct destination destination;
    assert_int_equal(find(&destination, &house->view, "camera.maple.home.arpa", 443), STATUS_OK);
    assert_int_equal(destination.kind, DESTINATION_TLS);
    assert_int_equal(destination.generation, 77);
    assert_int_equal(destination.address_count, 2);
    assert_memory_equal(destination.addresses[0].octets, v6, 16);
    assert_memory_equal(destination.addresses[1].octets + 12, v4, 4);
    assert_int_equal(destination.origin_count, 2);
    assert_true(http_text_is(destination.origins[0], "https://panel.example"));
    assert_true(http_text_is(destination.origins[1], "https://panel.example:8443"));
    char text[NAME_TEXT_SIZE];
    name_text(destination.name.wire, destination.name.len, text);
    assert_string_equal(text, "camera.maple.home.arpa");
    assert_int_equal(kind_of(house, "camera.maple.home.arpa", 8443), DESTINATION_TLS);
    assert_int_equal(kind_of(house, "door.birch.home.arpa", 443), DESTINATION_TLS);
}

static void by_its_id_it_is_the_same(void **state)
{
    uint8_t id[32];
    char text[BASE32_ID_LEN + 1], host[128];
    memset(id, 'm', sizeof id);
    base32_encode_id(id, text);
    snprintf(host, sizeof host, "camera.%s.home.arpa", text);
    assert_int_equal(kind_of(*state, host, 443), DESTINATION_TLS);
    assert_int_equal(kind_of(*state, host, 80), DESTINATION_FOREIGN);
    snprintf(host, sizeof host, "lamp.%s.home.arpa", text);
    assert_int_equal(kind_of(*state, host, 80), DESTINATION_PLAIN);
}

static void a_withdrawn_key_is_still_a_matter_of_tls(void **state)
{
    assert_int_equal(kind_of(*state, "lost.maple.home.arpa", 443), DESTINATION_TLS);
    assert_int_equal(kind_of(*state, "lost.maple.home.arpa", 80), DESTINATION_FOREIGN);
}

static void what_the_public_cas_would_vouch_for_is_no_record(void **state)
{
    assert_refused(*state, "public.maple.home.arpa", 443, PAGE_NO_RECORD);
    assert_refused(*state, "public.maple.home.arpa", 444, PAGE_NO_RECORD);
    assert_int_equal(kind_of(*state, "public.maple.home.arpa", 80), DESTINATION_FOREIGN);
}

static void without_a_key_at_any_port_it_is_plain(void **state)
{
    assert_int_equal(kind_of(*state, "lamp.maple.home.arpa", 80), DESTINATION_PLAIN);
    assert_int_equal(kind_of(*state, "lamp.maple.home.arpa", 8080), DESTINATION_PLAIN);
    assert_refused(*state, "lamp.maple.home.arpa", 443, PAGE_NO_RECORD);
    assert_int_equal(kind_of(*state, "camera.maple.home.arpa", 80), DESTINATION_FOREIGN);
    assert_int_equal(kind_of(*state, "note.maple.home.arpa", 80), DESTINATION_FOREIGN);
    assert_refused(*state, "note.maple.home.arpa", 443, PAGE_NO_RECORD);
    assert_refused(*state, "maple.home.arpa", 443, PAGE_NO_RECORD);
}

/* There are no wildcards, and nothing is inherited. */
static void names_that_are_not_there(void **state)
{
    assert_refused(*state, "fridge.maple.home.arpa", 443, PAGE_NO_NAME);
    assert_refused(*state, "x.camera.maple.home.arpa", 443, PAGE_NO_NAME);
    assert_refused(*state, "shed.maple.home.arpa", 443, PAGE_NO_NAME);
    assert_refused(*state, "_tcp.camera.maple.home.arpa", 443, PAGE_NO_NAME);
    assert_int_equal(kind_of(*state, "fridge.maple.home.arpa", 80), DESTINATION_FOREIGN);
    assert_int_equal(kind_of(*state, "shed.maple.home.arpa", 80), DESTINATION_FOREIGN);
}

/* --- rule 4 --- */

static void a_key_without_an_address_leads_nowhere(void **state)
{
    assert_refused(*state, "nowhere.maple.home.arpa", 443, PAGE_NO_ADDRESS);
    assert_int_equal(kind_of(*state, "nowhere.maple.home.arpa", 80), DESTINATION_FOREIGN);
}

static struct made_house *stale_house(enum view_zone_state zone_state, uint64_t hard_ms)
{
    struct made_house *house = calloc(1, sizeof *house);
    assert_non_null(house);
    fill(house);
    house->households[0].state = zone_state;
    house->households[0].hard_ms = hard_ms;
    house_finish(house);
    return house;
}

static void past_the_hard_limit_nothing_is_opened(void **state)
{
    (void)state;
    struct made_house *houses[] = {stale_house(VIEW_ZONE_HARD, 0),
                                   stale_house(VIEW_ZONE_FRESH, NOW_MS),
                                   stale_house(VIEW_ZONE_FROZEN, 1)};
    for (size_t i = 0; i < sizeof houses / sizeof houses[0]; i++) {
        void *house = houses[i];
        assert_refused(house, "camera.maple.home.arpa", 443, PAGE_STALE);
        assert_refused(house, "camera.maple.home.arpa", 8443, PAGE_STALE);
        assert_refused(house, "lamp.maple.home.arpa", 80, PAGE_STALE);
        assert_refused(house, "nowhere.maple.home.arpa", 443, PAGE_STALE);
        assert_refused(house, "fridge.maple.home.arpa", 443, PAGE_NO_NAME);
        assert_int_equal(kind_of(house, "camera.maple.home.arpa", 80), DESTINATION_FOREIGN);
        assert_int_equal(kind_of(house, "door.birch.home.arpa", 443), DESTINATION_TLS);
        tear_down(&house);
    }
}

static void soft_and_frozen_are_served(void **state)
{
    (void)state;
    void *soft = stale_house(VIEW_ZONE_SOFT, NOW_MS + 1);
    assert_int_equal(kind_of(soft, "camera.maple.home.arpa", 443), DESTINATION_TLS);
    tear_down(&soft);
    void *frozen = stale_house(VIEW_ZONE_FROZEN, 0);
    assert_int_equal(kind_of(frozen, "camera.maple.home.arpa", 443), DESTINATION_TLS);
    tear_down(&frozen);
}

static void in_conflict_the_winner_is_served(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct household *maple = house_add(&house, "maple", true);
    house_rr(house_set(maple, "camera", RRTYPE_A), v4, 4);
    maple->sets[0].conflicts = 1;
    house_key(maple, "_443._tcp.camera", 3, 1, 1, key)->conflicts = 2;
    house_finish(&house);
    assert_int_equal(kind_of(&house, "camera.maple.home.arpa", 443), DESTINATION_TLS);
    house_drop(&house);
}

/* --- what may be dialled, what may be let in --- */

static void no_address_leads_to_the_machine_itself(void **state)
{
    (void)state;
    static const uint8_t bad4[][4] = {
        {127, 0, 0, 1}, {0, 0, 0, 0}, {224, 0, 0, 251}, {169, 254, 1, 1}, {255, 255, 255, 255}};
    static const uint8_t bad6[][16] = {{[15] = 1},
                                       {0},
                                       {0xff, 2, [15] = 1},
                                       {[10] = 0xff, 0xff, 127, 0, 0, 1},
                                       {0xfe, 0x80, [15] = 1}};
    struct made_house house = {0};
    struct destination destination;
    struct household *maple = house_add(&house, "maple", true);
    struct household_set *a = house_set(maple, "camera", RRTYPE_A);
    for (size_t i = 0; i < 5; i++)
        house_rr(a, bad4[i], 4);
    house_rr(a, "\1\2\3", 3);
    struct household_set *aaaa = house_set(maple, "camera", RRTYPE_AAAA);
    for (size_t i = 0; i < 5; i++)
        house_rr(aaaa, bad6[i], 16);
    house_rr(aaaa, v4, 4);
    house_key(maple, "_443._tcp.camera", 3, 1, 1, key);
    house_finish(&house);
    assert_refused(&house, "camera.maple.home.arpa", 443, PAGE_NO_ADDRESS);
    assert_int_equal(find(&destination, &house.view, "camera.maple.home.arpa", 443), STATUS_OK);
    assert_int_equal(destination.address_count, 0);
    house_drop(&house);
}

static void each_address_counts_once(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct destination destination;
    struct household *maple = house_add(&house, "maple", true);
    struct household_set *a = house_set(maple, "camera", RRTYPE_A);
    house_rr(a, v4, 4);
    house_rr(a, v4, 4);
    struct household_set *aaaa = house_set(maple, "camera", RRTYPE_AAAA);
    house_rr(aaaa, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\1\x14", 16); /* 192.168.1.20, mapped */
    house_finish(&house);
    assert_int_equal(find(&destination, &house.view, "camera.maple.home.arpa", 80), STATUS_OK);
    assert_int_equal(destination.kind, DESTINATION_PLAIN);
    assert_int_equal(destination.address_count, 1);
    house_drop(&house);
}

static void an_origin_that_is_none_lets_nobody_in(void **state)
{
    (void)state;
    struct made_house house = {0};
    struct destination destination;
    struct household *maple = house_add(&house, "maple", true);
    house_rr(house_set(maple, "camera", RRTYPE_A), v4, 4);
    struct household_set *origins = house_set(maple, "camera", RRTYPE_ORIGINS);
    house_rr(origins, "*", 1);
    house_rr(origins, "null", 4);
    house_rr(origins, "http://panel.example", 20);
    house_rr(origins, "https://panel.example", 21);
    house_rr(origins, "https://Panel.example", 21);
    house_rr(origins, "", 0);
    house_finish(&house);
    assert_int_equal(find(&destination, &house.view, "camera.maple.home.arpa", 80), STATUS_OK);
    assert_int_equal(destination.origin_count, 1);
    assert_true(http_text_is(destination.origins[0], "https://panel.example"));
    house_drop(&house);
}

/* --- damage --- */

/* One bit of each block's octets: never another answer, and never one that opens more. */
static void a_damaged_view_opens_nothing(void **state)
{
    struct made_house *house = *state;
    struct destination destination;
    struct view view;
    house->bytes[house->len / 2] ^= 1;
    assert_int_equal(view_open(&view, house->bytes, house->len), STATUS_OK);
    assert_int_equal(find(&destination, &view, "camera.maple.home.arpa", 443), STATUS_CORRUPT);
    assert_int_not_equal(destination.kind, DESTINATION_TLS);
}

#define WITH_HOUSE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOUSE(what_is_no_household_name_is_foreign),
        WITH_HOUSE(the_dashboard_is_at_443_alone),
        WITH_HOUSE(other_names_of_home_arpa_may_be_a_neighbours),
        cmocka_unit_test(without_a_view_nothing_is_known_of_households),
        WITH_HOUSE(a_published_key_makes_tls),
        WITH_HOUSE(by_its_id_it_is_the_same),
        WITH_HOUSE(a_withdrawn_key_is_still_a_matter_of_tls),
        WITH_HOUSE(what_the_public_cas_would_vouch_for_is_no_record),
        WITH_HOUSE(without_a_key_at_any_port_it_is_plain),
        WITH_HOUSE(names_that_are_not_there),
        WITH_HOUSE(a_key_without_an_address_leads_nowhere),
        cmocka_unit_test(past_the_hard_limit_nothing_is_opened),
        cmocka_unit_test(soft_and_frozen_are_served),
        cmocka_unit_test(in_conflict_the_winner_is_served),
        cmocka_unit_test(no_address_leads_to_the_machine_itself),
        cmocka_unit_test(each_address_counts_once),
        cmocka_unit_test(an_origin_that_is_none_lets_nobody_in),
        WITH_HOUSE(a_damaged_view_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
