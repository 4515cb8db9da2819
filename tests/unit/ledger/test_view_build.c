/* What view_build writes, read back through the reader. */
#include "ledger/view_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/text.h"
#include "ledger/base/view.h"
#include "tests/support/household_stub.h"

static const uint8_t a1[4] = {192, 168, 1, 5};
static const uint8_t a2[4] = {192, 168, 1, 6};
static const uint8_t aaaa[16] = {0xfd, [15] = 9};
static const uint8_t mapped[16] = {[10] = 0xff, 0xff, 192, 168, 1, 5};

struct built {
    struct view_build input;
    struct view_build_household households[4];
    uint8_t *bytes;
    size_t len;
    struct view view;
};

static void build(struct built *b)
{
    b->input.households = b->households;
    for (size_t i = 0; i < b->input.household_count; i++)
        stub_sort(b->households[i].household);
    assert_int_equal(view_build(&b->input, &b->bytes, &b->len), STATUS_OK);
    assert_int_equal(view_open(&b->view, b->bytes, b->len), STATUS_OK);
    assert_int_equal(view_check(&b->view), STATUS_OK);
}

static struct household *add_household(struct built *b, const char *petname, uint8_t id, bool own)
{
    struct view_build_household *household = &b->households[b->input.household_count++];
    household->household = stub_create();
    household->own = own;
    strcpy(household->petname, petname);
    memset(household->namespace_id, id, 32);
    return household->household;
}

static void drop(struct built *b)
{
    for (size_t i = 0; i < b->input.household_count; i++)
        stub_destroy(b->households[i].household);
    free(b->bytes);
}

static enum status find(struct built *b, const char *text, struct view_name *name)
{
    struct name wire;
    assert_int_equal(name_parse(&wire, text), STATUS_OK);
    return view_find(&b->view, wire.wire, wire.len, name);
}

static struct view_name found(struct built *b, const char *text)
{
    struct view_name name;
    assert_int_equal(find(b, text, &name), STATUS_OK);
    return name;
}

/* Every name in canonical order, one run a zone, and each found by its hash. */
static void check_order(struct built *b)
{
    struct view_name before;
    struct view_name name;
    for (uint32_t i = 0; view_name_at(&b->view, i, &name) == STATUS_OK; i++) {
        struct view_name again;
        struct view_zone zone;
        if (i > 0)
            assert_true(name_compare(before.wire, before.wire_len, name.wire, name.wire_len) < 0);
        assert_int_equal(view_find(&b->view, name.wire, name.wire_len, &again), STATUS_OK);
        assert_int_equal(again.index, i);
        assert_int_equal(view_zone_at(&b->view, name.zone, &zone), STATUS_OK);
        assert_true(i >= zone.first_name && i - zone.first_name < zone.name_count);
        assert_int_equal(view_find_zone(&b->view, name.wire, name.wire_len, &zone), STATUS_OK);
        assert_int_equal(zone.index, name.zone);
        assert_int_equal(view_name_at(&b->view, name.twin, &again), STATUS_OK);
        assert_int_equal(again.twin, i);
        before = name;
    }
}

static void an_apex_alone_has_soa_and_ns(void **state)
{
    (void)state;
    struct built b = {.input = {.serial = 0x01020304, .generation = 77, .published_ms = 5}};
    add_household(&b, "", 1, true);
    build(&b);
    assert_int_equal(b.view.generation, 77);
    assert_int_equal(b.view.published_ms, 5);
    char apex[BASE32_ID_LEN + 16];
    base32_encode_id(b.households[0].namespace_id, apex);
    strcat(apex, ".home.arpa");
    struct view_name name = found(&b, apex);
    assert_int_equal(name.rrset_count, 2);
    assert_int_equal(name.twin, name.index);
    assert_int_equal(name.flags, 0);
    struct view_rrset rrset;
    assert_int_equal(view_rrset(&b.view, &name, RRTYPE_SOA, &rrset), STATUS_OK);
    static const uint8_t soa[] = "\0\x31\x09localhost\0\x06nobody\x07invalid\0\1\2\3\4"
                                 "\0\0\x0e\x10\0\0\x04\xb0\0\x09\x3a\x80\0\0\0\x3c";
    assert_int_equal(rrset.data_len, sizeof soa - 1);
    assert_memory_equal(rrset.data + 2, soa + 2, sizeof soa - 3);
    assert_int_equal(rrset.data[1], rrset.data_len - 2);
    assert_int_equal(rrset.ttl, 3600);
    assert_int_equal(rrset.flags, VIEW_RRSET_SYNTHETIC);
    assert_int_equal(rrset.record, 0);
    assert_int_equal(view_rrset(&b.view, &name, RRTYPE_NS, &rrset), STATUS_OK);
    assert_memory_equal(rrset.data, "\0\x0b\x09localhost", 13);
    check_order(&b);
    drop(&b);
}

