/* test_node_key.c: key files that only their owner may read, and recovery words that notice slips.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/crypt.h"
#include "ledger/node_key.h"
#include "tests/unit/ledger/node_help.h"

struct place {
    char dir[HELP_PATH_SIZE];
    char path[HELP_PATH_SIZE]; /* of a key in it */
};

static int set_up(void **state)
{
    static struct place place;
    help_dir_make(place.dir);
    help_join(place.path, place.dir, "some.key");
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    help_dir_remove(place->dir);
    return 0;
}

static unsigned files_in(const char *dir)
{
    unsigned count = 0;
    DIR *open_dir = opendir(dir);
    assert_non_null(open_dir);
    for (struct dirent *item; (item = readdir(open_dir)) != NULL;)
        count += item->d_name[0] != '.';
    closedir(open_dir);
    return count;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* --- files --- */

static void a_key_is_made_once_and_read_again(void **state)
{
    struct place *place = *state;
    struct key_pair made, read;
    assert_status(STATUS_NOT_FOUND, key_pair_read(&read, place->path, "signing"));
    assert_ok(key_pair_create(&made, place->path, "signing"));
    assert_int_equal(mode_of(place->path), 0600);
    assert_int_equal(files_in(place->dir), 1); /* no temporary file is left */
    assert_ok(key_pair_read(&read, place->path, "signing"));
    assert_memory_equal(made.public_key, read.public_key, 32);
    assert_memory_equal(made.secret, read.secret, 64);
    key_pair_close(&made);
    key_pair_close(&read);
    assert_null(read.secret);
    key_pair_close(&read); /* twice is safe */
}

static void what_is_there_is_never_overwritten(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    help_file_write(place->path, "precious", 8);
    assert_status(STATUS_EXISTS, key_pair_create(&pair, place->path, "signing"));
    assert_null(pair.secret);
    size_t len;
    uint8_t *bytes = help_file_read(place->path, &len);
    assert_int_equal(len, 8);
    assert_memory_equal(bytes, "precious", 8);
    free(bytes);
    /* Not even what only looks like nothing. */
    assert_int_equal(unlink(place->path), 0);
    assert_int_equal(symlink("/nonexistent", place->path), 0);
    assert_status(STATUS_EXISTS, key_pair_create(&pair, place->path, "signing"));
}

static void wider_rights_are_denied(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    static const mode_t wide[] = {0640, 0604, 0660, 0606, 0601, 0610, 0644, 0666, 0777};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        assert_int_equal(chmod(place->path, wide[i]), 0);
        assert_status(STATUS_DENIED, key_pair_read(&pair, place->path, "signing"));
        assert_null(pair.secret);
    }
    assert_int_equal(chmod(place->path, 0400), 0);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
}

static void somebody_elses_file_is_denied(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    if (geteuid() != 0)
        skip(); /* only root can make such a file; for others the rights decide (above) */
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_int_equal(chown(place->path, 65534, 65534), 0);
    assert_status(STATUS_DENIED, key_pair_read(&pair, place->path, "signing"));
    /* Root may use the key of the user whose folder it is. */
    assert_int_equal(chown(place->dir, 65534, 65534), 0);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
}

static void links_folders_and_pipes_are_no_keys(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    char link_path[HELP_PATH_SIZE], pipe_path[HELP_PATH_SIZE];
    help_join(link_path, place->dir, "link.key");
    help_join(pipe_path, place->dir, "pipe.key");
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_int_equal(symlink(place->path, link_path), 0);
    assert_status(STATUS_DENIED, key_pair_read(&pair, link_path, "signing"));
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, pipe_path, "signing"));
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, place->dir, "signing"));
}

static void expect_corrupt(const struct place *place, const void *bytes, size_t len)
{
    struct key_pair pair;
    help_file_write(place->path, bytes, len);
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, place->path, "signing"));
    assert_null(pair.secret);
}

static void damaged_files_are_corrupt(void **state)
{
    struct place *place = *state;
    struct key_pair pair;
    size_t len;
    assert_ok(key_pair_create(&pair, place->path, "signing"));
    key_pair_close(&pair);
    assert_status(STATUS_CORRUPT, key_pair_read(&pair, place->path, "zone"));
    uint8_t *whole = help_file_read(place->path, &len);
    uint8_t *bytes = malloc(len + 4096);
    assert_non_null(bytes);
    for (size_t cut = 0; cut < len; cut++)
        expect_corrupt(place, whole, cut);
    for (size_t i = 0; i < len; i++) { /* no octet may be another kind of character */
        memcpy(bytes, whole, len);
        bytes[i] = '~';
        expect_corrupt(place, bytes, len);
        bytes[i] = '\0';
        expect_corrupt(place, bytes, len);
    }
    memcpy(bytes, whole, len);
    memset(bytes + len, '\n', 4096);
    expect_corrupt(place, bytes, len + 1);
    expect_corrupt(place, bytes, len + 4096);
    help_file_write(place->path, whole, len);
    assert_ok(key_pair_read(&pair, place->path, "signing"));
    key_pair_close(&pair);
    free(bytes);
    free(whole);
}

