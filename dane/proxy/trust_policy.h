/* trust_policy.h: the browsers' policy files as texts. Pure.
 *
 * Chromium reads every file of a folder, and we have our own; of two files that set the same policy one
 * is ignored. Firefox reads one file, which ours is merged into.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_POLICY_H
#define HEARTH_DANE_PROXY_TRUST_POLICY_H

#include <stdbool.h>

#include "ledger/base/status.h"

/* Our file; `base64` or `url` may be NULL: then without the root, or the proxy. Heap; NULL when memory is
 * out. */
char *trust_policy_chromium(const char *base64, const char *url);

/* What a file of somebody else's sets that would collide with ours. MALFORMED: no JSON object. */
enum status trust_policy_chromium_look(const char *text, bool *proxy, bool *roots);
/* The root and the PAC of a file as ours; strings on the heap or NULL. MALFORMED. */
enum status trust_policy_chromium_read(const char *text, char **base64, char **url);

/* policies.json with ours in it: the root's path in place of others that begin with `prefix`; the proxy,
 * unless somebody else's is there (*proxy_taken); home.arpa excluded from DNS over HTTPS. `text` NULL: a new
 * file. *merged is on the heap. MALFORMED: no JSON object, or one whose parts are not what they must be. */
enum status trust_policy_firefox_with(const char *text, const char *path, const char *prefix,
                                      const char *url, char **merged, bool *proxy_taken);
/* The same without ours. *rest is NULL when nothing is left; *had: something was ours. */
enum status trust_policy_firefox_without(const char *text, const char *prefix, char **rest,
                                         bool *had);
/* Is the proxy set to `url`, and the root's path there? */
void trust_policy_firefox_look(const char *text, const char *path, const char *url, bool *has_root,
                               bool *has_proxy);

#endif
