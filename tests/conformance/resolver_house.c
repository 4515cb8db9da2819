/* resolver_house.c: the resolver process alone, for tests: no parent, no ledger.
 *
 *     resolver_house view DIR GENERATION [fresh|soft|hard|damaged]     writes the sample view
 *     resolver_house serve DIR [forward=PORT] [local=PORT] [threads=N]
 *         runs the resolver on two listeners: 127.0.0.1, and all IPv4 addresses. Prints both ports.
 * Standard input stands for the parent: at its end the resolver ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger/base/writer.h"
#include "resolver/daemon/board.h"
#include "resolver/daemon/child.h"
#include "resolver/daemon/listener.h"
#include "tests/unit/resolver/sample.h"

static void die(const char *what)
{
    (void)fprintf(stderr, "resolver_house: %s\n", what);
    exit(2);
}

/* --- view --- */

static void write_file(const char *path, const void *bytes, size_t len)
{
    char temporary[1100];
    (void)snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *file = fopen(temporary, "wb");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
        die("can't write");
    if (rename(temporary, path) != 0)
        die("can't rename");
}

/* The word is written in place, after the view. */
static void write_word(const char *path, uint64_t generation)
{
    uint8_t page[4096] = {0};
    struct writer w = writer_over(page, sizeof page);
    writer_u64(&w, generation);
    FILE *file = fopen(path, "r+b");
    if (!file)
        write_file(path, page, sizeof page);
    else if (fwrite(page, 1, 8, file) != 8 || fclose(file) != 0)
        die("can't write the word");
}

static int make_view(int argc, char **argv)
{
    char path[1024];
    size_t len = 0;
    const char *state = argc > 4 ? argv[4] : "fresh";
    uint64_t generation = strtoull(argv[3], NULL, 10);
    struct sketch_zone zone = {.state = strcmp(state, "soft") == 0   ? VIEW_ZONE_SOFT
                                        : strcmp(state, "hard") == 0 ? VIEW_ZONE_HARD
                                                                     : VIEW_ZONE_FRESH};
    uint8_t *bytes = sample_view(zone, generation, &len);
    if (strcmp(state, "damaged") == 0)
        bytes[len / 2] ^= 1;
    (void)snprintf(path, sizeof path, "%s/names.view", argv[2]);
    write_file(path, bytes, len);
    (void)snprintf(path, sizeof path, "%s/generation", argv[2]);
    write_word(path, generation);
    free(bytes);
    return 0;
}

/* --- serve --- */

static struct config_endpoint endpoint_of(const char *address, unsigned long port)
{
    struct config_endpoint endpoint = {.port = (uint16_t)port};
    if (address_parse(&endpoint.address, address) != STATUS_OK)
        die("bad address");
    return endpoint;
}

static void open_listener(struct listener *listener, const char *address, unsigned threads,
                          unsigned start)
{
    for (unsigned i = 0; i < 2000; i++) {
        struct config_endpoint endpoint = endpoint_of(address, 20000 + (start + i * 7) % 12000);
        if (listener_open(listener, &endpoint, threads, NULL) == STATUS_OK)
            return;
    }
    die("no free port");
}

static void read_options(struct config *config, int argc, char **argv)
{
    for (int i = 3; i < argc; i++) {
        const char *equals = strchr(argv[i], '=');
        unsigned long value = equals ? strtoul(equals + 1, NULL, 10) : 0;
        if (strncmp(argv[i], "forward=", 8) == 0) {
            config->resolver.forward[config->resolver.forward_count++] =
                endpoint_of("127.0.0.1", value);
        } else if (strncmp(argv[i], "local=", 6) == 0) {
            config->resolver.has_local_upstream = true;
            config->resolver.local_upstream = endpoint_of("127.0.0.1", value);
        } else if (strncmp(argv[i], "threads=", 8) == 0) {
            config->resolver.threads = (unsigned)value;
        } else {
            die("unknown option");
        }
    }
}

static int serve(int argc, char **argv)
{
    static struct config config;
    static struct paths paths;
    static struct listener listeners[2];
    config.resolver.threads = 1;
    read_options(&config, argc, argv);
    (void)snprintf(paths.view, sizeof paths.view, "%s", argv[2]);
    (void)snprintf(paths.view_file, sizeof paths.view_file, "%s/names.view", argv[2]);
    unsigned start = (unsigned)getpid() * 31;
    open_listener(&listeners[0], "127.0.0.1", config.resolver.threads, start);
    open_listener(&listeners[1], "0.0.0.0", config.resolver.threads, start + 3);
    struct child_context context = {
        .config = &config,
        .paths = &paths,
        .board = board_create(),
        .parent_fd = STDIN_FILENO,
        .control_fd = -1,
        .listener_count = 2,
        .listeners = listeners,
    };
    if (!context.board)
        die("no memory");
    (void)printf("%u %u\n", listeners[0].endpoint.port, listeners[1].endpoint.port);
    (void)fflush(stdout);
    int status = resolver_child_run(&context);
    const _Atomic uint64_t *counters = context.board->children[CHILD_RESOLVER].counters;
    for (unsigned i = 0; i <= COUNT_TCP_CLIENTS; i++)
        (void)printf("%s %llu\n", board_counter_text(i),
                     (unsigned long long)atomic_load(&counters[i]));
    board_destroy(context.board);
    return status;
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "view") == 0)
        return make_view(argc, argv);
    if (argc >= 3 && strcmp(argv[1], "serve") == 0)
        return serve(argc, argv);
    die("usage: resolver_house view DIR GENERATION [STATE] | serve DIR [OPTION]…");
    return 2;
}
