/* answer.h: what the view says about a name or an address, and its place in the caller's buffer.
 *
 * The size that an answer needs is known before the first octet is written.
 */
#ifndef HEARTH_NSS_MODULE_ANSWER_H
#define HEARTH_NSS_MODULE_ANSWER_H

#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/base/address.h"
#include "ledger/base/name.h"

enum {
    ANSWER_ADDRESSES_MAX = 32, /* more of one name are left out */
    ANSWER_ALIASES_MAX = 7,    /* more of one address are left out */
    ANSWER_NAME_SIZE = 256, /* a name of 255 octets as text, NUL included (no octet is escaped) */
};

/* Which families are wanted. */
enum { ANSWER_IPV4 = 1, ANSWER_IPV6 = 2 };

struct answer_address {
    uint8_t octets[16];
    uint8_t len; /* 4 or 16 */
};

struct answer {
    char name[ANSWER_NAME_SIZE];
    size_t name_size; /* NUL included */
    unsigned count;
    struct answer_address addresses[ANSWER_ADDRESSES_MAX];
    uint32_t ttl; /* the shortest */
};

/* How a look-up ends. `error` is for *errnop and `h_error` for *h_errnop when it is no success. */
struct answer_end {
    enum nss_status status;
    int error, h_error;
};

/* The name's addresses of the families wanted (ANSWER_IPV4 | ANSWER_IPV6), from the present view.
 * SUCCESS, or as nss_hearth.h has it. The network is never asked. */
struct answer_end answer_for_name(struct answer *answer, const char *name, unsigned families);

/* The addresses' names: the first is `name`, the others follow as aliases. */
struct answer_names {
    unsigned count;
    char names[ANSWER_ALIASES_MAX + 1][ANSWER_NAME_SIZE];
};
/* SUCCESS with at least one name, or UNAVAIL: others may know an address that the view has not. */
struct answer_end answer_for_address(struct answer_names *names, const struct address *address);

/* Into the caller's buffer; false when it is too small. */
bool answer_write_hostent(const struct answer *answer, int family, struct hostent *result,
                          char *buffer, size_t size);
bool answer_write_tuples(const struct answer *answer, struct gaih_addrtuple **pat, char *buffer,
                         size_t size);
bool answer_write_names(const struct answer_names *names, const struct answer_address *address,
                        struct hostent *result, char *buffer, size_t size);

#endif
