/* device.c: hearth-device plays a thing of the household, with a certificate as good or as bad as
 * asked.
 *
 * It prints one line, "ready ADDRESS PORT SPKI-SHA256", when it listens, serves one page over HTTPS
 * (HTTP/1.1 GET), and ends on SIGTERM or SIGINT. An impostor is the same call with another --key.
 *
 *     hearth-device --listen ::1 --key cam.pem --key-type rsa1024 --hash sha1 --subject
 * ipcam.factory.example \
 *                   --not-before 2007-05-01 --not-after 2017-05-01 --title "Camera"
 */
#include <getopt.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/text.h"
#include "tests/tools/device_server.h"
#include "tests/tools/minted.h"

static const char usage_text[] =
    "usage: hearth-device [OPTION]…\n"
    "  --listen ADDRESS      127.0.0.1\n"
    "  --port PORT           0: any\n"
    "  --key-type KIND       rsa1024, rsa2048 (the default), p256, ed25519, or any rsaN, or "
    "OpenSSL's curve\n"
    "  --key FILE            PEM: read; made when there is none\n"
    "  --hash NAME           md5, sha1, sha256 (the default), …\n"
    "  --cn NAME             the subject: \"device\"\n"
    "  --san NAME[,NAME]…    DNS names and addresses\n"
    "  --not-before DATE     2020-01-01\n"
    "  --not-after DATE      2049-12-31\n"
    "  --serial NUMBER       1\n"
    "  --issuer CN           signed by a CA of that name, which is sent along; else self-signed\n"
    "  --issuer-key FILE     the CA's key (P-256): read; made when there is none\n"
    "  --issuer-out FILE     writes the CA's certificate as PEM\n"
    "  --chain FILE          PEM: sends these, leaf first, and makes none (with --key)\n"
    "  --certificate-out F   writes the device's certificate as PEM\n"
    "  --min-tls VERSION     1.0 (the default), 1.1, 1.2, 1.3\n"
    "  --max-tls VERSION     the newest\n"
    "  --turn FILE           renegotiates after the handshake, with this key (TLS 1.2): answers "
    "only then\n"
    "  --no-sni              refuse a handshake that names a server\n"
    "  --no-news             hang up on a ClientHello newer than TLS 1.0\n"
    "  --hang                accept and say nothing\n"
    "  --plain               HTTP without TLS\n"
    "  --title TEXT, --text TEXT   the page\n";

struct options {
    const char *listen, *key_type, *key_file, *issuer, *issuer_key_file, *issuer_out;
    const char *certificate_out, *chain_file, *title, *text, *turn_file;
    uint16_t port;
    int min_version, max_version;
    enum device_manner manner;
    struct device_dislikes dislikes;
    struct minted leaf;
};

enum { CHAIN_MAX = 8 };

struct identity {
    EVP_PKEY *key, *issuer_key, *turned_key;
    X509 *chain[CHAIN_MAX], *turned;
    size_t chain_len;
};

static void stop(int signal_number)
{
    (void)signal_number;
    device_server_stop();
}

/* -1 for what is none. */
static int tls_version(const char *text)
{
    static const struct {
        const char *text;
        int version;
    } versions[] = {{"1.0", TLS1_VERSION},
                    {"1.1", TLS1_1_VERSION},
                    {"1.2", TLS1_2_VERSION},
                    {"1.3", TLS1_3_VERSION}};
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (strcmp(text, versions[i].text) == 0)
            return versions[i].version;
    }
    return -1;
}

enum option_id {
    OPTION_LISTEN = 256,
    OPTION_PORT,
    OPTION_KEY_TYPE,
    OPTION_KEY,
    OPTION_HASH,
    OPTION_CN,
    OPTION_SAN,
    OPTION_NOT_BEFORE,
    OPTION_NOT_AFTER,
    OPTION_SERIAL,
    OPTION_ISSUER,
    OPTION_ISSUER_KEY,
    OPTION_ISSUER_OUT,
    OPTION_CHAIN,
    OPTION_CERTIFICATE_OUT,
    OPTION_MIN_TLS,
    OPTION_MAX_TLS,
    OPTION_TURN,
    OPTION_NO_SNI,
    OPTION_NO_NEWS,
    OPTION_HANG,
    OPTION_PLAIN,
    OPTION_TITLE,
    OPTION_TEXT,
};

