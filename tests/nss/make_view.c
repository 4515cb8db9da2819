/* make_view TEXT DIR: publishes the view of a text file (tests/support/view_text.h) in DIR. */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/publish.h"
#include "tests/support/view_text.h"

static char *read_text(const char *path)
{
    FILE *in = fopen(path, "re");
    if (!in)
        return NULL;
    char *text = calloc(1, 1 << 16);
    if (text && fread(text, 1, (1 << 16) - 1, in) == 0) {
        free(text);
        text = NULL;
    }
    fclose(in);
    return text;
}

int main(int argc, char **argv)
{
    struct publisher publisher;
    uint8_t *bytes = NULL;
    size_t len = 0;
    char *text = argc == 3 ? read_text(argv[1]) : NULL;
    if (!text) {
        fprintf(stderr, "usage: make_view TEXT DIR\n");
        return 2;
    }
    enum status status = publisher_open(&publisher, argv[2]);
    if (status == STATUS_OK) {
        status = view_from_text(text, publisher_next(&publisher), &bytes, &len);
        if (status == STATUS_OK)
            status = publisher_put(&publisher, bytes, len);
        publisher_close(&publisher);
    }
    free(bytes);
    free(text);
    if (status != STATUS_OK)
        fprintf(stderr, "make_view: %s\n", status_text(status));
    return status == STATUS_OK ? 0 : 1;
}
