/* page_body.c: see page_body.h.
 *
 * Words (page_words.c) are filled with facts: every fact is written by a function of the table
 * below, which escapes it. Then keys, what is known of them, what to do. */
#include "dane/proxy/page_body.h"

#include <stdio.h>
#include <string.h>

#include "dane/proxy/page_html.h"
#include "dane/proxy/page_style.h"
#include "dane/proxy/page_words.h"
#include "dane/proxy/target.h"
#include "ledger/base/address.h"
#include "ledger/body.h"

enum { HTTPS_PORT = 443, LINK_SHOWN_MAX = 300, PLACE_SIZE = TARGET_HOST_SIZE + 8 };

/* --- facts in the words --- */

/* "camera.maple.home.arpa", with the port if it is not the usual one. */
static void place_text(const struct page *page, char text[static PLACE_SIZE])
{
    if (page->port == HTTPS_PORT)
        (void)snprintf(text, PLACE_SIZE, "%s", page->host);
    else
        (void)snprintf(text, PLACE_SIZE, "%s:%u", page->host, (unsigned)page->port);
}

static void write_host(struct writer *w, const struct page *page)
{
    page_html_raw(w, "<b>");
    page_html_text(w, page->host);
    page_html_raw(w, "</b>");
}

static void write_place(struct writer *w, const struct page *page)
{
    char place[PLACE_SIZE];
    place_text(page, place);
    page_html_raw(w, "<b>");
    page_html_text(w, place);
    page_html_raw(w, "</b>");
}

static void write_port(struct writer *w, const struct page *page)
{
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)page->port);
    page_html_text(w, port);
}

static void write_at(struct writer *w, const struct page *page)
{
    if (!page->address)
        return;
    page_html_raw(w, " at <b>");
    page_html_text(w, page->address);
    page_html_raw(w, "</b>");
}

/* `hearth VERB NAME REST`; `rest` may be NULL. */
static void write_command(struct writer *w, const char *verb, const char *name, const char *rest)
{
    page_html_raw(w, "<code class=\"command\">hearth ");
    page_html_raw(w, verb);
    page_html_raw(w, " ");
    page_html_word(w, name);
    if (rest) {
        page_html_raw(w, " ");
        page_html_text(w, rest);
    }
    page_html_raw(w, "</code>");
}

static void write_verify(struct writer *w, const struct page *page)
{
    char place[PLACE_SIZE];
    place_text(page, place);
    write_command(w, "verify", place, NULL);
}

/* The address as `adopt` takes it: with the port behind it, and quoted for its brackets. */
static void write_adopt(struct writer *w, const struct page *page)
{
    char text[ADDRESS_TEXT_SIZE + 16];
    const char *address = page->address ? page->address : "ADDR";
    if (page->port == HTTPS_PORT)
        (void)snprintf(text, sizeof text, "%s", address);
    else
        (void)snprintf(text, sizeof text, strchr(address, ':') ? "'[%s]:%u'" : "%s:%u", address,
                       (unsigned)page->port);
    write_command(w, "adopt", page->host, text);
}

static void write_set(struct writer *w, const struct page *page)
{
    write_command(w, "set", page->host, "AAAA ADDR");
}

static void write_show(struct writer *w, const struct page *page)
{
    write_command(w, "show", page->host, NULL);
}

static void write_log(struct writer *w, const struct page *page)
{
    write_command(w, "log", page->host, NULL);
}

static void write_forget(struct writer *w, const struct page *page)
{
    write_command(w, "forget", page->host, NULL);
}

static void write_status(struct writer *w, const struct page *page)
{
    (void)page;
    page_html_raw(w, "<code class=\"command\">hearth status</code>");
}

static void write_ls(struct writer *w, const struct page *page)
{
    (void)page;
    page_html_raw(w, "<code class=\"command\">hearth ls</code>");
}

static void write_init(struct writer *w, const struct page *page)
{
    (void)page;
    page_html_raw(w, "<code class=\"command\">hearth init LABEL</code>");
}

static const struct fact {
    const char *name; /* as it stands in the words */
    void (*write)(struct writer *w, const struct page *page);
} facts[] = {
    {"{host}", write_host},     {"{place}", write_place},   {"{port}", write_port},
    {"{at}", write_at},         {"{verify}", write_verify}, {"{adopt}", write_adopt},
    {"{set}", write_set},       {"{show}", write_show},     {"{log}", write_log},
    {"{forget}", write_forget}, {"{status}", write_status}, {"{ls}", write_ls},
    {"{init}", write_init},
};

static const struct fact *find_fact(const char *words)
{
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (strncmp(words, facts[i].name, strlen(facts[i].name)) == 0)
            return &facts[i];
    }
    return NULL;
}

static void write_words(struct writer *w, const struct page *page, const char *words)
{
    while (*words != '\0') {
        const struct fact *fact = find_fact(words);
        size_t plain = fact ? 0 : 1 + strcspn(words + 1, "{");
        if (fact)
            fact->write(w, page);
        writer_bytes(w, words, plain);
        words += fact ? strlen(fact->name) : plain;
    }
}