static const struct option long_options[] = {
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"port", required_argument, NULL, OPTION_PORT},
    {"key-type", required_argument, NULL, OPTION_KEY_TYPE},
    {"key", required_argument, NULL, OPTION_KEY},
    {"hash", required_argument, NULL, OPTION_HASH},
    {"cn", required_argument, NULL, OPTION_CN},
    {"san", required_argument, NULL, OPTION_SAN},
    {"not-before", required_argument, NULL, OPTION_NOT_BEFORE},
    {"not-after", required_argument, NULL, OPTION_NOT_AFTER},
    {"serial", required_argument, NULL, OPTION_SERIAL},
    {"issuer", required_argument, NULL, OPTION_ISSUER},
    {"issuer-key", required_argument, NULL, OPTION_ISSUER_KEY},
    {"issuer-out", required_argument, NULL, OPTION_ISSUER_OUT},
    {"chain", required_argument, NULL, OPTION_CHAIN},
    {"certificate-out", required_argument, NULL, OPTION_CERTIFICATE_OUT},
    {"min-tls", required_argument, NULL, OPTION_MIN_TLS},
    {"max-tls", required_argument, NULL, OPTION_MAX_TLS},
    {"turn", required_argument, NULL, OPTION_TURN},
    {"no-sni", no_argument, NULL, OPTION_NO_SNI},
    {"no-news", no_argument, NULL, OPTION_NO_NEWS},
    {"hang", no_argument, NULL, OPTION_HANG},
    {"plain", no_argument, NULL, OPTION_PLAIN},
    {"title", required_argument, NULL, OPTION_TITLE},
    {"text", required_argument, NULL, OPTION_TEXT},
    {NULL, 0, NULL, 0},
};

/* Where an option's text goes; NULL for those that are no text. */
static const char **text_option(struct options *options, int id)
{
    switch (id) {
    case OPTION_LISTEN:
        return &options->listen;
    case OPTION_KEY_TYPE:
        return &options->key_type;
    case OPTION_KEY:
        return &options->key_file;
    case OPTION_HASH:
        return &options->leaf.hash;
    case OPTION_CN:
        return &options->leaf.subject;
    case OPTION_SAN:
        return &options->leaf.sans;
    case OPTION_NOT_BEFORE:
        return &options->leaf.not_before;
    case OPTION_NOT_AFTER:
        return &options->leaf.not_after;
    case OPTION_ISSUER:
        return &options->issuer;
    case OPTION_ISSUER_KEY:
        return &options->issuer_key_file;
    case OPTION_ISSUER_OUT:
        return &options->issuer_out;
    case OPTION_CHAIN:
        return &options->chain_file;
    case OPTION_CERTIFICATE_OUT:
        return &options->certificate_out;
    case OPTION_TURN:
        return &options->turn_file;
    case OPTION_TITLE:
        return &options->title;
    case OPTION_TEXT:
        return &options->text;
    default:
        return NULL;
    }
}

static bool take_option(struct options *options, int id)
{
    const char **text = text_option(options, id);
    if (text) {
        *text = optarg;
        return true;
    }
    switch (id) {
    case OPTION_PORT:
        options->port = (uint16_t)strtoul(optarg, NULL, 10);
        return true;
    case OPTION_SERIAL:
        options->leaf.serial = strtol(optarg, NULL, 10);
        return true;
    case OPTION_MIN_TLS:
        options->min_version = tls_version(optarg);
        return options->min_version > 0;
    case OPTION_MAX_TLS:
        options->max_version = tls_version(optarg);
        return options->max_version > 0;
    case OPTION_NO_SNI:
        options->dislikes.sni = true;
        return true;
    case OPTION_NO_NEWS:
        options->dislikes.extensions = true;
        options->dislikes.max_version = TLS1_VERSION;
        return true;
    case OPTION_HANG:
        options->manner = DEVICE_HANG;
        return true;
    case OPTION_PLAIN:
        options->manner = DEVICE_PLAIN;
        return true;
    default:
        return false;
    }
}

