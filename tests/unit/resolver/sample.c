/* sample.c: see sample.h. */
#include "tests/unit/resolver/sample.h"

#include <stdio.h>
#include <string.h>

#include "ledger/base/rrtype.h"

static const uint8_t camera6[16] = {0xfd, 0x68, 0x65, 0x61, [15] = 1};
static const uint8_t camera4[4] = {192, 168, 7, 9};
static const uint8_t public6[16] = {0x2a, 0x01, [15] = 5};
static const uint8_t tlsa[35] = {3, 1, 1, 0xab, [34] = 0xcd};

static void add_form(struct sketch *s, const char *zone)
{
    char name[256];
    uint8_t text[201] = {200};
    (void)snprintf(name, sizeof name, "camera.%s", zone);
    sketch_rr(s, name, RRTYPE_A, 300, camera4, sizeof camera4);
    sketch_rr(s, name, RRTYPE_AAAA, 300, camera6, sizeof camera6);
    sketch_rr(s, name, RRTYPE_NOTE, 300, "\1model", 6);
    (void)snprintf(name, sizeof name, "_443._tcp.camera.%s", zone);
    sketch_rr(s, name, RRTYPE_TLSA, 300, tlsa, sizeof tlsa);
    (void)snprintf(name, sizeof name, "_443._tcp.gone.%s", zone);
    sketch_mark(s, name, RRTYPE_TLSA, VIEW_RRSET_WITHDRAWN);
    (void)snprintf(name, sizeof name, "_443._tcp.torn.%s", zone);
    sketch_mark(s, name, RRTYPE_TLSA, VIEW_RRSET_CONFLICT);
    (void)snprintf(name, sizeof name, "note.%s", zone);
    sketch_rr(s, name, RRTYPE_NOTE, 300, "\1model", 6);
    (void)snprintf(name, sizeof name, "big.%s", zone);
    for (uint8_t i = 0; i < 8; i++) {
        text[1] = i;
        sketch_rr(s, name, RRTYPE_TXT, 30, text, sizeof text);
    }
    (void)snprintf(name, sizeof name, "four.%s", zone);
    for (uint8_t i = 0; i < 4; i++) {
        text[1] = i;
        sketch_rr(s, name, RRTYPE_TXT, 30, text, sizeof text);
    }
    (void)snprintf(name, sizeof name, "signed.%s", zone);
    sketch_rr(s, name, RRTYPE_AAAA, 300, public6, sizeof public6);
    sketch_signature(s, name, RRTYPE_AAAA, "signature", 9);
}

/* Twenty names of one address: more than an answer lists. */
static void add_crowd(struct sketch *s)
{
    static const uint8_t crowd[4] = {10, 0, 0, 1};
    for (unsigned i = 0; i < 20; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "c%u.maple.home.arpa", i);
        sketch_rr(s, name, RRTYPE_A, 300, crowd, sizeof crowd);
    }
}

uint8_t *sample_view(struct sketch_zone zone, uint64_t generation, size_t *len)
{
    struct sketch *s = sketch_create(generation);
    struct sketch_zone id = zone;
    zone.flags |= VIEW_ZONE_OWN;
    id.flags |= VIEW_ZONE_OWN | VIEW_ZONE_ID_FORM;
    sketch_zone(s, "maple.home.arpa", zone);
    sketch_zone(s, SAMPLE_ID ".home.arpa", id);
    sketch_zone(s, "birch.home.arpa", (struct sketch_zone){.flags = 0});
    add_form(s, "maple.home.arpa");
    add_form(s, SAMPLE_ID ".home.arpa");
    add_crowd(s);
    sketch_rr(s, "lamp.birch.home.arpa", RRTYPE_AAAA, 300, camera6, sizeof camera6);
    return sketch_finish(s, len);
}
