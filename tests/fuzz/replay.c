/* replay.c: runs a fuzz target over files and folders of them, without a fuzzer: the corpus as an
 * ordinary test.
 *
 * Besides each file as it is, every truncation of a small one and a few thousand single-octet
 * changes: a cheap sample of what the fuzzer does at length. Ends with 1 when nothing was run. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 1 << 20, PATH_SIZE = 4096, CHANGES_MAX = 2000 };

static unsigned long runs;

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

static void run_around(uint8_t *data, size_t size)
{
    run(data, size);
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

static void run_file(const char *path)
{
    static uint8_t data[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    size_t size = fread(data, 1, sizeof data, file);
    (void)fclose(file);
    run_around(data, size);
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
    for (int i = 1; i < argc; i++)
        run_path(argv[i]);
    printf("%lu inputs\n", runs);
    return runs > 0 ? 0 : 1;
}
