/* answer.c: see answer.h.
 *
 * Only names in home.arpa make anybody look at the view; all others cost a comparison of their last
 * ten characters.
 */
#include "nss-module/answer.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "ledger/base/reader.h"
#include "ledger/base/rrtype.h"
#include "ledger/base/view.h"
#include "nss-module/shared_view.h"

static const struct answer_end success = {NSS_STATUS_SUCCESS, 0, NETDB_SUCCESS};
static const struct answer_end not_found = {NSS_STATUS_NOTFOUND, ENOENT, HOST_NOT_FOUND};
static const struct answer_end no_data = {NSS_STATUS_NOTFOUND, ENOENT, NO_DATA};
static const struct answer_end try_again = {NSS_STATUS_NOTFOUND, EAGAIN, TRY_AGAIN};
static const struct answer_end not_ours = {NSS_STATUS_UNAVAIL, ENOENT, NO_RECOVERY};

/* --- names --- */

static bool is_same_letter(char a, char lower)
{
    return (a >= 'A' && a <= 'Z' ? a + 32 : a) == lower;
}

/* Is the name home.arpa, or below it? Whatever its case, with or without the final dot. */
static bool is_home_name(const char *name)
{
    static const char home[] = "home.arpa";
    const size_t home_len = sizeof home - 1;
    size_t len = strlen(name);
    if (len > 0 && name[len - 1] == '.')
        len--;
    if (len < home_len || (len > home_len && name[len - home_len - 1] != '.'))
        return false;
    const char *tail = name + len - home_len;
    for (size_t i = 0; i < home_len; i++) {
        if (!is_same_letter(tail[i], home[i]))
            return false;
    }
    return true;
}

/* The last labels of a name, as many as an apex has. */
static const char *apex_part(const char *name)
{
    size_t at = strlen(name);
    if (at > 0 && name[at - 1] == '.')
        at--;
    for (unsigned dots = 0; at > 0; at--) {
        if (name[at - 1] == '.' && ++dots == VIEW_APEX_LABELS)
            break;
    }
    return name + at;
}

/* The wire name as text; false if it has octets that a household's name can't have. */
static bool write_text(const uint8_t *wire, size_t len, char text[static ANSWER_NAME_SIZE],
                       size_t *size)
{
    struct reader r = reader_over(wire, len);
    char *at = text;
    for (uint8_t label_len = reader_u8(&r); label_len > 0; label_len = reader_u8(&r)) {
        const uint8_t *label = reader_bytes(&r, label_len);
        if (!label)
            return false;
        for (uint8_t i = 0; i < label_len; i++) {
            if (label[i] <= ' ' || label[i] > '~' || label[i] == '.' || label[i] == '\\')
                return false;
            *at++ = (char)label[i];
        }
        *at++ = '.';
    }
    if (at == text || reader_finish(&r) != STATUS_OK)
        return false;
    at[-1] = '\0';
    *size = (size_t)(at - text);
    return true;
}

/* --- looking up --- */

static enum status add_addresses(struct view *view, const struct view_name *name, uint16_t type,
                                 struct answer *answer)
{
    struct view_rrset rrset;
    enum status status = view_rrset(view, name, type, &rrset);
    if (status != STATUS_OK)
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    uint8_t len = type == RRTYPE_A ? 4 : 16;
    struct reader r = reader_over(rrset.data, rrset.data_len);
    for (unsigned i = 0; i < rrset.count && answer->count < ANSWER_ADDRESSES_MAX; i++) {
        struct answer_address *address = &answer->addresses[answer->count++];
        if (reader_u16(&r) != len)
            return STATUS_CORRUPT;
        address->len = len;
        reader_copy(&r, address->octets, len);
    }
    if (rrset.count > 0 && rrset.ttl < answer->ttl)
        answer->ttl = rrset.ttl;
    return r.error;
}

static struct answer_end collect_answer(struct view *view, const struct view_name *name,
                                        unsigned families, struct answer *answer)
{
    enum status status = STATUS_OK;
    answer->count = 0;
    answer->ttl = INT32_MAX;
    if (families & ANSWER_IPV6)
        status = add_addresses(view, name, RRTYPE_AAAA, answer);
    if (status == STATUS_OK && families & ANSWER_IPV4)
        status = add_addresses(view, name, RRTYPE_A, answer);
    if (status != STATUS_OK ||
        !write_text(name->wire, name->wire_len, answer->name, &answer->name_size))
        return try_again;
    return answer->count > 0 ? success : no_data;
}

/* A name that is not in the view: is it for a household, or for somebody else, to deny it? */
static struct answer_end deny(struct view *view, const char *text)
{
    struct name apex;
    struct view_zone zone;
    enum status status = name_parse(&apex, apex_part(text));
    if (status == STATUS_OK)
        status = view_find_zone(view, apex.wire, apex.len, &zone);
    if (status == STATUS_CORRUPT)
        return try_again;
    return status != STATUS_OK && view->flags & VIEW_FLAG_LOCAL_UPSTREAM ? not_ours : not_found;
}

