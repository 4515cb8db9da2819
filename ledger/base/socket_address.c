/* socket_address.c: see socket_address.h. */
#include "ledger/base/socket_address.h"

#include <netinet/in.h>
#include <string.h>

socklen_t socket_address_make(const struct address *address, uint16_t port,
                              struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (address_is_ipv4(address)) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, address->octets + 12, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    memcpy(&in6->sin6_addr, address->octets, 16);
    return sizeof *in6;
}

struct address socket_address_read(const struct sockaddr *from)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in); /* of any alignment */
        return address_from_ipv4((const uint8_t *)&in.sin_addr);
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, from, sizeof in6);
    return address_from_ipv6((const uint8_t *)&in6.sin6_addr);
}

uint16_t socket_address_port(const struct sockaddr *from)
{
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        return ntohs(in.sin_port);
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, from, sizeof in6);
    return ntohs(in6.sin6_port);
}
