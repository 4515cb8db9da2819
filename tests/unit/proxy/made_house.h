/* made_house.h: views of a few households whose winners a test states outright, built by the
 * publisher's own writer.
 *
 *     struct made_house house = {0};
 *     struct household *own = house_add(&house, "maple", true);
 *     house_rr(house_set(own, "camera", RRTYPE_A), "\xc0\xa8\x01\x05", 4);
 *     house_key(own, "_443._tcp.camera", 3, 1, 1, key);
 *     house_finish(&house);                   // house.view
 *     house_drop(&house);
 *
 * Include it in one file of a test program (it brings household_stub.h).
 */
#ifndef HEARTH_TESTS_UNIT_PROXY_MADE_HOUSE_H
#define HEARTH_TESTS_UNIT_PROXY_MADE_HOUSE_H

#include "ledger/base/rrtype.h"
#include "ledger/base/view.h"
#include "ledger/view_build.h"
#include "tests/support/household_stub.h"

enum { HOUSES_MAX = 4 };

struct made_house {
    struct view_build input;
    struct view_build_household households[HOUSES_MAX];
    uint8_t *bytes;
    size_t len;
    struct view view;
};

/* Its id is its name's first letter, 32 times. */
static inline struct household *house_add(struct made_house *house, const char *petname, bool own)
{
    struct view_build_household *household = &house->households[house->input.household_count++];
    household->household = stub_create();
    household->own = own;
    strcpy(household->petname, petname);
    memset(household->namespace_id, petname[0], sizeof household->namespace_id);
    return household->household;
}

static inline struct household_set *house_set(struct household *household, const char *name,
                                              uint16_t type)
{
    return stub_add(household, name, type);
}

static inline void house_rr(struct household_set *set, const void *data, size_t len)
{
    stub_add_rr(set, data, (uint16_t)len);
}

/* A TLSA record's octets: the hash is as long as the matching type has it. */
static inline size_t house_tlsa(uint8_t rdata[static 67], uint8_t usage, uint8_t selector,
                                uint8_t matching, const uint8_t *hash)
{
    size_t len = matching == 2 ? 64 : 32;
    rdata[0] = usage;
    rdata[1] = selector;
    rdata[2] = matching;
    memcpy(rdata + 3, hash, len);
    return 3 + len;
}

static inline struct household_set *house_key(struct household *household, const char *name,
                                              uint8_t usage, uint8_t selector, uint8_t matching,
                                              const uint8_t *hash)
{
    uint8_t rdata[67];
    struct household_set *set = house_set(household, name, RRTYPE_TLSA);
    house_rr(set, rdata, house_tlsa(rdata, usage, selector, matching, hash));
    return set;
}

static inline void house_finish(struct made_house *house)
{
    house->input.households = house->households;
    if (house->input.generation == 0)
        house->input.generation = 1;
    for (size_t i = 0; i < house->input.household_count; i++)
        stub_sort(house->households[i].household);
    enum status status = view_build(&house->input, &house->bytes, &house->len);
    assert(status == STATUS_OK);
    status = view_open(&house->view, house->bytes, house->len);
    assert(status == STATUS_OK);
}

static inline void house_drop(struct made_house *house)
{
    for (size_t i = 0; i < house->input.household_count; i++)
        stub_destroy(house->households[i].household);
    free(house->bytes);
}

#endif
