/* The control socket: one client's whole stream through the real server.
 *
 * What must come back is worked out from the stream in one piece; the server gets it in pieces. It
 * answers each request with the request itself, at once or a turn later, and what is not a request
 * with a refusal, after which nothing else is answered. Every message that is accepted is written
 * and read again, and all its fields are tried as each kind of field. */
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "resolver/daemon/control_codec.h"
#include "resolver/daemon/control_fields.h"
#include "resolver/daemon/control_server.h"
#include "resolver/daemon/log.h"
#include "tests/fuzz/stream.h"

enum { TURNS_MAX = 100000, TIMEOUT_MS = 60000, ANSWERS_MAX = 1 << 20 };
enum { CHOICE_LATER = 1, CHOICE_SLOW = 2 };

static struct {
    struct event_base *base;
    struct control_server *server;
    struct sockaddr_un address;
    socklen_t address_len;
    int listen_fd;
    bool later;
    struct control_session *waiting; /* its request is to be answered */
    json_t *request;
} house;

/* --- one message --- */

static void try_name(const json_t *message, const char *key)
{
    struct name name, again;
    if (control_fields_name(message, key, &name) != STATUS_OK)
        return;
    json_t *object = json_object();
    assert(object && name.len <= NAME_RELATIVE_MAX);
    control_fields_set_name(object, "name", &name);
    enum status status = control_fields_name(object, "name", &again);
    assert(status == STATUS_OK && name_equal(&name, &again));
    json_decref(object);
}

static void try_hex(const json_t *value)
{
    uint8_t octets[64];
    size_t len = 0;
    if (control_fields_hex(value, octets, sizeof octets, &len) != STATUS_OK)
        return;
    json_t *again = control_fields_hex_new(octets, len);
    assert(again && len <= sizeof octets);
    assert(strcasecmp(json_string_value(again), json_string_value(value)) == 0);
    json_decref(again);
}

static void try_fields(json_t *message)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(message, key, value) {
        uint8_t octets[32];
        uint64_t number = 0;
        try_name(message, key);
        try_hex(value);
        (void)control_fields_octets(message, key, octets, sizeof octets);
        if (control_fields_number(message, key, 1000, &number) == STATUS_OK)
            assert(number <= 1000 && json_integer_value(value) == (json_int_t)number);
    }
    struct control_page page;
    json_t *answer = json_object();
    if (control_page_start(&page, message, answer, "items") == STATUS_OK)
        assert(page.limit > 0 && page.limit <= CONTROL_PAGE_LIMIT_MAX);
    json_decref(answer);
}

/* Written and read again, it is the same. */
static void try_codec(const json_t *message)
{
    uint8_t *frame = NULL;
    size_t len = 0;
    json_t *again = NULL;
    enum status status = control_pack(message, &frame, &len);
    assert(status == STATUS_OK && len > CONTROL_HEADER_SIZE);
    assert(stream_length(frame, CONTROL_HEADER_SIZE) == len - CONTROL_HEADER_SIZE);
    status = control_parse(frame + CONTROL_HEADER_SIZE, len - CONTROL_HEADER_SIZE, &again);
    assert(status == STATUS_OK && json_equal(message, again));
    json_decref(again);
    free(frame);
}

/* --- the server's other side --- */

static enum status identify(void *context, int fd, enum control_right *right)
{
    (void)context;
    (void)fd;
    *right = CONTROL_RIGHT_WRITE;
    return STATUS_OK;
}

static void answer_waiting(void)
{
    struct control_session *session = house.waiting;
    json_t *request = house.request;
    house.waiting = NULL;
    house.request = NULL;
    if (session)
        control_session_answer(session, request, -1);
}

static void on_request(void *context, struct control_session *session, const json_t *message)
{
    (void)context;
    assert(!house.waiting); /* one at a time */
    house.waiting = session;
    house.request = json_deep_copy(message);
    assert(house.request);
    if (!house.later)
        answer_waiting();
}

static void on_release(void *context, void *attachment)
{
    (void)context;
    (void)attachment;
}

static void open_house(void)
{
    static const struct control_handlers handlers = {
        .identify = identify, .request = on_request, .release = on_release};
    log_init("fuzz", false);
    house.base = stream_loop();
    house.address.sun_family = AF_UNIX; /* autobind: an abstract name that the kernel chooses */
    house.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int bound =
        bind(house.listen_fd, (struct sockaddr *)&house.address, sizeof house.address.sun_family);
    int listening = listen(house.listen_fd, 8);
    house.address_len = sizeof house.address;
    int named = getsockname(house.listen_fd, (struct sockaddr *)&house.address, &house.address_len);
    assert(house.base && bound == 0 && listening == 0 && named == 0);
    house.server = control_server_create(house.base, house.listen_fd, &handlers, TIMEOUT_MS);
    assert(house.server);
}

