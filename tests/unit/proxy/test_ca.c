/* A user's CA: made once whoever comes first, kept, refused when it is not what it should be; and
 * able to vouch for names under home.arpa and for nothing else, as OpenSSL judges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dane/proxy/ca.h"

#define NOW_MS UINT64_C(1780272000000) /* 2026-06-01T00:00:00Z */

enum { STARTERS = 12, PATH_SIZE = 128 };

static char top[64], dir[96];
static char error[CA_ERROR_SIZE];

static int make_dir(void **state)
{
    (void)state;
    strcpy(top, "/tmp/hearth-test-ca-XXXXXX");
    (void)snprintf(dir, sizeof dir, "%s/share/hearth", mkdtemp(top));
    return 0;
}

static int remove_one(const char *path, const struct stat *of, int kind, struct FTW *walk)
{
    (void)of, (void)kind, (void)walk;
    return remove(path);
}

static int remove_dir(void **state)
{
    (void)state;
    return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_dir(const char *name)
{
    static char paths[4][PATH_SIZE];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    (void)snprintf(path, PATH_SIZE, "%s/%s", dir, name);
    return path;
}

static unsigned mode_of(const char *path)
{
    struct stat stat_of;
    assert_int_equal(stat(path, &stat_of), 0);
    return stat_of.st_mode & 07777;
}

static struct ca opened(void)
{
    struct ca ca;
    enum status status = ca_open(&ca, dir, NOW_MS, error);
    assert_string_equal(error, "");
    assert_int_equal(status, STATUS_OK);
    return ca;
}

/* Refused, with a sentence that names the file and something to do; the CA is then empty. */
static void assert_refused(enum status expected, const char *file)
{
    struct ca ca;
    assert_int_equal(ca_open(&ca, dir, NOW_MS, error), expected);
    assert_non_null(strstr(error, file));
    assert_non_null(strstr(error, dir));
    assert_true(strstr(error, "hearth trust") || strstr(error, "try again"));
    assert_null(ca.certificate);
    assert_null(ca.key);
    ca_close(&ca);
}

static size_t read_whole(const char *path, char bytes[static 8192])
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(bytes, 1, 8192, file);
    fclose(file);
    return len;
}

static void write_whole(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    assert_int_equal(chmod(path, 0600), 0);
}

/* --- files --- */

static void made_once_and_kept(void **state)
{
    (void)state;
    umask(0);
    struct ca first = opened(), again = opened();
    assert_memory_equal(first.sha256, again.sha256, 32);
    assert_int_equal(X509_cmp(first.certificate, again.certificate), 0);
    assert_int_equal(mode_of(dir), 0700);
    assert_int_equal(mode_of(in_dir("ca.key")), 0600);
    assert_int_equal(mode_of(in_dir("ca.pem")), 0644);
    assert_int_equal(access(in_dir("ca.key.new"), F_OK), -1);
    assert_int_equal(access(in_dir("ca.pem.new"), F_OK), -1);
    umask(0777);
    assert_int_equal(unlink(in_dir("ca.key")) | unlink(in_dir("ca.pem")), 0);
    struct ca other = opened();
    umask(022);
    assert_int_equal(mode_of(in_dir("ca.key")), 0600);
    assert_int_equal(mode_of(in_dir("ca.pem")), 0644);
    assert_memory_not_equal(first.sha256, other.sha256, 32);
    ca_close(&first);
    ca_close(&again);
    ca_close(&again);
    ca_close(&other);
}

static void several_starters_have_one(void **state)
{
    (void)state;
    uint8_t all[STARTERS][32];
    int go[2], answers[2];
    assert_int_equal(pipe(go) | pipe(answers), 0);
    for (size_t i = 0; i < STARTERS; i++) {
        if (fork() == 0) {
            struct ca ca;
            char octet;
            close(go[1]);
            if (read(go[0], &octet, 1) != 0 || ca_open(&ca, dir, NOW_MS, error) != STATUS_OK ||
                write(answers[1], ca.sha256, 32) != 32)
                _exit(1);
            _exit(0);
        }
    }
    close(go[0]);
    close(go[1]); /* all at once */
    for (size_t i = 0; i < STARTERS; i++) {
        int how;
        assert_true(wait(&how) > 0);
        assert_int_equal(how, 0);
        assert_int_equal(read(answers[0], all[i], 32), 32);
        assert_memory_equal(all[i], all[0], 32);
    }
    close(answers[0]);
    close(answers[1]);
    struct ca ca = opened();
    assert_memory_equal(ca.sha256, all[0], 32);
    ca_close(&ca);
}

