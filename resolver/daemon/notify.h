/* notify.h: tells the service manager how we are: one datagram to $NOTIFY_SOCKET (sd_notify(3)). */
#ifndef HEARTH_RESOLVER_DAEMON_NOTIFY_H
#define HEARTH_RESOLVER_DAEMON_NOTIFY_H

/* Sends assignments such as "READY=1\nSTATUS=serving". Does nothing when nobody asked to be told; a
 * failure is not worth more than that, since the manager notices by its own time-out. */
void notify_send(const char *state);

/* RELOADING=1 with the monotonic time that systemd wants beside it. */
void notify_reloading(void);

#endif
