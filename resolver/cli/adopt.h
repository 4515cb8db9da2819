/* adopt.h: one adoption, between looking (verb_adopt.c), choosing a CA (adopt_ca.c) and publishing
 * (adopt_publish.c). */
#ifndef HEARTH_RESOLVER_CLI_ADOPT_H
#define HEARTH_RESOLVER_CLI_ADOPT_H

#include "dane/chain.h"
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
    bool ca;                /* --ca: what is published is the key of a CA that it presents */
    uint8_t usage, key[32]; /* of the TLSA record (usage 1 1 key), when tls */
    struct chain_path path; /* with --ca: from the leaf to that CA */
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

/* --ca: finds the CA among what the device presents, and fills in usage, key and path. Reports a
 * refusal; returns the exit code. */
int adopt_ca_choose(struct adopt *adopt);
/* What the device sends behind its own certificate, and which of it would be trusted. */
void adopt_ca_show(const struct adopt *adopt);
/* What trusting a CA means. */
void adopt_ca_warn(struct adopt *adopt);
/* subject, issuer, not_before, not_after, key, signature, self_signed, spki_sha256 of the CA; null
 * without --ca. */
json_t *adopt_ca_object(const struct adopt *adopt);

#endif