static void a_crash_between_the_two_is_completed(void **state)
{
    (void)state;
    struct ca first = opened();
    assert_int_equal(rename(in_dir("ca.pem"), in_dir("ca.pem.new")), 0);
    struct ca again = opened();
    assert_memory_equal(first.sha256, again.sha256, 32);
    assert_int_equal(access(in_dir("ca.pem.new"), F_OK), -1);
    /* Before the first of them had its place nothing was made, and what is left is made anew. */
    assert_int_equal(rename(in_dir("ca.pem"), in_dir("ca.pem.new")), 0);
    assert_int_equal(rename(in_dir("ca.key"), in_dir("ca.key.new")), 0);
    struct ca anew = opened();
    assert_memory_not_equal(first.sha256, anew.sha256, 32);
    assert_int_equal(access(in_dir("ca.key.new"), F_OK), -1);
    ca_close(&first);
    ca_close(&again);
    ca_close(&anew);
}

static void half_of_it_is_told_and_not_replaced(void **state)
{
    (void)state;
    char key[8192], certificate[8192];
    struct ca ca = opened();
    size_t key_len = read_whole(in_dir("ca.key"), key);
    size_t certificate_len = read_whole(in_dir("ca.pem"), certificate);
    assert_int_equal(unlink(in_dir("ca.key")), 0);
    assert_refused(STATUS_CORRUPT, "ca.key");
    assert_int_equal(access(in_dir("ca.key"), F_OK), -1);
    write_whole(in_dir("ca.key"), key, key_len);
    assert_int_equal(unlink(in_dir("ca.pem")), 0);
    assert_refused(STATUS_CORRUPT, "ca.pem");
    assert_int_equal(access(in_dir("ca.pem"), F_OK), -1);
    write_whole(in_dir("ca.pem"), certificate, certificate_len);
    struct ca again = opened();
    assert_memory_equal(ca.sha256, again.sha256, 32);
    ca_close(&ca);
    ca_close(&again);
}

static void damage_is_told(void **state)
{
    (void)state;
    static const char *const names[] = {"ca.key", "ca.pem"};
    char bytes[8192], cut[8192], big[9000];
    struct ca ca = opened();
    ca_close(&ca);
    for (size_t i = 0; i < 2; i++) {
        size_t len = read_whole(in_dir(names[i]), bytes);
        for (size_t kept = 0; kept + 30 < len; kept += 17) {
            write_whole(in_dir(names[i]), bytes, kept);
            assert_refused(STATUS_CORRUPT, names[i]);
        }
        memset(big, 'A', sizeof big);
        write_whole(in_dir(names[i]), big, sizeof big);
        assert_refused(STATUS_CORRUPT, names[i]);
        /* One character of the base64 of what is signed. */
        memcpy(cut, bytes, len);
        cut[len / 2] = cut[len / 2] == 'A' ? 'B' : 'A';
        write_whole(in_dir(names[i]), cut, len);
        struct ca damaged;
        assert_int_equal(ca_open(&damaged, dir, NOW_MS, error), STATUS_CORRUPT);
        ca_close(&damaged);
        write_whole(in_dir(names[i]), bytes, len);
    }
    ca = opened();
    ca_close(&ca);
}

static void two_that_do_not_belong_together(void **state)
{
    (void)state;
    char bytes[8192];
    struct ca ca = opened();
    ca_close(&ca);
    size_t len = read_whole(in_dir("ca.pem"), bytes);
    assert_int_equal(unlink(in_dir("ca.key")) | unlink(in_dir("ca.pem")), 0);
    ca = opened();
    ca_close(&ca);
    write_whole(in_dir("ca.pem"), bytes, len);
    assert_refused(STATUS_CORRUPT, "belong together");
    /* Nor is a certificate placed that only lies where a crash would have left one. */
    assert_int_equal(rename(in_dir("ca.pem"), in_dir("ca.pem.new")), 0);
    assert_refused(STATUS_CORRUPT, "ca.pem");
    assert_int_equal(access(in_dir("ca.pem"), F_OK), -1);
}

