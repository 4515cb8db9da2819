/* adopt_ca.c: `adopt --ca`: which of the CAs that a device presents is to vouch for it.
 *
 * The record will be TLSA 2 1 1: the CA's key, not its certificate, so that a renewed CA
 * certificate with the same key still serves (RFC 7671, section 5.2.2). A hash can't bring the CA
 * along, so the device must present it. The happy path: of the presented CAs to which the leaf's
 * signatures lead, the one with the longest way, or the one asked for by --fingerprint; then the
 * verdict is tried as it will be once that is published.
 *
 * Whatever such a CA signs will pass as the device, since a household forgives names: that is said
 * each time, and a CA that this machine trusts for the whole web must be named by its key.
 */
#include <stdio.h>
#include <string.h>

#include "dane/chain.h"
#include "ledger/base/clock.h"
#include "ledger/base/text.h"
#include "resolver/cli/adopt.h"
#include "resolver/cli/output.h"

/* Does the leaf hang on the key of the certificate at `at`? As chain_find_anchor. */
static enum status try_authority(const struct adopt *adopt, size_t at, uint8_t hash[static 32],
                                 struct chain_path *path)
{
    const struct presented *presented = &adopt->device.probe.presented;
    struct tlsa tlsa = {TLSA_DANE_TA, TLSA_SPKI, TLSA_SHA256, hash, 32};
    if (spki_sha256(presented->chain[at], hash) != STATUS_OK)
        return STATUS_NOT_FOUND;
    return chain_find_anchor(&tlsa, presented->chain, presented->chain_len, path);
}

/* Every CA that could be trusted, as hex, for who asked for none of them. */
static json_t *authorities_object(const struct adopt *adopt)
{
    json_t *list = json_array();
    uint8_t hash[32];
    struct chain_path path;
    for (size_t i = 1; i < adopt->device.probe.presented.chain_len; i++)
        if (try_authority(adopt, i, hash, &path) == STATUS_OK)
            json_array_append_new(list, output_hex(hash, 32));
    return list;
}

/* The longest way to a CA, or that to the one that was asked for. *best is what stood in the way
 * when there is none: NOT_FOUND, SIGNATURE. */
static enum status choose(struct adopt *adopt, bool *any)
{
    enum status best = STATUS_NOT_FOUND;
    *any = false;
    for (size_t i = 1; i < adopt->device.probe.presented.chain_len; i++) {
        uint8_t hash[32];
        struct chain_path path;
        enum status status = try_authority(adopt, i, hash, &path);
        *any = *any || status == STATUS_OK;
        if (status != STATUS_OK) {
            best = best == STATUS_OK ? best : status;
            continue;
        }
        if (adopt->has_fingerprint && memcmp(adopt->fingerprint, hash, 32) != 0)
            continue;
        if (path.len <= adopt->path.len)
            continue;
        adopt->path = path;
        memcpy(adopt->key, hash, 32);
        best = STATUS_OK;
    }
    return adopt->path.len > 0 ? STATUS_OK : best;
}

static int refuse(struct adopt *adopt, json_t *object, const char *rule, const char *why)
{
    char hint[CLI_HINT_SIZE];
    (void)snprintf(hint, sizeof hint, "%s adopt %.255s %s, which publishes the device's own key",
                   adopt->cli->command, adopt->relative, adopt->cli->argv[1]);
    return output_error(adopt->cli, EXIT_REFUSED, object, rule, hint, "%s", why);
}

static int refuse_none(struct adopt *adopt, enum status status, bool any)
{
    if (any) {
        char expected[65], hint[CLI_HINT_SIZE];
        hex_encode(adopt->fingerprint, 32, expected);
        (void)snprintf(hint, sizeof hint, "%s adopt %.255s %s --ca, to look at what is there",
                       adopt->cli->command, adopt->relative, adopt->cli->argv[1]);
        return output_error(
            adopt->cli, EXIT_REFUSED,
            json_pack("{s:s, s:o}", "expected", expected, "authorities", authorities_object(adopt)),
            "fingerprint", hint, "the device's certificate hangs on no CA with the key %s",
            expected);
    }
    if (!adopt->tls)
        return refuse(adopt, NULL, "no-ca", "there is no TLS on that port, and so no CA");
    if (adopt->device.probe.presented.chain_len == 1)
        return refuse(adopt, NULL, "no-ca",
                      "the device sends its own certificate alone. Only a CA that it sends along "
                      "can be trusted: let it send its whole chain");
    if (status == STATUS_SIGNATURE)
        return refuse(adopt, NULL, status_name(status),
                      "the device sends a CA, but its own certificate was not signed by it, or not "
                      "by one that may sign for a server");
    return refuse(adopt, NULL, "no-ca", "nothing that the device sends along is a CA of it");
}