static void a_node_makes_its_keys_and_keeps_them(void **state)
{
    struct place *place = *state;
    struct node_keys first, second;
    char dir[HELP_PATH_SIZE], spki[HELP_PATH_SIZE];
    static const uint8_t none[32];
    help_join(dir, place->dir, "state");
    help_join(spki, dir, "tls.spki");
    assert_ok(node_keys_open(&first, dir));
    assert_int_equal(mode_of(dir), 0700);
    assert_memory_not_equal(first.signing.public_key, first.zone.public_key, 32);
    assert_memory_equal(first.spki_sha256, none, 32);
    help_file_write(spki, "0000000000000000000000000000000000000000000000000000000000000001\n", 65);
    assert_ok(node_keys_open(&second, dir));
    assert_memory_equal(first.signing.secret, second.signing.secret, 64);
    assert_memory_equal(first.zone.secret, second.zone.secret, 64);
    assert_int_equal(second.spki_sha256[31], 1);
    node_keys_close(&first);
    node_keys_close(&second);
    help_file_write(spki, "1\n", 2);
    assert_status(STATUS_CORRUPT, node_keys_open(&second, dir));
    assert_null(second.signing.secret);
}

static void a_damaged_node_key_stops_the_node(void **state)
{
    struct place *place = *state;
    struct node_keys keys;
    char zone[HELP_PATH_SIZE];
    help_join(zone, place->dir, "zone.key");
    help_file_write(zone, "", 0);
    assert_status(STATUS_CORRUPT, node_keys_open(&keys, place->dir));
    assert_null(keys.signing.secret);
    assert_null(keys.zone.secret);
}

/* Of several processes that start at once, all have the same key. */
static void keys_made_at_once_are_one(void **state)
{
    struct place *place = *state;
    enum { STARTS = 8 };
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (unsigned i = 0; i < STARTS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct node_keys keys;
            bool ok = node_keys_open(&keys, place->dir) == STATUS_OK &&
                      write(ends[1], keys.signing.public_key, 32) == 32;
            _exit(ok ? 0 : 1);
        }
    }
    uint8_t first[32], other[32];
    for (unsigned i = 0; i < STARTS; i++) {
        int result;
        assert_true(wait(&result) > 0);
        assert_int_equal(result, 0);
        assert_int_equal(read(ends[0], i == 0 ? first : other, 32), 32);
        if (i > 0)
            assert_memory_equal(first, other, 32);
    }
    assert_int_equal(files_in(place->dir), 2);
    close(ends[0]);
    close(ends[1]);
}

static void possession_is_by_the_granted_key(void **state)
{
    (void)state;
    struct help_house house;
    help_house_make(&house, 10, ROLE_ADMIN);
    struct body_grant grant = {.role = ROLE_NODE};
    struct owner_entry out;
    assert_ok(node_keys_possess(&house.keys, house.head.namespace_id, &grant));
    assert_ok(owner_grant(&house.owner, &house.head, HELP_NOW_MS, &grant, &out));
    grant.role = ROLE_ADMIN; /* not what the key signed */
    assert_status(STATUS_SIGNATURE,
                  owner_grant(&house.owner, &house.head, HELP_NOW_MS, &grant, &out));
    help_house_close(&house);
}

/* --- words --- */

static void fill(uint8_t seed[static 32], unsigned n)
{
    for (unsigned i = 0; i < 32; i++)
        seed[i] = (uint8_t)(n * 2654435761U >> (i % 4 * 8) ^ i * (n + 7));
}

static void words_come_back(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE], loose[4 * RECOVERY_TEXT_SIZE];
    uint8_t seed[32], back[32];
    for (unsigned n = 0; n < 1000; n++) {
        fill(seed, n);
        recovery_words_encode(seed, text);
        assert_int_equal(strlen(text), RECOVERY_TEXT_SIZE - 1);
        assert_ok(recovery_words_decode(text, back));
        assert_memory_equal(seed, back, 32);
    }
    /* Upper case, other separators, numbered lines. */
    char *out = loose;
    unsigned word = 0;
    for (const char *at = text; *at; at++) {
        if (at == text || at[-1] == ' ')
            out += sprintf(out, "%u. ", ++word);
        if (*at == ' ')
            out += sprintf(out, "-\r\n\t");
        else
            *out++ = (char)toupper((unsigned char)*at);
    }
    *out = '\0';
    assert_ok(recovery_words_decode(loose, back));
    assert_memory_equal(seed, back, 32);
}