static void a_root_without_the_fence_is_refused(void **state)
{
    (void)state;
    struct ca ca = opened();
    int at = X509_get_ext_by_NID(ca.certificate, NID_name_constraints, -1);
    X509_EXTENSION *fence = X509_delete_ext(ca.certificate, at);
    for (int with = 0; with < 2; with++) {
        if (with) { /* there, but not critical */
            assert_int_equal(X509_EXTENSION_set_critical(fence, 0), 1);
            assert_int_equal(X509_add_ext(ca.certificate, fence, -1), 1);
        }
        assert_true(X509_sign(ca.certificate, ca.key, EVP_sha256()) > 0);
        FILE *file = fopen(in_dir("ca.pem"), "w");
        assert_int_equal(PEM_write_X509(file, ca.certificate), 1);
        fclose(file);
        assert_refused(STATUS_CORRUPT, "ca.pem");
    }
    X509_EXTENSION_free(fence);
    ca_close(&ca);
}

static void rights_to_the_key_are_checked(void **state)
{
    (void)state;
    static const mode_t wide[] = {0640, 0604, 0660, 0606, 0601, 0610, 0644, 0777};
    struct ca ca = opened();
    ca_close(&ca);
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        assert_int_equal(chmod(in_dir("ca.key"), wide[i]), 0);
        assert_refused(STATUS_DENIED, "ca.key");
    }
    assert_int_equal(chmod(in_dir("ca.key"), 0400), 0);
    ca = opened();
    ca_close(&ca);
    assert_int_equal(rename(in_dir("ca.key"), in_dir("elsewhere")), 0);
    assert_int_equal(symlink("elsewhere", in_dir("ca.key")), 0);
    assert_refused(STATUS_DENIED, "ca.key");
}

static void a_full_disk_leaves_nothing(void **state)
{
    (void)state;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    for (rlim_t room = 0; room < 900; room += 250) { /* none, for part of the key, for the key */
        none = (struct rlimit){.rlim_cur = room, .rlim_max = before.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        struct ca ca;
        enum status status = ca_open(&ca, dir, NOW_MS, error);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(status, STATUS_FULL);
        assert_non_null(strstr(error, dir));
        assert_int_equal(rmdir(dir), 0); /* nothing in it */
    }
    struct ca ca = opened();
    ca_close(&ca);
}

static void root_makes_it_for_the_folders_owner(void **state)
{
    (void)state;
    struct stat of;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(top, 65534, 65534), 0);
    struct ca ca = opened();
    static const char *const names[] = {"", "ca.key", "ca.pem"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stat(in_dir(names[i]), &of), 0);
        assert_int_equal(of.st_uid, 65534);
    }
    char name[128];
    assert_true(X509_NAME_get_text_by_NID(X509_get_subject_name(ca.certificate), NID_commonName,
                                          name, sizeof name) > 0);
    assert_non_null(strstr(name, "CA of nobody on "));
    ca_close(&ca);
    assert_int_equal(chown(in_dir("ca.key"), 0, 0), 0);
    assert_int_equal(chown(in_dir("ca.key"), 65533, 65533), 0);
    assert_refused(STATUS_DENIED, "ca.key");
}

static void no_right_to_the_folder(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    pid_t child = fork();
    if (child == 0) {
        struct ca ca;
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        bool told = ca_open(&ca, dir, NOW_MS, error) == STATUS_DENIED && strstr(error, dir) &&
                    strstr(error, "right to write");
        _exit(told ? 0 : 1);
    }
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(how, 0);
}

static void the_certificate_alone(void **state)
{
    (void)state;
    struct ca ca, both;
    assert_int_equal(ca_open_certificate(&ca, dir, error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error, "hearth trust install"));
    assert_int_equal(access(dir, F_OK), -1);
    both = opened();
    assert_int_equal(unlink(in_dir("ca.key")), 0);
    assert_int_equal(ca_open_certificate(&ca, dir, error), STATUS_OK);
    assert_memory_equal(ca.sha256, both.sha256, 32);
    assert_null(ca.key);
    ca_close(&ca);
    ca_close(&both);
    write_whole(in_dir("ca.pem"), "hello", 5);
    assert_int_equal(ca_open_certificate(&ca, dir, error), STATUS_CORRUPT);
    assert_non_null(strstr(error, "ca.pem"));
    assert_null(ca.certificate);
}

