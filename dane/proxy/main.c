/* main.c: hearth-proxy's command line: reads it and the configuration, then serves. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dane/proxy/proxy.h"
#include "resolver/daemon/config_value.h"

static const char usage[] =
    "Usage: hearth-proxy [-d DIR] [--listen ADDR@PORT] [--system] [-v]\n"
    "\n"
    "Lets a browser open the household's devices: each is checked against its published key\n"
    "first. Stays in the foreground. 'hearth trust install' tells the browsers of it.\n"
    "\n"
    "  -d DIR              keep everything in DIR (or set HEARTH_DIR)\n"
    "  --listen ADDR@PORT  where browsers reach it (127.0.0.1@4680)\n"
    "  --system            serve every user of this machine, not only one's own\n"
    "  -v                  say more\n"
    "  --help              this text\n"
    "  --version           the version\n"
    "\n"
    "SIGTERM ends it.\n"
    "Exit status: 0 ended as told; 1 could not serve; 2 usage or configuration.\n";

struct options {
    const char *dir;
    bool any_user, verbose;
    struct config_listen listen; /* `given` when --listen was */
};

enum { OPTION_HELP = 256, OPTION_VERSION, OPTION_LISTEN, OPTION_SYSTEM, EXIT_WRONG_USE = 2 };

static int wrong_use(const char *what)
{
    if (what)
        (void)fprintf(stderr, "hearth-proxy: %s\n\n", what);
    (void)fputs(usage, stderr);
    return EXIT_WRONG_USE;
}

static int add_listen(struct config_listen *listen, const char *text)
{
    if (listen->count == CONFIG_LISTEN_MAX)
        return wrong_use("too many --listen");
    listen->given = true;
    enum status status =
        config_value_endpoint(text, CONFIG_PROXY_PORT, &listen->endpoints[listen->count++]);
    return status == STATUS_OK ? -1 : wrong_use("--listen takes ADDRESS@PORT, as 127.0.0.1@4680");
}

/* Returns -1 to go on, else the exit status. */
static int read_options(struct options *options, int argc, char **argv)
{
    static const struct option longs[] = {
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {"listen", required_argument, NULL, OPTION_LISTEN},
        {"system", no_argument, NULL, OPTION_SYSTEM},
        {NULL, 0, NULL, 0},
    };
    int option = 0, result = -1;
    while (result < 0 && (option = getopt_long(argc, argv, "d:v", longs, NULL)) != -1) {
        switch (option) {
        case 'd':
            options->dir = optarg;
            break;
        case 'v':
            options->verbose = true;
            break;
        case OPTION_LISTEN:
            result = add_listen(&options->listen, optarg);
            break;
        case OPTION_SYSTEM:
            options->any_user = true;
            break;
        case OPTION_HELP:
            return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        case OPTION_VERSION:
            return puts("hearth-proxy " HEARTH_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        default:
            return wrong_use(NULL);
        }
    }
    if (result >= 0)
        return result;
    return optind == argc && !(options->dir && options->dir[0] == '\0') ? -1 : wrong_use(NULL);
}

int main(int argc, char **argv)
{
    static struct paths paths;
    static struct config config;
    static struct options options;
    char error[CONFIG_ERROR_SIZE];
    int result = read_options(&options, argc, argv);
    if (result >= 0)
        return result;
    log_init("hearth-proxy", options.verbose);
    if (paths_init(&paths, options.dir) != STATUS_OK) {
        log_error("the directory's path is too long");
        return EXIT_WRONG_USE;
    }
    if (options.any_user)
        paths_use_system_proxy(&paths);
    if (config_read(&config, paths.config, paths.system, error) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", error);
        return EXIT_WRONG_USE;
    }
    return proxy_run(&paths, &config, options.listen.given ? &options.listen : NULL,
                     options.any_user);
}
