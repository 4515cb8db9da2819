/* name.c: see name.h. All walking over labels happens here, and every step checks its bounds. */
#include "ledger/base/name.h"

#include <string.h>

const struct name name_home_arpa = {.len = 11, .wire = "\4home\4arpa"};

static bool is_household_octet(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static uint8_t fold(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Appends one label of `len` octets of text. What is wrong with its octets is said first, then what
 * is wrong with its length. */
static enum status append_text_label(struct name *name, const char *text, size_t len)
{
    size_t left = NAME_WIRE_MAX - 1U - name->len; /* the root's octet is kept */
    bool too_long = len > NAME_LABEL_MAX || len >= left;
    uint8_t *label = name->wire + name->len + 1;
    if (len == 0)
        return STATUS_LABEL_EMPTY;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = fold((uint8_t)text[i]);
        if (c > 127)
            return STATUS_NAME_U_LABEL;
        if (!is_household_octet(c))
            return STATUS_NAME_CHARACTER;
        if (!too_long)
            label[i] = c;
    }
    if (text[0] == '-' || text[len - 1] == '-')
        return STATUS_NAME_CHARACTER;
    if (too_long)
        return len > NAME_LABEL_MAX ? STATUS_LABEL_TOO_LONG : STATUS_NAME_TOO_LONG;
    label[-1] = (uint8_t)len;
    name->len = (uint8_t)(name->len + 1 + len);
    return STATUS_OK;
}

enum status name_parse(struct name *name, const char *text)
{
    name->len = 0;
    if ((text[0] == '@' || text[0] == '.') && text[1] == '\0')
        text = "";
    while (*text != '\0') {
        size_t len = (size_t)(strchrnul(text, '.') - text);
        enum status status = append_text_label(name, text, len);
        if (status != STATUS_OK)
            return status;
        text += len;
        if (*text == '.')
            text++;
    }
    name->wire[name->len++] = 0;
    return STATUS_OK;
}

static char *escape_octet(char *at, uint8_t c)
{
    if (c == '.' || c == '\\') {
        *at++ = '\\';
        *at++ = (char)c;
    } else if (c > 32 && c < 127) {
        *at++ = (char)c;
    } else {
        *at++ = '\\';
        *at++ = (char)('0' + c / 100);
        *at++ = (char)('0' + c / 10 % 10);
        *at++ = (char)('0' + c % 10);
    }
    return at;
}

void name_text(const uint8_t *wire, size_t len, char text[static NAME_TEXT_SIZE])
{
    char *at = text;
    struct reader r = reader_over(wire, len > NAME_WIRE_MAX ? NAME_WIRE_MAX : len);
    for (uint8_t label_len = reader_u8(&r); label_len > 0; label_len = reader_u8(&r)) {
        const uint8_t *label = reader_bytes(&r, label_len);
        if (!label)
            break;
        if (at != text)
            *at++ = '.';
        for (uint8_t i = 0; i < label_len; i++)
            at = escape_octet(at, label[i]);
    }
    if (at == text)
        *at++ = '.';
    *at = '\0';
}

/* Appends one label of wire octets; leaves room for the root. */
static enum status append_wire_label(struct name *name, const uint8_t *label, uint8_t len)
{
    if (len >= NAME_WIRE_MAX - 1U - name->len)
        return STATUS_NAME_TOO_LONG;
    name->wire[name->len++] = len;
    memcpy(name->wire + name->len, label, len);
    name->len = (uint8_t)(name->len + len);
    return STATUS_OK;
}

enum status name_read(struct reader *r, struct name *name)
{
    const uint8_t *start = r->at;
    for (uint8_t len = reader_u8(r); len > 0; len = reader_u8(r)) {
        if (len > NAME_LABEL_MAX || !reader_bytes(r, len))
            reader_fail(r, STATUS_MALFORMED);
        else if (r->at - start + 1 > NAME_WIRE_MAX)
            reader_fail(r, STATUS_NAME_TOO_LONG);
    }
    if (r->error != STATUS_OK)
        return r->error;
    name->len = (uint8_t)(r->at - start);
    memcpy(name->wire, start, name->len);
    return STATUS_OK;
}

enum status name_unpack(const uint8_t *message, size_t len, size_t *offset, struct name *name)
{
    size_t at = *offset;
    size_t lowest = at; /* a pointer must lead before everything read so far */
    bool jumped = false;
    name->len = 0;
    for (;;) {
        if (at >= len)
            return STATUS_TRUNCATED;
        uint8_t octet = message[at];
        if (octet == 0)
            break;
        if ((octet & 0xc0) == 0xc0) {
            if (len - at < 2)
                return STATUS_TRUNCATED;
            size_t target = (size_t)(octet & 0x3f) << 8 | message[at + 1];
            if (target >= lowest)
                return STATUS_MALFORMED;
            if (!jumped)
                *offset = at + 2;
            jumped = true;
            lowest = at = target;
            continue;
        }
        if (octet > NAME_LABEL_MAX)
            return STATUS_MALFORMED;
        if (len - at < 1 + (size_t)octet)
            return STATUS_TRUNCATED;
        enum status status = append_wire_label(name, message + at + 1, octet);
        if (status != STATUS_OK)
            return status;
        at += 1 + (size_t)octet;
    }
    if (!jumped)
        *offset = at + 1;
    name->wire[name->len++] = 0;
    return STATUS_OK;
}

enum status name_check_household(const struct name *name)
{
    struct reader r = reader_over(name->wire, name->len);
    for (uint8_t len = reader_u8(&r); len > 0; len = reader_u8(&r)) {
        const uint8_t *label = reader_bytes(&r, len);
        if (!label)
            return r.error;
        if (label[0] == '-' || label[len - 1] == '-')
            return STATUS_NAME_CHARACTER;
        for (uint8_t i = 0; i < len; i++) {
            if (!is_household_octet(label[i]))
                return STATUS_NAME_CHARACTER;
        }
    }
    return reader_finish(&r);
}

void name_fold(struct name *name)
{
    /* A length octet is at most 63 and so never an upper-case letter (65 and up). */
    for (size_t i = 0; i < name->len; i++)
        name->wire[i] = fold(name->wire[i]);
}

bool name_equal(const struct name *a, const struct name *b)
{
    return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

/* Fills `starts` with the offset of each label but the root; returns their number. */
static unsigned label_starts(const uint8_t *wire, size_t len, uint8_t starts[NAME_LABELS_MAX])
{
    unsigned count = 0;
    size_t at = 0;
    while (at < len && wire[at] != 0 && wire[at] <= NAME_LABEL_MAX && len - at > wire[at] &&
           count < NAME_LABELS_MAX) {
        starts[count++] = (uint8_t)at;
        at += 1 + (size_t)wire[at];
    }
    return count;
}

unsigned name_labels(const uint8_t *wire, size_t len)
{
    uint8_t starts[NAME_LABELS_MAX];
    return label_starts(wire, len, starts);
}

static int compare_label(const uint8_t *a, const uint8_t *b)
{
    int order = memcmp(a + 1, b + 1, a[0] < b[0] ? a[0] : b[0]);
    return order ? order : (int)a[0] - (int)b[0];
}

int name_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    uint8_t a_starts[NAME_LABELS_MAX];
    uint8_t b_starts[NAME_LABELS_MAX];
    unsigned a_count = label_starts(a, a_len, a_starts);
    unsigned b_count = label_starts(b, b_len, b_starts);
    while (a_count > 0 && b_count > 0) {
        int order = compare_label(a + a_starts[--a_count], b + b_starts[--b_count]);
        if (order)
            return order;
    }
    return (int)a_count - (int)b_count;
}

bool name_is_within(const uint8_t *child, size_t child_len, const uint8_t *parent,
                    size_t parent_len)
{
    size_t at = 0;
    while (child_len - at > parent_len) {
        if (child[at] == 0 || child[at] >= child_len - at)
            return false;
        at += 1 + (size_t)child[at];
    }
    return child_len - at == parent_len && memcmp(child + at, parent, parent_len) == 0;
}

enum status name_join(struct name *out, const struct name *relative, const struct name *suffix)
{
    size_t labels = relative->len - 1U;
    if (suffix->len > NAME_WIRE_MAX - labels)
        return STATUS_NAME_TOO_LONG;
    struct name joined = {.len = (uint8_t)(labels + suffix->len)};
    memcpy(joined.wire, relative->wire, labels);
    memcpy(joined.wire + labels, suffix->wire, suffix->len);
    *out = joined;
    return STATUS_OK;
}

enum status name_relative(struct name *out, const struct name *name, const struct name *suffix)
{
    if (!name_is_within(name->wire, name->len, suffix->wire, suffix->len))
        return STATUS_NOT_FOUND;
    size_t labels = (size_t)name->len - suffix->len;
    struct name relative = {.len = (uint8_t)(labels + 1)};
    memcpy(relative.wire, name->wire, labels);
    relative.wire[labels] = 0;
    *out = relative;
    return STATUS_OK;
}

enum status name_prepend(struct name *name, const char *label, size_t len)
{
    if (len == 0)
        return STATUS_LABEL_EMPTY;
    if (len > NAME_LABEL_MAX)
        return STATUS_LABEL_TOO_LONG;
    if (len >= (size_t)NAME_WIRE_MAX - name->len)
        return STATUS_NAME_TOO_LONG;
    memmove(name->wire + 1 + len, name->wire, name->len);
    name->wire[0] = (uint8_t)len;
    memcpy(name->wire + 1, label, len);
    name->len = (uint8_t)(name->len + 1 + len);
    return STATUS_OK;
}
