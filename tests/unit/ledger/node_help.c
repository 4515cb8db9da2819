/* node_help.c: see node_help.h. */
#include "tests/unit/ledger/node_help.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/writer.h"
#include "ledger/crypt.h"

void help_dir_make(char path[static HELP_PATH_SIZE])
{
    const char *base = getenv("TMPDIR");
    snprintf(path, HELP_PATH_SIZE, "%s/hearth-unit-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(path));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void help_dir_remove(const char *path)
{
    assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

void help_join(char path[static HELP_PATH_SIZE], const char *dir, const char *name)
{
    int len = snprintf(path, HELP_PATH_SIZE, "%s/%s", dir, name);
    assert_in_range(len, 1, HELP_PATH_SIZE - 1);
}

uint8_t *help_file_read(const char *path, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    *len = (size_t)st.st_size;
    uint8_t *bytes = malloc(*len + 1);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, *len), (ssize_t)*len);
    close(fd);
    return bytes;
}

void help_file_write(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

unsigned help_files_in(const char *dir)
{
    unsigned count = 0;
    DIR *open_dir = opendir(dir);
    assert_non_null(open_dir);
    for (struct dirent *item; (item = readdir(open_dir)) != NULL;)
        count += item->d_name[0] != '.';
    closedir(open_dir);
    return count;
}

unsigned help_mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

struct name help_name(const char *text)
{
    struct name name;
    assert_ok(name_parse(&name, text));
    return name;
}

struct key_pair help_pair(uint8_t octet)
{
    uint8_t seed[32];
    struct key_pair pair;
    memset(seed, octet, sizeof seed);
    assert_ok(key_pair_from_seed(&pair, seed));
    return pair;
}

void help_house_grant(struct help_house *house, struct node_keys *keys, uint8_t octet,
                      enum body_role role, struct owner_entry *grant)
{
    struct body_grant body = {.role = (uint8_t)role};
    keys->signing = help_pair(octet);
    keys->zone = help_pair((uint8_t)(octet + 1));
    memset(keys->spki_sha256, octet, sizeof keys->spki_sha256);
    assert_ok(node_keys_possess(keys, house->head.namespace_id, &body));
    assert_ok(owner_grant(&house->owner, &house->head, HELP_NOW_MS, &body, grant));
}

void help_house_make(struct help_house *house, uint8_t octet, enum body_role role)
{
    assert_ok(crypt_init());
    house->owner = help_pair(octet);
    house->recovery = help_pair((uint8_t)(octet + 1));
    assert_ok(owner_genesis(&house->owner, house->recovery.public_key, HELP_NOW_MS, &house->head,
                            &house->genesis));
    help_house_grant(house, &house->keys, (uint8_t)(octet + 2), role, &house->grant);
}

void help_house_close(struct help_house *house)
{
    key_pair_close(&house->owner);
    key_pair_close(&house->recovery);
    node_keys_close(&house->keys);
}

void help_feed_entry(struct entry *entry, struct owner_entry *out, const struct help_house *house,
                     const struct key_pair *author, uint64_t stream, const struct entry *prev,
                     const struct body *body)
{
    uint8_t octets[LIMIT_BODY];
    struct writer w = writer_over(octets, sizeof octets);
    assert_ok(body_encode(body, &w));
    struct entry made = {.type = body->type,
                         .stream = stream,
                         .seq = prev ? prev->seq + 1 : 0,
                         .time = clock_stamp(HELP_NOW_MS, 0),
                         .body = octets,
                         .body_len = (uint16_t)w.used};
    memcpy(made.namespace_id, house->head.namespace_id, sizeof made.namespace_id);
    memcpy(made.author, author->public_key, sizeof made.author);
    memcpy(made.auth_head, house->head.id, sizeof made.auth_head);
    if (prev)
        memcpy(made.prev, prev->id, sizeof made.prev);
    assert_ok(entry_sign(&made, author->secret, out->bytes, &out->len));
    memcpy(out->id, made.id, sizeof out->id);
    *entry = made;
}
