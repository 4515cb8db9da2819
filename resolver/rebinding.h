/* rebinding.h: does a record of a public answer lead into the house?
 *
 * Somebody's web page may give its own name an address in here, and the browser would then take the
 * device there for the page's own server. So a public name may not have addresses that no public
 * server has, nor those of this household's devices, nor be another name for one below home.arpa.
 *
 * libunbound strips private addresses too (upstream_unbound.c); this also sees what it does not:
 * names and addresses of the house, hints in SVCB and HTTPS records, and what its exception for a
 * local upstream lets through by way of an alias.
 */
#ifndef HEARTH_RESOLVER_REBINDING_H
#define HEARTH_RESOLVER_REBINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/view.h"

/* home.arpa and all below it; `folded` is lower case. */
bool rebinding_is_home(const struct name *folded);

/* The record's type and data, names in it not compressed. `view` may be NULL. Data that is not of
 * its type's form is taken for the worst. */
bool rebinding_leads_home(struct view *view, uint16_t type, const uint8_t *data, size_t len);

#endif
