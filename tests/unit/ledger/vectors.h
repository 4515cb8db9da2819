/* vectors.h: the things of tests/vectors/, made again from their fixed keys
 * (tests/vectors/README.md).
 *
 * One small household whose entries hang together, so that they are also a realistic input for
 * other tests. They are made once; pointers stay valid until the program ends. */
#ifndef HEARTH_TESTS_LEDGER_VECTORS_H
#define HEARTH_TESTS_LEDGER_VECTORS_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/entry.h"

struct vector_key {
    uint8_t public_key[32], secret[64];
};

enum vector_kind { VECTOR_ENTRY, VECTOR_STATEMENT, VECTOR_BUNDLE };

struct vector {
    const char *name; /* of the file, without ".hex" */
    enum vector_kind kind;
    const char *says;   /* one line about it */
    const char *fields; /* "name:octets,…" of an entry's or statement's body */
    uint8_t *bytes;
    size_t len;
};

enum { VECTORS_MAX = 32 };

/* All of them, in the order in which they were made. */
const struct vector *vectors_all(size_t *count);
/* Fails the test when there is no such. */
const struct vector *vectors_find(const char *name);

/* The key whose seed is 32 octets of that number: 1 owner, 2 recovery, 3 node signing, 4 node zone
 * … */
struct vector_key vectors_key(uint8_t number);

#endif
