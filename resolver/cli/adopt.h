/* adopt.h: one adoption, between looking (verb_adopt.c) and publishing (adopt_publish.c). */
#ifndef HEARTH_RESOLVER_CLI_ADOPT_H
#define HEARTH_RESOLVER_CLI_ADOPT_H

#include "resolver/cli/device.h"
#include "resolver/cli/house.h"
#include "resolver/cli/session.h"

struct adopt {
    struct cli *cli;
    struct session session;
    struct house house;
    struct device device;
    struct name_argument name;
    struct address address;
    uint16_t port;
    uint8_t fingerprint[32]; /* asked for */
    bool has_fingerprint;
    bool tls; /* false: it answered without TLS, or nothing but its address is known */
    char relative[NAME_TEXT_SIZE], full[NAME_TEXT_SIZE];
    json_t *existing; /* records at the name and below */
    bool replaces_key, keeps_key;
    json_t *replaced; /* addresses (texts) that go */
};

/* The record of that relative name and type that is published now, or NULL. */
json_t *adopt_existing(const struct adopt *adopt, const struct name *owner, uint16_t type);

/* Publishes addresses, key and note in one batch, says so, and prints the JSON. Returns the exit
 * code. */
int adopt_publish(struct adopt *adopt);

#endif
