/* relay.h: carries one body from the one side to the other: taken out of its framing, put into a new
 * one, with back-pressure.
 *
 * Nothing is kept here: what the reader of the far side does not take stays in the near side's
 * input, which has a bound of its own (stream.h), so that the sender waits.
 */
#ifndef HEARTH_DANE_PROXY_RELAY_H
#define HEARTH_DANE_PROXY_RELAY_H

#include <stdbool.h>

#include "dane/proxy/http_body.h"
#include "dane/proxy/stream.h"

struct relay {
    struct http_body body;
    bool chunk;   /* what leaves is chunked */
    bool is_done; /* all of it is in the far side's output, its end included */
};

void relay_begin(struct relay *relay, const struct http_framing *framing, bool chunk);

/* Moves what there is and what there is room for. To be called when input came, when the far side
 * drained, and when the near side ended. CLOSED: the near side ended in the middle. MALFORMED: its
 * chunks are no chunks, see *fault. */
enum status relay_pump(struct relay *relay, struct stream *from, struct stream *to,
                       enum http_fault *fault);

#endif
