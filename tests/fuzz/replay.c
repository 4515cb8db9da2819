/* replay.c: runs a fuzz target over files and folders of them, without a fuzzer: the corpus as an
 * ordinary test.
 *
 * Besides each file as it is: cut short and with single octets changed, at places spread over it,
 * and changed by the target's own mutator when it has one: a cheap sample of what the fuzzer does
 * at length. With -once, each file as it is and nothing else: what the corpus alone covers
 * (tests/fuzz/coverage). Ends with 1 when nothing was run. */
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

enum {
    INPUT_MAX = 1 << 20,
    PATH_SIZE = 4096,
    CHANGES_MAX = 64, /* places in one file that are changed */
    MUTATIONS = 50,   /* by the target's own mutator, of one file */
};

#pragma weak LLVMFuzzerCustomMutator

static unsigned long runs;
static bool once;

/* One octet becomes another: enough for a mutator that makes the rest right again. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
    static uint32_t state = 1;
    state = state * 1664525 + 1013904223;
    if (size == 0 && max_size > 0)
        data[size++] = 0;
    if (size > 0)
        data[(state >> 8) % size] ^= (uint8_t)(1U << (state >> 29));
    return size;
}

/* The input in a block of exactly its size, so that ASan sees one octet too far. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(2);
    memcpy(copy, data, size);
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void run_changed(uint8_t *data, size_t size)
{
    size_t step = size / CHANGES_MAX + 1;
    for (size_t len = 0; len < size; len += step)
        run(data, len);
    for (size_t at = 0; at < size; at += step) {
        uint8_t before = data[at];
        static const uint8_t masks[] = {0x01, 0x80, 0xff};
        for (size_t i = 0; i < sizeof masks; i++) {
            data[at] = before ^ masks[i];
            run(data, size);
        }
        data[at] = before;
    }
}

static void run_mutated(const uint8_t *data, size_t size)
{
    static uint8_t changed[INPUT_MAX];
    for (unsigned seed = 0; LLVMFuzzerCustomMutator && seed < MUTATIONS; seed++) {
        memcpy(changed, data, size);
        run(changed, LLVMFuzzerCustomMutator(changed, size, size + 64, seed));
    }
}

static void run_file(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t size = fread(data, 1, sizeof data - 64, file);
    (void)fclose(file);
    run(data, size);
    if (once)
        return;
    run_changed(data, size);
    run_mutated(data, size);
}

static void run_path(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        perror(path);
        exit(2);
    }
    if (!S_ISDIR(info.st_mode)) {
        run_file(path);
        return;
    }
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char child[PATH_SIZE];
        int len = snprintf(child, sizeof child, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && len > 0 && (size_t)len < sizeof child)
            run_path(child);
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-once") == 0)
            once = true;
        else
            run_path(argv[i]);
    }
    printf("%lu inputs\n", runs);
    return runs > 0 ? 0 : 1;
}
