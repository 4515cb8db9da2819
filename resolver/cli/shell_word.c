/* shell_word.c: see shell_word.h. */
#include "resolver/cli/shell_word.h"

#include <string.h>

static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                            "%+,-./:=@_";

void shell_word(const char *word, char *text, size_t size)
{
    size_t len = strlen(word), used = 0;
    text[0] = '\0';
    if (len > 0 && strspn(word, plain) == len) {
        if (len < size)
            memcpy(text, word, len + 1);
        return;
    }
    if (size < 3 || len > (size - 3) / 4)
        return;
    text[used++] = '\'';
    for (; *word != '\0'; word++) {
        if (*word == '\'') {
            memcpy(text + used, "'\\''", 4); /* out of the quotes, one quote, in again */
            used += 4;
        } else {
            text[used++] = *word;
        }
    }
    text[used++] = '\'';
    text[used] = '\0';
}
