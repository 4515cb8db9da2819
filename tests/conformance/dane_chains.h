/* dane_chains.h: what devices may present: a leaf, a middle CA, a root and one other certificate, in
 * every order, and with one thing wrong. */
#ifndef HEARTH_TESTS_CONFORMANCE_DANE_CHAINS_H
#define HEARTH_TESTS_CONFORMANCE_DANE_CHAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/unit/dane/scene.h"

#define CHAIN_DEVICE "camera.maple.home.arpa"

enum chain_card { CARD_LEAF, CARD_MIDDLE, CARD_ROOT, CARD_OTHER, CARD_COUNT };

/* The letters of the cards, in the order of the enum. */
extern const char chain_letters[CARD_COUNT + 1];

/* How a certificate departs from a good one. Zero: it does not. */
struct chain_flaw {
    const char *subject, *sans; /* NULL: as everybody's; "" as sans: none */
    const char *not_before, *not_after, *hash;
    char by; /* the letter of who signs; 0: leaf by middle, middle by root, the others themselves */
    char key_of;           /* has this card's key */
    char ca;               /* 'y', 'n'; 0: leaf n, others y */
    int nid;               /* an extension more */
    const char *extension; /* its value, as in openssl.cnf */
    bool broken;           /* one bit of the signature is wrong */
};

struct chain_recipe {
    const char *name, *presented; /* letters, the leaf first */
    struct chain_flaw flaws[CARD_COUNT];
};

extern const struct chain_recipe chain_recipes[];
extern const size_t chain_recipe_count;

struct chain {
    const struct chain_recipe *recipe;
    struct card cards[CARD_COUNT];
    const struct card *presented[X509_CHAIN_MAX];
    size_t len;
};

/* Asserts that it works. The keys, one a card, stay the caller's. */
void chain_init(struct chain *chain, const struct chain_recipe *recipe,
                EVP_PKEY *const keys[static CARD_COUNT]);
void chain_deinit(struct chain *chain);

#endif