static bool read_options(struct options *options, int argc, char **argv)
{
    *options = (struct options){.listen = "127.0.0.1",
                                .key_type = "rsa2048",
                                .title = "Device",
                                .text = "This is the device itself.",
                                .manner = DEVICE_TLS};
    for (int id; (id = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        if (!take_option(options, id))
            return false;
    }
    return optind == argc;
}

static EVP_PKEY *key_for(const char *file, const char *kind)
{
    return file ? minted_key_file(file, kind) : minted_key(kind);
}

static bool write_certificate(const char *path, X509 *x509)
{
    FILE *file = path ? fopen(path, "we") : NULL;
    if (!file)
        return !path;
    bool written = PEM_write_X509(file, x509) == 1;
    return fclose(file) == 0 && written;
}

static bool make_issuer(struct options *options, struct identity *identity)
{
    const struct minted minted = {.subject = options->issuer,
                                  .ca = true,
                                  .not_before = options->leaf.not_before,
                                  .not_after = options->leaf.not_after};
    identity->issuer_key = key_for(options->issuer_key_file, "p256");
    if (!identity->issuer_key)
        return false;
    identity->chain[1] = minted_certificate(&minted, identity->issuer_key);
    if (!identity->chain[1])
        return false;
    identity->chain_len = 2;
    options->leaf.issuer = identity->chain[1];
    options->leaf.issuer_key = identity->issuer_key;
    return write_certificate(options->issuer_out, identity->chain[1]);
}

static bool read_chain(const char *path, struct identity *identity)
{
    FILE *file = fopen(path, "re");
    X509 *x509 = NULL;
    identity->chain_len = 0;
    while (file && identity->chain_len < CHAIN_MAX &&
           (x509 = PEM_read_X509(file, NULL, NULL, NULL)) != NULL)
        identity->chain[identity->chain_len++] = x509;
    if (file)
        fclose(file);
    return identity->chain_len > 0;
}

static bool make_identity(struct options *options, struct identity *identity)
{
    *identity = (struct identity){.chain_len = 1};
    identity->key = key_for(options->key_file, options->key_type);
    if (!identity->key || (options->issuer && !make_issuer(options, identity)))
        return false;
    if (options->chain_file)
        return read_chain(options->chain_file, identity);
    identity->chain[0] = minted_certificate(&options->leaf, identity->key);
    if (options->turn_file) {
        identity->turned_key = minted_key_file(options->turn_file, options->key_type);
        if (identity->turned_key)
            identity->turned = minted_certificate(&options->leaf, identity->turned_key);
        if (!identity->turned)
            return false;
    }
    return identity->chain[0] && write_certificate(options->certificate_out, identity->chain[0]);
}

static void free_identity(struct identity *identity)
{
    for (size_t i = 0; i < CHAIN_MAX; i++)
        X509_free(identity->chain[i]);
    EVP_PKEY_free(identity->key);
    EVP_PKEY_free(identity->issuer_key);
    X509_free(identity->turned);
    EVP_PKEY_free(identity->turned_key);
}

/* Stop signals are blocked from here on; the server lets them in where it sleeps. */
static void catch_stop_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigset_t stops;
    sigemptyset(&stops);
    sigaddset(&stops, SIGTERM);
    sigaddset(&stops, SIGINT);
    sigprocmask(SIG_BLOCK, &stops, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool serve(const struct options *options, const struct identity *identity)
{
    uint8_t spki[32];
    char hex[65];
    uint16_t port = options->port;
    struct device_server server = {.manner = options->manner,
                                   .title = options->title,
                                   .text = options->text,
                                   .turned = identity->turned,
                                   .turned_key = identity->turned_key};
    server.context = device_context(identity->key, identity->chain, identity->chain_len,
                                    options->min_version, options->max_version);
    if (!server.context || !minted_spki_sha256(identity->key, spki)) {
        fprintf(stderr, "hearth-device: this certificate can't be served\n");
        return false;
    }
    device_context_dislike(server.context, &options->dislikes);
    server.listener = device_listen(options->listen, &port);
    if (server.listener < 0) {
        perror(options->listen);
        SSL_CTX_free(server.context);
        return false;
    }
    hex_encode(spki, sizeof spki, hex);
    printf("ready %s %u %s\n", options->listen, (unsigned)port, hex);
    fflush(stdout);
    device_server_run(&server);
    close(server.listener);
    SSL_CTX_free(server.context);
    return true;
}

int main(int argc, char **argv)
{
    struct options options;
    struct identity identity;
    if (!read_options(&options, argc, argv)) {
        fputs(usage_text, stderr);
        return 2;
    }
    catch_stop_signals();
    bool good = make_identity(&options, &identity);
    if (good)
        good = serve(&options, &identity);
    else
        fprintf(stderr, "hearth-device: the key or certificate can't be made\n");
    free_identity(&identity);
    return good ? 0 : 1;
}
