/* scope.c: see scope.h. An opening is salt (16), count (1), names rising in canonical order; its
 * hash is the commitment. */
#include "ledger/scope.h"

#include <stdlib.h>

#include "ledger/body_fields.h"
#include "ledger/crypt.h"

enum { SCOPE_SALT_SIZE = 16 };

static int compare_names(const void *left, const void *right)
{
    const struct name *a = left;
    const struct name *b = right;
    return name_compare(a->wire, a->len, b->wire, b->len);
}

enum status scope_encode(struct name *names, size_t count, const uint8_t salt[static 16],
                         uint8_t opening[static SCOPE_OPENING_MAX], size_t *opening_len,
                         uint8_t commitment[static 32])
{
    if (count > SCOPE_NAMES_MAX)
        return STATUS_RANGE;
    struct writer w = writer_over(opening, SCOPE_OPENING_MAX);
    writer_bytes(&w, salt, SCOPE_SALT_SIZE);
    uint8_t *written = writer_room(&w, 1);
    *written = 0;
    if (count > 0)
        qsort(names, count, sizeof names[0], compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && name_equal(&names[i - 1], &names[i]))
            continue;
        enum status status = fields_write_name(&w, &names[i]);
        if (status != STATUS_OK)
            return status;
        ++*written;
    }
    if (w.error != STATUS_OK)
        return w.error;
    *opening_len = w.used;
    scope_commitment(opening, w.used, commitment);
    return STATUS_OK;
}

enum status scope_check(const uint8_t *opening, size_t len)
{
    if (len > SCOPE_OPENING_MAX)
        return STATUS_TOO_LONG;
    struct reader r = reader_over(opening, len);
    (void)reader_bytes(&r, SCOPE_SALT_SIZE); /* any octets; a failure is sticky */
    unsigned count = reader_u8(&r);
    struct name names[2]; /* the present one and the one before, in turn */
    for (unsigned i = 0; i < count && r.error == STATUS_OK; i++) {
        const struct name *before = &names[(i + 1) % 2];
        struct name *name = &names[i % 2];
        fields_read_name(&r, name);
        if (r.error == STATUS_OK && i > 0 && compare_names(before, name) >= 0)
            reader_fail(&r, STATUS_NOT_CANONICAL);
    }
    return reader_finish(&r);
}

bool scope_has(const uint8_t *opening, size_t len, const struct name *name)
{
    struct reader r = reader_over(opening, len);
    (void)reader_bytes(&r, SCOPE_SALT_SIZE); /* any octets; a failure is sticky */
    unsigned count = reader_u8(&r);
    for (unsigned i = 0; i < count; i++) {
        struct name listed;
        if (name_read(&r, &listed) != STATUS_OK)
            return false;
        if (name_is_within(name->wire, name->len, listed.wire, listed.len))
            return true;
    }
    return false;
}

void scope_commitment(const uint8_t *opening, size_t len, uint8_t commitment[static 32])
{
    crypt_hash("hearth1.scopelst", opening, len, commitment);
}
