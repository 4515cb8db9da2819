/* nss_time.c: what a name costs a program, in one process.
 *
 *     bench_nss SERVICE NAMES CALLS ROUNDS
 *
 * SERVICE is as in nsswitch.conf's line for hosts ("files", "hearth" …), or "call:hearth" to call
 * that module itself, without getaddrinfo around it. NAMES has one name a line. Prints nanoseconds
 * a call, one line a round: processor time, but for "dns" the time that passes, since another
 * process answers. CALLS "first" gives each call a process of its own, in which nothing was looked
 * up before. A name that has no IPv6 address ends it with 1.
 */
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NAMES_MAX = 200000, NAME_SIZE = 64, ANSWER_SIZE = 1024 };

/* Of glibc; declared in none of its installed headers. */
extern int __nss_configure_lookup(const char *database, const char *services);

typedef enum nss_status look_up_fn(const char *name, int af, struct hostent *result, char *buffer,
                                   size_t size, int *errnop, int *h_errnop);

static char (*names)[NAME_SIZE];
static size_t name_count;
static look_up_fn *module;
static clockid_t time_of;

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

static void ask(const char *name)
{
    if (module)
        ask_module(name);
    else
        ask_library(name);
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(time_of, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double run_round(size_t calls)
{
    static size_t at;
    double begin = now_ns();
    for (size_t i = 0; i < calls; i++)
        ask(names[at++ % name_count]);
    return (now_ns() - begin) / (double)calls;
}

/* One call in a child of ours. */
static double run_first(void)
{
    static size_t at;
    int ends[2];
    double ns = 0;
    if (pipe(ends) != 0)
        fail("pipe", strerror(errno));
    pid_t child = fork();
    at++;
    if (child == 0) {
        double begin = now_ns();
        ask(names[at % name_count]);
        ns = now_ns() - begin;
        _exit(write(ends[1], &ns, sizeof ns) == sizeof ns ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    int status = EXIT_FAILURE;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0 ||
        read(ends[0], &ns, sizeof ns) != sizeof ns)
        fail("child", "no answer");
    close(ends[0]);
    close(ends[1]);
    return ns;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "bench_nss SERVICE NAMES CALLS ROUNDS\n");
        return 2;
    }
    bool first = strcmp(argv[3], "first") == 0;
    size_t calls = strtoul(argv[3], NULL, 10);
    read_names(argv[2]);
    if (strncmp(argv[1], "call:", 5) == 0)
        find_module(argv[1] + 5);
    else if (__nss_configure_lookup("hosts", argv[1]) != 0)
        fail(argv[1], "is no name service");
    time_of = strcmp(argv[1], "dns") == 0 ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID;
    if (!first)
        (void)run_round(calls / 10 +
                        1); /* to load the module and map its view; its time means nothing */
    for (unsigned long round = strtoul(argv[4], NULL, 10); round > 0; round--)
        printf("%.1f\n", first ? run_first() : run_round(calls));
    free(names);
    return EXIT_SUCCESS;
}
