/* The module's functions, called as glibc calls them: statuses, buffers of every size and
 * alignment, errno. */
#include "nss-module/nss_hearth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ledger/publish.h"
#include "tests/support/view_text.h"

/* Not declared by <netdb.h>: what `getent -s` calls. */
int __nss_configure_lookup(const char *db, const char *service_line);

static const char text[] = "household maple own\n"
                           "@ A 192.168.1.1\n"
                           "camera A 192.168.1.5\n"
                           "camera A 192.168.1.6\n"
                           "camera A 192.168.1.7\n"
                           "camera AAAA fd00::5\n"
                           "camera AAAA fd00::6\n"
                           "four A 192.168.1.4\n"
                           "door TXT open\n"
                           "x.deep A 192.168.1.9\n"
                           "alias A 192.168.1.5\n"
                           "other A 192.168.1.5\n";

static char dir[64];
static char view_dir[96];
static char view_path[128];
static struct publisher publisher;

static void publish(const char *lines, uint32_t flags)
{
    char flagged[2048];
    uint8_t *bytes = NULL;
    size_t len = 0;
    snprintf(flagged, sizeof flagged, "flags %u\n%s", flags, lines);
    assert_int_equal(view_from_text(flagged, publisher_next(&publisher), &bytes, &len), STATUS_OK);
    assert_int_equal(publisher_put(&publisher, bytes, len), STATUS_OK);
    free(bytes);
}

