/* dns_ask.c: see dns_ask.h. The answer's octets are hostile like any packet's: read by reader.h and
 * name.h alone.
 *
 * UDP first; an answer that was cut (TC) is asked for again over TCP (RFC 7766, section 5). What is
 * no answer to the question is passed over on UDP, where anybody may send, and MALFORMED on TCP.
 */
#include "resolver/cli/dns_ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/clock.h"
#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/socket_address.h"
#include "ledger/base/writer.h"

enum { HEADER_SIZE = 12, QUERY_MAX = 512, LENGTH_SIZE = 2, EDNS_SIZE = 1232 };
enum { FLAG_RD = 0x0100, FLAG_TC = 0x0200, FLAG_QR = 0x8000 };

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

/* Where names stand in the data of a type: behind `fixed` octets, one or two of them. */
struct layout {
    uint16_t type;
    uint8_t fixed, names;
};

static const struct layout *layout_of(uint16_t type)
{
    static const struct layout layouts[] = {
        {RRTYPE_NS, 0, 1},  {RRTYPE_CNAME, 0, 1}, {RRTYPE_SOA, 0, 2},   {RRTYPE_PTR, 0, 1},
        {RRTYPE_SRV, 6, 1}, {RRTYPE_SVCB, 2, 1},  {RRTYPE_HTTPS, 2, 1},
    };
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++)
        if (layouts[i].type == type)
            return &layouts[i];
    return NULL;
}

/* Writes the data between `offset` and `end` of the message with its names whole and folded. */
static enum status spell(const struct layout *layout, const uint8_t *message, size_t offset,
                         size_t end, struct writer *w)
{
    if (layout->fixed > end - offset)
        return STATUS_MALFORMED;
    writer_bytes(w, message + offset, layout->fixed);
    offset += layout->fixed;
    for (unsigned i = 0; i < layout->names; i++) {
        struct name name;
        if (name_unpack(message, end, &offset, &name) != STATUS_OK || offset > end)
            return STATUS_MALFORMED;
        name_fold(&name);
        writer_bytes(w, name.wire, name.len);
    }
    writer_bytes(w, message + offset, end - offset);
    return w->error == STATUS_OK ? STATUS_OK : STATUS_MALFORMED;
}

/* Keeps one RR of the type asked for; more than DNS_RRS_MAX are not what a household publishes. */
static enum status keep_rr(struct dns_answer *answer, uint16_t type, size_t offset, size_t len,
                           struct writer *spelled)
{
    const struct layout *layout = layout_of(type);
    const uint8_t *data = answer->message + offset;
    if (answer->count == DNS_RRS_MAX)
        return STATUS_OK;
    if (layout) {
        size_t before = spelled->used;
        enum status status = spell(layout, answer->message, offset, offset + len, spelled);
        if (status != STATUS_OK)
            return status;
        data = answer->spelled + before;
        len = spelled->used - before;
    }
    answer->rrs[answer->count].len = (uint16_t)len;
    answer->rrs[answer->count++].data = data;
    return STATUS_OK;
}

static enum status read_rrs(struct dns_answer *answer, size_t len, size_t offset, uint16_t rrs,
                            uint16_t type)
{
    const uint8_t *message = answer->message;
    struct writer spelled = writer_over(answer->spelled, sizeof answer->spelled);
    enum status status = STATUS_OK;
    for (uint16_t i = 0; status == STATUS_OK && i < rrs; i++) {
        struct name owner;
        const uint8_t *at = take_fixed(message, len, &offset, &owner, 10);
        if (!at)
            return STATUS_MALFORMED;
        uint16_t rr_type = (uint16_t)(at[0] << 8 | at[1]),
                 data_len = (uint16_t)(at[8] << 8 | at[9]);
        if (data_len > len - offset)
            return STATUS_MALFORMED;
        if (rr_type == type)
            status = keep_rr(answer, type, offset, data_len, &spelled);
        offset += data_len;
    }
    return status;
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
    answer->truncated = flags & FLAG_TC;
    if (r.error != STATUS_OK || len < HEADER_SIZE || got_id != id || !(flags & FLAG_QR) ||
        questions != 1 || !is_question(message, len, &offset, name, type))
        return STATUS_MALFORMED;
    return answer->truncated ? STATUS_OK : read_rrs(answer, len, offset, answers, type);
}

const char *dns_answer_text(const struct dns_answer *answer)
{
    /* RFC 1035, section 4.1.1 */
    static const char *const rcodes[] = {NULL,       "FORMERR", "SERVFAIL",
                                         "NXDOMAIN", "NOTIMP",  "REFUSED"};
    if (answer->rcode >= sizeof rcodes / sizeof rcodes[0])
        return "a failure";
    if (answer->rcode != 0)
        return rcodes[answer->rcode];
    return answer->count == 0 ? "nothing" : "something else";
}