static void what_is_not_known_is_not_published(void **state)
{
    (void)state;
    static const uint16_t types[] = {RRTYPE_NS, RRTYPE_CNAME, RRTYPE_SOA, 4711};
    struct built b = {.input = {.generation = 1}};
    struct household *h = add_household(&b, "maple", 2, true);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        stub_add_rr(stub_add(h, "@", types[i]), "any", 3);
        stub_add_rr(stub_add(h, "camera", types[i]), "any", 3);
    }
    build(&b);
    struct view_name apex = found(&b, "maple.home.arpa");
    assert_int_equal(apex.rrset_count, 2); /* the publisher's own */
    struct view_rrset rrset;
    assert_int_equal(view_rrset(&b.view, &apex, RRTYPE_NS, &rrset), STATUS_OK);
    assert_int_equal(rrset.flags, VIEW_RRSET_SYNTHETIC);
    assert_int_equal(b.view.tables[VIEW_NAMES].count, 2);
    drop(&b);
}

static void both_forms_have_every_name(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *h = add_household(&b, "maple", 2, true);
    stub_add_rr(stub_add(h, "@", RRTYPE_A), a1, 4);
    stub_add_rr(stub_add(h, "@", RRTYPE_TXT), "\1x", 2);
    stub_add_rr(stub_add(h, "@", RRTYPE_AAAA), aaaa, 16);
    stub_add_rr(stub_add(h, "_443._tcp.camera", RRTYPE_TLSA), "tlsa", 4);
    stub_add_rr(stub_add(h, "camera", RRTYPE_A), a1, 4);
    stub_add_rr(stub_add(h, "a.b.c.d", RRTYPE_A), a2, 4);
    stub_add_rr(stub_add(h, "z.b.c.d", RRTYPE_A), a2, 4);
    build(&b);
    /* apex, camera, _tcp.camera, _443._tcp.camera, d, c.d, b.c.d, a.b.c.d, z.b.c.d */
    assert_int_equal(b.view.tables[VIEW_NAMES].count, 18);
    assert_int_equal(b.view.tables[VIEW_ZONES].count, 2);
    check_order(&b);
    static const char *const empty[] = {"_tcp.camera", "d", "c.d", "b.c.d"};
    for (size_t i = 0; i < 4; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s.maple.home.arpa", empty[i]);
        struct view_name name = found(&b, text);
        assert_int_equal(name.flags, VIEW_NAME_EMPTY_NON_TERMINAL);
        assert_int_equal(name.rrset_count, 0);
    }
    struct view_name apex = found(&b, "maple.home.arpa");
    static const uint16_t types[] = {RRTYPE_A, RRTYPE_NS, RRTYPE_SOA, RRTYPE_TXT, RRTYPE_AAAA};
    assert_int_equal(apex.rrset_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        struct view_rrset rrset;
        assert_int_equal(view_rrset_at(&b.view, apex.first_rrset + i, &rrset), STATUS_OK);
        assert_int_equal(rrset.type, types[i]);
    }
    struct view_name name = found(&b, "camera.maple.home.arpa");
    struct view_name twin;
    assert_int_equal(view_name_at(&b.view, name.twin, &twin), STATUS_OK);
    assert_int_not_equal(twin.index, name.index);
    assert_int_equal(twin.wire[0], 6);
    assert_int_equal(twin.wire[7], BASE32_ID_LEN);
    struct view_rrset one;
    struct view_rrset other;
    assert_int_equal(view_rrset(&b.view, &name, RRTYPE_A, &one), STATUS_OK);
    assert_int_equal(view_rrset(&b.view, &twin, RRTYPE_A, &other), STATUS_OK);
    assert_ptr_equal(one.data, other.data); /* written once */
    assert_int_equal(one.record, other.record);
    struct view_zone zone;
    assert_int_equal(view_zone_at(&b.view, name.zone, &zone), STATUS_OK);
    assert_int_equal(zone.flags, VIEW_ZONE_OWN);
    assert_int_equal(view_zone_at(&b.view, zone.twin, &zone), STATUS_OK);
    assert_int_equal(zone.flags, VIEW_ZONE_OWN | VIEW_ZONE_ID_FORM);
    drop(&b);
}