struct answer_end answer_for_name(struct answer *answer, const char *name, unsigned families)
{
    if (!is_home_name(name))
        return not_ours;
    struct shared_view *shared;
    if (shared_view_borrow(&shared) != STATUS_OK)
        return try_again;
    struct view *view = shared_view_of(shared);
    struct name wire;
    struct view_name found;
    struct answer_end end;
    enum status status = name_parse(&wire, name);
    if (status == STATUS_OK)
        status = view_find(view, wire.wire, wire.len, &found);
    if (status == STATUS_OK)
        end = collect_answer(view, &found, families, answer);
    else if (status == STATUS_CORRUPT)
        end = try_again;
    else
        end = deny(view, name);
    shared_view_return(shared);
    return end;
}

struct answer_end answer_for_address(struct answer_names *names, const struct address *address)
{
    struct shared_view *shared;
    if (shared_view_borrow(&shared) != STATUS_OK)
        return not_ours;
    struct view *view = shared_view_of(shared);
    enum status status = STATUS_OK;
    names->count = 0;
    while (status == STATUS_OK && names->count <= ANSWER_ALIASES_MAX) {
        struct view_name found;
        size_t size;
        status = view_find_address(view, address, names->count, &found);
        if (status == STATUS_OK &&
            !write_text(found.wire, found.wire_len, names->names[names->count++], &size))
            status = STATUS_CORRUPT;
    }
    shared_view_return(shared);
    bool is_whole = status == STATUS_OK || status == STATUS_NOT_FOUND;
    return names->count > 0 && is_whole ? success : not_ours;
}

/* --- the caller's buffer --- */

/* Octets to leave out at the buffer's start, for the pointers that come first. */
static size_t padding(const char *buffer)
{
    return -(uintptr_t)buffer & (alignof(void *) - 1);
}

/* From here on the pointers are aligned, and the caller has measured the room. */
static char **as_pointers(char *at)
{
    return (char **)(void *)at;
}

/* Pointers to the addresses of one family and a NULL, then the addresses; returns what is behind.
 */
static char *write_address_list(const struct answer_address *addresses, unsigned count, size_t len,
                                struct hostent *result, char *at, unsigned used)
{
    char **list = as_pointers(at);
    at += (used + 1) * sizeof *list;
    result->h_addr_list = list;
    for (unsigned i = 0; i < count; i++) {
        if (addresses[i].len != len)
            continue;
        *list++ = at;
        memcpy(at, addresses[i].octets, len);
        at += len;
    }
    *list = NULL;
    return at;
}

bool answer_write_hostent(const struct answer *answer, int family, struct hostent *result,
                          char *buffer, size_t size)
{
    size_t len = family == AF_INET ? 4 : 16;
    size_t pad = padding(buffer);
    size_t needed =
        pad + (answer->count + 2) * sizeof(char *) + answer->count * len + answer->name_size;
    if (size < needed)
        return false;
    char *at = buffer + pad;
    result->h_aliases = as_pointers(at);
    result->h_aliases[0] = NULL;
    at = write_address_list(answer->addresses, answer->count, len, result, at + sizeof(char *),
                            answer->count);
    result->h_name = memcpy(at, answer->name, answer->name_size);
    result->h_addrtype = family;
    result->h_length = (int)len;
    return true;
}

bool answer_write_tuples(const struct answer *answer, struct gaih_addrtuple **pat, char *buffer,
                         size_t size)
{
    size_t pad = padding(buffer);
    if (size < pad + answer->count * sizeof(struct gaih_addrtuple) + answer->name_size)
        return false;
    struct gaih_addrtuple *tuples = (struct gaih_addrtuple *)(void *)(buffer + pad);
    char *name = (char *)(tuples + answer->count);
    memcpy(name, answer->name, answer->name_size);
    for (unsigned i = 0; i < answer->count; i++) {
        const struct answer_address *address = &answer->addresses[i];
        tuples[i] = (struct gaih_addrtuple){
            .next = i + 1 < answer->count ? &tuples[i + 1] : NULL,
            .name = name,
            .family = address->len == 4 ? AF_INET : AF_INET6,
        };
        memcpy(tuples[i].addr, address->octets, address->len);
    }
    /* nscd gives the first tuple's place itself. */
    if (*pat)
        **pat = tuples[0];
    else
        *pat = tuples;
    return true;
}

bool answer_write_names(const struct answer_names *names, const struct answer_address *address,
                        struct hostent *result, char *buffer, size_t size)
{
    size_t pad = padding(buffer);
    size_t needed = pad + (names->count + 2) * sizeof(char *) + address->len;
    for (unsigned i = 0; i < names->count; i++)
        needed += strlen(names->names[i]) + 1;
    if (size < needed)
        return false;
    /* As many alias pointers as names: the first name is no alias, the last pointer is NULL. */
    char **aliases = as_pointers(buffer + pad);
    char *at = buffer + pad + names->count * sizeof *aliases;
    at = write_address_list(address, 1, address->len, result, at, 1);
    for (unsigned i = 0; i < names->count; i++) {
        size_t name_size = strlen(names->names[i]) + 1;
        memcpy(at, names->names[i], name_size);
        if (i == 0)
            result->h_name = at;
        else
            aliases[i - 1] = at;
        at += name_size;
    }
    aliases[names->count - 1] = NULL;
    result->h_aliases = aliases;
    result->h_addrtype = address->len == 4 ? AF_INET : AF_INET6;
    result->h_length = address->len;
    return true;
}
