/* greeting.c: see greeting.h. */
#include "dane/greeting.h"

#include <openssl/ssl.h>
#include <string.h>

#include "ledger/base/address.h"

enum { RECORD_ALERT = 21 };

static const struct {
    bool sni;
    int max_version; /* 0: the newest */
} greetings[GREETING_COUNT] = {
    {.sni = true},
    {.sni = false},
    {.sni = false, .max_version = TLS1_2_VERSION},
    {.sni = false, .max_version = TLS1_VERSION},
};

/* RFC 6066, section 3: a host name without its final dot, and never an address literal. */
static enum status set_sni(SSL *ssl, const char *sni)
{
    char host[256];
    struct address literal;
    size_t len = sni ? strlen(sni) : 0;
    if (len > 0 && sni[len - 1] == '.')
        len--;
    if (len == 0 || len >= sizeof host || address_parse(&literal, sni) == STATUS_OK)
        return STATUS_OK;
    memcpy(host, sni, len);
    host[len] = '\0';
    return SSL_set_tlsext_host_name(ssl, host) == 1 ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status greeting_prepare(struct ssl_st *ssl, size_t greeting, const char *sni)
{
    int max_version = greetings[greeting].max_version;
    if (SSL_set_max_proto_version(ssl, max_version) != 1)
        return STATUS_NO_MEMORY;
    if (max_version != 0)
        (void)SSL_set_mode(ssl, SSL_MODE_SEND_FALLBACK_SCSV); /* RFC 7507 */
    return greetings[greeting].sni ? set_sni(ssl, sni) : STATUS_OK;
}

size_t greeting_next(size_t greeting, const char *sni)
{
    greeting++;
    if (!sni && greeting < GREETING_COUNT && greetings[greeting].max_version == 0)
        greeting++; /* that was the first */
    return greeting;
}

bool greeting_is_modern(size_t greeting)
{
    return greetings[greeting].max_version == 0;
}

bool greeting_is_refused(const struct probe_failure *failure, enum status status)
{
    if (!failure->connected || (status != STATUS_CLOSED && status != STATUS_MALFORMED))
        return false;
    return failure->first_len == 0 || failure->first[0] == RECORD_ALERT;
}

int greeting_rank(enum status status)
{
    static const enum status order[] = {STATUS_IO, STATUS_UNREACHABLE, STATUS_TIMEOUT,
                                        STATUS_CLOSED, STATUS_MALFORMED};
    for (int i = 0; i < (int)(sizeof order / sizeof order[0]); i++) {
        if (order[i] == status)
            return i;
    }
    return -1;
}
