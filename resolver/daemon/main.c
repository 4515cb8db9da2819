/* main.c: hearthd's command line: reads it and the configuration, then hands over to the parent. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "resolver/daemon/config.h"
#include "resolver/daemon/log.h"
#include "resolver/daemon/parent.h"
#include "resolver/daemon/paths.h"

static const char usage[] =
    "Usage: hearthd [-d DIR] [-n] [-v]\n"
    "\n"
    "Serves a household's names. Stays in the foreground.\n"
    "\n"
    "  -d DIR      keep everything in DIR (or set HEARTH_DIR); without it, system-wide\n"
    "  -n          check the configuration and exit\n"
    "  -v          say more\n"
    "  --help      this text\n"
    "  --version   the version\n"
    "\n"
    "SIGTERM ends it, SIGHUP reads the configuration again.\n"
    "Exit status: 0 ended as told, or (-n) all is right; 1 could not serve; 2 usage or "
    "configuration.\n";

struct options {
    const char *dir;
    bool check, verbose;
};

enum { OPTION_HELP = 256, OPTION_VERSION };

/* Returns -1 to go on, else the exit status. */
static int read_options(struct options *options, int argc, char **argv)
{
    static const struct option longs[] = {
        {"help", no_argument, NULL, OPTION_HELP},
        {"version", no_argument, NULL, OPTION_VERSION},
        {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "d:nv", longs, NULL)) != -1) {
        switch (option) {
        case 'd':
            options->dir = optarg;
            break;
        case 'n':
            options->check = true;
            break;
        case 'v':
            options->verbose = true;
            break;
        case OPTION_HELP:
            return fputs(usage, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        case OPTION_VERSION:
            return puts("hearthd " HEARTH_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        default:
            (void)fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    if (optind == argc && !(options->dir && options->dir[0] == '\0'))
        return -1;
    (void)fputs(usage, stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    static struct paths paths;
    static struct config config;
    struct options options = {.dir = NULL};
    char error[CONFIG_ERROR_SIZE];
    int result = read_options(&options, argc, argv);
    if (result >= 0)
        return result;
    log_init("hearthd", options.verbose);
    if (paths_init(&paths, options.dir) != STATUS_OK) {
        log_error("the directory's path is too long: the control socket in it needs at most 107 "
                  "characters");
        return EXIT_USAGE;
    }
    if (config_read(&config, paths.config, paths.system, error) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", error);
        return EXIT_USAGE;
    }
    if (options.check) {
        bool there = access(paths.config, F_OK) == 0;
        return printf("%s is %s\n", paths.config, there ? "right" : "not there: defaults") < 0
                   ? EXIT_FAILURE
                   : EXIT_SUCCESS;
    }
    return parent_run(&paths, &config, options.verbose);
}
