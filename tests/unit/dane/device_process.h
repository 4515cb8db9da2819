/* device_process.h: a device in a process of its own, on loopback. */
#ifndef HEARTH_TESTS_UNIT_DANE_DEVICE_PROCESS_H
#define HEARTH_TESTS_UNIT_DANE_DEVICE_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "tests/tools/device_server.h"
#include "tests/unit/dane/scene.h"

struct device_process {
    pid_t pid;
    uint16_t port;
};

/* Listens on address and port (0: any) and runs `serve` with that non-blocking listener in a child,
 * which ends with the test. Asserts that it works. */
void device_process_start(struct device_process *process, const char *address, uint16_t port,
                          void (*serve)(int listener, void *context), void *context);

/* The same with device_server_run. The certificates as in scene.h; max_version 0: any. */
void device_process_start_tls(struct device_process *process, const char *address, uint16_t port,
                              const struct card *const *chain, size_t count, int max_version);
void device_process_start_manner(struct device_process *process, const char *address, uint16_t port,
                                 enum device_manner manner);

void device_process_stop(struct device_process *process);

#endif
