/* log.c: see log.h. */
#include "resolver/daemon/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ledger/base/clock.h"

enum { LINE_SIZE = 1024, LIMIT_SHOWN = 5, LIMIT_WINDOW_MS = 10000 };

static const char *log_who = "hearthd";
static bool log_verbose;

static const char *const level_texts[] = {"error: ", "warning: ", "", "debug: "};

void log_init(const char *who, bool verbose)
{
    log_who = who;
    log_verbose = verbose;
}

static void clean(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 32 || c == 127)
            text[i] = '?';
    }
}

[[gnu::format(printf, 2, 0)]] static void emit(enum log_level level, const char *format,
                                               va_list args)
{
    if (level == LOG_LEVEL_DEBUG && !log_verbose)
        return;
    char line[LINE_SIZE];
    int head = snprintf(line, sizeof line, "%s: %s", log_who, level_texts[level]);
    if (head < 0 || (size_t)head >= sizeof line)
        return;
    int body = vsnprintf(line + head, sizeof line - (size_t)head, format, args);
    if (body < 0)
        return;
    size_t len = strlen(line);
    clean(line, len);
    if (len == sizeof line - 1)
        len--;
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nobody is left to be told */
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_ERROR, format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_WARNING, format, args);
    va_end(args);
}

void log_info(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_INFO, format, args);
    va_end(args);
}

void log_debug(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_DEBUG, format, args);
    va_end(args);
}

/* May one more message of this kind be shown now? */
static bool limit_admits(struct log_limit *limit)
{
    uint64_t now_ms = clock_coarse_ms();
    if (now_ms - limit->since_ms >= LIMIT_WINDOW_MS) {
        unsigned left_out = limit->left_out;
        *limit = (struct log_limit){.since_ms = now_ms};
        if (left_out > 0)
            log_warning("%u more of the following kind were not shown", left_out);
    }
    if (limit->shown >= LIMIT_SHOWN) {
        limit->left_out++;
        return false;
    }
    limit->shown++;
    return true;
}

void log_limited(struct log_limit *limit, enum log_level level, const char *format, ...)
{
    if (!limit_admits(limit))
        return;
    va_list args;
    va_start(args, format);
    emit(level, format, args);
    va_end(args);
}
