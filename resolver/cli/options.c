/* options.c: see options.h. */
#include "resolver/cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver/cli/output.h"
#include "resolver/cli/verbs.h"

enum { WORD_MAX = 64, NEAR = 3, NUMBER_DIGITS = 18 /* below 2^63 */ };

const char *cli_option(const struct cli *cli, const char *name)
{
    for (int i = 0; i < CLI_OPTIONS_MAX && cli->verb && cli->verb->options[i].name; i++)
        if (strcmp(cli->verb->options[i].name, name) == 0)
            return cli->options[i];
    return NULL;
}

int cli_option_number(struct cli *cli, const char *name, uint64_t least, uint64_t most,
                      unsigned example, uint64_t *value)
{
    char hint[OPTIONS_ERROR_SIZE];
    const char *text = cli_option(cli, name);
    if (!text)
        return EXIT_YES;
    size_t len = strlen(text);
    bool digits = len > 0 && len <= NUMBER_DIGITS && strspn(text, "0123456789") == len;
    uint64_t number = digits ? strtoull(text, NULL, 10) : 0;
    if (digits && number >= least && number <= most) {
        *value = number;
        return EXIT_YES;
    }
    (void)snprintf(hint, sizeof hint, "%s %u", name, example);
    return output_error(cli, EXIT_USAGE, NULL, status_name(STATUS_RANGE), hint,
                        "%s takes a number from %llu to %llu", name, (unsigned long long)least,
                        (unsigned long long)most);
}

static unsigned least_of(unsigned a, unsigned b, unsigned c)
{
    unsigned least = a < b ? a : b;
    return least < c ? least : c;
}

