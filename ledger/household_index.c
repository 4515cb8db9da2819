/* household_index.c: the hash maps of a household: ids, keys, streams, scope lists, names. */
#include "ledger/household_index.h"

#include <string.h>

#include "ledger/base/checksum.h"

enum { SLOT_KEY_MAX = NAME_WIRE_MAX + 2 };

static uint64_t hash_of(const struct household *h, const void *bytes, size_t len)
{
    return siphash13(h->hash_key, bytes, len);
}

static bool same_id(const void *table, uint32_t index, const void *key)
{
    return memcmp(known_at(table, index)->id, key, 32) == 0;
}

uint32_t index_id(const struct household *h, const uint8_t id[static 32])
{
    return index_map_find(&h->by_id, hash_of(h, id, 32), same_id, h, id);
}

uint32_t index_add_id(struct household *h, const uint8_t id[static 32])
{
    uint32_t index = index_id(h, id);
    if (index != INDEX_NONE)
        return index;
    index = h->known.count;
    struct known *known = array_push(&h->known, sizeof *known);
    *known = (struct known){.prev = INDEX_NONE,
                            .stream = INDEX_NONE,
                            .at = INDEX_NONE,
                            .next_live = INDEX_NONE,
                            .named_by = INDEX_NONE};
    memcpy(known->id, id, 32);
    index_map_put(&h->by_id, hash_of(h, id, 32), index);
    return index;
}

static bool same_author(const void *table, uint32_t index, const void *key)
{
    return memcmp(author_at(table, index)->key, key, 32) == 0;
}

uint32_t index_author(const struct household *h, const uint8_t key[static 32])
{
    return index_map_find(&h->by_key, hash_of(h, key, 32), same_author, h, key);
}

uint32_t index_add_author(struct household *h, const uint8_t key[static 32])
{
    uint32_t index = index_author(h, key);
    if (index != INDEX_NONE)
        return index;
    index = h->authors.count;
    struct author *author = array_push(&h->authors, sizeof *author);
    *author = (struct author){.hash = hash_of(h, key, 32), .suspended_by = INDEX_NONE};
    memcpy(author->key, key, 32);
    index_map_put(&h->by_key, author->hash, index);
    return index;
}

struct stream_key {
    uint64_t number;
    uint64_t author;
};

static bool same_stream(const void *table, uint32_t index, const void *key)
{
    const struct stream *stream = stream_at(table, index);
    const struct stream_key *wanted = key;
    return stream->number == wanted->number && stream->author == wanted->author;
}

static uint32_t index_stream(const struct household *h, uint32_t author, uint64_t number)
{
    struct stream_key key = {.number = number, .author = author};
    return index_map_find(&h->by_stream, hash_of(h, &key, sizeof key), same_stream, h, &key);
}

uint32_t index_add_stream(struct household *h, uint32_t author, uint64_t number)
{
    uint32_t index = index_stream(h, author, number);
    if (index != INDEX_NONE)
        return index;
    index = h->streams.count;
    struct stream_key key = {.number = number, .author = author};
    struct stream *stream = array_push(&h->streams, sizeof *stream);
    *stream = (struct stream){.number = number, .author = author};
    index_map_put(&h->by_stream, hash_of(h, &key, sizeof key), index);
    return index;
}

static struct scope_list *list_at(const struct household *h, uint32_t index)
{
    return ((struct scope_list **)h->lists.items)[index];
}

static bool same_list(const void *table, uint32_t index, const void *key)
{
    return memcmp(list_at(table, index)->commitment, key, 32) == 0;
}

struct scope_list *index_add_list(struct household *h, const uint8_t commitment[static 32])
{
    uint64_t hash = hash_of(h, commitment, 32);
    uint32_t index = index_map_find(&h->by_commitment, hash, same_list, h, commitment);
    if (index != INDEX_NONE)
        return list_at(h, index);
    struct scope_list *list = arena_alloc(&h->arena, sizeof *list);
    if (!list)
        return NULL;
    memcpy(list->commitment, commitment, 32);
    index_map_put(&h->by_commitment, hash, h->lists.count);
    *(struct scope_list **)array_push(&h->lists, sizeof(struct scope_list *)) = list;
    return list;
}

static bool same_slot(const void *table, uint32_t index, const void *key)
{
    const struct slot *slot = slot_at(table, index);
    const uint8_t *name_and_type = key;
    /* A wire name ends itself, so the first difference comes before the end of the shorter. */
    size_t len = slot->name_len + 2U;
    return memcmp(slot->name, name_and_type, len) == 0;
}

uint32_t index_slot(const struct household *h, const struct name *name, uint16_t type)
{
    uint8_t key[SLOT_KEY_MAX] = {0};
    memcpy(key, name->wire, name->len);
    key[name->len] = (uint8_t)(type >> 8);
    key[name->len + 1] = (uint8_t)type;
    return index_map_find(&h->by_name, hash_of(h, key, name->len + 2U), same_slot, h, key);
}

void index_add_slot(struct household *h, uint32_t index)
{
    const struct slot *slot = slot_at(h, index);
    index_map_put(&h->by_name, hash_of(h, slot->name, slot->name_len + 2U), index);
}

enum status index_reserve(struct household *h, size_t ids)
{
    size_t all = (size_t)h->leaves.count + h->authors.count + h->denials.count + 2;
    if (array_reserve(&h->known, ids, sizeof(struct known)) != STATUS_OK ||
        array_reserve(&h->streams, 1, sizeof(struct stream)) != STATUS_OK ||
        array_reserve(&h->authors, 1, sizeof(struct author)) != STATUS_OK ||
        array_reserve(&h->lists, 1, sizeof(struct scope_list *)) != STATUS_OK ||
        array_reserve(&h->leaves, 1, sizeof(uint32_t)) != STATUS_OK ||
        array_reserve(&h->denials, 1, sizeof(uint32_t)) != STATUS_OK ||
        array_reserve(&h->withdrawals, (size_t)h->denials.count + 1 - h->withdrawals.count,
                      sizeof(uint32_t)) != STATUS_OK ||
        array_reserve(&h->grants, (size_t)h->authors.count + 1 - h->grants.count,
                      sizeof(uint32_t)) != STATUS_OK ||
        array_reserve(&h->scratch, all, sizeof(uint32_t)) != STATUS_OK ||
        index_map_reserve(&h->by_id, ids) != STATUS_OK ||
        index_map_reserve(&h->by_stream, 1) != STATUS_OK ||
        index_map_reserve(&h->by_key, 1) != STATUS_OK ||
        index_map_reserve(&h->by_commitment, 1) != STATUS_OK)
        return STATUS_NO_MEMORY;
    return STATUS_OK;
}
