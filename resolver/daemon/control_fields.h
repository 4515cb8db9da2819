/* control_fields.h: fields of requests and answers (docs/control-protocol.md): hex, names, numbers,
 * cursors, pages.
 *
 * Readers take what the page allows and nothing else; the answer says which field was wrong.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONTROL_FIELDS_H
#define HEARTH_RESOLVER_DAEMON_CONTROL_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"

enum {
    CONTROL_PAGE_LIMIT = 100,         /* items of a page when the request does not say */
    CONTROL_PAGE_LIMIT_MAX = 1000,    /* and at most */
    CONTROL_PAGE_BYTES_MAX = 1000000, /* so that the frame around them fits too */
};

/* --- reading; MALFORMED when the field is missing or of another kind --- */

/* Exactly `len` octets of hex. */
enum status control_fields_octets(const json_t *object, const char *key, uint8_t *out, size_t len);
/* At most `size` octets of hex, from a string. TOO_LONG. */
enum status control_fields_hex(const json_t *text, uint8_t *out, size_t size, size_t *len);
/* A whole number within 0 … max. RANGE. */
enum status control_fields_number(const json_t *object, const char *key, uint64_t max,
                                  uint64_t *out);
/* A relative name. NAME_…; NAME_TOO_LONG beyond NAME_RELATIVE_MAX. */
enum status control_fields_name(const json_t *object, const char *key, struct name *name);
/* Borrowed; NULL when it is no text. */
const char *control_fields_text(const json_t *object, const char *key);

/* --- writing; a NULL from a full memory is left out, and remembered --- */

/* Once, before Jansson is used: from then on, control_fields_ran_out says whether it found no
 * memory since it was asked last. What was made meanwhile may lack something. One thread's. */
void control_fields_watch(void);
bool control_fields_ran_out(void);

/* A message or a path. What is no text (an octet that is not part of UTF-8, a control character) is
 * written as "\\xNN": JSON has no place for it, and whatever holds it would be left out. */
json_t *control_fields_text_new(const char *text);
/* Octets of the longest start of a text, of whole characters, that has at most `max` of them. */
size_t control_fields_text_cut(const char *text, size_t max);
json_t *control_fields_hex_new(const uint8_t *bytes, size_t len);
void control_fields_set_hex(json_t *object, const char *key, const uint8_t *bytes, size_t len);
/* A household's id as its names spell it; null for NULL, none. */
void control_fields_set_household(json_t *object, const char *key, const uint8_t *id);
/* 16 hex digits. */
void control_fields_set_word(json_t *object, const char *key, uint64_t value);
/* An entry's time, as milliseconds. */
void control_fields_set_stamp(json_t *object, const char *key, uint64_t stamp);
void control_fields_set_name(json_t *object, const char *key, const struct name *name);
void control_fields_set_text(json_t *object, const char *key, const char *text);
void control_fields_set_number(json_t *object, const char *key, uint64_t value);

/* --- pages --- */

struct control_page {
    json_t *items; /* array; the answer's */
    size_t limit, bytes;
};

/* Starts a page as `answer`.key with the request's `limit`. RANGE, NO_MEMORY. */
enum status control_page_start(struct control_page *page, const json_t *request, json_t *answer,
                               const char *key);
/* May another item be added? */
bool control_page_has_room(const struct control_page *page);
/* Takes the item over; false (and the item is gone) when it does not fit any more. */
bool control_page_add(struct control_page *page, json_t *item);

#endif
