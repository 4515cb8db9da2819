/* test_vectors.c: tests/vectors/ against what today's code makes from the same fixed keys, octet
 * for octet.
 *
 * HEARTH_VECTORS_WRITE=1 writes the files instead; that is right only before a format is published.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/text.h"
#include "ledger/body.h"
#include "ledger/bundle.h"
#include "ledger/crypt.h"
#include "ledger/statement.h"
#include "tests/unit/ledger/vectors.h"

enum { FILE_MAX = 65536 };

static const char header_fields[] =
    "magic:4,type:1,flags:1,body_len:2,namespace:32,author:32,stream:8,seq:8,prev:32,auth_head:32,"
    "time:8";
static const char statement_fields[] =
    "magic:4,form:1,flags:1,body_len:2,namespace:32,author:32,incarnation:8,number:8,time:8,"
    "authority seq:8,authority head:32,frontier:32,state root:32,nonce:32";

/* Text that grows in a fixed buffer. */
struct page {
    char text[FILE_MAX];
    size_t len;
};

static void put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct page *page, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(page->text + page->len, sizeof page->text - page->len, format, args);
    va_end(args);
    assert_true(n >= 0 && (size_t)n < sizeof page->text - page->len);
    page->len += (size_t)n;
}

/* 32 octets a line. */
static void put_octets(struct page *page, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put(page, "%02x%s", bytes[i], i % 32 == 31 || i + 1 == len ? "\n" : "");
}

/* Each field under its name; moves *bytes and *len behind them. */
static void put_fields(struct page *page, const char *fields, const uint8_t **bytes, size_t *len)
{
    while (*fields != '\0') {
        const char *colon = fields;
        for (const char *c = fields; *c != ',' && *c != '\0'; c++)
            colon = *c == ':' ? c : colon;
        char *end = NULL;
        size_t size = strtoul(colon + 1, &end, 10);
        assert_true(size <= *len);
        put(page, "# %.*s\n", (int)(colon - fields), fields);
        put_octets(page, *bytes, size);
        *bytes += size;
        *len -= size;
        fields = *end == ',' ? end + 1 : end;
    }
}

static void put_signed(struct page *page, const struct vector *vector)
{
    const uint8_t *bytes = vector->bytes;
    size_t len = vector->len;
    put_fields(page, vector->kind == VECTOR_ENTRY ? header_fields : statement_fields, &bytes, &len);
    put(page, "# --- body ---\n");
    put_fields(page, vector->fields, &bytes, &len);
    put(page, "# --- signature ---\n");
    assert_int_equal(len, 64); /* the fields fill the body exactly */
    put_octets(page, bytes, len);
}

static void put_id(struct page *page, const struct vector *vector)
{
    struct entry entry;
    char hex[65];
    assert_int_equal(entry_decode(&entry, vector->bytes, vector->len), STATUS_OK);
    hex_encode(entry.id, 32, hex);
    put(page, "# id %s\n", hex);
}

static void put_vector(struct page *page, const struct vector *vector)
{
    page->len = 0;
    put(page, "# %s: %s\n# %zu octets\n", vector->name, vector->says, vector->len);
    if (vector->kind == VECTOR_ENTRY)
        put_id(page, vector);
    if (vector->kind == VECTOR_BUNDLE)
        put_octets(page, vector->bytes, vector->len);
    else
        put_signed(page, vector);
}

static void open_file(const struct vector *vector, const char *mode, FILE **file)
{
    char path[4096];
    const char *source = getenv("HEARTH_SOURCE");
    assert_non_null(source);
    snprintf(path, sizeof path, "%s/tests/vectors/%s.hex", source, vector->name);
    *file = fopen(path, mode);
    if (!*file)
        fail_msg("can't open %s", path);
}

static size_t read_file(const struct vector *vector, char text[static FILE_MAX])
{
    FILE *file = NULL;
    open_file(vector, "r", &file);
    size_t len = fread(text, 1, FILE_MAX - 1, file);
    fclose(file);
    text[len] = '\0';
    return len;
}

