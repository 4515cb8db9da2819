/* rule.c: the texts of rule.h, from its one list. */
#include "ledger/rule.h"

static const struct {
    const char *name, *text;
} rows[RULE_COUNT] = {
#define RULE_ROW(name, text, sentence) {text, sentence},
    RULE_LIST(RULE_ROW)
#undef RULE_ROW
};

const char *rule_name(enum rule rule)
{
    return (unsigned)rule < RULE_COUNT ? rows[rule].name : "unknown";
}

const char *rule_text(enum rule rule)
{
    return (unsigned)rule < RULE_COUNT ? rows[rule].text : "unknown rule";
}