/* The verdict as it will be with that record and no other. */
static int try_verdict(struct adopt *adopt)
{
    struct device *device = &adopt->device;
    struct published *published = &adopt->device.published;
    bool known = published->household_name;
    published->records[0] =
        (struct tlsa){TLSA_DANE_TA, TLSA_SPKI, TLSA_SHA256, adopt->key, sizeof adopt->key};
    published->count = 1;
    published->removed_count = 0;
    published->household_name = true;
    struct verdict trial;
    verdict_judge(&trial, known ? adopt->house.view : NULL, published, &device->name,
                  &device->probe.presented, device->now_ms);
    device->verdict.wrong = trial.wrong;
    if (trial.kind == VERDICT_WITHDRAWN)
        return output_error(adopt->cli, EXIT_REFUSED, NULL, "withdrawn",
                            "a CA with a new key, and a certificate by it",
                            "a key between the device and this CA was withdrawn in the household");
    if (trial.kind == VERDICT_MATCHED || trial.kind == VERDICT_STALE)
        return EXIT_YES;
    return refuse(adopt, NULL, status_name(STATUS_SIGNATURE),
                  "the device does not hang on that CA");
}

/* Whoever can have a certificate of a public CA, which is everybody, would pass as the device. */
static int check_public(struct adopt *adopt)
{
    if (!adopt->device.probe.presented.known_issuer)
        return EXIT_YES;
    if (adopt->has_fingerprint) {
        output_warning(adopt->cli,
                       "this machine trusts that CA for every web site. If strangers can "
                       "have a certificate of it, they can pass as this device.");
        return EXIT_YES;
    }
    return refuse(
        adopt, json_pack("{s:o}", "authorities", authorities_object(adopt)), "public-ca",
        "this machine trusts that CA for every web site: any certificate of it would pass "
        "as this device. If it is a CA of your own, name it with --fingerprint");
}

int adopt_ca_choose(struct adopt *adopt)
{
    bool any = false;
    enum status status = adopt->tls ? choose(adopt, &any) : STATUS_NOT_FOUND;
    if (status != STATUS_OK)
        return refuse_none(adopt, status, any);
    adopt->usage = TLSA_DANE_TA;
    int code = check_public(adopt);
    return code == EXIT_YES ? try_verdict(adopt) : code;
}

/* --- showing --- */

static bool on_path(const struct chain_path *path, size_t at)
{
    for (size_t i = 0; i < path->len; i++)
        if (path->at[i] == at)
            return true;
    return false;
}

static void show_certificate(const struct adopt *adopt, size_t at, const char *title)
{
    struct certificate_facts facts;
    char from[OUTPUT_TIME_SIZE], to[OUTPUT_TIME_SIZE], hex[65];
    if (certificate_facts(&facts, adopt->device.probe.presented.chain[at]) != STATUS_OK)
        return;
    device_day_text(facts.not_before_ms, from);
    device_day_text(facts.not_after_ms, to);
    hex_encode(facts.spki_sha256, 32, hex);
    output_line(adopt->cli, "%s", title);
    output_line(adopt->cli, "  subject      %s", facts.subject);
    output_line(adopt->cli, "  issuer       %s%s", facts.issuer,
                facts.self_signed ? " (itself)" : "");
    output_line(adopt->cli, "  valid        %s to %s", from, to);
    output_line(adopt->cli, "  key          %s, signed with %s", facts.key, facts.signature);
    output_line(adopt->cli, "  fingerprint  %s", hex);
}

void adopt_ca_show(const struct adopt *adopt)
{
    const struct chain_path *path = &adopt->path;
    for (size_t i = 1; i < path->len; i++)
        show_certificate(adopt, path->at[i],
                         i + 1 < path->len ? "which was signed by:"
                                           : "which was signed by the CA that would be trusted:");
    for (size_t i = 1; i < adopt->device.probe.presented.chain_len; i++)
        if (!on_path(path, i))
            show_certificate(adopt, i, "sent along, and not needed:");
}

void adopt_ca_warn(struct adopt *adopt)
{
    bool named = !(adopt->device.verdict.wrong & UINT32_C(1) << FORGIVEN_BIT_NAME);
    output_warning(
        adopt->cli,
        "anything with a certificate of this CA will pass as %s%s. This CA is trusted for "
        "that name and its port alone.",
        adopt->full,
        named ? ", whatever name is in it"
              : ": if it is a vendor's, every device that the vendor made, whoever owns "
                "it. This device's certificate is not made for that name");
}

json_t *adopt_ca_object(const struct adopt *adopt)
{
    struct certificate_facts facts;
    size_t at = adopt->path.len > 0 ? adopt->path.at[adopt->path.len - 1] : 0;
    if (!adopt->ca ||
        certificate_facts(&facts, adopt->device.probe.presented.chain[at]) != STATUS_OK)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o}", "subject",
                     output_string(facts.subject, strlen(facts.subject)), "issuer",
                     output_string(facts.issuer, strlen(facts.issuer)), "not_before",
                     device_date_object(facts.not_before_ms), "not_after",
                     device_date_object(facts.not_after_ms), "key",
                     output_string(facts.key, strlen(facts.key)), "signature",
                     output_string(facts.signature, strlen(facts.signature)), "self_signed",
                     facts.self_signed, "spki_sha256", output_hex(facts.spki_sha256, 32));
}
