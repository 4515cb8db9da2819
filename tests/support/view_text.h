/* view_text.h: views from a few lines of text, for tests that need one to read.
 *
 *     generation 7                 a line each; words separated by blanks
 *     flags 1                      VIEW_FLAG_…
 *     household maple own          its id is made from its name; "own" may be missing
 *     camera A 192.168.1.5         names relative to the household above; @ is its apex
 *     camera AAAA fd00::5
 *     door TXT open
 *     many 1000 AAAA               n0 … n999, each with an address of its own: fd00::N
 *
 * Include it in one file of a test program (it brings household_stub.h). Asserts on bad text.
 */
#ifndef HEARTH_TESTS_SUPPORT_VIEW_TEXT_H
#define HEARTH_TESTS_SUPPORT_VIEW_TEXT_H

#include <stdio.h>

#include "ledger/base/address.h"
#include "ledger/base/rrtype.h"
#include "ledger/view_build.h"
#include "tests/support/household_stub.h"

enum { VIEW_TEXT_HOUSEHOLDS = 8 };

struct view_text {
    struct view_build build;
    struct view_build_household households[VIEW_TEXT_HOUSEHOLDS];
};

static inline void view_text_add(struct household *household, const char *name, const char *type,
                                 const char *data)
{
    struct address address = {.octets = {0}};
    if (strcmp(type, "TXT") == 0) {
        uint8_t txt[256] = {(uint8_t)strlen(data)};
        memcpy(txt + 1, data, strlen(data));
        stub_add_rr(stub_add(household, name, RRTYPE_TXT), txt, (uint16_t)(1 + strlen(data)));
        return;
    }
    enum status status = address_parse(&address, data);
    assert(status == STATUS_OK);
    bool ipv4 = strcmp(type, "A") == 0;
    uint16_t rrtype = ipv4 ? RRTYPE_A : RRTYPE_AAAA;
    struct name parsed;
    status = name_parse(&parsed, name);
    assert(status == STATUS_OK);
    struct household_set *set =
        household->count > 0 ? &household->sets[household->count - 1] : NULL;
    if (!set || set->type != rrtype || !name_equal(&set->name, &parsed))
        set = stub_add(household, name, rrtype);
    stub_add_rr(set, address.octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
}

static inline void view_text_add_many(struct household *household, unsigned long count)
{
    for (unsigned long i = 0; i < count; i++) {
        char name[32];
        uint8_t address[16] = {0xfd};
        snprintf(name, sizeof name, "n%lu", i);
        for (unsigned j = 0; j < 4; j++)
            address[15 - j] = (uint8_t)(i >> 8 * j);
        stub_add_rr(stub_add(household, name, RRTYPE_AAAA), address, sizeof address);
    }
}

static inline void view_text_line(struct view_text *text, const char *line)
{
    char words[4][256] = {"", "", "", ""};
    int count = sscanf(line, "%255s %255s %255s", words[0], words[1], words[2]);
    struct view_build_household *household =
        text->build.household_count ? &text->households[text->build.household_count - 1] : NULL;
    if (count <= 0 || words[0][0] == '#')
        return;
    if (strcmp(words[0], "generation") == 0) {
        text->build.generation = strtoull(words[1], NULL, 10);
    } else if (strcmp(words[0], "flags") == 0) {
        text->build.flags = (uint32_t)strtoul(words[1], NULL, 10);
    } else if (strcmp(words[0], "household") == 0) {
        assert(text->build.household_count < VIEW_TEXT_HOUSEHOLDS);
        household = &text->households[text->build.household_count++];
        household->household = stub_create();
        household->own = strcmp(words[2], "own") == 0;
        snprintf(household->petname, sizeof household->petname, "%.63s", words[1]);
        memcpy(household->namespace_id, words[1], 32);
    } else if (strcmp(words[0], "many") == 0) {
        assert(household);
        view_text_add_many(household->household, strtoul(words[1], NULL, 10));
    } else {
        assert(household && count == 3);
        view_text_add(household->household, words[0], words[1], words[2]);
    }
}

/* The view of the text; free(bytes) is the caller's. `generation` above 0 overrides the text's. */
static inline enum status view_from_text(const char *lines, uint64_t generation, uint8_t **bytes,
                                         size_t *len)
{
    struct view_text text = {.build = {.published_ms = 1790000000000, .serial = 1}};
    memcpy(text.build.hash_key, "0123456789abcdef", 16);
    while (*lines != '\0') {
        char line[512];
        size_t line_len = strcspn(lines, "\n");
        assert(line_len < sizeof line);
        memcpy(line, lines, line_len);
        line[line_len] = '\0';
        view_text_line(&text, line);
        lines += line_len + (lines[line_len] == '\n');
    }
    if (generation > 0)
        text.build.generation = generation;
    for (size_t i = 0; i < text.build.household_count; i++)
        stub_sort(text.households[i].household);
    text.build.households = text.households;
    enum status status = view_build(&text.build, bytes, len);
    for (size_t i = 0; i < text.build.household_count; i++)
        stub_destroy(text.households[i].household);
    return status;
}

#endif
