/* paths.c: see paths.h. One table of the two layouts; the directory comes from -d, HEARTH_DIR or
 * neither.
 *
 * Fails only when a path does not fit its buffer, or the control socket's path does not fit
 * sun_path.
 */
#include "resolver/daemon/paths.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/view_format.h"

enum { SOCKET_PATH_MAX = 107 /* octets of sun_path without its NUL, unix(7) */ };

[[gnu::format(printf, 2, 3)]] static enum status put(char path[static PATHS_SIZE],
                                                     const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(path, PATHS_SIZE, format, args);
    va_end(args);
    return len >= 0 && len < PATHS_SIZE ? STATUS_OK : STATUS_TOO_LONG;
}

/* `dir` as an absolute path without a slash at its end ("" for the root folder itself). */
static enum status make_absolute(const char *dir, char out[static PATHS_SIZE])
{
    char here[PATHS_SIZE] = "";
    if (dir[0] != '/') {
        if (!getcwd(here, sizeof here))
            return STATUS_TOO_LONG;
        if (strcmp(here, "/") == 0)
            here[0] = '\0';
    }
    size_t len = strlen(dir);
    while (len > 0 && dir[len - 1] == '/')
        len--;
    return put(out, "%s%s%.*s", here, dir[0] == '/' ? "" : "/", (int)len, dir);
}

static enum status init_directory(struct paths *paths, const char *dir)
{
    char base[PATHS_SIZE];
    enum status status = make_absolute(dir, base);
    const struct {
        char *path;
        const char *rest;
    } rows[] = {
        {paths->config, "hearth.conf"},
        {paths->state, "state"},
        {paths->owner, "owner"},
        {paths->view, "view"},
        {paths->view_file, "view/" VIEW_FILE_NAME},
        {paths->run, "run"},
        {paths->control, "run/control.sock"},
        {paths->proxy, "proxy"},
    };
    for (size_t i = 0; status == STATUS_OK && i < sizeof rows / sizeof rows[0]; i++)
        status = put(rows[i].path, "%s/%s", base, rows[i].rest);
    return status;
}

static const char system_proxy[] = "/var/lib/hearth-proxy";

/* The proxy's CA is the user's own; without a home, the system instance's. */
static enum status init_proxy(struct paths *paths)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (data && data[0] == '/')
        return put(paths->proxy, "%s/hearth", data);
    if (home && home[0] == '/' && home[1] != '\0')
        return put(paths->proxy, "%s/.local/share/hearth", home);
    return put(paths->proxy, system_proxy);
}

static enum status init_system(struct paths *paths)
{
    const struct {
        char *path;
        const char *text;
    } rows[] = {
        {paths->config, "/etc/hearth/hearth.conf"},   {paths->state, "/var/lib/hearth/state"},
        {paths->owner, "/etc/hearth/owner"},          {paths->view, VIEW_SYSTEM_FOLDER},
        {paths->view_file, VIEW_SYSTEM_PATH},         {paths->run, "/run/hearth"},
        {paths->control, "/run/hearth/control.sock"},
    };
    enum status status = init_proxy(paths);
    for (size_t i = 0; status == STATUS_OK && i < sizeof rows / sizeof rows[0]; i++)
        status = put(rows[i].path, "%s", rows[i].text);
    return status;
}

enum status paths_init(struct paths *paths, const char *dir)
{
    *paths = (struct paths){.system = false};
    if (!dir || dir[0] == '\0')
        dir = getenv("HEARTH_DIR");
    paths->system = !dir || dir[0] == '\0';
    enum status status = paths->system ? init_system(paths) : init_directory(paths, dir);
    if (status == STATUS_OK && strlen(paths->control) > SOCKET_PATH_MAX)
        status = STATUS_TOO_LONG;
    return status;
}

void paths_use_system_proxy(struct paths *paths)
{
    if (paths->system)
        (void)put(paths->proxy, "%s", system_proxy);
}
