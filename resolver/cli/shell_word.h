/* shell_word.h: words of commands that are shown to be typed. */
#ifndef HEARTH_RESOLVER_CLI_SHELL_WORD_H
#define HEARTH_RESOLVER_CLI_SHELL_WORD_H

#include <stddef.h>

/* Octets that a word of `len` octets takes at most, NUL included. */
#define SHELL_WORD_SIZE(len) (4 * (len) + 3)

/* The word as a POSIX shell (2.2, "Quoting") reads it back: as it stands, or in single quotes. Cut
 * to "" when it does not fit. */
void shell_word(const char *word, char *text, size_t size);

#endif
