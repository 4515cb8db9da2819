/* import_records.c: see import_records.h. */
#include "resolver/import_records.h"

#include <stdlib.h>
#include <string.h>

static enum status import_grow(struct import *import)
{
    if (import->count < import->room)
        return STATUS_OK;
    size_t room = import->room ? import->room * 2 : 1024;
    struct import_rr *rrs = reallocarray(import->rrs, room, sizeof *rrs);
    if (!rrs)
        return STATUS_NO_MEMORY;
    import->rrs = rrs;
    import->room = room;
    return STATUS_OK;
}

/* A copy with as much of the wire form as the name has. */
static struct name *name_copy(const struct name *name)
{
    size_t size = offsetof(struct name, wire) + name->len;
    struct name *copy = malloc(size);
    if (copy)
        memcpy(copy, name, size);
    return copy;
}

enum status import_keep(struct import *import, const struct name *owner, uint16_t type,
                        const struct record_data *data, uint32_t ttl, uint32_t line)
{
    struct name *name = name_copy(owner);
    uint8_t *octets = malloc(data->len ? data->len : 1);
    if (!name || !octets || import_grow(import) != STATUS_OK) {
        free(name);
        free(octets);
        return STATUS_NO_MEMORY;
    }
    memcpy(octets, data->octets, data->len);
    import->rrs[import->count++] = (struct import_rr){
        .owner = name, .type = type, .len = data->len, .ttl = ttl, .line = line, .data = octets};
    return STATUS_OK;
}

static int compare_rrs(const void *left, const void *right)
{
    const struct import_rr *a = left, *b = right;
    int order = name_compare(a->owner->wire, a->owner->len, b->owner->wire, b->owner->len);
    if (order != 0)
        return order;
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    size_t shorter = a->len < b->len ? a->len : b->len;
    order = memcmp(a->data, b->data, shorter);
    if (order != 0)
        return order;
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    return a->line < b->line ? -1 : a->line > b->line;
}

static void rr_free(struct import_rr *rr)
{
    free(rr->owner);
    free(rr->data);
}

size_t import_rrset_end(const struct import *import, size_t first)
{
    size_t end = first;
    const struct import_rr *rr = &import->rrs[first];
    while (end < import->count && import->rrs[end].type == rr->type &&
           name_equal(import->rrs[end].owner, rr->owner))
        end++;
    return end;
}

static void drop_duplicates(struct import *import)
{
    size_t kept = 0;
    for (size_t i = 0; i < import->count; i++) {
        const struct import_rr *last = kept > 0 ? &import->rrs[kept - 1] : NULL;
        struct import_rr *rr = &import->rrs[i];
        if (last && last->type == rr->type && last->len == rr->len &&
            memcmp(last->data, rr->data, rr->len) == 0 && name_equal(last->owner, rr->owner))
            rr_free(rr);
        else
            import->rrs[kept++] = *rr;
    }
    import->count = kept;
}

void import_sort(struct import *import)
{
    if (import->count == 0)
        return;
    qsort(import->rrs, import->count, sizeof *import->rrs, compare_rrs);
    drop_duplicates(import);
}

void import_drop(struct import *import)
{
    for (size_t i = 0; i < import->count; i++)
        rr_free(&import->rrs[i]);
    free(import->rrs);
    import->rrs = NULL;
    import->count = import->room = 0;
}

void import_free(struct import *import)
{
    import_drop(import);
    memset(import, 0, sizeof *import);
}
