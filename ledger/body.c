/* body.c: the table of bodies: which decoder and encoder each type of entry has (body.h).
 *
 * A new type is a line in BODY_KINDS (body_fields.h) and its two functions in a file of their own.
 */
#include "ledger/body.h"

#include "ledger/body_fields.h"

struct body_row {
    uint8_t type;
    void (*decode)(struct reader *r, struct body *body);
    enum status (*encode)(struct writer *w, const struct body *body);
};

static const struct body_row rows[] = {
#define BODY_ROW(kind, type) {type, body_##kind##_decode, body_##kind##_encode},
    BODY_KINDS(BODY_ROW)
#undef BODY_ROW
};

static const struct body_row *find_row(uint8_t type)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].type == type)
            return &rows[i];
    }
    return NULL;
}

enum status body_decode(struct body *body, uint8_t type, const uint8_t *bytes, size_t len)
{
    *body = (struct body){.type = type};
    if (len > LIMIT_BODY)
        return STATUS_TOO_LONG;
    const struct body_row *row = find_row(type);
    if (!row) {
        body->upgrade = true;
        return STATUS_UPGRADE;
    }
    struct reader r = reader_over(bytes, len);
    row->decode(&r, body);
    return reader_finish(&r);
}

enum status body_encode(const struct body *body, struct writer *w)
{
    const struct body_row *row = find_row(body->type);
    if (!row)
        return STATUS_UPGRADE;
    enum status status = row->encode(w, body);
    return status != STATUS_OK ? status : w->error;
}
