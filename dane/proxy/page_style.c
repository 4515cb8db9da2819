/* page_style.c: see page_style.h. Nothing is loaded; the system's own fonts; 360 px wide and up. */
#include "dane/proxy/page_style.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

const char page_style[] =
    ":root{color-scheme:light dark;--page:#f5f4f1;--card:#fff;--ink:#1e1d1b;--soft:#5b5954;"
    "--line:#dedbd4;--well:#f5f4f1;--link:#0b57a4;--alarm:#a8201a;--calm:#7a5200;--ask:#0b57a4;"
    "--mark:#fbdcd6}"
    "@media (prefers-color-scheme:dark){:root{--page:#151412;--card:#1f1e1b;--ink:#ebe8e2;"
    "--soft:#aba79f;--line:#3a3833;--well:#151412;--link:#8ab8f0;--alarm:#ff9086;--calm:#e2b45c;"
    "--ask:#8ab8f0;--mark:#5c2722}}"
    "*{box-sizing:border-box}"
    "html{-webkit-text-size-adjust:100%}"
    "body{margin:0;padding:1rem .75rem 2rem;background:var(--page);color:var(--ink);"
    "font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}"
    "main,footer{max-width:44rem;margin:0 auto}"
    "main{background:var(--card);border:1px solid var(--line);border-top:.3rem solid var(--tint);"
    "border-radius:.5rem;padding:1rem 1rem 1.25rem}"
    ".alarm{--tint:var(--alarm)}.calm{--tint:var(--calm)}.ask{--tint:var(--ask)}"
    ".host{margin:0;color:var(--soft);font-size:.875rem}"
    "h1{margin:.25rem 0 "
    ".6rem;font-size:1.4rem;line-height:1.25;color:var(--tint);text-wrap:balance}"
    "h2{margin:1.4rem 0 .4rem;font-size:1rem}"
    "p{margin:.6rem 0}"
    "dl{margin:.6rem 0}dt{color:var(--soft);font-size:.875rem}dd{margin:0 0 .5rem}"
    ".keys,.place{background:var(--well);border:1px solid var(--line);border-radius:.4rem;"
    "padding:.6rem .75rem .2rem}"
    ".place{padding:.6rem .75rem}"
    "code{font:.875rem/1.6 ui-monospace,monospace}"
    ".keys .key,.facts .key{font-size:.8rem}"
    ".keys .said{color:var(--soft);font-size:.875rem}"
    ".key span,.key mark{display:inline-block;margin-right:.4em}"
    ".key mark{background:var(--mark);color:inherit;font-weight:bold;text-decoration:underline}"
    "ol,ul{margin:.4rem 0;padding-left:1.3rem}li{margin:.45rem 0}"
    ".command{display:block;margin:.3rem 0 .7rem;padding:.25rem .5rem;background:var(--well);"
    "border:1px solid var(--line);border-radius:.25rem}"
    ".facts dd{margin-bottom:.4rem}"
    ".note{border-left:.25rem solid var(--calm);padding-left:.75rem}"
    /* A click that was meant for another page, under which this one came up, goes nowhere. */
    ".go{display:inline-block;margin-top:.4rem;padding:.55rem 1.1rem;border-radius:.4rem;"
    "background:var(--link);color:var(--card);font-weight:600;text-decoration:none;"
    "animation:wait 1s}"
    "@keyframes wait{from,to{pointer-events:none;opacity:.4}}"
    "a:focus-visible{outline:.2rem solid var(--ink);outline-offset:.15rem}"
    "footer{color:var(--soft);font-size:.875rem;padding:.75rem 1rem 0}"
    "@media (min-width:40rem){body{padding-top:3rem}main{padding:1.5rem 2rem 1.75rem}"
    "h1{font-size:1.7rem}footer{padding-left:2rem;padding-right:2rem}"
    ".facts{display:grid;grid-template-columns:max-content 1fr;column-gap:1.5rem}"
    ".facts dt{line-height:1.7}.keys .key{font-size:.875rem}}";

enum status page_style_source(char source[static PAGE_STYLE_SOURCE_SIZE])
{
    uint8_t hash[SHA256_DIGEST_LENGTH];
    unsigned char text[4 * ((sizeof hash + 2) / 3) + 1];
    if (!SHA256((const unsigned char *)page_style, strlen(page_style), hash) ||
        EVP_EncodeBlock(text, hash, sizeof hash) < 0)
        return STATUS_CRYPTO;
    (void)snprintf(source, PAGE_STYLE_SOURCE_SIZE, "'sha256-%s'", (const char *)text);
    return STATUS_OK;
}
