/* ca_certificate.c: see ca_certificate.h.
 *
 * What the root may vouch for is fenced in four ways, since stock software checks each of them:
 *
 *   name constraints  permitted DNS:home.arpa. A type of name that is not constrained is open, so
 *                     all IPv4 and IPv6 addresses are excluded: with the DNS names alone, browsers
 *                     and curl took a leaf for any address.
 *   key purpose       serverAuth. It also closes the types of names that no constraint here speaks
 *                     of: mail addresses, people and programs are proven by other purposes. (Their
 *                     constraints are written and read too differently: "no mailbox at all" can't be
 *                     said, and some libraries refuse a root with critical constraints on directory
 *                     names.)
 *   path length 0     no CA below it.
 *   key usage         certificates and revocation lists.
 *
 * P-256 with SHA-256, because browsers take no Ed25519. The root is good from 1970 to 9999 (RFC 5280,
 * section 4.1.2.5: no well-defined end): a machine whose clock is wrong when it makes the root must
 * not lock itself out when the clock is right.
 */
#include "dane/proxy/ca_certificate.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dane/proxy/ca.h"
#include "ledger/base/text.h"

enum {
    SERIAL_SIZE = 16,     /* RFC 5280, section 4.1.2.2: at most 20, positive */
    COMMON_NAME_MAX = 64, /* ub-common-name */
};

struct recipe {
    int extension;
    const char *value; /* as OpenSSL's x509v3_config(5) has it */
};

