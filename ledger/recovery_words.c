/* recovery_words.c: a recovery key as words that can be read aloud, typed, and checked.
 *
 * Sixteen bits make one word: consonants carry four bits, vowels two. The last two words are the
 * CRC-32C of the 32 octets before. A cyclic code is chosen over a hash since it promises something:
 * a wrong letter changes at most four neighbouring bits and two swapped neighbours at most 32, and
 * no such burst goes unnoticed. It guards against slips of the pen alone; whether the key is right
 * is shown by the commitment.
 */
#include "ledger/recovery_words.h"

#include <string.h>

#include "ledger/base/checksum.h"
#include "ledger/crypt.h"

enum { WORD_LETTERS = 5, PAPER_SIZE = RECOVERY_WORDS * 2, SEED_SIZE = 32 };

static const char consonants[] = "bdfghjklmnprstvz";
static const char vowels[] = "aiou";

/* How many bits the letter at each place of a word carries. */
static const unsigned place_bits[WORD_LETTERS] = {4, 2, 4, 2, 4};

static void put_check(uint8_t paper[static PAPER_SIZE])
{
    uint32_t crc = crc32c(0, paper, SEED_SIZE);
    /* Least octet first, which is the order in which a reflected CRC continues its message. */
    for (unsigned i = 0; i < 4; i++)
        paper[SEED_SIZE + i] = (uint8_t)(crc >> (8 * i));
}

static void word_encode(unsigned bits, char word[static WORD_LETTERS])
{
    unsigned shift = 16;
    for (unsigned i = 0; i < WORD_LETTERS; i++) {
        shift -= place_bits[i];
        word[i] = place_bits[i] == 4 ? consonants[bits >> shift & 15] : vowels[bits >> shift & 3];
    }
}

static bool word_decode(const char word[static WORD_LETTERS], uint8_t out[static 2])
{
    unsigned bits = 0;
    for (unsigned i = 0; i < WORD_LETTERS; i++) {
        const char *alphabet = place_bits[i] == 4 ? consonants : vowels;
        const char *found = strchr(alphabet, word[i]);
        if (!found)
            return false;
        bits = bits << place_bits[i] | (unsigned)(found - alphabet);
    }
    out[0] = (uint8_t)(bits >> 8);
    out[1] = (uint8_t)bits;
    return true;
}

void recovery_words_encode(const uint8_t seed[static 32], char text[static RECOVERY_TEXT_SIZE])
{
    uint8_t paper[PAPER_SIZE];
    memcpy(paper, seed, SEED_SIZE);
    put_check(paper);
    for (unsigned i = 0; i < RECOVERY_WORDS; i++) {
        word_encode((unsigned)paper[2 * i] << 8 | paper[2 * i + 1], text + i * 6);
        text[i * 6 + 5] = i + 1 < RECOVERY_WORDS ? ' ' : '\0';
    }
    crypt_wipe(paper, sizeof paper);
}

/* The lower-case letter, or 0 for anything that may stand between words. */
static char letter(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c >= 'a' && c <= 'z' ? c : 0;
}

/* Moves *text behind its next word. NOT_FOUND when there is none. */
static enum status next_word(const char **text, char word[static WORD_LETTERS])
{
    const char *at = *text;
    while (*at != '\0' && !letter(*at))
        at++;
    if (*at == '\0')
        return STATUS_NOT_FOUND;
    unsigned count = 0;
    for (; letter(*at); at++) {
        if (count == WORD_LETTERS)
            return STATUS_MALFORMED;
        word[count++] = letter(*at);
    }
    *text = at;
    return count == WORD_LETTERS ? STATUS_OK : STATUS_MALFORMED;
}

static enum status paper_read(const char *text, uint8_t paper[static PAPER_SIZE])
{
    char word[WORD_LETTERS];
    enum status status = STATUS_OK;
    unsigned count = 0;
    while ((status = next_word(&text, word)) == STATUS_OK) {
        if (count == RECOVERY_WORDS) {
            status = STATUS_TRAILING;
            break;
        }
        if (!word_decode(word, paper + (size_t)count * 2)) {
            status = STATUS_MALFORMED;
            break;
        }
        count++;
    }
    crypt_wipe(word, sizeof word);
    if (status != STATUS_NOT_FOUND)
        return status;
    return count == RECOVERY_WORDS ? STATUS_OK : STATUS_TRUNCATED;
}

enum status recovery_words_decode(const char *text, uint8_t seed[static 32])
{
    uint8_t paper[PAPER_SIZE];
    uint8_t expected[PAPER_SIZE];
    enum status status = paper_read(text, paper);
    if (status != STATUS_OK)
        goto out;
    memcpy(expected, paper, SEED_SIZE);
    put_check(expected);
    if (memcmp(expected, paper, PAPER_SIZE) != 0)
        status = STATUS_CORRUPT;
    else
        memcpy(seed, paper, SEED_SIZE);
out:
    crypt_wipe(paper, sizeof paper);
    crypt_wipe(expected, sizeof expected);
    return status;
}
