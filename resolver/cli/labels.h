/* labels.h: what people call keys, and why one was withdrawn. */
#ifndef HEARTH_RESOLVER_CLI_LABELS_H
#define HEARTH_RESOLVER_CLI_LABELS_H

#include "resolver/cli/session.h"

enum { LABELS_TEXT_SIZE = 80 };

/* The labels of the household's grants, by key (hex). Free by json_decref; empty when hearthd did
 * not say. */
json_t *labels_ask(struct session *session);

/* The label of a key (hex), "the owner", or the first digits of it; escaped. */
void labels_text(const json_t *labels, const char *key, char text[static LABELS_TEXT_SIZE]);

/* "stolen": a WITHDRAW's reason; "" for none. */
const char *labels_reason(uint64_t reason);

#endif
