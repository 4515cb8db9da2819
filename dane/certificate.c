/* certificate.c: see certificate.h.
 *
 * The certificate is a stranger's: its texts are shown on terminals and pages, so everything but
 * printable ASCII is escaped here, once. Non-ASCII letters too: a text that turns its direction or
 * imitates another is a trick, not a name.
 */
#include "dane/certificate.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ledger/base/address.h"

/* --- text --- */

struct text {
    char *at; /* `size` octets, NUL-terminated always */
    size_t size, used;
    bool cut;
};

static struct text text_over(char *buffer, size_t size)
{
    buffer[0] = '\0';
    return (struct text){.at = buffer, .size = size};
}

/* All of `piece`, or an ellipsis and nothing ever after. */
static void text_add(struct text *text, const char *piece)
{
    static const char ellipsis[] = "...";
    size_t len = strlen(piece), left = text->size - text->used;
    if (text->cut || left < sizeof ellipsis)
        return;
    if (len > left - sizeof ellipsis) {
        text->cut = true;
        piece = ellipsis;
        len = strlen(ellipsis);
    }
    memcpy(text->at + text->used, piece, len + 1);
    text->used += len;
}

/* Octets of a certificate; `special` are printable ones to escape as well. */
static void text_add_escaped(struct text *text, const uint8_t *bytes, size_t len,
                             const char *special)
{
    for (size_t i = 0; i < len; i++) {
        char piece[4] = {(char)bytes[i], '\0'};
        if (bytes[i] <= 0x20 || bytes[i] >= 0x7f || strchr(special, bytes[i]))
            (void)snprintf(piece, sizeof piece, "\\%02X", bytes[i]);
        text_add(text, piece);
    }
}

static void describe_name(const X509_NAME *name, char *buffer, size_t size)
{
    static const unsigned long form =
        ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN | XN_FLAG_DUMP_UNKNOWN_FIELDS;
    struct text text = text_over(buffer, size);
    char *printed = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio && X509_NAME_print_ex(bio, name, 0, form) >= 0) {
        long len = BIO_get_mem_data(bio, &printed);
        for (long i = 0; i < len; i++) {
            char piece[2] = {printed[i], '\0'};
            text_add(&text, piece);
        }
    }
    BIO_free(bio);
}

/* --- names --- */

static void add_san(struct text *text, const GENERAL_NAME *san)
{
    char literal[ADDRESS_TEXT_SIZE];
    int type = 0;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(san, &type);
    if (type != GEN_DNS && type != GEN_IPADD)
        return;
    const uint8_t *bytes = ASN1_STRING_get0_data(value);
    int len = ASN1_STRING_length(value);
    if (text->used > 0)
        text_add(text, ", ");
    if (type == GEN_DNS) {
        text_add_escaped(text, bytes, (size_t)len, ",\\");
    } else if (len == 4 || len == 16) {
        int family = len == 4 ? AF_INET : AF_INET6;
        if (inet_ntop(family, bytes, literal, sizeof literal))
            text_add(text, literal);
    } else {
        text_add(text, "(malformed address)");
    }
}

static void describe_common_name(const X509 *x509, struct text *text)
{
    const X509_NAME *subject = X509_get_subject_name(x509);
    for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
        uint8_t *utf8 = NULL;
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
        if (len < 0)
            continue;
        if (text->used > 0)
            text_add(text, ", ");
        text_add_escaped(text, utf8, (size_t)len, ",\\");
        OPENSSL_free(utf8);
    }
}

static void describe_names(const X509 *x509, char *buffer, size_t size)
{
    struct text text = text_over(buffer, size);
    GENERAL_NAMES *sans = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(sans); i++)
        add_san(&text, sk_GENERAL_NAME_value(sans, i));
    GENERAL_NAMES_free(sans);
    if (text.used == 0)
        describe_common_name(x509, &text);
}

/* A host name in a certificate needs no escaping rules here: OpenSSL compares, we pass the name on.
 */
