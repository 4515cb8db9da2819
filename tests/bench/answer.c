/* answer.c: times the resolver's answers without any socket.
 *
 *     bench_answer VIEW QUERIES PASSES
 *
 * QUERIES has lines "name type" as dnsperf reads them (AAAA, A, TLSA). Prints nanoseconds of
 * processor time a query, one line a pass. A query that is not answered ends it with 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/base/rrtype.h"
#include "ledger/base/view_file.h"
#include "ledger/base/writer.h"
#include "resolver/answer.h"

enum { PACKET_MAX = 300, QUERIES_MAX = 1000000 };

struct packet {
    uint16_t len;
    uint8_t octets[PACKET_MAX];
};

static struct packet *packets;
static size_t packet_count;

static void fail(const char *what)
{
    fprintf(stderr, "bench_answer: %s\n", what);
    exit(EXIT_FAILURE);
}

static uint16_t type_of(const char *text)
{
    return strcmp(text, "AAAA") == 0   ? RRTYPE_AAAA
           : strcmp(text, "TLSA") == 0 ? RRTYPE_TLSA
                                       : RRTYPE_A;
}

static void make_packet(struct packet *packet, const char *text, uint16_t type, uint16_t id)
{
    struct name name;
    struct writer w = writer_over(packet->octets, sizeof packet->octets);
    if (name_parse(&name, text) != STATUS_OK)
        fail(text);
    writer_u16(&w, id);
    writer_u16(&w, DNS_RD);
    writer_u16(&w, 1);
    writer_u16(&w, 0);
    writer_u16(&w, 0);
    writer_u16(&w, 0);
    writer_bytes(&w, name.wire, name.len);
    writer_u16(&w, type);
    writer_u16(&w, RRCLASS_IN);
    packet->len = (uint16_t)w.used;
}

static void read_queries(const char *path)
{
    char name[NAME_TEXT_SIZE], type[16];
    FILE *file = fopen(path, "r");
    packets = calloc(QUERIES_MAX, sizeof *packets);
    if (!file || !packets)
        fail(path);
    while (packet_count < QUERIES_MAX && fscanf(file, "%1000s %15s", name, type) == 2) {
        make_packet(&packets[packet_count], name, type_of(type), (uint16_t)packet_count);
        packet_count++;
    }
    fclose(file);
}

static double run_pass(const struct answer_input *input)
{
    struct timespec begin, end;
    struct query query;
    uint8_t reply[DNS_UDP_MAX];
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    for (size_t i = 0; i < packet_count; i++) {
        struct answer answer =
            answer_packet(input, packets[i].octets, packets[i].len, &query, reply, sizeof reply);
        if (answer.action != ANSWER_SEND || answer.kind != ANSWER_KIND_HOUSEHOLD)
            fail("not answered");
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e9 + (double)(end.tv_nsec - begin.tv_nsec)) /
           (double)packet_count;
}

int main(int argc, char **argv)
{
    static const uint8_t cookie_key[COOKIE_KEY_SIZE];
    static struct view_file file;
    struct answer_input input = {
        .client = ANSWER_LOCAL, .now_ms = 1, .cookie_key = cookie_key, .view_status = STATUS_OK};
    if (argc != 4) {
        fprintf(stderr, "bench_answer VIEW QUERIES PASSES\n");
        return 2;
    }
    read_queries(argv[2]);
    if (view_file_init(&file, argv[1]) != STATUS_OK ||
        view_file_current(&file, &input.view) != STATUS_OK || view_check(input.view) != STATUS_OK)
        fail("the view can't be mapped");
    for (long pass = strtol(argv[3], NULL, 10); pass > 0; pass--)
        printf("%.1f\n", run_pass(&input));
    view_file_deinit(&file);
    free(packets);
    return EXIT_SUCCESS;
}
