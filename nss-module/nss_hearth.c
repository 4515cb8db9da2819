/* nss_hearth.c: see nss_hearth.h. Only the interface is here; answer.c has the answers. */
#include "nss-module/nss_hearth.h"

#include <errno.h>
#include <string.h>

#include "nss-module/answer.h"

static const struct answer_end too_small = {NSS_STATUS_TRYAGAIN, ERANGE, NETDB_INTERNAL};
static const struct answer_end no_such_family = {NSS_STATUS_UNAVAIL, EAFNOSUPPORT, NO_DATA};

static enum nss_status finish(struct answer_end end, int *errnop, int *h_errnop)
{
    if (end.status != NSS_STATUS_SUCCESS) {
        *errnop = end.error;
        *h_errnop = end.h_error;
    }
    return end.status;
}

enum nss_status _nss_hearth_gethostbyname4_r(const char *name, struct gaih_addrtuple **pat,
                                             char *buffer, size_t buflen, int *errnop,
                                             int *h_errnop, int32_t *ttlp)
{
    struct answer answer;
    struct answer_end end = answer_for_name(&answer, name, ANSWER_IPV4 | ANSWER_IPV6);
    if (end.status == NSS_STATUS_SUCCESS && !answer_write_tuples(&answer, pat, buffer, buflen))
        end = too_small;
    if (end.status == NSS_STATUS_SUCCESS && ttlp)
        *ttlp = (int32_t)answer.ttl;
    return finish(end, errnop, h_errnop);
}

enum nss_status _nss_hearth_gethostbyname3_r(const char *name, int af, struct hostent *result,
                                             char *buffer, size_t buflen, int *errnop,
                                             int *h_errnop, int32_t *ttlp, char **canonp)
{
    if (af != AF_INET && af != AF_INET6)
        return finish(no_such_family, errnop, h_errnop);
    struct answer answer;
    struct answer_end end =
        answer_for_name(&answer, name, af == AF_INET ? ANSWER_IPV4 : ANSWER_IPV6);
    if (end.status == NSS_STATUS_SUCCESS &&
        !answer_write_hostent(&answer, af, result, buffer, buflen))
        end = too_small;
    if (end.status == NSS_STATUS_SUCCESS && ttlp)
        *ttlp = (int32_t)answer.ttl;
    if (end.status == NSS_STATUS_SUCCESS && canonp)
        *canonp = result->h_name;
    return finish(end, errnop, h_errnop);
}

enum nss_status _nss_hearth_gethostbyname2_r(const char *name, int af, struct hostent *result,
                                             char *buffer, size_t buflen, int *errnop,
                                             int *h_errnop)
{
    return _nss_hearth_gethostbyname3_r(name, af, result, buffer, buflen, errnop, h_errnop, NULL,
                                        NULL);
}

enum nss_status _nss_hearth_gethostbyname_r(const char *name, struct hostent *result, char *buffer,
                                            size_t buflen, int *errnop, int *h_errnop)
{
    return _nss_hearth_gethostbyname3_r(name, AF_INET, result, buffer, buflen, errnop, h_errnop,
                                        NULL, NULL);
}

enum nss_status _nss_hearth_gethostbyaddr2_r(const void *addr, socklen_t len, int af,
                                             struct hostent *result, char *buffer, size_t buflen,
                                             int *errnop, int *h_errnop, int32_t *ttlp)
{
    if (!(af == AF_INET && len == 4) && !(af == AF_INET6 && len == 16))
        return finish(no_such_family, errnop, h_errnop);
    struct answer_address asked = {.len = (uint8_t)len};
    memcpy(asked.octets, addr, len);
    struct address address =
        af == AF_INET ? address_from_ipv4(asked.octets) : address_from_ipv6(asked.octets);
    struct answer_names names;
    struct answer_end end = answer_for_address(&names, &address);
    if (end.status == NSS_STATUS_SUCCESS &&
        !answer_write_names(&names, &asked, result, buffer, buflen))
        end = too_small;
    if (end.status == NSS_STATUS_SUCCESS && ttlp)
        *ttlp = 0; /* the index has none: do not keep it */
    return finish(end, errnop, h_errnop);
}

enum nss_status _nss_hearth_gethostbyaddr_r(const void *addr, socklen_t len, int af,
                                            struct hostent *result, char *buffer, size_t buflen,
                                            int *errnop, int *h_errnop)
{
    return _nss_hearth_gethostbyaddr2_r(addr, len, af, result, buffer, buflen, errnop, h_errnop,
                                        NULL);
}
