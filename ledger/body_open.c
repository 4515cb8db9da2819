/* body_open.c: OPEN, the first entry of every feed: what kind of stream it is and, in a private
 * one, the scope list that the owner's commitment hides. */
#include "ledger/body_fields.h"
#include "ledger/scope.h"

/* Only a private stream may reveal a scope list: tag 1 means nothing in the other kinds. */
static bool knows_opening(const struct body *body)
{
    return body->open.kind == KIND_PRIVATE;
}

void body_open_decode(struct reader *r, struct body *body)
{
    struct body_open *open = &body->open;
    struct fields_tlv opening = {.value = NULL};
    open->kind = reader_u8(r);
    fields_read_tail(r, body, knows_opening(body) ? &opening : NULL);
    if (r->error != STATUS_OK || !opening.value)
        return;
    open->opening = opening.value;
    open->opening_len = opening.len;
    enum status status = scope_check(opening.value, opening.len);
    if (status != STATUS_OK)
        reader_fail(r, status);
}

enum status body_open_encode(struct writer *w, const struct body *body)
{
    const struct body_open *open = &body->open;
    struct fields_tlv opening = {.value = open->opening, .len = open->opening_len};
    if (open->opening && !knows_opening(body))
        return STATUS_MALFORMED;
    if (open->opening) {
        enum status status = scope_check(open->opening, open->opening_len);
        if (status != STATUS_OK)
            return status;
    }
    writer_u8(w, open->kind);
    fields_write_tail(w, body, knows_opening(body) ? &opening : NULL);
    return STATUS_OK;
}
