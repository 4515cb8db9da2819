/* special.c: see special.h. One table of suffixes; home.arpa has a rule of its own. */
#include "resolver/special.h"

#include <stdbool.h>
#include <string.h>

#include "ledger/base/text.h"

#define SUFFIX(text)                                                                               \
    {                                                                                              \
        .len = sizeof(text), .wire = text                                                          \
    }

static const struct row {
    struct name suffix;
    enum special itself, below;
} table[] = {
    {SUFFIX("\11localhost"), SPECIAL_LOCALHOST, SPECIAL_LOCALHOST},
    {SUFFIX("\7invalid"), SPECIAL_NXDOMAIN, SPECIAL_NXDOMAIN},
    {SUFFIX("\4test"), SPECIAL_NXDOMAIN, SPECIAL_NXDOMAIN},
    {SUFFIX("\5onion"), SPECIAL_NXDOMAIN, SPECIAL_NXDOMAIN}, /* RFC 7686 */
    {SUFFIX("\5local"), SPECIAL_NXDOMAIN, SPECIAL_NXDOMAIN}, /* RFC 6762: multicast's */
    {SUFFIX("\3alt"), SPECIAL_NXDOMAIN, SPECIAL_NXDOMAIN},   /* RFC 9476 */
    /* RFC 9462: nothing here offers encrypted DNS, and to ask others would be wrong. */
    {SUFFIX("\10resolver\4arpa"), SPECIAL_EMPTY, SPECIAL_EMPTY},
};

/* A household's id, or `hearth`: another server's answer for such a name would pass for the
 * household's own. */
static bool is_reserved(const uint8_t *label)
{
    uint8_t id[32];
    if (label[0] == 6)
        return memcmp(label + 1, "hearth", 6) == 0;
    return base32_decode_id((const char *)label + 1, label[0], id) == STATUS_OK;
}

static enum special classify_house(const struct name *folded)
{
    struct name relative;
    if (name_relative(&relative, folded, &name_home_arpa) != STATUS_OK)
        return SPECIAL_NONE;
    if (relative.len == 1)
        return SPECIAL_HOME;
    const uint8_t *label = relative.wire;
    while (label[1 + label[0]] != 0)
        label += 1 + label[0];
    return is_reserved(label) ? SPECIAL_HOUSE_RESERVED : SPECIAL_HOUSE;
}

enum special special_classify(const struct name *folded)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const struct name *suffix = &table[i].suffix;
        if (!name_is_within(folded->wire, folded->len, suffix->wire, suffix->len))
            continue;
        return folded->len == suffix->len ? table[i].itself : table[i].below;
    }
    return classify_house(folded);
}
