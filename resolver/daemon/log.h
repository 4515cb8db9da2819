/* log.h: one-line messages on stderr, each in one write(2).
 *
 * Control characters are shown as '?', so that hostile input can't forge lines or drive a terminal.
 * What hostile input can cause again and again goes through log_limited.
 */
#ifndef HEARTH_RESOLVER_DAEMON_LOG_H
#define HEARTH_RESOLVER_DAEMON_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* `who` (borrowed for ever) stands before each message: "hearthd", "hearthd ledger". Debug messages
 * are shown when verbose. */
void log_init(const char *who, bool verbose);

[[gnu::format(printf, 1, 2)]] void log_error(const char *format, ...);
[[gnu::format(printf, 1, 2)]] void log_warning(const char *format, ...);
[[gnu::format(printf, 1, 2)]] void log_info(const char *format, ...);
[[gnu::format(printf, 1, 2)]] void log_debug(const char *format, ...);

/* At most 5 messages of one kind in 10 seconds; the first after a silence says how many were left
 * out. Zeroed by the caller; one thread's. */
struct log_limit {
    uint64_t since_ms;
    unsigned shown, left_out;
};
[[gnu::format(printf, 3, 4)]] void log_limited(struct log_limit *limit, enum log_level level,
                                               const char *format, ...);

#endif
