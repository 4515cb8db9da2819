/* farewell.c: see farewell.h. */
#include "dane/proxy/farewell.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <sys/queue.h>

struct farewell {
    TAILQ_ENTRY(farewell) next;
    struct farewells *farewells;
    struct stream *stream;
    bool is_timed;
};

struct farewells {
    TAILQ_HEAD(, farewell) all;
    size_t count;
};

struct farewells *farewells_create(void)
{
    struct farewells *farewells = calloc(1, sizeof *farewells);
    if (farewells)
        TAILQ_INIT(&farewells->all);
    return farewells;
}

static void end(struct farewell *farewell)
{
    TAILQ_REMOVE(&farewell->farewells->all, farewell, next);
    farewell->farewells->count--;
    stream_free(farewell->stream);
    free(farewell);
}

void farewells_free(struct farewells *farewells)
{
    struct farewell *next, *farewell = farewells ? TAILQ_FIRST(&farewells->all) : NULL;
    for (; farewell; farewell = next) {
        next = TAILQ_NEXT(farewell, next);
        end(farewell);
    }
    free(farewells);
}

static void look(void *context)
{
    struct farewell *farewell = context;
    struct stream *stream = farewell->stream;
    struct evbuffer *input = stream_input(stream);
    (void)evbuffer_drain(input, evbuffer_get_length(input));
    stream_input_taken(stream);
    if (!stream_is_finished(stream))
        return;
    if (stream_input_ended(stream)) {
        end(farewell);
    } else if (!farewell->is_timed) {
        farewell->is_timed = true;
        stream_set_deadline(stream, FAREWELL_MS);
    }
}

static void failed(void *context, enum status why)
{
    (void)why;
    end(context);
}

void farewell_say(struct farewells *farewells, struct stream *stream)
{
    static const struct stream_handlers handlers = {
        .ready = look, .input = look, .drained = look, .failed = failed};
    struct farewell *farewell = malloc(sizeof *farewell);
    if (!farewell) {
        stream_free(stream);
        return;
    }
    if (farewells->count >= FAREWELL_MAX)
        end(TAILQ_FIRST(&farewells->all));
    *farewell = (struct farewell){.farewells = farewells, .stream = stream};
    TAILQ_INSERT_TAIL(&farewells->all, farewell, next);
    farewells->count++;
    stream_set_deadline(stream, 0);
    stream_set_idle_timeout(stream, FAREWELL_IDLE_MS);
    stream_set_handlers(stream, &handlers, farewell);
    stream_finish(stream);
    look(farewell);
}
