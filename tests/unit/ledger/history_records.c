/* history_records.c: SETs of every type whose form the rules know, right and wrong, and other
 * entries that break a rule for themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "ledger/base/rrtype.h"
#include "tests/unit/ledger/history_impl.h"

struct sample {
    uint16_t type;
    uint16_t len;
    const char *rdata;
};

#define SAMPLE(type, text)                                                                         \
    {                                                                                              \
        type, sizeof text - 1, text                                                                \
    }
#define ZERO_30 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
/* SHA-256 of nothing. */
#define HASH_EMPTY                                                                                 \
    "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24\x27\xae\x41\xe4\x64\x9b\x93" \
    "\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55"

enum { TYPE_TXT = 16, TYPE_SRV = 33, TYPE_SSHFP = 44, TYPE_HTTPS = 65, TYPE_CAA = 257 };

static const struct sample samples[] = {
    SAMPLE(RRTYPE_A, "\xc0\xa8\1\7"),
    SAMPLE(RRTYPE_A, "\xe0\0\0\1"),
    SAMPLE(RRTYPE_A, "\0\0\0\0"),
    SAMPLE(RRTYPE_AAAA, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
    SAMPLE(RRTYPE_AAAA, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\xa8\1\7"),
    SAMPLE(RRTYPE_AAAA, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x7f\0\0\1"),
    SAMPLE(RRTYPE_A, "\xf0\0\0\1"),
    SAMPLE(RRTYPE_AAAA, "\0\x64\xff\x9b\0\0\0\0\0\0\0\0\x7f\0\0\1"),
    SAMPLE(RRTYPE_AAAA, "\x20\2\x7f\0\0\1\0\0\0\0\0\0\0\0\0\1"),
    SAMPLE(TYPE_TXT, "\5hello\0"),
    SAMPLE(TYPE_TXT, "\5hell"),
    SAMPLE(TYPE_SRV, "\0\1\0\2\0\x50\3cam\4home\0"),
    SAMPLE(TYPE_SRV, "\0\1\0\2\0\x50\0"),
    SAMPLE(TYPE_SRV, "\0\1\0\2\0\x50\3Cam\0"),
    SAMPLE(TYPE_SRV, "\0\1\0\2\0\x50\3cam"),
    SAMPLE(TYPE_SSHFP, "\4\2" ZERO_30 "\1\2"),
    SAMPLE(TYPE_SSHFP, "\4\1" ZERO_30 "\1\2"),
    SAMPLE(RRTYPE_TLSA, "\3\1\1" HASH_EMPTY),
    SAMPLE(RRTYPE_TLSA, "\3\1\1" ZERO_30),
    SAMPLE(RRTYPE_TLSA, "\3\1\0" ZERO_30 "\1\2"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\1\0\3\2h2\0\3\0\2\1\xbb"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\3\0\2\1\xbb\0\1\0\3\2h2"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\1\0\3\2h2\0\2\0\0"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\2\0\0"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\0\0\2\0\4\0\4\0\4\xc0\xa8\1\7"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\0\0\2\0\3\0\4\0\4\xc0\xa8\1\7"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\4\0\4\x7f\0\0\1"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\6\0\x10\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\6\0\x10\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1"),
    SAMPLE(TYPE_HTTPS, "\0\1\0\0\4\0\0"),
    SAMPLE(64, "\0\0\3cam\0"),
    SAMPLE(64, "\0\1\3cam\0\0\1\0\0"),
    SAMPLE(TYPE_CAA, "\0\5issuetest"),
    SAMPLE(TYPE_CAA, "\0\0test"),
    SAMPLE(TYPE_CAA, "\0\5is-uetest"),
    SAMPLE(TYPE_CAA, "\0\xffissue"),
    SAMPLE(65280, ZERO_30 "\1\2\1"),
    SAMPLE(65280, ZERO_30 "\1\2\0"),
    SAMPLE(65280, ZERO_30 "\1\2"),
    SAMPLE(65281, "https://app.example:8443"),
    SAMPLE(65281, "https://app.example:443"),
    SAMPLE(65281, "https://[fd00::1]"),
    SAMPLE(65281, "https://[fd00:0::1]"),
    SAMPLE(65281, "http://app.example"),
    SAMPLE(65281, "https://App.example"),
    SAMPLE(65281, "https://app.example/"),
    SAMPLE(65281, "https://192.0.2.7"),
    SAMPLE(65282, "\4the lamp \xc3\xa4\xc3\xb6"),
    SAMPLE(65282, "\4the\nlamp"),
    SAMPLE(65282, "\4the \xc3"),
    SAMPLE(65282, "\4the \xc2\x85"),
    SAMPLE(65283, "a type to come"),
    SAMPLE(4711, "no form is known"),
    SAMPLE(RRTYPE_ANY, "a question's type"),
    SAMPLE(41, "an option"),
    SAMPLE(65535, "reserved"),
};

void history_record(struct story *s, int at, const int *over)
{
    static const char *const names[] = {"cam",       "door",          "cam.door", "birch._peer",
                                        "cam._peer", "a.birch._peer", "_peer",    "hearth._peer"};
    enum { FEW = 3 };
    const struct sample *sample = &samples[story_random(s, sizeof samples / sizeof samples[0])];
    uint8_t rdata[300];
    uint16_t len = sample->len;
    bool peer = sample->type == 65280;
    /* A PEER mostly where it may be, all else mostly where that may be. */
    uint32_t from = peer && story_random(s, 6) > 0 ? FEW : 0;
    uint32_t below = !peer && story_random(s, 12) > 0 ? FEW : 8 - from;
    const char *name = names[from + (peer && story_random(s, 3) > 0 ? 0 : story_random(s, below))];
    memcpy(rdata, sample->rdata, len);
    uint32_t how = story_random(s, 24);
    if (how == 0) { /* one draw after the other: which side comes first is the compiler's choice */
        uint32_t octet = story_random(s, len);
        rdata[octet] ^= (uint8_t)(1 << story_random(s, 8));
    } else if (how == 1) {
        len = (uint16_t)story_random(s, len); /* none left: a deletion */
    } else if (how == 2) {
        rdata[len++] = (uint8_t)story_random(s, 256);
    }
    (void)story_set_rr(s, at, name, sample->type, rdata, len, over);
}

void history_tlsa_pair(struct story *s, int at, const char *name, uint8_t one, uint8_t other)
{
    uint8_t rdata[2][35] = {{3, 1, 1}, {3, 1, 1}};
    struct body body = {.type = ENTRY_SET, .set = {.type = RRTYPE_TLSA, .ttl = 300, .rr_count = 2}};
    memset(rdata[0] + 3, one < other ? one : other, 32);
    memset(rdata[1] + 3, one < other ? other : one, 32);
    for (int i = 0; i < 2; i++)
        body.set.rrs[i] = (struct body_rr){.data = rdata[i], .len = sizeof rdata[i]};
    assert_int_equal(name_parse(&body.set.name, name), STATUS_OK);
    (void)story_sign(s, s->entries[at].owner, s->entries[at].entry.stream, at, &body, 0);
}

int history_bad_open(struct story *s, char who, uint64_t stream, uint8_t kind, uint8_t flags)
{
    struct body body = {.type = ENTRY_OPEN, .open = {.kind = kind}};
    int entry = story_sign(s, who, stream, STORY_LAST, &body, flags);
    s->entries[entry].owner = who;
    return entry;
}

void history_bad_grant(struct story *s, int at, uint32_t way, char who)
{
    uint8_t role = ROLE_NODE;
    const char *scope = NULL;
    switch (way) {
    case 0:
        s->flags = (uint8_t)(4 << story_random(s, 6));
        break;
    case 1:
        s->flags = 2; /* share, not together with a list */
        scope = history_scope(s);
        break;
    case 2:
        s->bad_possession = true;
        break;
    case 3:
        s->bad_zone_key = true;
        break;
    case 4:
        role = 3;
        break;
    case 5:
        s->flags = (uint8_t)story_random(s, 16);
        (void)story_scope(s, at, who, history_scope(s), NONE);
        return;
    default:
        s->bad_zone_key = true;
        (void)story_scope(s, at, 'a', NULL, NONE);
        return;
    }
    (void)story_grant(s, at, who, role, scope);
}
