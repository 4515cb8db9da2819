/* commit.c: how long a change takes from the command to the resolver's answer.
 *
 *     bench_commit SOCKET PORT NAME ZONE COUNT PAUSE_US REST_MS DURABLE
 *
 * Sets the AAAA of NAME (relative) COUNT times over the control socket, each time to another
 * address, and asks the resolver at 127.0.0.1 PORT for NAME.ZONE every PAUSE_US microseconds until
 * it gives that address; then rests for REST_MS. DURABLE is the file in which durable_clock.c keeps
 * when the last commit was on the disk. Prints, a line a change, milliseconds: from the start of
 * the command to the commit, to the command's answer, to the resolver's answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FRAME_MAX = 1 << 16, PACKET_MAX = 512, GIVE_UP_S = 60 };

struct bench {
    int control, dns;
    const char *name;
    uint8_t query[PACKET_MAX];
    size_t query_len;
    const volatile uint64_t *durable_ns;
    long pause_us;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_commit: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* --- the two doors --- */

static void connect_control(struct bench *bench, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    bench->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bench->control < 0 ||
        connect(bench->control, (struct sockaddr *)&address, sizeof address) != 0)
        fail(path);
}

static void connect_dns(struct bench *bench, const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bench->dns = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bench->dns < 0 || connect(bench->dns, (struct sockaddr *)&address, sizeof address) != 0)
        fail("resolver");
}

static void make_query(struct bench *bench, const char *name, const char *zone)
{
    static const uint8_t header[12] = {0x42, 0x42, 1, 0, 0, 1};
    static const uint8_t tail[5] = {0, 0, 28, 0, 1}; /* the root, AAAA, IN */
    char text[256];
    uint8_t *at = bench->query;
    snprintf(text, sizeof text, "%s.%s", name, zone);
    memcpy(at, header, sizeof header);
    at += sizeof header;
    for (char *label = strtok(text, "."); label; label = strtok(NULL, ".")) {
        *at++ = (uint8_t)strlen(label);
        memcpy(at, label, strlen(label));
        at += strlen(label);
    }
    memcpy(at, tail, sizeof tail);
    bench->query_len = (size_t)(at + sizeof tail - bench->query);
}

/* --- one change --- */

/* Never the same twice, in one run or the next. */
static void next_address(uint8_t address[static 16])
{
    uint64_t now = now_ns();
    memset(address, 0, 16);
    address[0] = 0xfd;
    for (unsigned i = 0; i < 8; i++)
        address[8 + i] = (uint8_t)(now >> (56 - 8 * i));
}

static void send_set(const struct bench *bench, const uint8_t address[static 16])
{
    char frame[512], hex[33];
    for (unsigned i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", address[i]);
    int len = snprintf(
        frame + 4, sizeof frame - 4,
        "{\"version\":1,\"op\":\"set\",\"by\":\"bench\",\"records\":[{\"name\":\"%s\",\"type\":28,"
        "\"ttl\":300,\"rrs\":[\"%s\"]}]}",
        bench->name, hex);
    uint32_t prefix = htonl((uint32_t)len);
    memcpy(frame, &prefix, sizeof prefix);
    if (send(bench->control, frame, (size_t)len + 4, 0) != len + 4)
        fail("control socket");
}

/* True once the whole answer has come; it must be a yes. */
static bool take_set_answer(const struct bench *bench, char *buffer, size_t *used)
{
    uint32_t len;
    ssize_t got = recv(bench->control, buffer + *used, FRAME_MAX - 1 - *used, MSG_DONTWAIT);
    if (got > 0)
        *used += (size_t)got;
    else if (got == 0 || errno != EAGAIN)
        fail("control socket");
    memcpy(&len, buffer, sizeof len);
    if (*used < 4 || *used < 4 + (size_t)ntohl(len))
        return false;
    buffer[*used] = '\0';
    if (!strstr(buffer + 4, "\"ok\":true") && !strstr(buffer + 4, "\"ok\": true")) {
        fprintf(stderr, "bench_commit: %s\n", buffer + 4);
        exit(EXIT_FAILURE);
    }
    return true;
}

/* Does the resolver give this address now? The last octets of its one answer are the address. */
static bool resolver_has(const struct bench *bench, const uint8_t address[static 16])
{
    uint8_t answer[PACKET_MAX];
    if (send(bench->dns, bench->query, bench->query_len, 0) < 0)
        fail("resolver");
    ssize_t len = recv(bench->dns, answer, sizeof answer, 0);
    return len > 28 && answer[7] == 1 && memcmp(answer + len - 16, address, 16) == 0;
}

static double ms_since(uint64_t begin, uint64_t end)
{
    return end > begin ? (double)(end - begin) / 1e6 : 0;
}

static void run_change(const struct bench *bench)
{
    static char buffer[FRAME_MAX];
    uint8_t address[16];
    size_t used = 0;
    uint64_t said = 0, seen = 0;
    next_address(address);
    uint64_t begin = now_ns();
    send_set(bench, address);
    while (!said || !seen) {
        if (!seen && resolver_has(bench, address))
            seen = now_ns();
        if (!said && take_set_answer(bench, buffer, &used))
            said = now_ns();
        if (now_ns() - begin > GIVE_UP_S * 1000000000ULL) {
            errno = ETIMEDOUT;
            fail(bench->name);
        }
        if (!said || !seen)
            usleep((useconds_t)bench->pause_us);
    }
    printf("%.3f %.3f %.3f\n", ms_since(begin, *bench->durable_ns), ms_since(begin, said),
           ms_since(begin, seen));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    if (argc != 9) {
        fprintf(stderr, "bench_commit SOCKET PORT NAME ZONE COUNT PAUSE_US REST_MS DURABLE\n");
        return 2;
    }
    int fd = open(argv[8], O_RDONLY | O_CLOEXEC);
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(uint64_t), PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        fail(argv[8]);
    bench.durable_ns = page;
    bench.name = argv[3];
    bench.pause_us = strtol(argv[6], NULL, 10);
    long rest_ms = strtol(argv[7], NULL, 10);
    connect_control(&bench, argv[1]);
    connect_dns(&bench, argv[2]);
    make_query(&bench, argv[3], argv[4]);
    for (unsigned long count = strtoul(argv[5], NULL, 10); count > 0; count--) {
        run_change(&bench);
        usleep((useconds_t)rest_ms * 1000);
    }
    return EXIT_SUCCESS;
}
