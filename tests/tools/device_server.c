/* device_server.c: see device_server.h. */
#include "tests/tools/device_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PAGE_MAX = 8192, REQUEST_MAX = 8192 };

enum client_state { CLIENT_HANDSHAKE, CLIENT_READ, CLIENT_WRITE, CLIENT_DONE };

struct client {
    int fd; /* -1: free */
    enum client_state state;
    short events; /* what it waits for */
    SSL *ssl;     /* NULL without TLS */
    char request[REQUEST_MAX];
    size_t request_len;
    char page[PAGE_MAX];
    size_t page_len, page_sent;
    uint8_t finished[64]; /* the client's, of the first handshake */
    size_t finished_len;
};

static volatile sig_atomic_t stopped;

void device_server_stop(void)
{
    stopped = 1;
}

int device_listen(const char *address, uint16_t *port)
{
    static const int on = 1;
    struct sockaddr_storage at = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&at;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&at;
    socklen_t len = sizeof *in;
    if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
        in->sin_family = AF_INET;
        in->sin_port = htons(*port);
    } else if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(*port);
        len = sizeof *in6;
    } else {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, len) < 0 || listen(fd, DEVICE_CLIENTS_MAX) < 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    *port = ntohs(at.ss_family == AF_INET ? in->sin_port : in6->sin6_port);
    return fd;
}

SSL_CTX *device_context(EVP_PKEY *key, X509 *const *chain, size_t count, int min_version,
                        int max_version)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return NULL;
    SSL_CTX_set_security_level(context, 0);
    bool good =
        SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0") == 1 &&
        SSL_CTX_set_min_proto_version(context, min_version ? min_version : TLS1_VERSION) == 1 &&
        SSL_CTX_set_max_proto_version(context, max_version) == 1 &&
        SSL_CTX_use_certificate(context, chain[0]) == 1 &&
        SSL_CTX_use_PrivateKey(context, key) == 1;
    for (size_t i = 1; good && i < count; i++)
        good = SSL_CTX_add1_chain_cert(context, chain[i]) == 1;
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (good)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

/* --- one client --- */

static void client_close(struct client *client)
{
    SSL_free(client->ssl);
    close(client->fd);
    client->ssl = NULL;
    client->fd = -1;
}

/* After a TLS call that did not go through: waits for what it wants, or gives the client up. */
static void client_wait(struct client *client, int rc)
{
    int error = SSL_get_error(client->ssl, rc);
    if (error == SSL_ERROR_WANT_READ)
        client->events = POLLIN;
    else if (error == SSL_ERROR_WANT_WRITE)
        client->events = POLLOUT;
    else
        client->state = CLIENT_DONE;
    ERR_clear_error();
}

/* As read(2) and write(2), through TLS or not; 0 means: not now, or never (the state says which).
 */
static size_t client_read(struct client *client, char *bytes, size_t size)
{
    if (client->ssl) {
        int got = SSL_read(client->ssl, bytes, (int)size);
        if (got <= 0)
            client_wait(client, got);
        return got > 0 ? (size_t)got : 0;
    }
    ssize_t got = read(client->fd, bytes, size);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        client->state = CLIENT_DONE;
    client->events = POLLIN;
    return got > 0 ? (size_t)got : 0;
}

static size_t client_write(struct client *client, const char *bytes, size_t len)
{
    if (client->ssl) {
        int sent = SSL_write(client->ssl, bytes, (int)len);
        if (sent <= 0)
            client_wait(client, sent);
        return sent > 0 ? (size_t)sent : 0;
    }
    ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        client->state = CLIENT_DONE;
    client->events = POLLOUT;
    return sent > 0 ? (size_t)sent : 0;
}

static void make_page(const struct device_server *server, struct client *client)
{
    char body[PAGE_MAX / 2];
    bool good =
        strncmp(client->request, "GET ", 4) == 0 || strncmp(client->request, "HEAD ", 5) == 0;
    (void)snprintf(body, sizeof body,
                   "<!doctype html><html><head><title>%s</title></head>"
                   "<body><h1>%s</h1><p>%s</p></body></html>\n",
                   server->title, server->title, server->text);
    int len = snprintf(client->page, sizeof client->page,
                       "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\n"
                       "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                       good ? "200 OK" : "400 Bad Request", strlen(body),
                       client->request[0] == 'H' ? "" : body);
    client->page_len = (size_t)len;
    client->state = CLIENT_WRITE;
    client->events = POLLOUT;
}

static bool request_is_whole(const struct client *client)
{
    bool is_text = client->request[0] >= 'A' && client->request[0] <= 'Z';
    return !is_text || client->request_len == REQUEST_MAX - 1 ||
           memmem(client->request, client->request_len, "\r\n\r\n", 4) != NULL;
}

/* TLS 1.2 lets a server begin anew, with another certificate. */
static void turn(const struct device_server *server, struct client *client)
{
    client->finished_len =
        SSL_get_peer_finished(client->ssl, client->finished, sizeof client->finished);
    if (SSL_use_certificate(client->ssl, server->turned) != 1 ||
        SSL_use_PrivateKey(client->ssl, server->turned_key) != 1 ||
        SSL_renegotiate(client->ssl) != 1)
        client->state = CLIENT_DONE;
    else
        (void)SSL_do_handshake(client->ssl);
}

