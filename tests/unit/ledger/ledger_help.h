/* ledger_help.h: a ledger in a scratch folder with a household in it, and short ways to write to it
 * and to look at it. */
#ifndef HEARTH_TESTS_LEDGER_LEDGER_HELP_H
#define HEARTH_TESTS_LEDGER_LEDGER_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/ledger.h"
#include "tests/unit/ledger/node_help.h"

/* A synchronised clock at HELP_NOW_MS. */
extern const struct clock_reading help_now;

struct place {
    char dir[HELP_PATH_SIZE], data[HELP_PATH_SIZE];
    struct help_house house;
    struct ledger *ledger;
};

/* For cmocka: without a household; with one in which this node is an admin; a node. */
int set_up_empty(void **state);
int set_up_admin(void **state);
int set_up_node(void **state);
int tear_down(void **state);

void found(struct place *place, struct ledger *ledger);
void reopen(struct place *place);

struct root {
    uint8_t bytes[32], frontier[32];
    uint64_t entries;
};

struct root root_of(struct ledger *ledger);
void expect_root(struct ledger *ledger, const struct root *expected);

/* An AAAA of that name, whose last octet tells writes apart, and the end of it. */
struct ledger_write aaaa(const char *name, uint8_t last);
struct ledger_write deletion(const char *name);

/* Writes that must succeed; `stream_of` says where to. */
void put(struct ledger *ledger, const struct ledger_write *write, uint8_t id[static 32]);
void set(struct ledger *ledger, const char *name, uint8_t last);
uint64_t stream_of(struct ledger *ledger, const struct ledger_write *write);
/* One that must fail so, and change nothing. */
void expect_refused(struct ledger *ledger, enum status expected, const struct ledger_write *write);

/* The last octet of the winning address; 0 when it is deleted, -1 when there is none. */
int address_of(struct ledger *ledger, const char *name);
void read_entry(struct ledger *ledger, const uint8_t id[static 32], uint8_t *bytes,
                struct entry *entry);

#define WITH(test, up) cmocka_unit_test_setup_teardown(test, up, tear_down)

#endif