static const struct recipe root_recipe[] = {
    {NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {NID_key_usage, "critical,keyCertSign,cRLSign"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_name_constraints, "critical,permitted;DNS:home.arpa,"
                           "excluded;IP:0.0.0.0/0.0.0.0,"
                           "excluded;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"},
    {NID_subject_key_identifier, "hash"},
};

static const struct recipe leaf_recipe[] = {
    {NID_basic_constraints, "critical,CA:FALSE"},
    {NID_key_usage, "critical,digitalSignature"},
    {NID_ext_key_usage, "serverAuth"},
    {NID_subject_key_identifier, "hash"},
    {NID_authority_key_identifier, "keyid:always"},
};

static bool add_extensions(X509 *certificate, X509 *issuer, const struct recipe *recipe,
                           size_t count)
{
    X509V3_CTX context;
    bool good = true;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    for (size_t i = 0; good && i < count; i++) {
        X509_EXTENSION *extension =
            X509V3_EXT_conf_nid(NULL, &context, recipe[i].extension, recipe[i].value);
        good = extension && X509_add_ext(certificate, extension, -1) == 1;
        X509_EXTENSION_free(extension);
    }
    return good;
}

static bool set_random_serial(X509 *certificate)
{
    uint8_t bytes[SERIAL_SIZE];
    if (RAND_bytes(bytes, sizeof bytes) != 1)
        return false;
    bytes[0] = (uint8_t)((bytes[0] & 0x3f) | 0x40); /* positive, and all its octets count */
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return good;
}

static bool add_name(X509_NAME *name, const char *field, const char *text)
{
    return X509_NAME_add_entry_by_txt(name, field, MBSTRING_ASC, (const uint8_t *)text, -1, -1,
                                      0) == 1;
}

/* --- the root --- */

/* "Hearth CA of USER on HOST", as far as it goes, in printable ASCII. */
static void describe(char text[static COMMON_NAME_MAX + 1], uid_t user)
{
    char host[HOST_NAME_MAX + 1] = "", number[24];
    const struct passwd *account = getpwuid(user);
    (void)snprintf(number, sizeof number, "%lu", (unsigned long)user);
    if (gethostname(host, sizeof host - 1) != 0 || host[0] == '\0')
        (void)strcpy(host, "this host");
    (void)snprintf(text, COMMON_NAME_MAX + 1, "Hearth CA of %.24s on %.23s",
                   account ? account->pw_name : number, host);
    for (char *at = text; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

/* No two roots have the same name, so that a leaf's issuer is never in doubt. */
static bool set_root_name(X509 *root, uid_t user)
{
    uint8_t random[4];
    char text[COMMON_NAME_MAX + 1], unit[2 * sizeof random + 1];
    X509_NAME *name = X509_get_subject_name(root);
    if (RAND_bytes(random, sizeof random) != 1)
        return false;
    hex_encode(random, sizeof random, unit);
    describe(text, user);
    return add_name(name, "O", "Hearth") && add_name(name, "OU", unit) &&
           add_name(name, "CN", text) && X509_set_issuer_name(root, name) == 1;
}

struct x509_st *ca_certificate_make_root(EVP_PKEY *key, uid_t user)
{
    X509 *root = X509_new();
    if (root && X509_set_version(root, X509_VERSION_3) == 1 && set_random_serial(root) &&
        ASN1_TIME_set_string_X509(X509_getm_notBefore(root), "19700101000000Z") == 1 &&
        ASN1_TIME_set_string_X509(X509_getm_notAfter(root), "99991231235959Z") == 1 &&
        set_root_name(root, user) && X509_set_pubkey(root, key) == 1 &&
        add_extensions(root, root, root_recipe, sizeof root_recipe / sizeof *root_recipe) &&
        X509_sign(root, key, EVP_sha256()) > 0)
        return root;
    X509_free(root);
    ERR_clear_error();
    return NULL;
}

bool ca_certificate_is_root(struct x509_st *certificate)
{
    int at = X509_get_ext_by_NID(certificate, NID_name_constraints, -1);
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    bool is = at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) == 1 &&
              X509_check_ca(certificate) == 1 && key && X509_verify(certificate, key) == 1;
    ERR_clear_error();
    return is;
}

/* --- leaves --- */

/* Built, not written as a text for OpenSSL to parse: a host must not be able to say more than a host. */
static bool add_host(X509 *leaf, const char *host)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    bool good = names && name && text && ASN1_STRING_set(text, host, -1) == 1;
    if (good) {
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        text = NULL;
        good = sk_GENERAL_NAME_push(names, name) > 0;
    }
    if (good) {
        name = NULL;
        good = X509_add1_ext_i2d(leaf, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
    }
    ASN1_IA5STRING_free(text);
    GENERAL_NAME_free(name);
    GENERAL_NAMES_free(names);
    return good;
}

/* Never outside the root's own dates: what is nested wrongly is refused by some. */
static bool set_dates(X509 *leaf, const X509 *root, long long now_s)
{
    const ASN1_TIME *first = X509_get0_notBefore(root), *last = X509_get0_notAfter(root);
    time_t begin = (time_t)(now_s - CA_LEAF_BACKDATED_S), end = (time_t)(now_s + CA_LEAF_LIFE_S);
    bool begun = ASN1_TIME_cmp_time_t(first, begin) > 0
                     ? X509_set1_notBefore(leaf, first) == 1
                     : ASN1_TIME_set(X509_getm_notBefore(leaf), begin) != NULL;
    bool ended = ASN1_TIME_cmp_time_t(last, end) < 0
                     ? X509_set1_notAfter(leaf, last) == 1
                     : ASN1_TIME_set(X509_getm_notAfter(leaf), end) != NULL;
    return begun && ended;
}

/* The subject names no host: a name there has 64 characters at most, and the only name that counts
 * is the one in subjectAltName. */
struct x509_st *ca_certificate_make_leaf(struct x509_st *root, EVP_PKEY *root_key, EVP_PKEY *key,
                                         const char *host, long long now_s)
{
    X509 *leaf = X509_new();
    if (leaf && X509_set_version(leaf, X509_VERSION_3) == 1 && set_random_serial(leaf) &&
        set_dates(leaf, root, now_s) && X509_set_pubkey(leaf, key) == 1 &&
        X509_set_issuer_name(leaf, X509_get_subject_name(root)) == 1 &&
        add_name(X509_get_subject_name(leaf), "O", "Hearth") &&
        add_extensions(leaf, root, leaf_recipe, sizeof leaf_recipe / sizeof *leaf_recipe) &&
        add_host(leaf, host) && X509_sign(leaf, root_key, EVP_sha256()) > 0)
        return leaf;
    X509_free(leaf);
    ERR_clear_error();
    return NULL;
}
