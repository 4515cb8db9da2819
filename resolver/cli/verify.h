/* verify.h: what `verify` says of one look at a device, of the household (verb_verify.c) or of the
 * world (verify_public.c). */
#ifndef HEARTH_RESOLVER_CLI_VERIFY_H
#define HEARTH_RESOLVER_CLI_VERIFY_H

#include "resolver/cli/device.h"

/* The verdict, the keys, who answered, who signed and what is wrong. `view` is NULL for a public
 * name. */
void verify_say(const struct cli *cli, struct view *view, const struct device *device);

/* The contract's JSON of it; view as above. */
json_t *verify_object(struct view *view, const struct device *device);

/* `verify --public HOST:PORT`; returns the exit code. */
int verify_public(struct cli *cli, unsigned timeout_ms);

#endif