/* One question on its way. */
struct question {
    const struct name *name;
    uint16_t type, id;
    uint8_t query[LENGTH_SIZE + QUERY_MAX]; /* behind its length, which TCP wants */
    size_t len;                             /* of the query alone */
    uint64_t deadline;
};

static int left_ms(const struct question *question)
{
    uint64_t now = clock_monotonic_ms();
    return now >= question->deadline ? 0 : (int)(question->deadline - now);
}

static enum status wait_for(int fd, short events, const struct question *question)
{
    struct pollfd poll_fd = {.fd = fd, .events = events};
    int left = left_ms(question);
    int ready = left > 0 ? poll(&poll_fd, 1, left) : 0;
    return ready > 0 ? STATUS_OK : ready == 0 ? STATUS_TIMEOUT : STATUS_UNREACHABLE;
}

/* TCP's connect(2) goes on in the background: sending waits for it. */
static int connect_to(const struct address *server, uint16_t port, int kind)
{
    struct sockaddr_storage to;
    socklen_t len = socket_address_make(server, port, &to);
    int fd = socket(to.ss_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    int made = connect(fd, (const struct sockaddr *)&to, len);
    if (made == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static enum status ask_udp(struct dns_answer *answer, int fd, const struct question *question)
{
    if (send(fd, question->query + LENGTH_SIZE, question->len, 0) != (ssize_t)question->len)
        return STATUS_UNREACHABLE;
    for (;;) {
        enum status status = wait_for(fd, POLLIN, question);
        if (status != STATUS_OK)
            return status;
        ssize_t got = recv(fd, answer->message, sizeof answer->message, 0);
        if (got < 0 && errno == EAGAIN)
            continue;
        if (got < 0)
            return STATUS_UNREACHABLE;
        status = dns_answer_read(answer, (size_t)got, question->id, question->name, question->type);
        if (status == STATUS_OK)
            return status;
    }
}

static enum status receive_all(int fd, uint8_t *bytes, size_t len, const struct question *question)
{
    enum status status = STATUS_OK;
    while (len > 0 && (status = wait_for(fd, POLLIN, question)) == STATUS_OK) {
        ssize_t got = recv(fd, bytes, len, 0);
        if (got < 0 && errno == EAGAIN)
            continue;
        if (got <= 0)
            return STATUS_UNREACHABLE;
        bytes += got;
        len -= (size_t)got;
    }
    return status;
}

/* Message and length go in one segment (RFC 7766, section 8). */
static enum status ask_tcp(struct dns_answer *answer, int fd, const struct question *question)
{
    uint8_t length[LENGTH_SIZE];
    enum status status = wait_for(fd, POLLOUT, question);
    if (status != STATUS_OK)
        return status;
    size_t size = LENGTH_SIZE + question->len;
    if (send(fd, question->query, size, MSG_NOSIGNAL) != (ssize_t)size)
        return STATUS_UNREACHABLE;
    status = receive_all(fd, length, sizeof length, question);
    size_t len = (size_t)(length[0] << 8 | length[1]);
    if (status == STATUS_OK)
        status = receive_all(fd, answer->message, len, question);
    return status == STATUS_OK
               ? dns_answer_read(answer, len, question->id, question->name, question->type)
               : status;
}

static enum status ask_by(struct dns_answer *answer, const struct address *server, uint16_t port,
                          int kind, const struct question *question)
{
    int fd = connect_to(server, port, kind);
    if (fd < 0)
        return STATUS_UNREACHABLE;
    enum status status =
        kind == SOCK_STREAM ? ask_tcp(answer, fd, question) : ask_udp(answer, fd, question);
    close(fd);
    return status;
}

enum status dns_ask(struct dns_answer *answer, const struct address *server, uint16_t port,
                    const struct name *name, uint16_t type, unsigned timeout_ms)
{
    struct question question = {.name = name, .type = type};
    if (getrandom(&question.id, sizeof question.id, 0) != sizeof question.id)
        return STATUS_CRYPTO;
    question.len = write_query(question.query + LENGTH_SIZE, question.id, name, type);
    question.query[0] = (uint8_t)(question.len >> 8);
    question.query[1] = (uint8_t)question.len;
    question.deadline = clock_monotonic_ms() + timeout_ms;
    enum status status = ask_by(answer, server, port, SOCK_DGRAM, &question);
    if (status != STATUS_OK || !answer->truncated)
        return status;
    question.deadline = clock_monotonic_ms() + timeout_ms;
    return ask_by(answer, server, port, SOCK_STREAM, &question);
}
