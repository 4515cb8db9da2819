/* dns_ask.c: see dns_ask.h. The answer's octets are hostile like any packet's: read by reader.h and
 * name.h alone. */
#include "resolver/cli/dns_ask.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/writer.h"

enum { HEADER_SIZE = 12, QUERY_MAX = 512, FLAG_RD = 0x0100, FLAG_QR = 0x8000, EDNS_SIZE = 1232 };

static size_t write_query(uint8_t query[static QUERY_MAX], uint16_t id, const struct name *name,
                          uint16_t type)
{
    struct writer w = writer_over(query, QUERY_MAX);
    writer_u16(&w, id);
    writer_u16(&w, FLAG_RD);
    writer_u16(&w, 1);
    writer_u32(&w, 0);
    writer_u16(&w, 1);
    writer_bytes(&w, name->wire, name->len);
    writer_u16(&w, type);
    writer_u16(&w, RRCLASS_IN);
    writer_u8(&w, 0); /* OPT (RFC 6891, section 6.1.2) */
    writer_u16(&w, RRTYPE_OPT);
    writer_u16(&w, EDNS_SIZE);
    writer_u32(&w, 0);
    writer_u16(&w, 0);
    return w.used;
}

/* A name at *offset, then `fixed` octets, which are returned; NULL when they are not there. */
static const uint8_t *take_fixed(const uint8_t *message, size_t len, size_t *offset,
                                 struct name *name, size_t fixed)
{
    if (name_unpack(message, len, offset, name) != STATUS_OK || *offset > len ||
        fixed > len - *offset)
        return NULL;
    const uint8_t *at = message + *offset;
    *offset += fixed;
    return at;
}

static bool is_question(const uint8_t *message, size_t len, size_t *offset, const struct name *name,
                        uint16_t type)
{
    struct name asked;
    const uint8_t *at = take_fixed(message, len, offset, &asked, 4);
    if (!at)
        return false;
    name_fold(&asked);
    return name_equal(&asked, name) && (at[0] << 8 | at[1]) == type &&
           (at[2] << 8 | at[3]) == RRCLASS_IN;
}

enum status dns_answer_read(struct dns_answer *answer, size_t len, uint16_t id,
                            const struct name *name, uint16_t type)
{
    const uint8_t *message = answer->message;
    struct reader r = reader_over(message, len);
    uint16_t got_id = reader_u16(&r), flags = reader_u16(&r);
    uint16_t questions = reader_u16(&r), answers = reader_u16(&r);
    size_t offset = HEADER_SIZE;
    answer->count = 0;
    answer->rcode = flags & 15;
    if (r.error != STATUS_OK || len < HEADER_SIZE || got_id != id || !(flags & FLAG_QR) ||
        questions != 1 || !is_question(message, len, &offset, name, type))
        return STATUS_MALFORMED;
    for (uint16_t i = 0; i < answers; i++) {
        struct name owner;
        const uint8_t *at = take_fixed(message, len, &offset, &owner, 10);
        if (!at)
            return STATUS_MALFORMED;
        uint16_t rr_type = (uint16_t)(at[0] << 8 | at[1]),
                 data_len = (uint16_t)(at[8] << 8 | at[9]);
        if (data_len > len - offset)
            return STATUS_MALFORMED;
        if (rr_type == type && answer->count < DNS_RRS_MAX) {
            answer->rrs[answer->count].len = data_len;
            answer->rrs[answer->count++].data = message + offset;
        }
        offset += data_len;
    }
    return STATUS_OK;
}

static int connect_to(const struct address *server, uint16_t port)
{
    struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    bool ipv4 = address_is_ipv4(server);
    memcpy(&to6.sin6_addr, server->octets, 16);
    memcpy(&to4.sin_addr, server->octets + 12, 4);
    int fd = socket(ipv4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int made = ipv4 ? connect(fd, (const struct sockaddr *)&to4, sizeof to4)
                    : connect(fd, (const struct sockaddr *)&to6, sizeof to6);
    if (made == 0)
        return fd;
    close(fd);
    return -1;
}

static enum status wait_for_answer(int fd, struct dns_answer *answer, uint16_t id,
                                   const struct name *name, uint16_t type, unsigned timeout_ms)
{
    uint64_t deadline = clock_monotonic_ms() + timeout_ms;
    for (;;) {
        uint64_t now = clock_monotonic_ms();
        struct pollfd in = {.fd = fd, .events = POLLIN};
        if (now >= deadline || poll(&in, 1, (int)(deadline - now)) == 0)
            return STATUS_TIMEOUT;
        ssize_t got = recv(fd, answer->message, sizeof answer->message, MSG_DONTWAIT);
        if (got < 0)
            return STATUS_UNREACHABLE;
        enum status status = dns_answer_read(answer, (size_t)got, id, name, type);
        if (status == STATUS_OK)
            return status;
    }
}

enum status dns_ask(struct dns_answer *answer, const struct address *server, uint16_t port,
                    const struct name *name, uint16_t type, unsigned timeout_ms)
{
    uint8_t query[QUERY_MAX];
    uint16_t id = 0;
    if (getrandom(&id, sizeof id, 0) != sizeof id)
        return STATUS_CRYPTO;
    int fd = connect_to(server, port);
    if (fd < 0)
        return STATUS_UNREACHABLE;
    size_t len = write_query(query, id, name, type);
    enum status status = STATUS_UNREACHABLE;
    if (send(fd, query, len, 0) == (ssize_t)len)
        status = wait_for_answer(fd, answer, id, name, type, timeout_ms);
    close(fd);
    return status;
}
