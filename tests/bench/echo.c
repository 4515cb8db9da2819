/* echo.c: the floor of every DNS figure: what comes in over UDP goes back, with no thought given to
 * it.
 *
 *     bench_echo PORT
 *
 * One socket on 127.0.0.1, one thread, recvmmsg and sendmmsg in batches as large as the resolver's.
 * The one change made to a datagram is the QR bit, so that dnsperf takes it for an answer. Ends on
 * a signal.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { BATCH = 64, DATAGRAM_MAX = 4096, QR = 0x80 };

struct place {
    struct sockaddr_in peer;
    struct iovec io;
    unsigned char octets[DATAGRAM_MAX];
};

static struct place places[BATCH];
static struct mmsghdr messages[BATCH];

static int open_socket(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror("bench_echo");
        exit(EXIT_FAILURE);
    }
    return fd;
}

static void prepare(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        struct place *place = &places[i];
        place->io = (struct iovec){.iov_base = place->octets, .iov_len = sizeof place->octets};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &place->peer,
                                              .msg_namelen = sizeof place->peer,
                                              .msg_iov = &place->io,
                                              .msg_iovlen = 1};
    }
}

static void turn_round(unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        places[i].io.iov_len = messages[i].msg_len;
        places[i].octets[2] |= QR;
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "bench_echo PORT\n");
        return 2;
    }
    int fd = open_socket(argv[1]);
    prepare(BATCH);
    for (;;) {
        int got = recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL);
        if (got <= 0)
            continue;
        turn_round((unsigned)got);
        for (int sent = 0; sent < got;) {
            int n = sendmmsg(fd, messages + sent, (unsigned)(got - sent), 0);
            sent += n > 0 ? n : 1;
        }
        prepare((unsigned)got);
    }
}