static void what_is_deleted_leaves_no_trace(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *h = add_household(&b, "maple", 2, true);
    stub_add(h, "gone", RRTYPE_A);
    stub_add(h, "x.below.gone", RRTYPE_A);
    stub_add(h, "half", RRTYPE_A);
    stub_add_rr(stub_add(h, "half", RRTYPE_AAAA), aaaa, 16);
    stub_add_removed(stub_add(h, "_443._tcp.half", RRTYPE_TLSA), "old", 3);
    build(&b);
    struct view_name name;
    assert_int_equal(find(&b, "gone.maple.home.arpa", &name), STATUS_NOT_FOUND);
    assert_int_equal(find(&b, "x.below.gone.maple.home.arpa", &name), STATUS_NOT_FOUND);
    assert_int_equal(find(&b, "below.gone.maple.home.arpa", &name), STATUS_NOT_FOUND);
    assert_int_equal(found(&b, "half.maple.home.arpa").rrset_count, 1);
    struct view_rrset rrset;
    name = found(&b, "_443._tcp.half.maple.home.arpa");
    assert_int_equal(view_rrset(&b.view, &name, RRTYPE_TLSA, &rrset), STATUS_OK);
    assert_int_equal(rrset.count, 0);
    assert_null(rrset.data);
    assert_int_equal(rrset.flags, VIEW_RRSET_WITHDRAWN);
    assert_int_equal(rrset.removed_count, 1);
    assert_memory_equal(rrset.removed, "\0\3old", 5);
    check_order(&b);
    drop(&b);
}

static void flags_records_and_authors(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *h = add_household(&b, "maple", 2, true);
    struct household_set *set = stub_add(h, "oak._peer", RRTYPE_PEER);
    set->conflicts = 3;
    set->time = 99;
    set->by = (const uint8_t *)"cli";
    set->by_len = 3;
    stub_add_rr(set, "peer", 4);
    set = stub_add(h, "x", RRTYPE_A);
    memset(set->author, 0xa1, 32);
    stub_add_rr(set, a1, 4);
    h->grants[0] = (struct household_grant){.role = ROLE_ADMIN, .state = GRANT_SUSPENDED};
    memset(h->grants[0].key, 0xa0, 32);
    h->grants[1] = (struct household_grant){.role = ROLE_NODE, .state = GRANT_LIVE};
    memset(h->grants[1].key, 0xa1, 32);
    h->grant_count = 2;
    build(&b);
    struct view_name name = found(&b, "oak._peer.maple.home.arpa");
    struct view_rrset rrset;
    struct view_record record;
    struct view_author author;
    assert_int_equal(view_rrset(&b.view, &name, RRTYPE_PEER, &rrset), STATUS_OK);
    assert_int_equal(rrset.flags, VIEW_RRSET_CONFLICT | VIEW_RRSET_INTERNAL);
    assert_int_equal(view_record_at(&b.view, rrset.record - 1, &record), STATUS_OK);
    assert_int_equal(record.conflicts, 3);
    assert_int_equal(record.time, 99);
    assert_int_equal(record.by_len, 3);
    assert_memory_equal(record.by, "cli", 3);
    assert_int_equal(view_author_at(&b.view, record.author, &author), STATUS_OK);
    assert_int_equal(author.role, ROLE_ADMIN);
    assert_int_equal(author.flags, VIEW_AUTHOR_SUSPENDED);
    assert_int_equal(author.key[0], 0xa0);
    assert_int_equal(author.zone, name.zone);
    name = found(&b, "x.maple.home.arpa");
    assert_int_equal(view_rrset(&b.view, &name, RRTYPE_A, &rrset), STATUS_OK);
    assert_int_equal(view_record_at(&b.view, rrset.record - 1, &record), STATUS_OK);
    assert_null(record.by);
    assert_int_equal(view_author_at(&b.view, record.author, &author), STATUS_OK);
    assert_int_equal(author.role, ROLE_NODE);
    assert_int_equal(author.flags, 0);
    drop(&b);
}

