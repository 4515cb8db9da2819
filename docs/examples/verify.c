/* verify.c: connects to a household device by name and speaks to it only when it is the published
 * one.
 *
 *     cc -o verify verify.c $(pkg-config --cflags --libs hearth-dane libssl libcrypto)
 *     ./verify camera.maple.home.arpa 443 [ADDRESS]
 *
 * Where libnss_hearth is set up, getaddrinfo knows the name; else give the address. HEARTH_VIEW
 * names the view when it is not the system's. Ends with 0 when the device is the published one,
 * else with 1.
 */
#include <hearth-dane.h>

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    int fd = -1;
    int error = getaddrinfo(host, port, &hints, &list);
    if (error != 0) {
        fprintf(stderr, "%s: %s\n", host, gai_strerror(error));
        return -1;
    }
    for (struct addrinfo *at = list; at && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) < 0) {
            perror(host);
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(list);
    return fd;
}

static SSL_CTX *make_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return NULL;
    /* libhearth-dane judges: OpenSSL's own verification would refuse a self-signed camera. */
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    if (hearth_dane_allow_old_devices(context))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

static int is_the_device(SSL *ssl, const char *name, uint16_t port)
{
    struct hearth_dane_result result;
    struct hearth_dane *dane = hearth_dane_open(NULL);
    if (!dane) {
        fprintf(stderr, "out of memory\n");
        return 0;
    }
    int matched = hearth_dane_verify_ssl(dane, ssl, name, port, &result) == HEARTH_DANE_MATCHED;
    printf("%s: %s: %s\n", name, hearth_dane_verdict_text(result.verdict), result.reason);
    printf("presented %s\n", result.presented);
    for (unsigned i = 0; i < result.expected_count; i++)
        printf("expected  %s\n", result.expected[i]);
    if (result.withdrawn_by[0])
        printf("withdrawn by %s\n", result.withdrawn_by);
    hearth_dane_close(dane);
    return matched;
}

static int ask_for_page(SSL *ssl, const char *name)
{
    char bytes[4096];
    int len = snprintf(bytes, sizeof bytes,
                       "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name);
    if (SSL_write(ssl, bytes, len) != len)
        return 0;
    while ((len = SSL_read(ssl, bytes, sizeof bytes)) > 0)
        fwrite(bytes, 1, (size_t)len, stdout);
    return 1;
}

int main(int argc, char **argv)
{
    int matched = 0;
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: verify NAME PORT [ADDRESS]\n");
        return 2;
    }
    char *name = argv[1];
    const char *port = argv[2];
    signal(SIGPIPE, SIG_IGN);
    int fd = connect_to(argc == 4 ? argv[3] : name, port);
    if (fd < 0)
        return 1;
    SSL_CTX *context = make_context();
    SSL *ssl = context ? SSL_new(context) : NULL;
    if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1 &&
        SSL_connect(ssl) == 1) {
        /* Only a match is a yes, and nothing is sent before it. */
        matched = is_the_device(ssl, name, (uint16_t)strtoul(port, NULL, 10));
        if (matched && !ask_for_page(ssl, name))
            fprintf(stderr, "%s: the device did not answer\n", name);
    } else {
        ERR_print_errors_fp(stderr);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
    close(fd);
    return matched ? 0 : 1;
}
