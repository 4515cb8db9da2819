/* client_owner.c: see client_owner.h.
 *
 * The other end of a connection on this machine is a socket of this machine: its own address is our
 * peer's, its peer's is ours. The kernel is asked for exactly that one and answers at once.
 *
 * The answer is believed only when it speaks of that very pair, for the kernel may answer with
 * whoever listens at the address instead; and only while a process has the socket open (its inode is
 * not 0), for of one that was closed the kernel says user 0.
 */
#include "dane/proxy/client_owner.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ledger/base/address.h"
#include "ledger/base/file.h"
#include "ledger/base/socket_address.h"

enum {
    SEQUENCE = 1, /* one question a socket */
    ALL_STATES = -1,
    ANSWER_MAX = 8192, /* octets; the kernel's is some hundred */
};

/* A socket as the kernel knows it. */
struct pair {
    struct address own, peer;
    uint16_t own_port, peer_port;
    uint32_t interface; /* of link-local addresses; else 0 */
};

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 body;
};

/* --- which socket --- */

static uint32_t interface_of(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6
               ? ((const struct sockaddr_in6 *)(const void *)address)->sin6_scope_id
               : 0;
}

/* The client's socket, seen from ours. */
static enum status find_pair(int fd, struct pair *pair)
{
    struct sockaddr_storage ours = {0}, theirs = {0};
    socklen_t ours_len = sizeof ours, theirs_len = sizeof theirs;
    if (getsockname(fd, (struct sockaddr *)&ours, &ours_len) != 0 ||
        getpeername(fd, (struct sockaddr *)&theirs, &theirs_len) != 0)
        return errno == ENOTCONN || errno == EINVAL ? STATUS_NOT_FOUND : STATUS_IO;
    if (ours.ss_family != theirs.ss_family ||
        (ours.ss_family != AF_INET && ours.ss_family != AF_INET6))
        return STATUS_NOT_FOUND;
    *pair = (struct pair){
        .own = socket_address_read((const struct sockaddr *)&theirs),
        .peer = socket_address_read((const struct sockaddr *)&ours),
        .own_port = socket_address_port((const struct sockaddr *)&theirs),
        .peer_port = socket_address_port((const struct sockaddr *)&ours),
        .interface = interface_of(&theirs),
    };
    return STATUS_OK;
}

/* IPv4 also where either socket is an IPv6 one with mapped addresses: the kernel keeps those
 * together. */
static struct inet_diag_sockid encode_pair(const struct pair *pair)
{
    struct inet_diag_sockid id = {
        .idiag_sport = htons(pair->own_port),
        .idiag_dport = htons(pair->peer_port),
        .idiag_if = pair->interface,
        .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE},
    };
    bool ipv4 = address_is_ipv4(&pair->own);
    memcpy(id.idiag_src, pair->own.octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
    memcpy(id.idiag_dst, pair->peer.octets + (ipv4 ? 12 : 0), ipv4 ? 4 : 16);
    return id;
}

static struct address decode_address(uint8_t family, const uint32_t words[static 4])
{
    return family == AF_INET ? address_from_ipv4((const uint8_t *)words)
                             : address_from_ipv6((const uint8_t *)words);
}

static bool is_of_pair(const struct inet_diag_msg *answer, const struct pair *pair)
{
    struct address own = decode_address(answer->idiag_family, answer->id.idiag_src);
    struct address peer = decode_address(answer->idiag_family, answer->id.idiag_dst);
    return memcmp(&own, &pair->own, sizeof own) == 0 &&
           memcmp(&peer, &pair->peer, sizeof peer) == 0 &&
           ntohs(answer->id.idiag_sport) == pair->own_port &&
           ntohs(answer->id.idiag_dport) == pair->peer_port;
}

/* --- question and answer --- */

static enum status ask(int netlink, const struct pair *pair)
{
    static const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct question question = {
        .header = {.nlmsg_len = sizeof question,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST,
                   .nlmsg_seq = SEQUENCE},
        .body = {.sdiag_family = address_is_ipv4(&pair->own) ? AF_INET : AF_INET6,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = (uint32_t)ALL_STATES,
                 .id = encode_pair(pair)},
    };
    ssize_t sent = sendto(netlink, &question, sizeof question, 0, (const struct sockaddr *)&kernel,
                          sizeof kernel);
    if (sent == (ssize_t)sizeof question)
        return STATUS_OK;
    return sent < 0 ? file_status(errno) : STATUS_IO;
}

static enum status take_answer(const struct nlmsghdr *header, const struct pair *pair, uid_t *uid)
{
    const uint8_t *payload = (const uint8_t *)header + NLMSG_HDRLEN;
    if (header->nlmsg_type == NLMSG_ERROR) {
        struct nlmsgerr error;
        if (header->nlmsg_len < NLMSG_LENGTH(sizeof error))
            return STATUS_IO;
        memcpy(&error, payload, sizeof error);
        return error.error < 0 ? file_status(-error.error) : STATUS_IO;
    }
    struct inet_diag_msg answer;
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        header->nlmsg_len < NLMSG_LENGTH(sizeof answer))
        return STATUS_IO;
    memcpy(&answer, payload, sizeof answer);
    if (!is_of_pair(&answer, pair) || answer.idiag_inode == 0)
        return STATUS_NOT_FOUND;
    *uid = answer.idiag_uid;
    return STATUS_OK;
}

/* The kernel has answered before sendto returns: nothing is waited for. */
static enum status hear(int netlink, const struct pair *pair, uid_t *uid)
{
    union {
        struct nlmsghdr header;
        uint8_t octets[ANSWER_MAX];
    } answer;
    struct sockaddr_nl from = {0};
    socklen_t from_len = sizeof from;
    ssize_t got = recvfrom(netlink, &answer, sizeof answer, MSG_DONTWAIT | MSG_TRUNC,
                           (struct sockaddr *)&from, &from_len);
    if (got < (ssize_t)sizeof answer.header || got > (ssize_t)sizeof answer ||
        from_len != sizeof from || from.nl_pid != 0 || answer.header.nlmsg_seq != SEQUENCE ||
        answer.header.nlmsg_len < sizeof answer.header || answer.header.nlmsg_len > (size_t)got)
        return STATUS_IO;
    return take_answer(&answer.header, pair, uid);
}

enum status client_owner_uid(int fd, uid_t *uid)
{
    struct pair pair;
    *uid = (uid_t)-1;
    enum status status = find_pair(fd, &pair);
    if (status != STATUS_OK)
        return status;
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0)
        return file_status(errno);
    status = ask(netlink, &pair);
    if (status == STATUS_OK)
        status = hear(netlink, &pair, uid);
    close(netlink);
    return status;
}
