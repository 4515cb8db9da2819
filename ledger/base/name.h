/* name.h: domain names in wire form, and the text that people write.
 *
 * A name is held as its uncompressed wire form: labels with their lengths, ended by the root's zero
 * octet (RFC 1035, section 3.1). Hearth's own names are lower case; names from DNS packets keep
 * their case until name_fold.
 */
#ifndef HEARTH_LEDGER_BASE_NAME_H
#define HEARTH_LEDGER_BASE_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/reader.h"
#include "ledger/base/status.h"

enum {
    NAME_WIRE_MAX = 255,     /* octets, the root's zero included (RFC 1035, section 2.3.4) */
    NAME_LABEL_MAX = 63,     /* octets (same) */
    NAME_LABELS_MAX = 128,   /* labels, the root included */
    NAME_RELATIVE_MAX = 180, /* octets of a name in the ledger, see docs/ledger-format.md */
    NAME_TEXT_SIZE = 1024,   /* a name as text at most (every octet as \DDD), NUL included */
};

struct name {
    uint8_t len;                 /* octets in wire, at least 1 (the root) */
    uint8_t wire[NAME_WIRE_MAX]; /* the rest of the array is undefined */
};

/* home.arpa, below which every household is (RFC 8375). */
extern const struct name name_home_arpa;

/* Reads the text form: labels separated by dots, a final dot allowed, upper case folded; "@" and ""
 * are the empty (root) name. Only letters, digits, '-' (not at a label's ends) and '_' are taken.
 * LABEL_EMPTY, LABEL_TOO_LONG, NAME_TOO_LONG, NAME_CHARACTER, NAME_U_LABEL (an octet above 127). */
enum status name_parse(struct name *name, const char *text);

/* Writes the text form without the final dot ("." for the root), with RFC 4343 escapes. */
void name_text(const uint8_t *wire, size_t len, char text[static NAME_TEXT_SIZE]);

/* Reads an uncompressed wire name, any octets, as it stands. MALFORMED for a compression pointer.
 */
enum status name_read(struct reader *r, struct name *name);

/* Reads a possibly compressed name at *offset of a DNS message and moves *offset behind it. Every
 * pointer must lead backwards (RFC 1035, section 4.1.4), so that a loop can't exist. */
enum status name_unpack(const uint8_t *message, size_t len, size_t *offset, struct name *name);

/* Checks the ledger's rule for a name: lower-case letters, digits, '-' (inside) and '_' only. */
enum status name_check_household(const struct name *name);

/* Folds ASCII upper case in place (RFC 4343). */
void name_fold(struct name *name);

bool name_equal(const struct name *a, const struct name *b);

/* Canonical DNS order (RFC 4034, section 6.1) of two lower-case wire names: <0, 0, >0. */
int name_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len);

/* Is `child` the same as `parent`, or below it? */
bool name_is_within(const uint8_t *child, size_t child_len, const uint8_t *parent,
                    size_t parent_len);

/* relative + suffix. NAME_TOO_LONG when it does not fit. */
enum status name_join(struct name *out, const struct name *relative, const struct name *suffix);

/* What is left of `name` when `suffix` is taken off its end; NOT_FOUND when it is not within it. */
enum status name_relative(struct name *out, const struct name *name, const struct name *suffix);

/* Puts one label (len octets) before the name. */
enum status name_prepend(struct name *name, const char *label, size_t len);

/* The number of labels, the root not counted. */
unsigned name_labels(const uint8_t *wire, size_t len);

#endif
