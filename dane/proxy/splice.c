/* splice.c: see splice.h. */
#include "dane/proxy/splice.h"

void splice_begin(struct splice *splice, struct stream *near, struct stream *far)
{
    const struct http_framing framing = {.kind = HTTP_BODY_SWITCHED};
    *splice = (struct splice){.near = near, .far = far};
    relay_begin(&splice->up, &framing, false);
    relay_begin(&splice->down, &framing, false);
}

static void pump(struct relay *relay, struct stream *from, struct stream *to)
{
    enum http_fault fault;
    if (relay->is_done)
        return;
    (void)relay_pump(relay, from, to, &fault); /* it has no framing that could be wrong */
    if (relay->is_done)
        stream_finish(to);
}

bool splice_pump(struct splice *splice)
{
    pump(&splice->up, splice->near, splice->far);
    pump(&splice->down, splice->far, splice->near);
    return splice->up.is_done && splice->down.is_done;
}
