/* key_event.c: see key_event.h. Walks use links inside the events: they take no memory and no
 * recursion. */
#include "ledger/key_event.h"

#include <stddef.h>

#include "ledger/scope.h"

void key_event_push(struct key_event_walk *walk, struct key_event *event)
{
    if (!event || event->stamp == walk->stamp)
        return;
    event->stamp = walk->stamp;
    event->work = walk->work;
    walk->work = event;
}

struct key_event *key_event_pop(struct key_event_walk *walk)
{
    struct key_event *event = walk->work;
    if (event)
        walk->work = event->work;
    return event;
}

struct key_event *key_event_pop_front(struct key_event_walk *walk)
{
    struct key_event *event = key_event_pop(walk);
    while (event && event->kind == KEY_EVENT_JOIN) {
        key_event_push(walk, event->before);
        key_event_push(walk, event->other);
        event = key_event_pop(walk);
    }
    return event;
}

/* Does the front of `a` have everything that stands in front of `b`? */
static bool front_has(uint64_t *stamp, struct key_event *a, struct key_event *b)
{
    struct key_event_walk marking = {.stamp = ++*stamp};
    key_event_push(&marking, a);
    while (key_event_pop_front(&marking)) {
    }
    /* What carries the first stamp is in `a`, a JOIN with all that it joins. */
    struct key_event_walk checking = {.stamp = ++*stamp};
    if (b->stamp != marking.stamp)
        key_event_push(&checking, b);
    for (;;) {
        struct key_event *event = key_event_pop(&checking);
        if (!event)
            return true;
        if (event->kind != KEY_EVENT_JOIN)
            return false;
        if (event->before->stamp != marking.stamp)
            key_event_push(&checking, event->before);
        if (event->other->stamp != marking.stamp)
            key_event_push(&checking, event->other);
    }
}

struct key_event *key_event_join(struct arena *arena, uint64_t *stamp, struct key_event *a,
                                 struct key_event *b, enum status *status)
{
    if (!a || !b)
        return a ? a : b;
    if (a == b || front_has(stamp, a, b))
        return a;
    if (front_has(stamp, b, a))
        return b;
    struct key_event *joined = arena_alloc(arena, sizeof *joined);
    if (!joined) {
        *status = STATUS_NO_MEMORY;
        return NULL;
    }
    joined->kind = KEY_EVENT_JOIN;
    joined->before = a;
    joined->other = b;
    return joined;
}

bool scope_list_has(const struct scope_list *list, const struct name *name)
{
    return !list || (list->opening && scope_has(list->opening, list->opening_len, name));
}