static void words_are_the_same_for_ever(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE];
    uint8_t seed[32];
    for (unsigned i = 0; i < 32; i++)
        seed[i] = (uint8_t)i;
    seed[0] = 127, seed[1] = 0; /* the one in the header's comment */
    recovery_words_encode(seed, text);
    /* 0x7f00 is 0111 11 1100 00 0000, and so on; the last two words are the CRC-32C of
     * RFC 3720, least octet first. */
    assert_string_equal(text, "lusab bamag bibaj bimal boban bomar bubat bumaz dabid damig dibij "
                              "dimil dobin domir dubit dumiz nagib midab");
}

/* Every letter of every word replaced by every other letter. */
static void each_wrong_letter_is_noticed(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE];
    uint8_t seed[32], back[32];
    for (unsigned n = 0; n < 40; n++) {
        fill(seed, n);
        recovery_words_encode(seed, text);
        for (size_t i = 0; text[i]; i++) {
            char right = text[i];
            for (char wrong = 'a'; right != ' ' && wrong <= 'z'; wrong++) {
                text[i] = wrong;
                enum status status = recovery_words_decode(text, back);
                if (wrong == right)
                    assert_ok(status);
                else
                    assert_true(status == STATUS_CORRUPT || status == STATUS_MALFORMED);
            }
            text[i] = right;
        }
    }
}

static void words_in_the_wrong_order_are_noticed(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE], swapped[RECOVERY_TEXT_SIZE];
    uint8_t seed[32], back[32];
    for (unsigned n = 0; n < 200; n++) {
        fill(seed, n);
        recovery_words_encode(seed, text);
        for (unsigned i = 0; i < RECOVERY_WORDS; i++)
            for (unsigned j = i + 1; j < RECOVERY_WORDS; j++) {
                memcpy(swapped, text, sizeof swapped);
                memcpy(swapped + (size_t)i * 6, text + (size_t)j * 6, 5);
                memcpy(swapped + (size_t)j * 6, text + (size_t)i * 6, 5);
                if (memcmp(swapped, text, sizeof text) != 0)
                    assert_status(STATUS_CORRUPT, recovery_words_decode(swapped, back));
            }
    }
}

static void bad_words_are_refused(void **state)
{
    (void)state;
    char text[RECOVERY_TEXT_SIZE], longer[RECOVERY_TEXT_SIZE + 16];
    uint8_t seed[32] = {1}, back[32];
    recovery_words_encode(seed, text);
    assert_status(STATUS_TRUNCATED, recovery_words_decode("", back));
    assert_status(STATUS_TRUNCATED, recovery_words_decode(" - \n", back));
    for (size_t cut = 0; cut < sizeof text - 1; cut++) {
        snprintf(longer, sizeof longer, "%.*s", (int)cut, text);
        enum status status = recovery_words_decode(longer, back);
        /* A whole word less, or a word cut in two. */
        assert_status(cut % 6 == 5 || cut % 6 == 0 ? STATUS_TRUNCATED : STATUS_MALFORMED, status);
    }
    snprintf(longer, sizeof longer, "%s babab", text);
    assert_status(STATUS_TRAILING, recovery_words_decode(longer, back));
    snprintf(longer, sizeof longer, "%s b", text);
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
    snprintf(longer, sizeof longer, "%sb", text);
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
    memcpy(longer, text, sizeof text);
    longer[5] = 'b'; /* two words run together */
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
    memcpy(longer, text, sizeof text);
    longer[2] = '0';
    assert_status(STATUS_MALFORMED, recovery_words_decode(longer, back));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_made_once_and_read_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_is_never_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wider_rights_are_denied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(somebody_elses_file_is_denied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(links_folders_and_pipes_are_no_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_files_are_corrupt, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_node_makes_its_keys_and_keeps_them, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_damaged_node_key_stops_the_node, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keys_made_at_once_are_one, set_up, tear_down),
        cmocka_unit_test(possession_is_by_the_granted_key),
        cmocka_unit_test(words_come_back),
        cmocka_unit_test(words_are_the_same_for_ever),
        cmocka_unit_test(each_wrong_letter_is_noticed),
        cmocka_unit_test(words_in_the_wrong_order_are_noticed),
        cmocka_unit_test(bad_words_are_refused),
    };
    if (crypt_init() != STATUS_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
