/* control_fields.c: see control_fields.h. */
#include "resolver/daemon/control_fields.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/base/clock.h"
#include "ledger/base/text.h"

enum { HEX_BYTES_MAX = 4096 /* more than any field in the ledger has */ };

static bool ran_out;

static void *take_memory(size_t size)
{
    void *memory = malloc(size);
    ran_out |= !memory;
    return memory;
}

void control_fields_watch(void)
{
    json_set_alloc_funcs(take_memory, free);
}

bool control_fields_ran_out(void)
{
    bool did = ran_out;
    ran_out = false;
    return did;
}

enum status control_fields_octets(const json_t *object, const char *key, uint8_t *out, size_t len)
{
    const char *text = control_fields_text(object, key);
    return text ? hex_decode(text, out, len) : STATUS_MALFORMED;
}

enum status control_fields_hex(const json_t *text, uint8_t *out, size_t size, size_t *len)
{
    size_t digits = json_string_length(text);
    if (!json_is_string(text) || digits % 2 != 0)
        return STATUS_MALFORMED;
    *len = digits / 2;
    return *len > size ? STATUS_TOO_LONG : hex_decode(json_string_value(text), out, *len);
}

enum status control_fields_number(const json_t *object, const char *key, uint64_t max,
                                  uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        return STATUS_MALFORMED;
    json_int_t number = json_integer_value(value);
    if (number < 0 || (uint64_t)number > max)
        return STATUS_RANGE;
    *out = (uint64_t)number;
    return STATUS_OK;
}

enum status control_fields_name(const json_t *object, const char *key, struct name *name)
{
    const char *text = control_fields_text(object, key);
    if (!text)
        return STATUS_MALFORMED;
    enum status status = name_parse(name, text);
    if (status == STATUS_OK && name->len > NAME_RELATIVE_MAX)
        status = STATUS_NAME_TOO_LONG;
    return status;
}

const char *control_fields_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value); /* memory is out: the field is missing */
}

/* Octets of the character that `at` begins with; 0: it is none. */
static size_t character_len(const uint8_t *at, size_t left)
{
    size_t len = 1;
    while (len < 4 && len <= left && !text_is_plain(at, len))
        len++;
    return len <= left && text_is_plain(at, len) ? len : 0;
}

json_t *control_fields_text_new(const char *text)
{
    const uint8_t *at = (const uint8_t *)text;
    size_t left = strlen(text), used = 0;
    if (text_is_plain(at, left))
        return json_stringn_nocheck(text, left);
    char *escaped = take_memory(4 * left + 1);
    if (!escaped)
        return NULL;
    while (left > 0) {
        size_t len = character_len(at, left);
        if (len > 0)
            memcpy(escaped + used, at, len);
        else
            (void)snprintf(escaped + used, 5, "\\x%02x", *at);
        used += len > 0 ? len : 4;
        at += len > 0 ? len : 1;
        left -= len > 0 ? len : 1;
    }
    json_t *json = json_stringn_nocheck(escaped, used);
    free(escaped);
    return json;
}

size_t control_fields_text_cut(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len <= max)
        return len;
    len = max;
    while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
        len--;
    return len;
}

json_t *control_fields_hex_new(const uint8_t *bytes, size_t len)
{
    char text[2 * HEX_BYTES_MAX + 1];
    if (len > HEX_BYTES_MAX)
        return NULL;
    hex_encode(bytes, len, text);
    return json_stringn_nocheck(text, 2 * len);
}

void control_fields_set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t len)
{
    set(object, key, control_fields_hex_new(bytes, len));
}

void control_fields_set_household(json_t *object, const char *key, const uint8_t *id)
{
    char text[BASE32_ID_LEN + 1];
    if (id)
        base32_encode_id(id, text);
    set(object, key, id ? json_string(text) : json_null());
}

void control_fields_set_word(json_t *object, const char *key, uint64_t value)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)value);
    set(object, key, json_string(text));
}

void control_fields_set_number(json_t *object, const char *key, uint64_t value)
{
    set(object, key, json_integer((json_int_t)value));
}

void control_fields_set_stamp(json_t *object, const char *key, uint64_t stamp)
{
    control_fields_set_number(object, key, clock_stamp_ms(stamp));
}

void control_fields_set_name(json_t *object, const char *key, const struct name *name)
{
    char text[NAME_TEXT_SIZE];
    name_text(name->wire, name->len, text);
    set(object, key, json_string(name->len == 1 ? "@" : text));
}

void control_fields_set_text(json_t *object, const char *key, const char *text)
{
    set(object, key, json_string(text));
}

enum status control_page_start(struct control_page *page, const json_t *request, json_t *answer,
                               const char *key)
{
    uint64_t limit = CONTROL_PAGE_LIMIT;
    enum status status = STATUS_OK;
    if (json_object_get(request, "limit"))
        status = control_fields_number(request, "limit", UINT32_MAX, &limit);
    if (status != STATUS_OK || limit == 0)
        return STATUS_RANGE;
    if (limit > CONTROL_PAGE_LIMIT_MAX)
        limit = CONTROL_PAGE_LIMIT_MAX;
    *page = (struct control_page){.items = json_array(), .limit = limit};
    if (json_object_set_new(answer, key, page->items) != 0 ||
        json_object_set_new(answer, "next", json_null()) != 0)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}

bool control_page_has_room(const struct control_page *page)
{
    return json_array_size(page->items) < page->limit && page->bytes < CONTROL_PAGE_BYTES_MAX;
}

bool control_page_add(struct control_page *page, json_t *item)
{
    size_t bytes = json_dumpb(item, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) + 1;
    bool first = json_array_size(page->items) == 0;
    bool fits =
        control_page_has_room(page) && (first || bytes <= CONTROL_PAGE_BYTES_MAX - page->bytes);
    if (!item || !fits || json_array_append(page->items, item) != 0)
        fits = false;
    if (fits)
        page->bytes += bytes;
    json_decref(item);
    return fits;
}