/* --- what it vouches for --- */

enum { NOW_S = 1780272000 };

/* X509_V_OK, or why not. `host` NULL: the name is not asked. */
static int judged_at(const struct ca *ca, X509 *leaf, STACK_OF(X509) * between, const char *host,
                     int purpose, time_t when)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_add_cert(store, ca->certificate), 1);
    assert_int_equal(X509_STORE_CTX_init(context, store, leaf, between), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, when);
    assert_int_equal(X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT), 1);
    assert_int_equal(X509_STORE_CTX_set_purpose(context, purpose), 1);
    if (host)
        assert_int_equal(X509_VERIFY_PARAM_set1_host(param, host, 0), 1);
    int good = X509_verify_cert(context), why = X509_STORE_CTX_get_error(context);
    assert_int_equal(good == 1, why == X509_V_OK);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return why;
}

static int judged(const struct ca *ca, X509 *leaf, const char *host)
{
    return judged_at(ca, leaf, NULL, host, X509_PURPOSE_SSL_SERVER, NOW_S);
}

static X509 *leaf_for(const struct ca *ca, const char *host, EVP_PKEY **key)
{
    X509 *leaf = NULL;
    EVP_PKEY *own = NULL;
    assert_int_equal(ca_sign_leaf(ca, host, NOW_MS, &leaf, &own), STATUS_OK);
    if (key)
        *key = own;
    else
        EVP_PKEY_free(own);
    return leaf;
}

static void put_extension(X509 *leaf, int kind, const char *value)
{
    int at = X509_get_ext_by_NID(leaf, kind, -1);
    if (at >= 0)
        X509_EXTENSION_free(X509_delete_ext(leaf, at));
    if (!value)
        return;
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(leaf, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* What somebody who had the key would sign: a good leaf with one thing changed. */
static X509 *forged(const struct ca *ca, int kind, const char *value)
{
    X509 *leaf = leaf_for(ca, "camera.maple.home.arpa", NULL);
    put_extension(leaf, kind, value);
    assert_true(X509_sign(leaf, ca->key, EVP_sha256()) > 0);
    return leaf;
}

static void inside_is_accepted(void **state)
{
    (void)state;
    char longest[254];
    static const char *const hosts[] = {
        "camera.maple.home.arpa", "maple.home.arpa", "hearth.home.arpa", "home.arpa",
        "a_b.c-d.0.home.arpa",
    };
    struct ca ca = opened();
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        X509 *leaf = leaf_for(&ca, hosts[i], NULL);
        assert_int_equal(judged(&ca, leaf, hosts[i]), X509_V_OK);
        assert_int_equal(judged(&ca, leaf, "fridge.maple.home.arpa"), X509_V_ERR_HOSTNAME_MISMATCH);
        X509_free(leaf);
    }
    memset(longest, 'a', sizeof longest);
    for (size_t i = 60; i < 243; i += 61)
        longest[i] = '.';
    strcpy(longest + 253 - strlen(".home.arpa"), ".home.arpa");
    assert_int_equal(strlen(longest), 253);
    X509 *leaf = leaf_for(&ca, longest, NULL);
    assert_int_equal(judged(&ca, leaf, longest), X509_V_OK);
    X509_free(leaf);
    ca_close(&ca);
}

static void outside_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "DNS:www.example.com",
        "DNS:evilhome.arpa",
        "DNS:arpa",
        "DNS:example.arpa",
        "DNS:home.arpa.example.com",
        "DNS:localhost",
        "DNS:*.example.com",
        "DNS:*.arpa",
        "DNS:camera.maple.home.arpa,DNS:www.example.com",
    };
    static const char *const addresses[] = {
        "IP:192.0.2.7",
        "IP:127.0.0.1",
        "IP:::1",
        "IP:2001:db8::7",
        "DNS:camera.maple.home.arpa,IP:192.0.2.7",
    };
    struct ca ca = opened();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        X509 *leaf = forged(&ca, NID_subject_alt_name, names[i]);
        assert_int_equal(judged(&ca, leaf, NULL), X509_V_ERR_PERMITTED_VIOLATION);
        X509_free(leaf);
    }
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        X509 *leaf = forged(&ca, NID_subject_alt_name, addresses[i]);
        assert_int_equal(judged(&ca, leaf, NULL), X509_V_ERR_EXCLUDED_VIOLATION);
        X509_free(leaf);
    }
    ca_close(&ca);
}