static void turn(void)
{
    int looped = event_base_loop(house.base, EVLOOP_NONBLOCK);
    assert(looped >= 0);
    answer_waiting();
}

/* --- what should come --- */

struct expected {
    uint8_t *answers; /* ANSWERS_MAX octets */
    size_t len;
    bool refusal; /* and then a refusal */
};

static void expect(const uint8_t *stream, size_t size, struct expected *expected)
{
    for (size_t at = 0; at + CONTROL_HEADER_SIZE <= size;) {
        size_t len = stream_length(stream + at, CONTROL_HEADER_SIZE);
        at += CONTROL_HEADER_SIZE;
        expected->refusal = len == 0 || len > CONTROL_FRAME_MAX;
        if (expected->refusal || len > size - at)
            return;
        json_t *message = NULL;
        expected->refusal = control_parse(stream + at, len, &message) != STATUS_OK;
        if (expected->refusal)
            return;
        uint8_t *frame = NULL;
        size_t frame_len = 0;
        assert(json_is_object(message));
        try_codec(message);
        try_fields(message);
        enum status status = control_pack(message, &frame, &frame_len);
        assert(status == STATUS_OK && frame_len <= ANSWERS_MAX - expected->len);
        memcpy(expected->answers + expected->len, frame, frame_len);
        expected->len += frame_len;
        free(frame);
        json_decref(message);
        at += len;
    }
}

static void check_refusal(const uint8_t *bytes, size_t len)
{
    json_t *refusal = NULL;
    assert(len > CONTROL_HEADER_SIZE &&
           stream_length(bytes, CONTROL_HEADER_SIZE) == len - CONTROL_HEADER_SIZE);
    enum status status =
        control_parse(bytes + CONTROL_HEADER_SIZE, len - CONTROL_HEADER_SIZE, &refusal);
    assert(status == STATUS_OK && json_is_false(json_object_get(refusal, "ok")));
    assert(json_is_string(json_object_get(refusal, "status")));
    json_decref(refusal);
}

/* --- the client --- */

struct client_end {
    int fd;
    bool ended;
    size_t have;
    uint8_t *answers; /* ANSWERS_MAX octets */
};

static void read_answers(struct client_end *client)
{
    while (!client->ended) {
        ssize_t got = recv(client->fd, client->answers + client->have, ANSWERS_MAX - client->have,
                           MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return;
        client->ended = got <= 0;
        client->have += got > 0 ? (size_t)got : 0;
    }
}

static size_t send_piece(struct client_end *client, const uint8_t *at, size_t len)
{
    ssize_t sent = send(client->fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    bool closed = errno != EAGAIN;
    read_answers(client);
    return closed ? len : 0;
}

static void talk(struct client_end *client, const uint8_t *stream, size_t size, uint8_t choice,
                 uint8_t seed)
{
    struct stream_cut cut = stream_cut(seed);
    for (size_t at = 0, turns = 0; at < size; turns++) {
        at += send_piece(client, stream + at, stream_piece(&cut, size - at));
        turn();
        if ((choice & CHOICE_SLOW) == 0)
            read_answers(client);
        assert(turns < TURNS_MAX);
    }
    (void)shutdown(client->fd, SHUT_WR);
    for (size_t turns = 0; !client->ended; turns++) {
        turn();
        read_answers(client);
        assert(turns < TURNS_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t wanted[ANSWERS_MAX], came[ANSWERS_MAX];
    if (!house.base)
        open_house();
    if (size < STREAM_HEAD)
        return 0;
    struct expected expected = {.answers = wanted};
    struct client_end client = {.answers = came};
    expect(data + STREAM_HEAD, size - STREAM_HEAD, &expected);
    house.later = data[0] & CHOICE_LATER;
    client.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int connected = connect(client.fd, (struct sockaddr *)&house.address, house.address_len);
    assert(connected == 0);
    talk(&client, data + STREAM_HEAD, size - STREAM_HEAD, data[0], data[1]);
    close(client.fd);
    turn();
    assert(!house.waiting && client.have >= expected.len);
    assert(memcmp(came, wanted, expected.len) == 0);
    if (expected.refusal)
        check_refusal(came + expected.len, client.have - expected.len);
    else
        assert(client.have == expected.len);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    return stream_mutate(data, size, max_size, seed, CONTROL_HEADER_SIZE);
}
