/* proxy_load.c: a client for the proxy bench: TLS to a server, directly or through CONNECT.
 *
 *     bench_proxy_load MODE ADDRESS PORT NAME PATH COUNT THREADS [PROXY-ADDRESS PROXY-PORT]
 *
 * MODE: new   COUNT times: connect, full TLS handshake, GET, read all, close; prints requests a second
 *       warm  one connection a thread, COUNT GETs; prints microseconds a request (median)
 *       bulk  COUNT GETs over one connection a thread; prints MiB a second
 *       idle  COUNT tunnels, each after one GET, held until standard input ends; prints "ready" first
 *
 * The certificate is not checked: whoever is measured does that. One figure on standard output.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ledger/base/address.h"
#include "ledger/base/socket_address.h"

enum { THREADS_MAX = 64, BUFFER = 1 << 18, REQUEST_SIZE = 1024 };

struct load {
    const char *mode, *name, *path;
    struct address address, proxy;
    uint16_t port, proxy_port;
    bool through_proxy;
    unsigned count;
    SSL_CTX *context;
};

struct worker {
    const struct load *load;
    pthread_t thread;
    unsigned count;
    uint64_t octets;
    double *times; /* of warm requests, seconds */
};

struct connection {
    int fd;
    SSL *ssl;
};

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static double now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void tunnel(const struct load *load, int fd)
{
    char text[REQUEST_SIZE];
    int len = snprintf(text, sizeof text, "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n\r\n",
                       load->name, (unsigned)load->port, load->name, (unsigned)load->port);
    if (write(fd, text, (size_t)len) != len)
        fail("CONNECT");
    size_t used = 0;
    while (used < 4 || memcmp(text + used - 4, "\r\n\r\n", 4) != 0) {
        if (used == sizeof text || read(fd, text + used, 1) != 1)
            fail("answer to CONNECT");
        used++;
    }
    if (used < 12 || memcmp(text + 9, "200", 3) != 0) {
        (void)fprintf(stderr, "CONNECT: %.*s\n", (int)used, text);
        exit(1);
    }
}