bool certificate_carries(const struct x509 *certificate, const char *host)
{
    struct address address;
    X509 *x509 = certificate->openssl;
    size_t len = strlen(host);
    if (len > 1 && host[len - 1] == '.')
        len--;
    if (address_parse(&address, host) == STATUS_OK)
        return X509_check_ip_asc(x509, host, 0) == 1;
    return len > 0 &&
           X509_check_host(x509, host, len, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

bool certificate_has_name(struct der certificate, const char *host)
{
    struct x509 x509;
    bool has = x509_init(&x509, certificate) == STATUS_OK && certificate_carries(&x509, host);
    x509_deinit(&x509);
    return has;
}

/* --- dates, key, signature --- */

static int64_t date_ms(const ASN1_TIME *date, int64_t unreadable)
{
    struct tm tm;
    if (!date || ASN1_TIME_to_tm(date, &tm) != 1)
        return unreadable;
    return (int64_t)timegm(&tm) * 1000;
}

static void describe_ec_key(EVP_PKEY *key, char *text, size_t size)
{
    char group[48] = "";
    const char *name = group;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1) {
        const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));
        name = nist ? nist : group;
    }
    (void)snprintf(text, size, "EC %.48s", name);
}

static void describe_key(const X509 *x509, char *text, size_t size)
{
    EVP_PKEY *key = X509_get0_pubkey(x509);
    switch (key ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
    case EVP_PKEY_NONE:
        (void)snprintf(text, size, "unknown");
        break;
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        (void)snprintf(text, size, "RSA %d", EVP_PKEY_get_bits(key));
        break;
    case EVP_PKEY_EC:
        describe_ec_key(key, text, size);
        break;
    case EVP_PKEY_ED25519:
        (void)snprintf(text, size, "Ed25519");
        break;
    default:
        (void)snprintf(text, size, "%s %d", OBJ_nid2sn(EVP_PKEY_get_base_id(key)),
                       EVP_PKEY_get_bits(key));
        break;
    }
}

static bool is_weak_key(const EVP_PKEY *key)
{
    if (!key)
        return true; /* nothing speaks for its strength */
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return EVP_PKEY_get_bits(key) < CERTIFICATE_RSA_MIN;
    case EVP_PKEY_EC:
        return EVP_PKEY_get_bits(key) < CERTIFICATE_EC_MIN;
    case EVP_PKEY_ED25519:
        return false;
    default:
        return EVP_PKEY_get_security_bits(key) < 112;
    }
}

static void describe_signature(const X509 *x509, char *buffer, size_t size)
{
    char name[64] = "unknown";
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    X509_get0_signature(NULL, &algorithm, x509);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    (void)OBJ_obj2txt(name, sizeof name, object, 0);
    struct text text = text_over(buffer, size);
    text_add(&text, name);
}

static bool is_weak_signature(X509 *x509)
{
    int hash = NID_undef;
    (void)X509_get_signature_info(x509, &hash, NULL, NULL, NULL);
    return hash == NID_md2 || hash == NID_md4 || hash == NID_md5 || hash == NID_mdc2 ||
           hash == NID_sha1 || hash == NID_sha;
}

void certificate_faults(struct certificate_faults *faults, const struct x509 *certificate)
{
    X509 *x509 = certificate->openssl;
    (void)ERR_set_mark();
    faults->not_before_ms = date_ms(X509_get0_notBefore(x509), INT64_MAX);
    faults->not_after_ms = date_ms(X509_get0_notAfter(x509), INT64_MIN);
    faults->weak_key = is_weak_key(X509_get0_pubkey(x509));
    faults->weak_signature = is_weak_signature(x509);
    (void)ERR_pop_to_mark();
}

static void describe(struct certificate_facts *facts, X509 *x509)
{
    (void)ERR_set_mark();
    describe_name(X509_get_subject_name(x509), facts->subject, sizeof facts->subject);
    describe_name(X509_get_issuer_name(x509), facts->issuer, sizeof facts->issuer);
    describe_names(x509, facts->names, sizeof facts->names);
    describe_key(x509, facts->key, sizeof facts->key);
    describe_signature(x509, facts->signature, sizeof facts->signature);
    facts->self_signed = X509_self_signed(x509, 1) == 1;
    (void)ERR_pop_to_mark();
}

enum status certificate_facts(struct certificate_facts *facts, struct der der)
{
    struct x509 certificate;
    struct certificate_faults faults;
    memset(facts, 0, sizeof *facts);
    enum status status = x509_init(&certificate, der);
    if (status != STATUS_OK)
        return status;
    describe(facts, certificate.openssl);
    certificate_faults(&faults, &certificate);
    facts->not_before_ms = faults.not_before_ms;
    facts->not_after_ms = faults.not_after_ms;
    facts->weak_key = faults.weak_key;
    facts->weak_signature = faults.weak_signature;
    memcpy(facts->spki_sha256, certificate.spki_sha256, sizeof facts->spki_sha256);
    x509_deinit(&certificate);
    return STATUS_OK;
}