static int set_up(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/hearth-test-nss-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(view_dir, sizeof view_dir, "%s/view", dir);
    snprintf(view_path, sizeof view_path, "%s/names.view", view_dir);
    setenv("HEARTH_VIEW", view_path, 1);
    if (publisher_open(&publisher, view_dir) != STATUS_OK)
        return -1;
    publish(text, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    /* Said to the module, as to any reader: open everything again. */
    if (pwrite(publisher.word_fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0) != 8)
        return -1;
    publisher_close(&publisher);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    return system(command);
}

/* --- the six functions as one shape --- */

enum function { BYNAME4, BYNAME3_V4, BYNAME3_V6, BYNAME2_V4, BYNAME2_V6, BYNAME, BYADDR2, BYADDR };

struct call {
    enum nss_status status;
    int error, h_error;
    struct hostent host;
    struct gaih_addrtuple *tuples;
    int32_t ttl;
    char *canonical;
};

/* By name: `what` is the name; by address: its text. */
static struct call call(enum function function, const char *what, char *buffer, size_t size)
{
    struct call c = {.error = -1, .h_error = -2, .ttl = -3};
    uint8_t octets[16];
    int *e = &c.error;
    int *h = &c.h_error;
    int af = function == BYNAME3_V6 || function == BYNAME2_V6 ? AF_INET6 : AF_INET;
    switch (function) {
    case BYNAME4:
        c.status = _nss_hearth_gethostbyname4_r(what, &c.tuples, buffer, size, e, h, &c.ttl);
        break;
    case BYNAME3_V4:
    case BYNAME3_V6:
        c.status = _nss_hearth_gethostbyname3_r(what, af, &c.host, buffer, size, e, h, &c.ttl,
                                                &c.canonical);
        break;
    case BYNAME2_V4:
    case BYNAME2_V6:
        c.status = _nss_hearth_gethostbyname2_r(what, af, &c.host, buffer, size, e, h);
        break;
    case BYNAME:
        c.status = _nss_hearth_gethostbyname_r(what, &c.host, buffer, size, e, h);
        break;
    case BYADDR2:
    case BYADDR:
        af = strchr(what, ':') ? AF_INET6 : AF_INET;
        assert_int_equal(inet_pton(af, what, octets), 1);
        socklen_t len = af == AF_INET ? 4 : 16;
        c.status = function == BYADDR
                       ? _nss_hearth_gethostbyaddr_r(octets, len, af, &c.host, buffer, size, e, h)
                       : _nss_hearth_gethostbyaddr2_r(octets, len, af, &c.host, buffer, size, e, h,
                                                      &c.ttl);
        break;
    }
    return c;
}

static struct call ask(enum function function, const char *what)
{
    static char buffer[4096];
    return call(function, what, buffer, sizeof buffer);
}

static void check_end(enum function function, const char *what, enum nss_status status, int h_error)
{
    struct call c = ask(function, what);
    if (c.status != status || (status != NSS_STATUS_SUCCESS && c.h_error != h_error))
        print_error("%d %s: status %d, h_errno %d\n", function, what, c.status, c.h_error);
    assert_int_equal(c.status, status);
    assert_int_equal(c.h_error, status == NSS_STATUS_SUCCESS ? -2 : h_error);
}

/* --- what is answered --- */

static void names_are_answered(void **state)
{
    (void)state;
    struct call c = ask(BYNAME2_V4, "Camera.MAPLE.home.ARPA.");
    assert_int_equal(c.status, NSS_STATUS_SUCCESS);
    assert_string_equal(c.host.h_name, "camera.maple.home.arpa");
    assert_null(c.host.h_aliases[0]);
    assert_int_equal(c.host.h_addrtype, AF_INET);
    assert_int_equal(c.host.h_length, 4);
    assert_memory_equal(c.host.h_addr_list[0], "\xc0\xa8\1\5", 4);
    assert_memory_equal(c.host.h_addr_list[1], "\xc0\xa8\1\6", 4);
    assert_memory_equal(c.host.h_addr_list[2], "\xc0\xa8\1\7", 4);
    assert_null(c.host.h_addr_list[3]);
    c = ask(BYNAME3_V6, "camera.maple.home.arpa");
    assert_int_equal(c.host.h_addrtype, AF_INET6);
    assert_int_equal(c.host.h_length, 16);
    assert_memory_equal(c.host.h_addr_list[1], "\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\6", 16);
    assert_null(c.host.h_addr_list[2]);
    assert_int_equal(c.ttl, 300);
    assert_ptr_equal(c.canonical, c.host.h_name);
    assert_int_equal(ask(BYNAME, "camera.maple.home.arpa").host.h_addrtype, AF_INET);
}

static void both_families_at_once(void **state)
{
    (void)state;
    struct call c = ask(BYNAME4, "camera.maple.home.arpa");
    assert_int_equal(c.status, NSS_STATUS_SUCCESS);
    assert_int_equal(c.ttl, 300);
    static const int families[] = {AF_INET6, AF_INET6, AF_INET, AF_INET, AF_INET};
    const struct gaih_addrtuple *at = c.tuples;
    for (size_t i = 0; i < 5; i++, at = at->next) {
        assert_non_null(at);
        assert_int_equal(at->family, families[i]);
        assert_int_equal(at->scopeid, 0);
        assert_string_equal(at->name, "camera.maple.home.arpa");
    }
    assert_null(at);
    assert_memory_equal(c.tuples->next->next->addr, "\xc0\xa8\1\5", 4);
    /* nscd's way: the first tuple's place is given. */
    struct gaih_addrtuple given = {.family = 0};
    struct gaih_addrtuple *pat = &given;
    char buffer[1024];
    int error;
    int h_error;
    assert_int_equal(_nss_hearth_gethostbyname4_r("camera.maple.home.arpa", &pat, buffer,
                                                  sizeof buffer, &error, &h_error, NULL),
                     NSS_STATUS_SUCCESS);
    assert_ptr_equal(pat, &given);
    assert_int_equal(given.family, AF_INET6);
    assert_int_equal(given.next->next->family, AF_INET);
}

static void addresses_are_answered(void **state)
{
    (void)state;
    struct call c = ask(BYADDR2, "192.168.1.5");
    assert_int_equal(c.status, NSS_STATUS_SUCCESS);
    assert_string_equal(c.host.h_name, "alias.maple.home.arpa");
    assert_string_equal(c.host.h_aliases[0], "camera.maple.home.arpa");
    assert_string_equal(c.host.h_aliases[1], "other.maple.home.arpa");
    assert_null(c.host.h_aliases[2]);
    assert_int_equal(c.host.h_addrtype, AF_INET);
    assert_memory_equal(c.host.h_addr_list[0], "\xc0\xa8\1\5", 4);
    assert_null(c.host.h_addr_list[1]);
    c = ask(BYADDR, "fd00::6");
    assert_string_equal(c.host.h_name, "camera.maple.home.arpa");
    assert_null(c.host.h_aliases[0]);
    assert_int_equal(c.host.h_length, 16);
    c = ask(BYADDR, "::ffff:192.168.1.4"); /* the family is the asker's */
    assert_string_equal(c.host.h_name, "four.maple.home.arpa");
    assert_int_equal(c.host.h_addrtype, AF_INET6);
    check_end(BYADDR, "192.168.1.99", NSS_STATUS_UNAVAIL, NO_RECOVERY);
    check_end(BYADDR, "::1", NSS_STATUS_UNAVAIL, NO_RECOVERY);
}

static const struct {
    const char *name;
    enum nss_status status;
    int h_error;
} ends[] = {
    {"x.deep.maple.home.arpa", NSS_STATUS_SUCCESS, 0},
    {"maple.home.arpa", NSS_STATUS_SUCCESS, 0},
    {"none.maple.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"deep.maple.home.arpa", NSS_STATUS_NOTFOUND, NO_DATA}, /* an empty non-terminal */
    {"door.maple.home.arpa", NSS_STATUS_NOTFOUND, NO_DATA},
    {"bad name.maple.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"-.maple.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"a..maple.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"HOME.ARPA.", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {".home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"pine.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"a.b.pine.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND},
    {"xhome.arpa", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"home.arpa..", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"home.arpa.example", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"arpa", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {".", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"camera", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"192.168.1.5", NSS_STATUS_UNAVAIL, NO_RECOVERY},
    {"example.com", NSS_STATUS_UNAVAIL, NO_RECOVERY},
};

static void every_kind_of_name_has_its_end(void **state)
{
    (void)state;
    static const enum function functions[] = {BYNAME4, BYNAME3_V4, BYNAME2_V4, BYNAME};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        for (size_t j = 0; j < 4; j++)
            check_end(functions[j], ends[i].name, ends[i].status, ends[i].h_error);
    }
    check_end(BYNAME2_V6, "four.maple.home.arpa", NSS_STATUS_NOTFOUND, NO_DATA);
    check_end(BYNAME2_V4, "four.maple.home.arpa", NSS_STATUS_SUCCESS, 0);
}

/* What nobody here serves goes on to the local upstream; a household's own names never do. */
static void a_local_upstream_gets_the_other_names(void **state)
{
    (void)state;
    publish(text, VIEW_FLAG_LOCAL_UPSTREAM);
    check_end(BYNAME4, "pine.home.arpa", NSS_STATUS_UNAVAIL, NO_RECOVERY);
    check_end(BYNAME4, "home.arpa", NSS_STATUS_UNAVAIL, NO_RECOVERY);
    check_end(BYNAME4, "bad name.pine.home.arpa", NSS_STATUS_UNAVAIL, NO_RECOVERY);
    check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_SUCCESS, 0);
    check_end(BYNAME4, "none.maple.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
    check_end(BYNAME4, "bad name.maple.home.arpa", NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
}

static void very_long_names(void **state)
{
    (void)state;
    char name[2048];
    memset(name, 'a', sizeof name);
    strcpy(name + 1000, ".maple.home.arpa");
    check_end(BYNAME4, name, NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
    for (size_t i = 63; i < 1000; i += 64)
        name[i] = '.';
    check_end(BYNAME4, name, NSS_STATUS_NOTFOUND, HOST_NOT_FOUND);
    strcpy(name + 1000, ".example");
    check_end(BYNAME4, name, NSS_STATUS_UNAVAIL, NO_RECOVERY);
}

static void other_families_are_not_served(void **state)
{
    (void)state;
    struct hostent host;
    char buffer[512];
    int error;
    int h_error;
    assert_int_equal(_nss_hearth_gethostbyname2_r("camera.maple.home.arpa", AF_UNIX, &host, buffer,
                                                  sizeof buffer, &error, &h_error),
                     NSS_STATUS_UNAVAIL);
    assert_int_equal(error, EAFNOSUPPORT);
    static const socklen_t lengths[] = {0, 3, 5, 16};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(_nss_hearth_gethostbyaddr_r("\xc0\xa8\1\5", lengths[i], AF_INET, &host,
                                                     buffer, sizeof buffer, &error, &h_error),
                         NSS_STATUS_UNAVAIL);
}

/* --- the view is not what it should be --- */

static void no_usable_view_is_try_again(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        char bytes[4096] = "HVW1";
        unlink(view_path);
        if (i == 1)
            assert_int_equal(mkdir(view_path, 0700), 0);
        if (i >= 2) {
            int fd = open(view_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
            assert_int_equal(write(fd, bytes, i == 2 ? 0 : sizeof bytes), i == 2 ? 0 : 4096);
            close(fd);
        }
        publisher.generation++;
        assert_int_equal(pwrite(publisher.word_fd, &publisher.generation, 8, 0), 8);
        for (int j = 0; j < 3; j++) {
            check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_NOTFOUND, TRY_AGAIN);
            check_end(BYNAME2_V4, "pine.home.arpa", NSS_STATUS_NOTFOUND, TRY_AGAIN);
            check_end(BYNAME4, "example.com", NSS_STATUS_UNAVAIL, NO_RECOVERY);
            check_end(BYADDR, "192.168.1.5", NSS_STATUS_UNAVAIL, NO_RECOVERY);
        }
        if (i == 1)
            rmdir(view_path);
    }
    publisher.generation++;
    publish(text, 0);
    check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_SUCCESS, 0);
}

/* A block whose checksum is wrong: no answer out of it. */
static void a_damaged_block_is_try_again(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(view_from_text(text, publisher_next(&publisher), &bytes, &len), STATUS_OK);
    bytes[len - 40] ^= 1; /* somewhere in the heap */
    assert_int_equal(publisher_put(&publisher, bytes, len), STATUS_OK);
    free(bytes);
    check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_NOTFOUND, TRY_AGAIN);
    check_end(BYNAME4, "none.maple.home.arpa", NSS_STATUS_NOTFOUND, TRY_AGAIN);
    check_end(BYADDR, "192.168.1.5", NSS_STATUS_UNAVAIL, NO_RECOVERY);
    publish(text, 0);
    check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_SUCCESS, 0);
}