/* What a second implementer does: everything but comments and blanks is hex. */
static size_t parse_octets(const char *text, uint8_t *bytes)
{
    size_t len = 0;
    while (*text != '\0') {
        if (*text == '#') {
            text += strcspn(text, "\n");
        } else if (isspace((unsigned char)*text)) {
            text++;
        } else {
            char pair[3] = {text[0], text[1], '\0'};
            assert_int_equal(hex_decode(pair, &bytes[len++], 1), STATUS_OK);
            text += 2;
        }
    }
    return len;
}

static void the_files_are_what_the_code_makes(void **state)
{
    (void)state;
    static struct page page;
    static char text[FILE_MAX];
    static uint8_t bytes[FILE_MAX / 2];
    size_t count = 0;
    const struct vector *all = vectors_all(&count);
    for (size_t i = 0; i < count; i++) {
        put_vector(&page, &all[i]);
        if (getenv("HEARTH_VECTORS_WRITE")) {
            FILE *file = NULL;
            open_file(&all[i], "w", &file);
            assert_int_equal(fwrite(page.text, 1, page.len, file), page.len);
            assert_int_equal(fclose(file), 0);
        }
        read_file(&all[i], text);
        size_t len = parse_octets(text, bytes);
        if (len != all[i].len || memcmp(bytes, all[i].bytes, len) != 0)
            fail_msg("%s.hex has other octets", all[i].name);
        assert_string_equal(text, page.text);
    }
}

static void every_entry_type_has_a_vector(void **state)
{
    (void)state;
    static const uint8_t types[] = {ENTRY_GENESIS, ENTRY_GRANT,  ENTRY_SCOPE,   ENTRY_REVOKE,
                                    ENTRY_LIFT,    ENTRY_POLICY, ENTRY_MERGE,   ENTRY_RECOVER,
                                    ENTRY_OPEN,    ENTRY_SET,    ENTRY_SUSPEND, ENTRY_WITHDRAW};
    size_t count = 0;
    const struct vector *all = vectors_all(&count);
    for (size_t t = 0; t < sizeof types; t++) {
        size_t found = 0;
        for (size_t i = 0; i < count; i++)
            found += all[i].kind == VECTOR_ENTRY && all[i].bytes[4] == types[t];
        assert_true(found > 0);
    }
}

/* The signatures of the entries, of the statements, and of possession. */
static void everything_is_signed(void **state)
{
    (void)state;
    size_t count = 0;
    const struct vector *all = vectors_all(&count);
    for (size_t i = 0; i < count; i++) {
        struct entry entry;
        struct statement statement;
        if (all[i].kind == VECTOR_ENTRY) {
            assert_int_equal(entry_decode(&entry, all[i].bytes, all[i].len), STATUS_OK);
            assert_int_equal(entry_verify(&entry), STATUS_OK);
        } else if (all[i].kind == VECTOR_STATEMENT) {
            assert_int_equal(statement_decode(&statement, all[i].bytes, all[i].len), STATUS_OK);
            assert_int_equal(statement_verify(&statement, all[i].bytes, all[i].len), STATUS_OK);
        }
    }
}

static void the_granted_key_proved_itself(void **state)
{
    (void)state;
    struct entry genesis, entry;
    struct body body;
    uint8_t message[POSSESSION_MESSAGE_SIZE];
    const struct vector *first = vectors_find("genesis");
    const struct vector *grant = vectors_find("grant");
    assert_int_equal(entry_decode(&genesis, first->bytes, first->len), STATUS_OK);
    assert_int_equal(entry_decode(&entry, grant->bytes, grant->len), STATUS_OK);
    assert_int_equal(body_decode(&body, entry.type, entry.body, entry.body_len), STATUS_OK);
    body_possession_message(&body.grant, genesis.id, message);
    assert_memory_equal(message, "hearth/v1/possess", 18);
    assert_int_equal(crypt_verify("hearth/v1/possess", 18, message + 18, sizeof message - 18,
                                  body.grant.signing.key, body.grant.possession),
                     STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_files_are_what_the_code_makes),
        cmocka_unit_test(every_entry_type_has_a_vector),
        cmocka_unit_test(everything_is_signed),
        cmocka_unit_test(the_granted_key_proved_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