unsigned options_distance(const char *a, const char *b)
{
    unsigned row[WORD_MAX + 1];
    size_t a_len = strnlen(a, WORD_MAX), b_len = strnlen(b, WORD_MAX);
    for (size_t j = 0; j <= b_len; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned above = row[j];
            row[j] = least_of(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_len];
}

struct nearest {
    const char *word;
    unsigned distance;
};

static void offer(struct nearest *nearest, const char *word, const char *asked)
{
    unsigned distance = options_distance(asked, word);
    if (distance < nearest->distance && distance < strlen(word))
        *nearest = (struct nearest){word, distance};
}

static enum status unknown_verb(const char *word, char *error, char *hint)
{
    struct nearest nearest = {NULL, NEAR + 1};
    for (const struct verb *verb = verbs; verb->name; verb++)
        offer(&nearest, verb->name, word);
    (void)snprintf(error, OPTIONS_ERROR_SIZE, "there is no verb `%.64s`", word);
    if (nearest.word)
        (void)snprintf(hint, OPTIONS_ERROR_SIZE, "hearth %s", nearest.word);
    else
        (void)snprintf(hint, OPTIONS_ERROR_SIZE, "hearth help");
    return STATUS_MALFORMED;
}

static enum status unknown_option(const struct verb *verb, const char *word, char *error,
                                  char *hint)
{
    struct nearest nearest = {NULL, NEAR + 1};
    offer(&nearest, "--json", word);
    offer(&nearest, "--yes", word);
    offer(&nearest, "--help", word);
    if (!verb)
        offer(&nearest, "--version", word);
    for (int i = 0; verb && i < CLI_OPTIONS_MAX && verb->options[i].name; i++)
        offer(&nearest, verb->options[i].name, word);
    (void)snprintf(error, OPTIONS_ERROR_SIZE, "there is no option `%.64s`%s%s", word,
                   verb ? " of hearth " : " before the verb", verb ? verb->name : "");
    if (nearest.word)
        (void)snprintf(hint, OPTIONS_ERROR_SIZE, "%s", nearest.word);
    else
        (void)snprintf(hint, OPTIONS_ERROR_SIZE, "hearth help%s%s", verb ? " " : "",
                       verb ? verb->name : "");
    return STATUS_MALFORMED;
}

/* --json, --yes, --help, wherever they stand. */
static bool take_common(struct cli *cli, const char *word)
{
    bool json = strcmp(word, "--json") == 0;
    bool yes = strcmp(word, "--yes") == 0 || strcmp(word, "-y") == 0;
    bool help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
    cli->json = cli->json || json;
    cli->yes = cli->yes || yes;
    cli->help = cli->help || help;
    return json || yes || help;
}

/* One of the verb's options at *at, as `--ttl 60` or `--ttl=60`. NOT_FOUND; MALFORMED: its value is
 * missing. */
static enum status take_own(struct cli *cli, int argc, char *const argv[], int *at, char *error)
{
    const char *word = argv[*at];
    size_t len = strcspn(word, "=");
    for (int i = 0; i < CLI_OPTIONS_MAX && cli->verb->options[i].name; i++) {
        const struct verb_option *option = &cli->verb->options[i];
        if (strlen(option->name) != len || strncmp(option->name, word, len) != 0)
            continue;
        if (!option->value && word[len] == '\0') {
            cli->options[i] = "";
        } else if (option->value && word[len] == '=') {
            cli->options[i] = word + len + 1;
        } else if (option->value && *at + 1 < argc) {
            cli->options[i] = argv[++*at];
        } else {
            (void)snprintf(error, OPTIONS_ERROR_SIZE,
                           option->value ? "%s needs a value" : "%s takes no value", option->name);
            return STATUS_MALFORMED;
        }
        return STATUS_OK;
    }
    return STATUS_NOT_FOUND;
}

static enum status parse_before_verb(struct cli *cli, int argc, char *const argv[], int *at,
                                     char *error, char *hint)
{
    for (; *at < argc && argv[*at][0] == '-'; ++*at) {
        const char *word = argv[*at];
        if (take_common(cli, word))
            continue;
        if (strcmp(word, "--version") == 0) {
            cli->release = true;
            continue;
        }
        if (strncmp(word, "-d", 2) != 0)
            return unknown_option(NULL, word, error, hint);
        cli->dir = word[2] != '\0' ? word + 2 : *at + 1 < argc ? argv[++*at] : "";
        if (*cli->dir == '\0') {
            (void)snprintf(error, OPTIONS_ERROR_SIZE, "-d needs a directory");
            return STATUS_MALFORMED;
        }
    }
    return STATUS_OK;
}

static enum status parse_after_verb(struct cli *cli, int argc, char *const argv[], int at,
                                    char *error, char *hint)
{
    bool ended = false;
    for (; at < argc; at++) {
        const char *word = argv[at];
        if (ended || word[0] != '-' || (word[1] != '-' && strlen(word) != 2)) {
            cli->argv[cli->argc++] = word;
        } else if (strcmp(word, "--") == 0) {
            ended = true;
        } else if (!take_common(cli, word)) {
            enum status status = take_own(cli, argc, argv, &at, error);
            if (status == STATUS_NOT_FOUND)
                return unknown_option(cli->verb, word, error, hint);
            if (status != STATUS_OK)
                return status;
        }
    }
    return STATUS_OK;
}

static enum status check_count(const struct cli *cli, char *error, char *hint)
{
    const struct verb *verb = cli->verb;
    bool few = cli->argc < verb->least, many = verb->most >= 0 && cli->argc > verb->most;
    if (cli->help || !verb->run || (!few && !many))
        return STATUS_OK;
    (void)snprintf(error, OPTIONS_ERROR_SIZE,
                   few ? "hearth %s needs more: %s" : "hearth %s takes only: %s", verb->name,
                   *verb->arguments ? verb->arguments : "no argument");
    (void)snprintf(hint, OPTIONS_ERROR_SIZE, "hearth help %s", verb->name);
    return STATUS_MALFORMED;
}

enum status options_parse(struct cli *cli, int argc, char *const argv[], const char **positional,
                          char error[static OPTIONS_ERROR_SIZE],
                          char hint[static OPTIONS_ERROR_SIZE])
{
    int at = 1;
    error[0] = hint[0] = '\0';
    cli->argv = positional;
    cli->argc = 0;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        cli->json = cli->json || strcmp(argv[i], "--json") == 0;
    enum status status = parse_before_verb(cli, argc, argv, &at, error, hint);
    if (status != STATUS_OK)
        return status;
    const char *word = at < argc ? argv[at] : "help";
    cli->verb = verbs_find(word);
    if (!cli->verb)
        return unknown_verb(word, error, hint);
    status = parse_after_verb(cli, argc, argv, at + 1, error, hint);
    return status == STATUS_OK ? check_count(cli, error, hint) : status;
}