/* --- buffers --- */

static void check_inside(const void *pointer, size_t len, const char *buffer, size_t size)
{
    const char *at = pointer;
    assert_true(at >= buffer && at <= buffer + size && len <= (size_t)(buffer + size - at));
}

static void check_places(const struct call *c, const char *buffer, size_t size)
{
    for (const struct gaih_addrtuple *t = c->tuples; t; t = t->next) {
        assert_int_equal((uintptr_t)t % alignof(struct gaih_addrtuple), 0);
        check_inside(t, sizeof *t, buffer, size);
        check_inside(t->name, strlen(t->name) + 1, buffer, size);
    }
    if (!c->host.h_name)
        return;
    check_inside(c->host.h_name, strlen(c->host.h_name) + 1, buffer, size);
    assert_int_equal((uintptr_t)c->host.h_aliases % alignof(char *), 0);
    assert_int_equal((uintptr_t)c->host.h_addr_list % alignof(char *), 0);
    char **p = c->host.h_aliases;
    for (; *p; p++)
        check_inside(*p, strlen(*p) + 1, buffer, size);
    check_inside(p, sizeof *p, buffer, size);
    for (p = c->host.h_addr_list; *p; p++)
        check_inside(*p, (size_t)c->host.h_length, buffer, size);
    check_inside(p, sizeof *p, buffer, size);
}