static void a_name_in_the_subject_is_no_way_out(void **state)
{
    (void)state;
    struct ca ca = opened();
    X509 *leaf = leaf_for(&ca, "camera.maple.home.arpa", NULL);
    put_extension(leaf, NID_subject_alt_name, NULL);
    assert_int_equal(X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf), "CN", MBSTRING_ASC,
                                                (const uint8_t *)"www.example.com", -1, -1, 0),
                     1);
    assert_true(X509_sign(leaf, ca.key, EVP_sha256()) > 0);
    assert_int_equal(judged(&ca, leaf, NULL), X509_V_ERR_PERMITTED_VIOLATION);
    X509_free(leaf);
    ca_close(&ca);
}

static void other_purposes_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *usage;
        int purpose;
    } others[] = {
        {"clientAuth", X509_PURPOSE_SSL_CLIENT},
        {"emailProtection", X509_PURPOSE_SMIME_SIGN},
        {"serverAuth,clientAuth,emailProtection", X509_PURPOSE_SSL_CLIENT},
        {"serverAuth,clientAuth,emailProtection", X509_PURPOSE_SMIME_SIGN},
        {"clientAuth", X509_PURPOSE_SSL_SERVER},
    };
    struct ca ca = opened();
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        X509 *leaf = forged(&ca, NID_ext_key_usage, others[i].usage);
        assert_int_equal(judged_at(&ca, leaf, NULL, NULL, others[i].purpose, NOW_S),
                         X509_V_ERR_INVALID_PURPOSE);
        X509_free(leaf);
    }
    ca_close(&ca);
}

static void no_ca_below_it(void **state)
{
    (void)state;
    EVP_PKEY *key = NULL;
    struct ca ca = opened(), below;
    X509 *middle = leaf_for(&ca, "camera.maple.home.arpa", &key);
    put_extension(middle, NID_basic_constraints, "critical,CA:TRUE");
    put_extension(middle, NID_key_usage, "critical,keyCertSign");
    assert_true(X509_sign(middle, ca.key, EVP_sha256()) > 0);
    below = (struct ca){.certificate = middle, .key = key};
    X509 *leaf = leaf_for(&below, "fridge.maple.home.arpa", NULL);
    STACK_OF(X509) *between = sk_X509_new_null();
    assert_true(sk_X509_push(between, middle) > 0);
    assert_int_equal(judged_at(&ca, leaf, between, NULL, X509_PURPOSE_SSL_SERVER, NOW_S),
                     X509_V_ERR_PATH_LENGTH_EXCEEDED);
    sk_X509_free(between);
    X509_free(leaf);
    ca_close(&below);
    ca_close(&ca);
}

