/* device.h: what a device presented, in plain words and in JSON: for `adopt` and `verify`. */
#ifndef HEARTH_RESOLVER_CLI_DEVICE_H
#define HEARTH_RESOLVER_CLI_DEVICE_H

#include "dane/certificate.h"
#include "dane/probe.h"
#include "dane/verdict.h"
#include "resolver/cli/cli.h"
#include "resolver/cli/house.h"
#include "resolver/cli/output.h"

enum { DEVICE_HEX_SIZE = 65, DEVICE_TEXT_SIZE = 1024 };

/* All of one look at a device; large: on the heap. */
struct device {
    struct name name; /* full */
    uint16_t port;
    uint64_t now_ms; /* household time of the look */
    struct probe probe;
    enum status reached; /* of probe_device */
    bool has_facts;
    struct certificate_facts facts;
    struct published published;
    struct verdict verdict;
};

/* Connects, reads the certificate and judges it by the view. The failures of the look itself are in
 * device->reached; CORRUPT is the view's. name and port must be set. */
enum status device_look(struct device *device, struct view *view, const struct address *addresses,
                        size_t count, unsigned timeout_ms);

/* Each thing that is wrong with what was presented, a line each, `indent` before it. */
void device_say_wrong(const struct cli *cli, const struct device *device, uint32_t bits,
                      const char *indent);
/* Subject, names, issuer, dates, key, signature, protocol. */
void device_say_facts(const struct cli *cli, const struct device *device);

/* "2017-05-12"; a date beyond what a certificate can mean is said to be unreadable. */
void device_day_text(int64_t ms, char text[static OUTPUT_TIME_SIZE]);
/* The same in JSON, in milliseconds since 1970; null. */
json_t *device_date_object(int64_t ms);

/* ["expired", …] */
json_t *device_bits(uint32_t bits);
/* subject, issuer, names, not_before, not_after, key, signature, protocol, cipher, spki_sha256,
 * wrong. */
json_t *device_facts_object(const struct device *device);

#endif