static const char *label_of(void *context, const uint8_t key[static 32])
{
    return key[0] == 0xa0 ? context : NULL;
}

static void withdrawals_and_labels(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *own = add_household(&b, "maple", 2, true);
    struct household *oak = add_household(&b, "oak", 3, false);
    b.households[0].label = label_of;
    static char label[] = "kitchen";
    b.households[0].label_context = label;
    b.households[1].state = VIEW_ZONE_FROZEN;
    b.households[1].soft_ms = 11;
    b.households[1].hard_ms = 12;
    own->withdrawn_count = 3;
    for (uint8_t i = 0; i < 3; i++) {
        struct household_withdrawal *w = &own->withdrawn[i];
        *w = (struct household_withdrawal){.time = i, .reason = i};
        memset(w->hash, i == 0 ? 0x10 : 0x20, 32); /* the second and third are the same hash */
        memset(w->id, i, 32);
        memset(w->author, 0xa0, 32);
    }
    oak->withdrawn[0] = (struct household_withdrawal){.time = 9};
    memset(oak->withdrawn[0].hash, 0x15, 32);
    oak->withdrawn_count = 1;
    build(&b);
    struct name wire;
    struct view_zone zone;
    struct view_withdrawn w;
    assert_int_equal(name_parse(&wire, "any.maple.home.arpa"), STATUS_OK);
    assert_int_equal(view_find_zone(&b.view, wire.wire, wire.len, &zone), STATUS_OK);
    assert_int_equal(zone.withdrawn_count, 3);
    assert_int_equal(zone.order, 1);
    assert_int_equal(view_find_withdrawn(&b.view, &zone, own->withdrawn[1].hash, &w), STATUS_OK);
    assert_int_equal(w.time, 1); /* the earlier of the two */
    assert_int_equal(view_find_withdrawn(&b.view, &zone, oak->withdrawn[0].hash, &w),
                     STATUS_NOT_FOUND);
    struct view_author author;
    assert_int_equal(view_author_at(&b.view, w.author, &author), STATUS_OK);
    assert_int_equal(author.label_len, 7);
    assert_memory_equal(author.label, "kitchen", 7);
    assert_int_equal(name_parse(&wire, "oak.home.arpa"), STATUS_OK);
    assert_int_equal(view_find_zone(&b.view, wire.wire, wire.len, &zone), STATUS_OK);
    assert_int_equal(zone.state, VIEW_ZONE_FROZEN);
    assert_int_equal(zone.soft_ms, 11);
    assert_int_equal(zone.hard_ms, 12);
    assert_int_equal(zone.flags, 0);
    assert_int_equal(zone.order, 2);
    assert_int_equal(view_find_withdrawn(&b.view, &zone, oak->withdrawn[0].hash, &w), STATUS_OK);
    assert_int_equal(w.zone, zone.index);
    drop(&b);
}

static void check_address(struct built *b, const uint8_t octets[16], uint32_t nth, const char *text)
{
    struct address address = address_from_ipv6(octets);
    struct view_name name;
    enum status status = view_find_address(&b->view, &address, nth, &name);
    if (!text) {
        assert_int_equal(status, STATUS_NOT_FOUND);
        return;
    }
    char got[NAME_TEXT_SIZE];
    assert_int_equal(status, STATUS_OK);
    name_text(name.wire, name.wire_len, got);
    assert_string_equal(got, text);
}

