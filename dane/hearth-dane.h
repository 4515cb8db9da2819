/* hearth-dane.h: is the device behind this TLS connection the one that the household published?
 *
 * libhearth-dane gives a program the judgement that `hearth verify` and hearth-proxy use: the
 * device's certificate is held against the TLSA records of the household's view, which hearthd
 * keeps. No network is used, and no daemon is asked. A self-signed, expired or misnamed certificate
 * is fine if its key is the published one; a certificate of a public CA is not if its key is
 * another.
 *
 *     #include <hearth-dane.h>    // cc app.c $(pkg-config --cflags --libs hearth-dane libssl)
 *
 *     struct hearth_dane *dane = hearth_dane_open(NULL);
 *     struct hearth_dane_result result;
 *     …                           // SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
 *     …                           // connect; SSL_connect(ssl)
 *     if (hearth_dane_verify_ssl(dane, ssl, "camera.maple.home.arpa", 443, &result) !=
 *         HEARTH_DANE_MATCHED) {
 *         fprintf(stderr, "%s: %s\n", hearth_dane_verdict_text(result.verdict), result.reason);
 *         …                       // close: send nothing
 *     }
 *     …                           // only now: the request, the password
 *     hearth_dane_close(dane);
 *
 * Rules for the caller:
 *  - Only HEARTH_DANE_MATCHED is a yes. Everything else, errors included, is a no: compare with it.
 *  - Verify after the handshake and before the first octet of your own. Switch OpenSSL's own
 *    verification off (SSL_VERIFY_NONE): it would refuse the certificates that this library is for.
 *  - Verify each connection. A resumed session is judged by the certificate that it was begun with.
 *  - Set SSL_OP_NO_RENEGOTIATION (hearth_dane_allow_old_devices does): a TLS 1.2 server could
 *    otherwise change its certificate after the verdict.
 *
 * Threads: one handle may be used by several threads at once (calls wait for each other). Handles
 * are independent. A result belongs to its caller. An SSL * is used by one thread at a time, as
 * OpenSSL demands. After fork, the child uses the handle only if no other thread of the parent was
 * in a call with it.
 *
 * Binary interface: libhearth-dane.so.1. Later versions may use the reserved fields; they are zero
 * now.
 */
#ifndef HEARTH_DANE_H
#define HEARTH_DANE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HEARTH_DANE_API   __attribute__((visibility("default")))
#define HEARTH_DANE_CHECK __attribute__((warn_unused_result))
#else
#define HEARTH_DANE_API
#define HEARTH_DANE_CHECK
#endif

struct ssl_st;      /* OpenSSL's SSL */
struct ssl_ctx_st;  /* OpenSSL's SSL_CTX */
struct hearth_dane; /* a handle on the household's view */

enum hearth_dane_verdict {
    HEARTH_DANE_ERROR = 0,     /* it could not be judged: `reason` says why */
    HEARTH_DANE_MATCHED = 1,   /* it is the published device */
    HEARTH_DANE_MISMATCH = 2,  /* another key than the published one: possibly an impostor */
    HEARTH_DANE_NO_RECORD = 3, /* the household publishes no key for this name and port */
    HEARTH_DANE_WITHDRAWN = 4, /* a key that the household has withdrawn */
    HEARTH_DANE_STALE = 5      /* the household has not been heard of for too long */
};

/* Bits of `wrong` and `forgiven`. */
enum hearth_dane_wrong {
    HEARTH_DANE_EXPIRED = 1 << 0,
    HEARTH_DANE_NOT_YET_VALID = 1 << 1,
    HEARTH_DANE_NAME = 1 << 2,                /* the certificate is for another name */
    HEARTH_DANE_ISSUER = 1 << 3,              /* no CA that this machine trusts vouches for it */
    HEARTH_DANE_WEAK_KEY = 1 << 4,            /* RSA below 2048 bits, EC below 224 */
    HEARTH_DANE_WEAK_SIGNATURE = 1 << 5,      /* MD5 or SHA-1 */
    HEARTH_DANE_OLD_PROTOCOL = 1 << 6,        /* below TLS 1.2 */
    HEARTH_DANE_LEGACY_RENEGOTIATION = 1 << 7 /* no RFC 5746 */
};