/* --- keys --- */

/* Can what was presented be held against what was expected, digit by digit? */
static bool is_comparable(const struct page *page)
{
    const struct verdict *verdict = page->verdict;
    return verdict->has_presented && verdict->expected_count == 1 &&
           verdict->expected_len[0] == sizeof verdict->presented && !page->signer.other_hashes;
}

static void write_difference(struct writer *w, const struct verdict *verdict)
{
    char text[96];
    size_t len = sizeof verdict->presented;
    size_t differing = page_html_differing(verdict->presented, verdict->expected[0], len);
    if (differing == 0)
        return;
    (void)snprintf(text, sizeof text,
                   differing * 4 >= len
                       ? "<dd class=\"said\">All %zu groups differ.</dd>"
                       : "<dd class=\"said\">%zu of 8 groups differ: they are marked.</dd>",
                   differing);
    page_html_raw(w, text);
}

static void write_expected(struct writer *w, const struct page *page)
{
    const struct verdict *verdict = page->verdict;
    const uint8_t *other = is_comparable(page) ? verdict->presented : NULL;
    page_html_raw(w, "<dt>Expected");
    if (verdict->expected_count > 1)
        page_html_raw(w, ", any of these");
    if (page->signer.other_hashes)
        page_html_raw(w, " (not all are hashes of the device's own key)");
    page_html_raw(w, "</dt>");
    for (size_t i = 0; i < verdict->expected_count; i++) {
        page_html_raw(w, "<dd>");
        page_html_hex(w, verdict->expected[i], verdict->expected_len[i], other);
        page_html_raw(w, "</dd>");
    }
    if (verdict->expected_count == 0)
        page_html_raw(w, "<dd>none that stands</dd>");
}

static void write_keys(struct writer *w, const struct page *page)
{
    const struct verdict *verdict = page->verdict;
    bool comparable = verdict && is_comparable(page);
    if (!verdict || (verdict->expected_count == 0 && !verdict->has_presented))
        return;
    page_html_raw(w, "<dl class=\"keys\">");
    write_expected(w, page);
    page_html_raw(w, "<dt>Presented</dt><dd>");
    if (verdict->has_presented)
        page_html_hex(w, verdict->presented, sizeof verdict->presented,
                      comparable ? verdict->expected[0] : NULL);
    else
        page_html_raw(w, "nothing that is a certificate");
    page_html_raw(w, "</dd>");
    if (comparable)
        write_difference(w, verdict);
    page_html_raw(w, "</dl>");
}

/* --- what is known --- */

static const char *reason_text(uint8_t reason)
{
    switch (reason) {
    case REASON_LOST:
        return "lost";
    case REASON_STOLEN:
        return "stolen";
    case REASON_RETIRED:
        return "retired";
    case REASON_REPLACED:
        return "replaced";
    default:
        return NULL;
    }
}

static void write_signer(struct writer *w, const struct page *page)
{
    const struct page_signer *signer = &page->signer;
    bool withdrawn = page->kind == PAGE_WITHDRAWN;
    const char *reason = withdrawn ? reason_text(signer->reason) : NULL;
    if (!signer->known)
        return;
    page_html_raw(w, withdrawn ? "<dt>Withdrawn</dt><dd>" : "<dt>Published</dt><dd>");
    page_html_time(w, signer->time_ms);
    if (reason) {
        page_html_raw(w, ", as ");
        page_html_raw(w, reason);
    }
    if (signer->by[0] != '\0') {
        page_html_raw(w, ", with <code>");
        page_html_text(w, signer->by);
        page_html_raw(w, "</code>");
    }
    page_html_raw(w, "</dd><dt>Signed by</dt><dd>");
    if (signer->label[0] != '\0') {
        page_html_raw(w, "the node <b><bdi>");
        page_html_text(w, signer->label);
        page_html_raw(w, "</bdi></b>, key ");
    }
    page_html_hex(w, signer->key, sizeof signer->key, NULL);
    page_html_raw(w, "</dd>");
}

static void write_facts(struct writer *w, const struct page *page)
{
    if (!page->reason && !page->signer.known)
        return;
    page_html_raw(w, "<dl class=\"facts\">");
    if (page->reason) {
        page_html_raw(w, "<dt>Reason</dt><dd>");
        page_html_text(w, page->reason);
        page_html_raw(w, "</dd>");
    }
    write_signer(w, page);
    page_html_raw(w, "</dl>");
}

static void write_notes(struct writer *w, const struct page *page)
{
    if (page->signer.frozen)
        write_words(
            w, page,
            "<div class=\"note\">The household's owner has signed two histories that "
            "contradict each other. Until that is settled, what was published since may not "
            "count. {status}</div>");
    else if (page->verdict && page->verdict->soft)
        write_words(w, page,
                    "<div class=\"note\">This computer has not heard from the household's own "
                    "machines for a while. {status}</div>");
}