static void addresses_lead_to_petnames_own_first(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *zebra = add_household(&b, "zebra", 2, true);
    struct household *apple = add_household(&b, "apple", 3, false);
    struct household *nameless = add_household(&b, "", 4, false);
    stub_add_rr(stub_add(apple, "a", RRTYPE_A), a1, 4);
    stub_add_rr(stub_add(zebra, "z", RRTYPE_A), a1, 4);
    stub_add_rr(stub_add(zebra, "z", RRTYPE_AAAA), mapped, 16); /* the same address again */
    stub_add_rr(stub_add(zebra, "b", RRTYPE_A), a1, 4);
    stub_add_rr(stub_add(nameless, "n", RRTYPE_AAAA), aaaa, 16);
    build(&b);
    check_address(&b, mapped, 0, "b.zebra.home.arpa");
    check_address(&b, mapped, 1, "z.zebra.home.arpa");
    check_address(&b, mapped, 2, "a.apple.home.arpa");
    check_address(&b, mapped, 3, NULL);
    char id[80] = "n.";
    base32_encode_id(b.households[2].namespace_id, id + 2);
    strcat(id, ".home.arpa");
    check_address(&b, aaaa, 0, id);
    check_order(&b);
    drop(&b);
}

static void petnames_that_are_taken_or_no_label_are_left_out(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    add_household(&b, "maple", 2, true);
    add_household(&b, "maple", 3, false);
    add_household(&b, "a.b", 4, false);
    struct household *same = add_household(&b, "other", 2, false); /* an id seen before */
    stub_add_rr(stub_add(same, "x", RRTYPE_A), a1, 4);
    build(&b);
    assert_int_equal(b.view.tables[VIEW_ZONES].count, 4); /* three ids and one petname */
    struct view_zone zone;
    struct view_name name = found(&b, "maple.home.arpa");
    assert_int_equal(view_zone_at(&b.view, name.zone, &zone), STATUS_OK);
    assert_int_equal(zone.namespace_id[0], 2);
    assert_int_equal(find(&b, "other.home.arpa", &name), STATUS_NOT_FOUND);
    check_order(&b);
    drop(&b);
}

/* 180 octets below each apex: every form has the longest name too. */
static void the_longest_name_is_in_both_forms(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    char petname[64];
    memset(petname, 'p', 63);
    petname[63] = '\0';
    struct household *h = add_household(&b, petname, 2, true);
    char text[256] = "";
    for (int i = 0; i < 89; i++)
        strcat(text, "a.");
    struct household_set *set = stub_add(h, text, RRTYPE_A);
    assert_int_equal(set->name.len, 179);
    memmove(set->name.wire + 1, set->name.wire, 179); /* the first label one octet longer */
    set->name.wire[0] = 2;
    set->name.wire[1] = 'a';
    set->name.len = 180;
    stub_add_rr(set, a1, 4);
    build(&b);
    assert_int_equal(b.view.tables[VIEW_NAMES].count, 2 * 90);
    check_order(&b);
    drop(&b);
}

/* One name may have every internal type besides the public ones: more than an octet can count. */
static void a_name_with_every_type(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *h = add_household(&b, "maple", 2, true);
    for (unsigned type = RRTYPE_PEER; type <= RRTYPE_INTERNAL_LAST; type++)
        stub_add_rr(stub_add(h, "x", (uint16_t)type), "f", 1);
    static const uint16_t public[] = {RRTYPE_TXT,  RRTYPE_SRV,   RRTYPE_SSHFP, RRTYPE_TLSA,
                                      RRTYPE_SVCB, RRTYPE_HTTPS, RRTYPE_CAA};
    for (size_t i = 0; i < sizeof public / sizeof public[0]; i++)
        stub_add_rr(stub_add(h, "x", public[i]), "p", 1);
    build(&b);
    struct view_name name = found(&b, "x.maple.home.arpa");
    assert_int_equal(name.rrset_count, 255 + 7);
    struct view_rrset rrset;
    for (unsigned type = RRTYPE_PEER; type <= RRTYPE_INTERNAL_LAST; type++)
        assert_int_equal(view_rrset(&b.view, &name, (uint16_t)type, &rrset), STATUS_OK);
    drop(&b);
}

