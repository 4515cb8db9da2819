/* recovery_words.h: a recovery key as words, for paper. */
#ifndef HEARTH_LEDGER_RECOVERY_WORDS_H
#define HEARTH_LEDGER_RECOVERY_WORDS_H

#include <stdint.h>

#include "ledger/base/status.h"

/* A recovery key as 18 words of five letters (16 carry the 256 bits of the seed, 2 a checksum):
 * each word is 16 bits as consonant-vowel-consonant-vowel-consonant ("lusab"). One wrong letter, or
 * two neighbouring words in the wrong order, is always noticed; anything else but once in 2^32. */
enum { RECOVERY_WORDS = 18, RECOVERY_TEXT_SIZE = RECOVERY_WORDS * 6 };
void recovery_words_encode(const uint8_t seed[static 32], char text[static RECOVERY_TEXT_SIZE]);
/* Case, and whatever stands between the words (blanks, digits, '-', line ends), are ignored.
 * MALFORMED (a word that can't be), CORRUPT (the checksum), TRUNCATED (too few words), TRAILING
 * (too many). */
enum status recovery_words_decode(const char *text, uint8_t seed[static 32]);

#endif
