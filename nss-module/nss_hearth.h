/* nss_hearth.h: the functions that glibc's name service calls in libnss_hearth.so.2.
 *
 * As nss_files and nss_dns have them (glibc, "NSS Modules Interface"): an answer lies in the
 * caller's buffer; too small a buffer is TRYAGAIN with ERANGE and NETDB_INTERNAL. On success errno,
 * *errnop and *h_errnop are untouched. All may be called from any number of threads, and after
 * fork.
 *
 *     in a household's zone         SUCCESS; NOTFOUND with HOST_NOT_FOUND, or with NO_DATA for a
 *                                   name without addresses of the family
 *     elsewhere in home.arpa        NOTFOUND; UNAVAIL where a local upstream serves it
 *     in home.arpa, no usable view  NOTFOUND with TRY_AGAIN: such a name must not go on to the DNS
 *     everything else               UNAVAIL: the next module is asked
 */
#ifndef HEARTH_NSS_MODULE_NSS_HEARTH_H
#define HEARTH_NSS_MODULE_NSS_HEARTH_H

#include <netdb.h>
#include <nss.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NSS_HEARTH_EXPORT __attribute__((visibility("default")))

/* A's and AAAA's at once, for getaddrinfo(AF_UNSPEC). */
NSS_HEARTH_EXPORT enum nss_status _nss_hearth_gethostbyname4_r(const char *name,
                                                               struct gaih_addrtuple **pat,
                                                               char *buffer, size_t buflen,
                                                               int *errnop, int *h_errnop,
                                                               int32_t *ttlp);

/* One family; with the TTL and the canonical name, which is the name itself. */
NSS_HEARTH_EXPORT enum nss_status _nss_hearth_gethostbyname3_r(const char *name, int af,
                                                               struct hostent *result, char *buffer,
                                                               size_t buflen, int *errnop,
                                                               int *h_errnop, int32_t *ttlp,
                                                               char **canonp);

NSS_HEARTH_EXPORT enum nss_status _nss_hearth_gethostbyname2_r(const char *name, int af,
                                                               struct hostent *result, char *buffer,
                                                               size_t buflen, int *errnop,
                                                               int *h_errnop);

/* IPv4 alone, as old as the interface. */
NSS_HEARTH_EXPORT enum nss_status _nss_hearth_gethostbyname_r(const char *name,
                                                              struct hostent *result, char *buffer,
                                                              size_t buflen, int *errnop,
                                                              int *h_errnop);

/* The first name that has the address, in the household's petname form, and the others as aliases.
 */
NSS_HEARTH_EXPORT enum nss_status _nss_hearth_gethostbyaddr2_r(const void *addr, socklen_t len,
                                                               int af, struct hostent *result,
                                                               char *buffer, size_t buflen,
                                                               int *errnop, int *h_errnop,
                                                               int32_t *ttlp);

NSS_HEARTH_EXPORT enum nss_status _nss_hearth_gethostbyaddr_r(const void *addr, socklen_t len,
                                                              int af, struct hostent *result,
                                                              char *buffer, size_t buflen,
                                                              int *errnop, int *h_errnop);

#endif
