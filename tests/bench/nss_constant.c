/* nss_constant.c: a name service module that knows one answer: what getaddrinfo costs around any
 * module.
 *
 * Looks nothing up, reads no file; every name has the address fd00::1.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <nss.h>
#include <string.h>
#include <sys/socket.h>

enum nss_status _nss_constant_gethostbyname2_r(const char *name, int af, struct hostent *result,
                                               char *buffer, size_t size, int *errnop,
                                               int *h_errnop);

/* The answer as it stands in the caller's buffer. */
struct place {
    char *aliases[1];
    char *addresses[2];
    unsigned char address[16];
};

__attribute__((visibility("default"))) enum nss_status _nss_constant_gethostbyname2_r(
    const char *name, int af, struct hostent *result, char *buffer, size_t size, int *errnop,
    int *h_errnop)
{
    static const unsigned char address[16] = {[0] = 0xfd, [15] = 1};
    size_t pad = -(size_t)buffer % _Alignof(struct place), len = strlen(name) + 1;
    struct place *place = (struct place *)(void *)(buffer + pad);
    if (af != AF_INET6 || size < pad + sizeof *place + len) {
        *errnop = af == AF_INET6 ? ERANGE : EAFNOSUPPORT;
        *h_errnop = af == AF_INET6 ? NETDB_INTERNAL : NO_DATA;
        return af == AF_INET6 ? NSS_STATUS_TRYAGAIN : NSS_STATUS_UNAVAIL;
    }
    place->aliases[0] = place->addresses[1] = NULL;
    place->addresses[0] = (char *)memcpy(place->address, address, sizeof address);
    *result = (struct hostent){.h_name = memcpy(place + 1, name, len),
                               .h_aliases = place->aliases,
                               .h_addrtype = AF_INET6,
                               .h_length = sizeof address,
                               .h_addr_list = place->addresses};
    return NSS_STATUS_SUCCESS;
}
