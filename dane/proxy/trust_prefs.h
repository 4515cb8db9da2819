/* trust_prefs.h: a Firefox profile's user.js and prefs.js as texts. Pure.
 *
 * What is ours in user.js is one block between two marked lines at its end; all other octets stay as
 * they are. Firefox copies it into prefs.js when it starts, so that taking it back means both files;
 * what prefs.js said before is kept inside the block:
 *
 *   // Hearth begin newline: `hearth trust uninstall` takes this away.
 *   // before: user_pref("network.proxy.type", 0);
 *   user_pref("network.proxy.type", 2);
 *   user_pref("network.proxy.autoconfig_url", "data:…");
 *   // Hearth end
 *
 * `newline`: the text before had no newline at its end, and got one; `made`: there was no file.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_PREFS_H
#define HEARTH_DANE_PROXY_TRUST_PREFS_H

#include <stdbool.h>
#include <stddef.h>

enum { TRUST_PREF_SIZE = 4096 };

/* The value of the last user_pref("name", VALUE), as it is written (a string with its quotes); comments
 * are skipped. False when there is none. */
bool trust_prefs_get(const char *text, const char *name, char value[static TRUST_PREF_SIZE]);

/* Whose proxy setting is it? NULL: nobody's or ours; else words for people. Texts may be NULL. */
const char *trust_prefs_conflict(const char *user_js, const char *prefs_js);

/* Is the proxy set to `url` by the block? And do the settings of prefs.js come from a block of ours? */
bool trust_prefs_is_set(const char *user_js, const char *url);
bool trust_prefs_is_ours(const char *prefs_js);
bool trust_prefs_has_block(const char *user_js);
/* Was the file made for the block? */
bool trust_prefs_was_made(const char *user_js);

/* user.js with our block in place of a former one, and without any; prefs.js with the settings as they
 * were before. Heap; NULL when memory is out. `user_js` NULL: there is no such file. */
char *trust_prefs_with(const char *user_js, const char *prefs_js, const char *url);
char *trust_prefs_without(const char *user_js);
char *trust_prefs_restore(const char *prefs_js, const char *user_js);

#endif