static void two_users_roots_are_told_apart(void **state)
{
    (void)state;
    struct ca mine = opened();
    assert_int_equal(unlink(in_dir("ca.key")) | unlink(in_dir("ca.pem")), 0);
    struct ca yours = opened();
    assert_int_not_equal(X509_NAME_cmp(X509_get_subject_name(mine.certificate),
                                       X509_get_subject_name(yours.certificate)),
                         0);
    assert_int_not_equal(ASN1_INTEGER_cmp(X509_get0_serialNumber(mine.certificate),
                                          X509_get0_serialNumber(yours.certificate)),
                         0);
    X509 *leaf = leaf_for(&mine, "camera.maple.home.arpa", NULL);
    assert_int_equal(judged(&yours, leaf, NULL), X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
    X509_free(leaf);
    ca_close(&mine);
    ca_close(&yours);
}

/* --- leaves --- */

static void the_clock_may_be_wrong(void **state)
{
    (void)state;
    static const uint64_t clocks_s[] = {0, 59, 3600, 946684800, NOW_S, 4102444800, 253402300000};
    struct ca ca;
    assert_int_equal(ca_open(&ca, dir, 0, error), STATUS_OK); /* made in 1970 */
    for (size_t i = 0; i < sizeof clocks_s / sizeof *clocks_s; i++) {
        time_t now = (time_t)clocks_s[i];
        X509 *leaf = NULL;
        EVP_PKEY *key = NULL;
        assert_int_equal(ca_sign_leaf(&ca, "a.home.arpa", clocks_s[i] * 1000, &leaf, &key),
                         STATUS_OK);
        assert_int_equal(judged_at(&ca, leaf, NULL, "a.home.arpa", X509_PURPOSE_SSL_SERVER, now),
                         X509_V_OK);
        assert_true(
            ASN1_TIME_compare(X509_get0_notBefore(leaf), X509_get0_notBefore(ca.certificate)) >= 0);
        assert_true(
            ASN1_TIME_compare(X509_get0_notAfter(leaf), X509_get0_notAfter(ca.certificate)) <= 0);
        if (now == NOW_S) {
            assert_int_equal(
                ASN1_TIME_cmp_time_t(X509_get0_notBefore(leaf), now - CA_LEAF_BACKDATED_S), 0);
            assert_int_equal(ASN1_TIME_cmp_time_t(X509_get0_notAfter(leaf), now + CA_LEAF_LIFE_S),
                             0);
        }
        X509_free(leaf);
        EVP_PKEY_free(key);
    }
    ca_close(&ca);
}

static void each_leaf_has_its_own_key_and_serial(void **state)
{
    (void)state;
    EVP_PKEY *keys[2];
    struct ca ca = opened();
    X509 *first = leaf_for(&ca, "a.home.arpa", &keys[0]),
         *second = leaf_for(&ca, "b.home.arpa", &keys[1]);
    assert_int_equal(X509_check_private_key(first, keys[0]), 1);
    assert_int_equal(EVP_PKEY_eq(keys[0], keys[1]), 0);
    assert_int_equal(EVP_PKEY_eq(keys[0], ca.key), 0);
    assert_int_not_equal(
        ASN1_INTEGER_cmp(X509_get0_serialNumber(first), X509_get0_serialNumber(second)), 0);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(first)), 16);
    assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(first),
                                           X509_get0_subject_key_id(ca.certificate)),
                     0);
    for (size_t i = 0; i < 2; i++)
        EVP_PKEY_free(keys[i]);
    X509_free(first);
    X509_free(second);
    ca_close(&ca);
}

static void a_host_says_no_more_than_a_host(void **state)
{
    (void)state;
    static const char sly[] = "a.home.arpa,IP:192.0.2.7,DNS:www.example.com";
    struct ca ca = opened();
    X509 *leaf = leaf_for(&ca, sly, NULL);
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    assert_int_equal(sk_GENERAL_NAME_value(names, 0)->type, GEN_DNS);
    GENERAL_NAMES_free(names);
    X509_free(leaf);
    EVP_PKEY *key;
    char huge[300] = {0};
    memset(huge, 'a', 254);
    assert_int_equal(ca_sign_leaf(&ca, "", NOW_MS, &leaf, &key), STATUS_RANGE);
    assert_int_equal(ca_sign_leaf(&ca, huge, NOW_MS, &leaf, &key), STATUS_RANGE);
    assert_null(leaf);
    assert_null(key);
    ca_close(&ca);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        TEST(made_once_and_kept),
        TEST(several_starters_have_one),
        TEST(a_crash_between_the_two_is_completed),
        TEST(half_of_it_is_told_and_not_replaced),
        TEST(damage_is_told),
        TEST(two_that_do_not_belong_together),
        TEST(a_root_without_the_fence_is_refused),
        TEST(rights_to_the_key_are_checked),
        TEST(a_full_disk_leaves_nothing),
        TEST(root_makes_it_for_the_folders_owner),
        TEST(no_right_to_the_folder),
        TEST(the_certificate_alone),
        TEST(inside_is_accepted),
        TEST(outside_is_refused),
        TEST(a_name_in_the_subject_is_no_way_out),
        TEST(other_purposes_are_refused),
        TEST(no_ca_below_it),
        TEST(two_users_roots_are_told_apart),
        TEST(the_clock_may_be_wrong),
        TEST(each_leaf_has_its_own_key_and_serial),
        TEST(a_host_says_no_more_than_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
