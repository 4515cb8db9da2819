/* page.h: the proxy's own pages: why a device is not shown, as a whole HTTP/1.1 response.
 *
 * Everything from outside is escaped; no script, nothing loaded; there is no way to proceed past a
 * refusal. Pure: facts in, octets out.
 */
#ifndef HEARTH_DANE_PROXY_PAGE_H
#define HEARTH_DANE_PROXY_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dane/published.h"
#include "dane/verdict.h"
#include "ledger/base/name.h"
#include "ledger/base/view.h"
#include "ledger/base/writer.h"

enum page_kind {
    PAGE_MISMATCH,     /* 502 */
    PAGE_WITHDRAWN,    /* 502 */
    PAGE_STALE,        /* 502 */
    PAGE_NO_RECORD,    /* 502: the name publishes no key at this port */
    PAGE_NO_NAME,      /* 502: the household has no such name */
    PAGE_NO_ADDRESS,   /* 502 */
    PAGE_UNREACHABLE,  /* 504 */
    PAGE_CONFLICT,     /* 502: conflicting records, or the household's keys are in dispute */
    PAGE_SHARED_KEY,   /* 502: another household's key (unknown-key-share) */
    PAGE_NOT_TLS,      /* 502 */
    PAGE_H2_ONLY,      /* 502 */
    PAGE_BROKEN,       /* 502: the device's answer is no HTTP that can be passed on; `reason` */
    PAGE_NO_VIEW,      /* 502: hearthd has published nothing, or it can't be read */
    PAGE_FOREIGN_LINK, /* 200: a link led here; `link` goes on */
    PAGE_FORBIDDEN,    /* 403: `reason` */
    PAGE_BAD_REQUEST,  /* 400: `reason` */
    PAGE_KIND_COUNT
};

enum { PAGE_LINK_MAX = 8192, PAGE_MAX = 65536 /* octets of a response */ };

/* Who signed what stands, copied from the view. */
struct page_signer {
    bool known;
    char label[64]; /* of the node, cut at a whole character; "" : by `key` only */
    uint8_t key[32];
    char by[64];      /* the SET's own word for what wrote it; may be "" */
    uint64_t time_ms; /* since 1970 */
    uint8_t reason;   /* of a withdrawal: enum body_reason */
    /* Of the name's household and record, whether or not a signer is known: */
    uint32_t conflicts; /* live writes of the keys besides the one that counts */
    bool frozen;        /* the household's owner entries contradict each other */
    bool followed;      /* it is not one's own household */
    bool other_hashes;  /* not all published are SHA-256 of the device's own key: what is presented
                           can't be held against them digit by digit */
};

struct page {
    enum page_kind kind;
    const char *host; /* as target.h has it */
    uint16_t port;
    const char *address;           /* where it was tried, as text; may be NULL */
    const struct verdict *verdict; /* may be NULL */
    struct page_signer signer;     /* of the TLSA RRset, or of the withdrawal */
    const char *reason;            /* a clause for people; may be NULL */
    const char *link;              /* PAGE_FOREIGN_LINK: the URL that was asked for */
    bool head_only;                /* answer to HEAD */
    bool
        service_worker; /* the request fetches a worker's script: where the key is wrong it gets one that
                           removes itself (200), else 404 */
    bool foreign; /* another site's page asked: Clear-Site-Data is left out, for it reaches the
                            cookies of the household's other devices, and no site shall do that */
};

/* Who published the keys of this name and port, and (withdrawn) who withdrew them. `verdict` may be
 * NULL. */
void page_signer_find(struct page_signer *signer, struct view *view, const struct name *name,
                      uint16_t port, const struct verdict *verdict);

/* Of the response: 502 … */
unsigned page_status(enum page_kind kind);

/* Writes the response; it says `Connection: close`. NO_SPACE is the writer's: PAGE_MAX octets are
 * always enough for a host of TARGET_HOST_SIZE, a reason of 256 and a link of PAGE_LINK_MAX. A
 * mismatch with a record that is in conflict is shown as PAGE_CONFLICT. */
void page_write(struct writer *w, const struct page *page);

#endif