/* For every alignment: too small until it is enough, and then it stays enough. Returns the least
 * size. */
static size_t try_sizes(enum function function, const char *what, size_t offset)
{
    size_t least = 0;
    for (size_t size = 0; size < 600; size++) {
        char *block = malloc(offset + size + 1); /* its end is watched by the sanitizer */
        assert_non_null(block);
        char *buffer = block + offset;
        memset(block, 0x5a, offset + size + 1);
        struct call c = call(function, what, buffer, size);
        assert_int_equal(buffer[size], 0x5a);
        if (c.status == NSS_STATUS_TRYAGAIN) {
            assert_int_equal(least, 0);
            assert_int_equal(c.error, ERANGE);
            assert_int_equal(c.h_error, NETDB_INTERNAL);
            assert_int_equal(c.ttl, -3);
            assert_null(c.tuples);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(buffer[i], 0x5a); /* untouched */
        } else {
            assert_int_equal(c.status, NSS_STATUS_SUCCESS);
            check_places(&c, buffer, size);
            least = least ? least : size;
        }
        free(block);
    }
    assert_true(least > 0);
    return least;
}

static void buffers_of_every_size_and_alignment(void **state)
{
    (void)state;
    for (enum function f = BYNAME4; f <= BYADDR; f++) {
        const char *what = f >= BYADDR2 ? "192.168.1.5" : "camera.maple.home.arpa";
        size_t aligned = try_sizes(f, what, 0);
        for (size_t offset = 1; offset <= 16; offset++) {
            size_t pad = -offset & (alignof(void *) - 1);
            assert_int_equal(try_sizes(f, what, offset), aligned + pad);
        }
    }
}

/* 3 addresses of 4 octets, their list and the aliases' with a NULL each, 23 octets of name. */
static void the_size_needed_is_exact(void **state)
{
    (void)state;
    assert_int_equal(try_sizes(BYNAME2_V4, "camera.maple.home.arpa", 0),
                     5 * sizeof(char *) + 12 + 23);
    assert_int_equal(try_sizes(BYNAME4, "camera.maple.home.arpa", 0),
                     5 * sizeof(struct gaih_addrtuple) + 23);
    /* alias, camera and other, with two aliases and a NULL, one address and a NULL */
    assert_int_equal(try_sizes(BYADDR, "192.168.1.5", 0), 5 * sizeof(char *) + 4 + 22 + 23 + 22);
}

