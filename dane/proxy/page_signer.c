/* page_signer.c: page_signer_find of page.h: who signed what a refusal is about. What can't be read
 * is not known: a page is shown without it. */
#include <stdio.h>
#include <string.h>

#include "dane/proxy/page.h"
#include "dane/published.h"
#include "dane/tlsa.h"
#include "ledger/base/clock.h"
#include "ledger/base/text.h"

/* As much of it as fits, up to a NUL, without half a character at the end. */
static void copy_text(char *out, size_t size, const uint8_t *text, size_t len)
{
    size_t used = 0, less = 0;
    while (used < len && used < size - 1 && text[used] != 0)
        used++;
    while (less < 3 && less < used && !text_is_plain(text, used - less))
        less++;
    if (text_is_plain(text, used - less))
        used -= less;
    if (used > 0)
        memcpy(out, text, used);
    out[used] = '\0';
}

static void take_author(struct page_signer *signer, struct view *view, uint32_t index,
                        uint64_t stamp)
{
    struct view_author author;
    if (view_author_at(view, index, &author) != STATUS_OK)
        return;
    signer->known = true;
    signer->time_ms = clock_stamp_ms(stamp);
    memcpy(signer->key, author.key, sizeof signer->key);
    copy_text(signer->label, sizeof signer->label, author.label, author.label_len);
}

/* Is it the SHA-256 of the device's own key? */
static bool is_own_key(const struct tlsa *tlsa)
{
    return tlsa->usage == TLSA_DANE_EE && tlsa->selector == TLSA_SPKI &&
           tlsa->matching != TLSA_SHA512;
}

static void take_published(struct page_signer *signer, const struct published *published)
{
    const struct view_zone *zone = &published->zone;
    signer->frozen = published->household_name && zone->state == VIEW_ZONE_FROZEN;
    signer->followed = published->household_name && (zone->flags & VIEW_ZONE_OWN) == 0;
    signer->conflicts = published->has_record ? published->record.conflicts : 0;
    for (size_t i = 0; i < published->count; i++) {
        const struct tlsa *tlsa = &published->records[i];
        signer->other_hashes |= tlsa_is_usable(tlsa) && !is_own_key(tlsa);
    }
}

void page_signer_find(struct page_signer *signer, struct view *view, const struct name *name,
                      uint16_t port, const struct verdict *verdict)
{
    struct published published;
    memset(signer, 0, sizeof *signer);
    if (published_find(&published, view, name, port) != STATUS_OK)
        return;
    take_published(signer, &published);
    if (verdict && verdict->kind == VERDICT_WITHDRAWN) {
        if (verdict->has_withdrawal) {
            signer->reason = verdict->withdrawal.reason;
            take_author(signer, view, verdict->withdrawal.author, verdict->withdrawal.time);
        }
    } else if (published.has_record) {
        const struct view_record *record = &published.record;
        take_author(signer, view, record->author, record->time);
        if (signer->known)
            copy_text(signer->by, sizeof signer->by, record->by, record->by_len);
    }
}
