/* lineage.c: ancestors in streams and in the authority tree, in a logarithm of the distance.
 *
 * Every entry points at its `prev` and, by one further link, at an ancestor so chosen that any
 * ancestor is reached in O(log n) steps (Myers, "An applicative random-access stack", 1983). An
 * entry's seq is its depth, and entries of one depth have links of one length.
 */
#include "ledger/lineage.h"

void lineage_link(struct household *h, uint32_t known, uint32_t prev)
{
    struct known *entry = known_at(h, known);
    entry->prev = prev;
    entry->jump = known;
    entry->seq = 0;
    if (prev == INDEX_NONE)
        return;
    const struct known *before = known_at(h, prev);
    const struct known *mid = known_at(h, before->jump);
    const struct known *far = known_at(h, mid->jump);
    entry->seq = before->seq + 1;
    entry->jump = before->seq - mid->seq == mid->seq - far->seq ? mid->jump : prev;
}

uint32_t lineage_ancestor(const struct household *h, uint32_t known, uint32_t seq)
{
    while (known_at(h, known)->seq > seq) {
        const struct known *entry = known_at(h, known);
        known = known_at(h, entry->jump)->seq >= seq ? entry->jump : entry->prev;
    }
    return known;
}

uint32_t lineage_common(const struct household *h, uint32_t a, uint32_t b)
{
    uint32_t a_seq = known_at(h, a)->seq;
    uint32_t b_seq = known_at(h, b)->seq;
    a = lineage_ancestor(h, a, a_seq < b_seq ? a_seq : b_seq);
    b = lineage_ancestor(h, b, a_seq < b_seq ? a_seq : b_seq);
    while (a != b) {
        const struct known *left = known_at(h, a);
        const struct known *right = known_at(h, b);
        bool far = left->jump != right->jump;
        a = far ? left->jump : left->prev;
        b = far ? right->jump : right->prev;
    }
    return a;
}