static bool has_turned(const struct client *client)
{
    uint8_t finished[sizeof client->finished];
    size_t len = SSL_get_peer_finished(client->ssl, finished, sizeof finished);
    return len != client->finished_len || memcmp(finished, client->finished, len) != 0;
}

static void client_handshake(const struct device_server *server, struct client *client)
{
    int rc = SSL_accept(client->ssl);
    if (rc == 1) {
        client->state = CLIENT_READ;
        client->events = POLLIN;
        if (server->turned)
            turn(server, client);
    } else {
        client_wait(client, rc);
    }
}

static void client_request(const struct device_server *server, struct client *client)
{
    size_t got = client_read(client, client->request + client->request_len,
                             REQUEST_MAX - 1 - client->request_len);
    client->request_len += got;
    client->request[client->request_len] = '\0';
    if (server->turned && (client->state != CLIENT_READ || !has_turned(client)))
        return;
    if ((got > 0 || server->turned) && client->request_len > 0 && request_is_whole(client))
        make_page(server, client);
}

static void client_answer(struct client *client)
{
    client->page_sent += client_write(client, client->page + client->page_sent,
                                      client->page_len - client->page_sent);
    if (client->page_sent < client->page_len)
        return;
    if (client->ssl)
        (void)SSL_shutdown(client->ssl); /* close_notify, once: the client may have gone */
    client->state = CLIENT_DONE;
}

static void client_step(const struct device_server *server, struct client *client)
{
    ERR_clear_error();
    enum client_state before;
    do {
        before = client->state;
        if (before == CLIENT_HANDSHAKE)
            client_handshake(server, client);
        else if (before == CLIENT_READ)
            client_request(server, client);
        else if (before == CLIENT_WRITE)
            client_answer(client);
    } while (client->state != before && client->state != CLIENT_DONE);
    if (client->state == CLIENT_DONE)
        client_close(client);
}

/* --- what old devices can't bear --- */

/* Refuses by what is in the greeting, before OpenSSL looks at it. */
static int judge_greeting(SSL *ssl, int *alert, void *context)
{
    const struct device_dislikes *dislikes = context;
    const unsigned char *extension = NULL;
    size_t len = 0;
    bool has_name = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &len) == 1;
    bool has_versions =
        SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_versions, &extension, &len) == 1;
    int version = (int)SSL_client_hello_get0_legacy_version(ssl);
    bool is_newer = dislikes->max_version != 0 && version > dislikes->max_version;
    if ((dislikes->extensions && has_versions) || is_newer)
        (void)shutdown(SSL_get_fd(ssl), SHUT_RDWR); /* before the alert can go out */
    else if (!dislikes->sni || !has_name)
        return SSL_CLIENT_HELLO_SUCCESS;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
}

void device_context_dislike(SSL_CTX *context, const struct device_dislikes *dislikes)
{
    union {
        const struct device_dislikes *borrowed;
        void *argument;
    } it = {.borrowed = dislikes};
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL's alert meets a connection that is shut */
    SSL_CTX_set_client_hello_cb(context, judge_greeting, it.argument);
}

/* --- all of them --- */

static void accept_client(const struct device_server *server, struct client *clients)
{
    int fd = accept4(server->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    for (size_t i = 0; i < DEVICE_CLIENTS_MAX; i++) {
        struct client *client = &clients[i];
        if (client->fd >= 0)
            continue;
        *client = (struct client){.fd = fd, .state = CLIENT_READ, .events = POLLIN};
        if (server->manner == DEVICE_HANG)
            client->events = 0; /* until the other side hangs up */
        if (server->manner != DEVICE_TLS)
            return;
        client->state = CLIENT_HANDSHAKE;
        client->ssl = SSL_new(server->context);
        if (!client->ssl || SSL_set_fd(client->ssl, fd) != 1)
            client_close(client);
        return;
    }
    close(fd); /* full */
}

void device_server_run(const struct device_server *server)
{
    static struct client clients[DEVICE_CLIENTS_MAX];
    struct pollfd pollers[DEVICE_CLIENTS_MAX + 1];
    sigset_t none;
    sigemptyset(&none);
    (void)signal(SIGPIPE, SIG_IGN); /* a client may go while OpenSSL still writes */
    for (size_t i = 0; i < DEVICE_CLIENTS_MAX; i++)
        clients[i].fd = -1;
    while (!stopped) {
        pollers[DEVICE_CLIENTS_MAX] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        for (size_t i = 0; i < DEVICE_CLIENTS_MAX; i++)
            pollers[i] = (struct pollfd){.fd = clients[i].fd, .events = clients[i].events};
        /* Stop signals are blocked but for here, so that none slips in between test and sleep. */
        if (ppoll(pollers, DEVICE_CLIENTS_MAX + 1, NULL, &none) < 0)
            continue;
        for (size_t i = 0; i < DEVICE_CLIENTS_MAX; i++) {
            if (pollers[i].revents == 0)
                continue;
            if (server->manner == DEVICE_HANG)
                client_close(&clients[i]);
            else
                client_step(server, &clients[i]);
        }
        if (pollers[DEVICE_CLIENTS_MAX].revents & POLLIN)
            accept_client(server, clients);
    }
    for (size_t i = 0; i < DEVICE_CLIENTS_MAX; i++) {
        if (clients[i].fd >= 0)
            client_close(&clients[i]);
    }
}