static void the_same_input_gives_the_same_octets(void **state)
{
    (void)state;
    struct built b[2] = {{.input = {.generation = 1}}, {.input = {.generation = 1}}};
    for (int i = 0; i < 2; i++) {
        struct household *h = add_household(&b[i], "maple", 2, true);
        for (int j = 0; j < 300; j++) {
            char text[16];
            snprintf(text, sizeof text, "n%d", i == 0 ? j : 299 - j);
            struct household_set *set = stub_add(h, text, RRTYPE_A);
            memset(set->id, text[1], 32);
            stub_add_rr(set, a1, 4);
        }
        build(&b[i]);
    }
    assert_int_equal(b[0].len, b[1].len);
    assert_memory_equal(b[0].bytes, b[1].bytes, b[0].len);
    check_order(&b[0]);
    drop(&b[0]);
    drop(&b[1]);
}

static void no_household_gives_an_empty_view(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1, .flags = VIEW_FLAG_LOCAL_UPSTREAM}};
    build(&b);
    struct view_name name;
    assert_int_equal(find(&b, "maple.home.arpa", &name), STATUS_NOT_FOUND);
    assert_int_equal(view_find_before(&b.view, (const uint8_t *)"", 1, &name), STATUS_NOT_FOUND);
    assert_int_equal(b.view.flags, VIEW_FLAG_LOCAL_UPSTREAM);
    drop(&b);
}

/* A view of several blocks: a damaged one takes the names in it, and no others. */
static void a_damaged_block_harms_itself_alone(void **state)
{
    (void)state;
    struct built b = {.input = {.generation = 1}};
    struct household *h = add_household(&b, "maple", 2, true);
    for (int i = 0; i < 3000; i++) {
        char text[16];
        snprintf(text, sizeof text, "n%d", i);
        stub_add_rr(stub_add(h, text, RRTYPE_A), a1, 4);
    }
    build(&b);
    assert_true(b.view.tables[VIEW_BLOCKS].count > 10);
    struct view_name victim = found(&b, "n1234.maple.home.arpa");
    size_t at = (size_t)(victim.wire - b.bytes);
    b.bytes[at] ^= 1;
    assert_int_equal(view_open(&b.view, b.bytes, b.len), STATUS_OK);
    unsigned lost = 0;
    for (int i = 0; i < 3000; i++) {
        char text[64];
        struct view_name name;
        struct view_rrset rrset;
        snprintf(text, sizeof text, "n%d.maple.home.arpa", i);
        enum status status = find(&b, text, &name);
        if (status == STATUS_OK)
            status = view_rrset(&b.view, &name, RRTYPE_A, &rrset);
        assert_true(status == STATUS_OK || status == STATUS_CORRUPT);
        lost += status == STATUS_CORRUPT;
        if (i == 1234)
            assert_int_equal(status, STATUS_CORRUPT);
    }
    assert_in_range(lost, 1, 2999);
    assert_int_equal(view_check(&b.view), STATUS_CORRUPT);
    drop(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_apex_alone_has_soa_and_ns),
        cmocka_unit_test(what_is_not_known_is_not_published),
        cmocka_unit_test(both_forms_have_every_name),
        cmocka_unit_test(what_is_deleted_leaves_no_trace),
        cmocka_unit_test(flags_records_and_authors),
        cmocka_unit_test(withdrawals_and_labels),
        cmocka_unit_test(addresses_lead_to_petnames_own_first),
        cmocka_unit_test(petnames_that_are_taken_or_no_label_are_left_out),
        cmocka_unit_test(the_longest_name_is_in_both_forms),
        cmocka_unit_test(a_name_with_every_type),
        cmocka_unit_test(the_same_input_gives_the_same_octets),
        cmocka_unit_test(no_household_gives_an_empty_view),
        cmocka_unit_test(a_damaged_block_harms_itself_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