static void write_wrong(struct writer *w, const struct page *page)
{
    static const char *const texts[FORGIVEN_COUNT] = {
        [FORGIVEN_BIT_EXPIRED] = "The certificate has expired.",
        [FORGIVEN_BIT_NOT_YET_VALID] = "The certificate is not valid yet.",
        [FORGIVEN_BIT_NAME] = "The certificate is made out to another name.",
        [FORGIVEN_BIT_ISSUER] =
            "No authority that this computer trusts has issued the certificate.",
        [FORGIVEN_BIT_WEAK_KEY] = "The key is too short by today's measure.",
        [FORGIVEN_BIT_WEAK_SIGNATURE] = "The certificate is signed with SHA-1 or older.",
        [FORGIVEN_BIT_OLD_PROTOCOL] = "The connection is older than TLS 1.2.",
        [FORGIVEN_BIT_LEGACY_RENEGOTIATION] = "The connection has no secure renegotiation.",
    };
    const struct verdict *verdict = page->verdict;
    if (!verdict || !verdict->has_presented)
        return;
    if (verdict->wrong)
        page_html_raw(w, "<h2>What else is wrong with what came</h2><ul>");
    for (unsigned i = 0; i < FORGIVEN_COUNT; i++) {
        if ((verdict->wrong & (UINT32_C(1) << i)) == 0)
            continue;
        page_html_raw(w, "<li>");
        page_html_raw(w, texts[i]);
        page_html_raw(w, "</li>");
    }
    if (verdict->wrong)
        page_html_raw(w, "</ul><p>In a device with the published key, Hearth forgives all of this. "
                         "A key that is not published, or was withdrawn, it never forgives.</p>");
}

/* --- a link to go on --- */

/* Our own address to go on to, and nothing else: this very host, in printable ASCII. */
static bool is_link_right(const struct page *page)
{
    struct target target;
    struct http_text path, link = {page->link, strlen(page->link)};
    for (size_t i = 0; i < link.len; i++) {
        if (link.at[i] <= ' ' || link.at[i] > '~')
            return false;
    }
    return link.len < PAGE_LINK_MAX && target_of_url(&target, link, &path) == TARGET_FAULT_NONE &&
           target_is(&target, page->host, page->port);
}

static void write_link(struct writer *w, const struct page *page)
{
    char shown[LINK_SHOWN_MAX + 1];
    if (page->kind != PAGE_FOREIGN_LINK || !page->link || !is_link_right(page))
        return;
    int len = snprintf(shown, sizeof shown, "%s", page->link);
    page_html_raw(w, "<p class=\"place\"><code>");
    page_html_text(w, shown);
    page_html_raw(w, len >= (int)sizeof shown ? " …</code></p>" : "</code></p>");
    page_html_raw(w, "<p>If you meant to go there:</p>"
                     "<p><a class=\"go\" rel=\"noreferrer\" href=\"");
    page_html_text(w, page->link);
    page_html_raw(w,
                  "\">Open it</a></p>"
                  "<p>If not, close this page. The address may make the device do something.</p>");
}

/* --- the whole --- */

static void write_steps(struct writer *w, const struct page *page, const struct page_words *words)
{
    const char *const *steps = words->steps;
    if (page->signer.followed && words->followed_steps[0])
        steps = words->followed_steps;
    if (!steps[0])
        return;
    page_html_raw(w, "<h2>What to do</h2><ol>");
    for (size_t i = 0; i < PAGE_STEPS_MAX && steps[i]; i++) {
        page_html_raw(w, "<li>");
        write_words(w, page, steps[i]);
        page_html_raw(w, "</li>");
    }
    page_html_raw(w, "</ol>");
}

static void write_head(struct writer *w, const struct page *page, const struct page_words *words)
{
    page_html_raw(w, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
                     "<meta name=\"color-scheme\" content=\"light dark\"><title>");
    page_html_text(w, words->heading);
    page_html_raw(w, ": ");
    page_html_text(w, page->host);
    page_html_raw(w, "</title><style>");
    page_html_raw(w, page_style);
    page_html_raw(w, "</style></head>\n");
}

static void write_footer(struct writer *w, const struct page_words *words)
{
    page_html_raw(w, "<footer><p>This page is Hearth's own, made on this computer.");
    if (words->status == 502)
        page_html_raw(w, " There is no way past it, on purpose.");
    page_html_raw(w, "</p></footer></body></html>\n");
}

void page_body_write(struct writer *w, const struct page *page)
{
    const struct page_words *words = page_words_of(page->kind);
    write_head(w, page, words);
    page_html_raw(w, "<body class=\"");
    page_html_raw(w, words->mood);
    page_html_raw(w, "\"><main><p class=\"host\">");
    page_html_text(w, page->host);
    page_html_raw(w, "</p><h1>");
    page_html_text(w, words->heading);
    page_html_raw(w, "</h1><p>");
    write_words(w, page, words->lead);
    page_html_raw(w, "</p>");
    write_keys(w, page);
    write_link(w, page);
    write_facts(w, page);
    write_notes(w, page);
    write_steps(w, page, words);
    write_wrong(w, page);
    page_html_raw(w, "</main>");
    write_footer(w, words);
}