enum {
    HEARTH_DANE_EXPECTED_MAX = 8, /* records that a result shows; no name has more of them */
    HEARTH_DANE_HASH_TEXT = 129,  /* 64 octets in hex, and a NUL */
    HEARTH_DANE_CHAIN_MAX = 16,   /* certificates of a chain that are looked at */
    HEARTH_DANE_DER_MAX = 65536   /* octets of a chain's certificates together */
};

/* All texts are NUL-terminated; hex is lower case without separators. */
struct hearth_dane_result {
    enum hearth_dane_verdict verdict;
    unsigned forgiven; /* what is wrong and was forgiven: only of a match, else 0 */
    unsigned wrong;    /* everything that is wrong with what was presented */
    /* 1: the household has not been heard of for a while, or is in dispute; still usable. */
    int soft;
    /* SHA-256 of the presented SPKI; "" when there is none. */
    char presented[HEARTH_DANE_HASH_TEXT];
    /* The hashes in the usable TLSA records. */
    unsigned expected_count;
    char expected[HEARTH_DANE_EXPECTED_MAX][HEARTH_DANE_HASH_TEXT];
    /* WITHDRAWN: the node's label, or its key in hex, "" if unknown; and milliseconds since 1970, 0
     * if unknown. */
    char withdrawn_by[HEARTH_DANE_HASH_TEXT];
    int64_t withdrawn_ms;
    char reason[256]; /* one line for people */
    uint64_t reserved[8];
};

/* One certificate as DER. */
struct hearth_dane_der {
    const unsigned char *bytes;
    size_t len;
};

/* Opens the view file at `view_path`; NULL: the path in the environment's HEARTH_VIEW (ignored in
 * set-user-ID programs), else /var/lib/hearth/view/names.view. The file need not be there yet, and
 * each call uses its present content. NULL when memory is out or the path is too long. */
HEARTH_DANE_API struct hearth_dane *hearth_dane_open(const char *view_path) HEARTH_DANE_CHECK;

/* NULL is allowed. */
HEARTH_DANE_API void hearth_dane_close(struct hearth_dane *dane);

/* Judges the peer of a completed TLS handshake. `name` is the whole name, without port:
 * "camera.maple.home.arpa". Returns result->verdict. */
HEARTH_DANE_API enum hearth_dane_verdict hearth_dane_verify_ssl(
    struct hearth_dane *dane, struct ssl_st *ssl, const char *name, uint16_t port,
    struct hearth_dane_result *result) HEARTH_DANE_CHECK;

/* Judges certificates from elsewhere, the leaf first: the caller has made sure that the peer holds
 * the leaf's key. More than HEARTH_DANE_CHAIN_MAX are not looked at. Returns result->verdict. */
HEARTH_DANE_API enum hearth_dane_verdict hearth_dane_verify_der(
    struct hearth_dane *dane, const struct hearth_dane_der *chain, size_t count, const char *name,
    uint16_t port, struct hearth_dane_result *result) HEARTH_DANE_CHECK;

/* Lets a client context reach old devices: TLS 1.0, RSA-1024, SHA-1, servers without RFC 5746;
 * renegotiation off. DANGER: such TLS protects nothing by itself. Use the context for household
 * devices only, and a connection of it only after HEARTH_DANE_MATCHED. 1 when done, else 0. */
HEARTH_DANE_API int hearth_dane_allow_old_devices(struct ssl_ctx_st *context) HEARTH_DANE_CHECK;

/* "matched", "mismatch" …; "error", also for unknown values. Never NULL. */
HEARTH_DANE_API const char *hearth_dane_verdict_text(enum hearth_dane_verdict verdict);

/* The word for one bit of enum hearth_dane_wrong: "expired" …; "unknown". Never NULL. */
HEARTH_DANE_API const char *hearth_dane_wrong_text(unsigned bit);

/* "0.1.0". */
HEARTH_DANE_API const char *hearth_dane_version(void);

#ifdef __cplusplus
}
#endif

#endif
