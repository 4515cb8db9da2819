/* device_process.c: see device_process.h. */
#include "tests/unit/dane/device_process.h"

#include <assert.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void device_process_start(struct device_process *process, const char *address, uint16_t port,
                          void (*serve)(int listener, void *context), void *context)
{
    process->port = port;
    int listener = device_listen(address, &process->port);
    assert(listener >= 0);
    pid_t parent = getpid();
    process->pid = fork();
    assert(process->pid >= 0);
    if (process->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            serve(listener, context);
        _exit(0);
    }
    close(listener); /* what connects before the child accepts waits in the queue */
}

static void serve_as_device(int listener, void *context)
{
    struct device_server *server = context;
    server->listener = listener;
    device_server_run(server);
}

void device_process_start_tls(struct device_process *process, const char *address, uint16_t port,
                              const struct card *const *chain, size_t count, int max_version)
{
    X509 *x509[64];
    assert(count <= sizeof x509 / sizeof *x509);
    for (size_t i = 0; i < count; i++)
        x509[i] = chain[i]->x509;
    struct device_server server = {.manner = DEVICE_TLS, .title = "Camera", .text = "It is it."};
    server.context = device_context(chain[0]->key, x509, count, 0, max_version);
    assert(server.context);
    device_process_start(process, address, port, serve_as_device, &server);
    SSL_CTX_free(server.context);
}

void device_process_start_manner(struct device_process *process, const char *address, uint16_t port,
                                 enum device_manner manner)
{
    struct device_server server = {.manner = manner, .title = "Camera", .text = "It is it."};
    device_process_start(process, address, port, serve_as_device, &server);
}

void device_process_stop(struct device_process *process)
{
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
}
