/* trust_tool.c: see trust_tool.h.
 *
 * The child gets /dev/null to read, one pipe for both streams, and an alarm that survives exec: a
 * program that waits for something ends, and counts as failed.
 */
#include "dane/proxy/trust_tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 1 << 20, ENVIRONMENT_MAX = 16, VARIABLE_SIZE = 1200 };

static const char *const folders[] = {"/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"};
/* What finds a desktop's settings; nothing else is handed on. */
static const char *const kept[] = {"DBUS_SESSION_BUS_ADDRESS",
                                   "XDG_RUNTIME_DIR",
                                   "XDG_CONFIG_HOME",
                                   "XDG_DATA_HOME",
                                   "XDG_DATA_DIRS",
                                   "XDG_CURRENT_DESKTOP",
                                   "GSETTINGS_BACKEND",
                                   "TMPDIR"};

bool trust_tool_find(const char *name, char path[static TRUST_TOOL_PATH_SIZE])
{
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        int len = snprintf(path, TRUST_TOOL_PATH_SIZE, "%s/%s", folders[i], name);
        if (len > 0 && len < TRUST_TOOL_PATH_SIZE && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

struct environment {
    char text[ENVIRONMENT_MAX][VARIABLE_SIZE];
    char *list[ENVIRONMENT_MAX + 1];
    size_t count;
};

static void add(struct environment *environment, const char *name, const char *value)
{
    char *text = environment->text[environment->count];
    int len = value ? snprintf(text, VARIABLE_SIZE, "%s=%s", name, value) : -1;
    if (len > 0 && len < VARIABLE_SIZE)
        environment->list[environment->count++] = text;
}

static struct environment *environment_create(const char *home)
{
    struct environment *environment = calloc(1, sizeof *environment);
    if (!environment)
        return NULL;
    add(environment, "PATH", "/usr/bin:/usr/sbin:/bin:/sbin");
    add(environment, "LC_ALL", "C.UTF-8");
    add(environment, "HOME", home);
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        add(environment, kept[i], getenv(kept[i]));
    return environment;
}

_Noreturn static void become(const char *path, const char *const argv[], char *const variables[],
                             int out)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0)
        _exit(127);
    alarm(TRUST_TOOL_SECONDS);
    /* execve(2) only reads the words; its type is older than const. */
    const union {
        const char *const *given;
        char *const *taken;
    } words = {argv};
    if (words.taken)
        execve(path, words.taken, variables);
    _exit(127);
}

/* All of it is read, so that the program is never blocked by us; SAID_MAX octets are kept. */
static enum status read_all(int fd, struct trust_said *said)
{
    size_t room = 0;
    for (;;) {
        char buffer[4096];
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0 ? STATUS_OK : STATUS_IO;
        if ((size_t)got > SAID_MAX - said->len)
            continue;
        if ((size_t)got >= room - said->len) {
            room = (room + (size_t)got) * 2;
            char *text = realloc(said->text, room);
            if (!text)
                return STATUS_NO_MEMORY;
            said->text = text;
        }
        memcpy(said->text + said->len, buffer, (size_t)got);
        said->len += (size_t)got;
        said->text[said->len] = '\0';
    }
}

static enum status wait_for(pid_t pid, int *exit_code)
{
    int how = 0;
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR)
            return STATUS_IO;
    *exit_code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;
    return STATUS_OK;
}

enum status trust_tool_run(const char *home, const char *const argv[], struct trust_said *said)
{
    char path[TRUST_TOOL_PATH_SIZE];
    int ends[2] = {-1, -1};
    *said = (struct trust_said){.exit_code = -1, .text = calloc(1, 1)};
    if (!said->text)
        return STATUS_NO_MEMORY;
    if (!trust_tool_find(argv[0], path))
        return STATUS_NOT_FOUND;
    struct environment *environment = environment_create(home);
    if (!environment)
        return STATUS_NO_MEMORY;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free(environment);
        return STATUS_IO;
    }
    pid_t pid = fork();
    if (pid == 0)
        become(path, argv, environment->list, ends[1]);
    close(ends[1]);
    free(environment);
    enum status status = pid < 0 ? STATUS_IO : read_all(ends[0], said);
    close(ends[0]);
    enum status waited = pid < 0 ? STATUS_IO : wait_for(pid, &said->exit_code);
    return status == STATUS_OK ? waited : status;
}

void trust_tool_free(struct trust_said *said)
{
    free(said->text);
    *said = (struct trust_said){.exit_code = -1};
}

bool trust_tool_succeeds(const char *home, const char *const argv[])
{
    struct trust_said said;
    enum status status = trust_tool_run(home, argv, &said);
    bool good = status == STATUS_OK && said.exit_code == 0;
    trust_tool_free(&said);
    return good;
}