static struct connection open_connection(const struct load *load)
{
    struct sockaddr_storage at;
    const int on = 1;
    socklen_t len = socket_address_make(load->through_proxy ? &load->proxy : &load->address,
                                        load->through_proxy ? load->proxy_port : load->port, &at);
    struct connection connection = {.fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (connection.fd < 0 || connect(connection.fd, (struct sockaddr *)&at, len) != 0)
        fail("connect");
    (void)setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (load->through_proxy)
        tunnel(load, connection.fd);
    connection.ssl = SSL_new(load->context);
    if (!connection.ssl || SSL_set_fd(connection.ssl, connection.fd) != 1 ||
        SSL_set_tlsext_host_name(connection.ssl, load->name) != 1 ||
        SSL_connect(connection.ssl) != 1)
        fail("TLS");
    return connection;
}

static void close_connection(struct connection *connection)
{
    (void)SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    close(connection->fd);
}

/* One request; the octets of the answer's body, whose length the head has to say. */
static uint64_t get(const struct load *load, struct connection *connection, char *buffer)
{
    char text[REQUEST_SIZE];
    int len =
        snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", load->path, load->name);
    if (SSL_write(connection->ssl, text, len) != len)
        fail("request");
    size_t used = 0;
    char *end = NULL;
    while (!end) {
        int got = used < BUFFER - 1
                      ? SSL_read(connection->ssl, buffer + used, (int)(BUFFER - 1 - used))
                      : 0;
        if (got <= 0)
            fail("answer");
        used += (size_t)got;
        buffer[used] = '\0';
        end = strstr(buffer, "\r\n\r\n");
    }
    const char *length = strcasestr(buffer, "\r\ncontent-length:");
    if (memcmp(buffer + 9, "200", 3) != 0 || !length || length > end) {
        (void)fprintf(stderr, "answer: %.*s\n", (int)(end - buffer), buffer);
        exit(1);
    }
    uint64_t body = strtoull(length + 17, NULL, 10), have = used - (size_t)(end + 4 - buffer);
    while (have < body) {
        int got = SSL_read(connection->ssl, buffer, BUFFER);
        if (got <= 0)
            fail("body");
        have += (uint64_t)got;
    }
    return body;
}

static void work_new(struct worker *worker, char *buffer)
{
    for (unsigned i = 0; i < worker->count; i++) {
        struct connection connection = open_connection(worker->load);
        worker->octets += get(worker->load, &connection, buffer);
        close_connection(&connection);
    }
}

static void work_warm(struct worker *worker, char *buffer)
{
    struct connection connection = open_connection(worker->load);
    (void)get(worker->load, &connection, buffer);
    for (unsigned i = 0; i < worker->count; i++) {
        double begun = now();
        worker->octets += get(worker->load, &connection, buffer);
        worker->times[i] = now() - begun;
    }
    close_connection(&connection);
}

static void *work(void *context)
{
    struct worker *worker = context;
    char *buffer = malloc(BUFFER);
    if (!buffer)
        fail("memory");
    if (strcmp(worker->load->mode, "new") == 0)
        work_new(worker, buffer);
    else
        work_warm(worker, buffer);
    free(buffer);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static void hold(const struct load *load)
{
    char *buffer = malloc(BUFFER), octet;
    struct connection *all = calloc(load->count, sizeof *all);
    if (!buffer || !all)
        fail("memory");
    for (unsigned i = 0; i < load->count; i++) {
        all[i] = open_connection(load);
        (void)get(load, &all[i], buffer);
    }
    (void)puts("ready");
    (void)fflush(stdout);
    while (read(STDIN_FILENO, &octet, 1) > 0)
        ;
    for (unsigned i = 0; i < load->count; i++)
        close_connection(&all[i]);
    free(all);
    free(buffer);
}

static void report(const struct load *load, struct worker *workers, unsigned threads,
                   double seconds)
{
    uint64_t octets = 0;
    for (unsigned i = 0; i < threads; i++)
        octets += workers[i].octets;
    if (strcmp(load->mode, "new") == 0) {
        (void)printf("%.1f\n", load->count * threads / seconds);
    } else if (strcmp(load->mode, "bulk") == 0) {
        (void)printf("%.1f\n", (double)octets / seconds / (1 << 20));
    } else {
        qsort(workers[0].times, workers[0].count, sizeof *workers[0].times, compare);
        (void)printf("%.2f\n", workers[0].times[workers[0].count / 2] * 1e6);
    }
}

static void run(const struct load *load, unsigned threads)
{
    struct worker workers[THREADS_MAX];
    double begun = now();
    for (unsigned i = 0; i < threads; i++) {
        workers[i] = (struct worker){.load = load, .count = load->count};
        workers[i].times = calloc(load->count, sizeof *workers[i].times);
        if (!workers[i].times || pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            fail("thread");
    }
    for (unsigned i = 0; i < threads; i++)
        (void)pthread_join(workers[i].thread, NULL);
    report(load, workers, threads, now() - begun);
    for (unsigned i = 0; i < threads; i++)
        free(workers[i].times);
}

int main(int argc, char **argv)
{
    if (argc != 8 && argc != 10) {
        (void)fputs(
            "usage: bench_proxy_load MODE ADDRESS PORT NAME PATH COUNT THREADS [PROXY PORT]\n",
            stderr);
        return 2;
    }
    struct load load = {
        .mode = argv[1], .name = argv[4], .path = argv[5], .through_proxy = argc == 10};
    unsigned threads = (unsigned)strtoul(argv[7], NULL, 10);
    load.port = (uint16_t)strtoul(argv[3], NULL, 10);
    load.count = (unsigned)strtoul(argv[6], NULL, 10);
    if (address_parse(&load.address, argv[2]) != STATUS_OK || threads == 0 || threads > THREADS_MAX)
        return 2;
    if (load.through_proxy && address_parse(&load.proxy, argv[8]) != STATUS_OK)
        return 2;
    if (load.through_proxy)
        load.proxy_port = (uint16_t)strtoul(argv[9], NULL, 10);
    load.context = SSL_CTX_new(TLS_client_method());
    if (!load.context)
        fail("TLS context");
    SSL_CTX_set_verify(load.context, SSL_VERIFY_NONE, NULL);
    if (strcmp(load.mode, "idle") == 0)
        hold(&load);
    else
        run(&load, threads);
    SSL_CTX_free(load.context);
    return 0;
}