/* --- a guest --- */

static void errno_is_left_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        errno = EXDEV;
        assert_int_equal(ask(BYNAME4, "camera.maple.home.arpa").status, NSS_STATUS_SUCCESS);
        assert_int_equal(errno, EXDEV);
        assert_int_equal(ask(BYADDR, "192.168.1.5").status, NSS_STATUS_SUCCESS);
        assert_int_equal(errno, EXDEV);
        assert_int_equal(ask(BYNAME4, "none.maple.home.arpa").error, ENOENT);
        assert_int_equal(errno, EXDEV); /* it is *errnop that is set */
        publish(text, 0);               /* the next call maps again */
    }
}

static unsigned count_lines(const char *path, const char *with)
{
    char line[512];
    unsigned count = 0;
    FILE *in = fopen(path, "re");
    assert_non_null(in);
    while (fgets(line, sizeof line, in))
        count += strstr(line, with) != NULL;
    fclose(in);
    return count;
}

static void nothing_is_left_behind(void **state)
{
    (void)state;
    check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_SUCCESS, 0);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    for (int i = 0; i < 50; i++) {
        publish(text, 0);
        check_end(BYNAME4, "camera.maple.home.arpa", NSS_STATUS_SUCCESS, 0);
        assert_int_equal(count_lines("/proc/self/maps", "/names.view"), 1);
        assert_int_equal(count_lines("/proc/self/maps", "/generation"), 1);
    }
    int again = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(again, fd); /* the lowest free descriptor is still the same */
    close(again);
}

/* Through glibc itself, which finds the module by its name. */
static void getaddrinfo_answers(void **state)
{
    (void)state;
    assert_int_equal(__nss_configure_lookup("hosts", "hearth [NOTFOUND=return] files"), 0);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME};
    struct addrinfo *list = NULL;
    assert_int_equal(getaddrinfo("CAMERA.maple.home.arpa", "443", &hints, &list), 0);
    assert_string_equal(list->ai_canonname, "camera.maple.home.arpa");
    unsigned count = 0;
    for (const struct addrinfo *at = list; at; at = at->ai_next)
        count++;
    assert_int_equal(count, 5);
    freeaddrinfo(list);
    assert_int_equal(getaddrinfo("none.maple.home.arpa", NULL, &hints, &list), EAI_NONAME);
    assert_int_equal(getaddrinfo("door.maple.home.arpa", NULL, &hints, &list), EAI_NODATA);
    hints.ai_family = AF_INET;
    assert_int_equal(getaddrinfo("four.maple.home.arpa", NULL, &hints, &list), 0);
    assert_null(list->ai_next);
    freeaddrinfo(list);
    assert_int_equal(getaddrinfo("localhost", NULL, &hints, &list), 0); /* from files */
    freeaddrinfo(list);
    uint8_t *bytes = NULL;
    size_t len = 0;
    assert_int_equal(view_from_text(text, publisher_next(&publisher), &bytes, &len), STATUS_OK);
    bytes[len - 40] ^= 1;
    assert_int_equal(publisher_put(&publisher, bytes, len), STATUS_OK);
    free(bytes);
    assert_int_equal(getaddrinfo("four.maple.home.arpa", NULL, &hints, &list), EAI_AGAIN);
}

/* Mapping again without a word: that one call of open fails is nobody's business. The last test,
 * since nothing tells the module at once of a new folder now. */
static void errno_is_left_alone_without_a_word(void **state)
{
    (void)state;
    char word_path[128];
    snprintf(word_path, sizeof word_path, "%s/generation", view_dir);
    assert_int_equal(unlink(word_path), 0);
    assert_int_equal(pwrite(publisher.word_fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, 0), 8);
    errno = EXDEV;
    assert_int_equal(ask(BYNAME4, "camera.maple.home.arpa").status, NSS_STATUS_SUCCESS);
    assert_int_equal(errno, EXDEV);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_answered),
        TEST(both_families_at_once),
        TEST(addresses_are_answered),
        TEST(every_kind_of_name_has_its_end),
        TEST(a_local_upstream_gets_the_other_names),
        TEST(very_long_names),
        TEST(other_families_are_not_served),
        TEST(no_usable_view_is_try_again),
        TEST(a_damaged_block_is_try_again),
        TEST(buffers_of_every_size_and_alignment),
        TEST(the_size_needed_is_exact),
        TEST(errno_is_left_alone),
        TEST(nothing_is_left_behind),
        TEST(getaddrinfo_answers),
        TEST(errno_is_left_alone_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
