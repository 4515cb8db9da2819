/* nss_time.c: what a name costs a program, in one process.
 *
 *     bench_nss SERVICE NAMES CALLS ROUNDS
 *
 * SERVICE is as in nsswitch.conf's line for hosts ("files", "hearth" …), or "call:hearth" to call
 * that module itself, without getaddrinfo around it. NAMES has one name a line. Prints nanoseconds
 * a call, one line a round. A name that has no IPv6 address ends it with 1.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { NAMES_MAX = 200000, NAME_SIZE = 64, ANSWER_SIZE = 1024 };

/* Of glibc; declared in none of its installed headers. */
extern int __nss_configure_lookup(const char *database, const char *services);

typedef enum nss_status look_up_fn(const char *name, int af, struct hostent *result, char *buffer,
                                   size_t size, int *errnop, int *h_errnop);

static char (*names)[NAME_SIZE];
static size_t name_count;
static look_up_fn *module;

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "bench_nss: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void read_names(const char *path)
{
    FILE *file = fopen(path, "r");
    names = calloc(NAMES_MAX, sizeof *names);
    if (!file || !names)
        fail(path, strerror(errno));
    while (name_count < NAMES_MAX && fscanf(file, "%63s", names[name_count]) == 1)
        name_count++;
    fclose(file);
    if (name_count == 0)
        fail(path, "is empty");
}

static void find_module(const char *service)
{
    char text[128];
    snprintf(text, sizeof text, "libnss_%s.so.2", service);
    void *library = dlopen(text, RTLD_NOW);
    if (!library)
        fail(text, dlerror());
    snprintf(text, sizeof text, "_nss_%s_gethostbyname2_r", service);
    void *symbol = dlsym(library, text);
    if (!symbol)
        fail(text, dlerror());
    memcpy(&module, &symbol, sizeof module);
}

static void ask_module(const char *name)
{
    struct hostent entry;
    char buffer[ANSWER_SIZE];
    int error, h_error;
    if (module(name, AF_INET6, &entry, buffer, sizeof buffer, &error, &h_error) !=
        NSS_STATUS_SUCCESS)
        fail(name, "not found");
}

static void ask_library(const char *name)
{
    static const struct addrinfo hints = {.ai_family = AF_INET6, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    int error = getaddrinfo(name, NULL, &hints, &found);
    if (error != 0)
        fail(name, gai_strerror(error));
    freeaddrinfo(found);
}

static double run_round(size_t calls, size_t *at)
{
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (size_t i = 0; i < calls; i++) {
        const char *name = names[(*at)++ % name_count];
        if (module)
            ask_module(name);
        else
            ask_library(name);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
           (double)calls;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "bench_nss SERVICE NAMES CALLS ROUNDS\n");
        return 2;
    }
    size_t calls = strtoul(argv[3], NULL, 10), at = 0;
    read_names(argv[2]);
    if (strncmp(argv[1], "call:", 5) == 0)
        find_module(argv[1] + 5);
    else if (__nss_configure_lookup("hosts", argv[1]) != 0)
        fail(argv[1], "is no name service");
    (void)run_round(calls / 10 + 1,
                    &at); /* to load the module and map its view; its time means nothing */
    for (unsigned long round = strtoul(argv[4], NULL, 10); round > 0; round--)
        printf("%.1f\n", run_round(calls, &at));
    free(names);
    return EXIT_SUCCESS;
}
