/* test_control_list.c: what a page of `list` costs: the household is a long list that counts what
 * it is asked for. */
#include "resolver/daemon/control_ops.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "resolver/daemon/control_fields.h"

enum { NAMES = 5000, PAGE = 100 };

static const uint8_t address[4] = {192, 168, 1, 1};
static size_t told; /* winners handed out */

/* --- the household: h0000 … h4999, an A each; those divisible by ten were deleted --- */

static bool tell(size_t number, bool (*each)(void *context, const struct household_set *set),
                 void *context)
{
    char text[16];
    struct household_set set = {.type = 1, .ttl = 300};
    (void)snprintf(text, sizeof text, "h%04zu", number);
    assert_int_equal(name_parse(&set.name, text), STATUS_OK);
    set.rr_count = number % 10 != 0;
    set.rrs[0] = (struct body_rr){.data = address, .len = sizeof address};
    told++;
    return each(context, &set);
}

void household_each_winner(struct household *household,
                           bool (*each)(void *context, const struct household_set *set),
                           void *context)
{
    (void)household;
    for (size_t i = 0; i < NAMES && tell(i, each, context); i++)
        ;
}

void household_each_winner_after(struct household *household, const struct name *relative,
                                 uint16_t type,
                                 bool (*each)(void *context, const struct household_set *set),
                                 void *context)
{
    char text[NAME_TEXT_SIZE];
    size_t first = 0;
    (void)household;
    name_text(relative->wire, relative->len, text);
    if (sscanf(text, "h%4zu", &first) == 1 && type >= 1)
        first++;
    for (size_t i = first; i < NAMES && tell(i, each, context); i++)
        ;
}

struct household *ledger_own(struct ledger *ledger)
{
    return (struct household *)(void *)ledger;
}

/* --- not asked for here --- */

void household_each_withdrawal(struct household *household,
                               bool (*each)(void *context, const struct household_withdrawal *w),
                               void *context)
{
    (void)household;
    (void)each;
    (void)context;
    fail();
}

void household_each_live(struct household *household, const struct name *relative, uint16_t type,
                         bool (*each)(void *context, const struct household_set *set),
                         void *context)
{
    (void)household;
    (void)relative;
    (void)type;
    (void)each;
    (void)context;
    fail();
}

enum status household_find_grant(struct household *household, const uint8_t key[static 32],
                                 struct household_grant *out)
{
    (void)household;
    (void)key;
    (void)out;
    fail();
    return STATUS_NOT_FOUND;
}

enum status household_effect(struct household *household, const uint8_t id[static 32],
                             enum rule *rule)
{
    (void)household;
    (void)id;
    (void)rule;
    fail();
    return STATUS_NOT_FOUND;
}

json_t *control_grant_json(const struct ledger_service *service,
                           const struct household_grant *grant)
{
    (void)service;
    (void)grant;
    fail();
    return NULL;
}

enum status control_call_refuse(struct control_call *call, enum status status, const char *format,
                                ...)
{
    (void)call;
    (void)format;
    return status;
}

/* --- pages --- */

/* The answer to a request; the caller's. */
static json_t *ask(json_t *request)
{
    static struct ledger_service service;
    service.ledger = (struct ledger *)&service; /* never looked into */
    struct control_call call = {
        .service = &service, .request = request, .answer = json_object(), .fd = -1};
    assert_int_equal(control_op_list(&call), STATUS_OK);
    json_decref(request);
    return call.answer;
}

static const char *name_at(const json_t *answer, size_t index)
{
    return control_fields_text(json_array_get(json_object_get(answer, "records"), index), "name");
}

static void a_page_costs_its_own_size(void **state)
{
    char cursor[64] = "";
    size_t records = 0;
    size_t pages = 0;
    (void)state;
    do {
        json_t *request = json_pack("{s:i}", "limit", PAGE);
        if (cursor[0])
            control_fields_set_text(request, "after", cursor);
        told = 0;
        json_t *answer = ask(request);
        const char *next = control_fields_text(answer, "next");
        assert_in_range(told, 1, PAGE + PAGE / 9 + 2); /* the deleted between, and a look ahead */
        records += json_array_size(json_object_get(answer, "records"));
        (void)snprintf(cursor, sizeof cursor, "%s", next ? next : "");
        assert_in_range(++pages, 1, NAMES / PAGE);
        json_decref(answer);
    } while (cursor[0]);
    assert_int_equal(records, NAMES - NAMES / 10);
    assert_int_equal(pages, (NAMES - NAMES / 10) / PAGE);
}

static void one_name_costs_one_look(void **state)
{
    (void)state;
    told = 0;
    json_t *answer = ask(json_pack("{s:s}", "under", "h2345"));
    assert_int_equal(json_array_size(json_object_get(answer, "records")), 1);
    assert_string_equal(name_at(answer, 0), "h2345");
    assert_true(json_is_null(json_object_get(answer, "next")));
    assert_int_equal(told, 2); /* and the one that is not below it */
    json_decref(answer);
}

/* A cursor before the name asked for does not widen what is asked. */
static void a_cursor_from_elsewhere(void **state)
{
    (void)state;
    json_t *answer = ask(json_pack("{s:s, s:s}", "under", "h2345", "after", "h0001 1"));
    assert_int_equal(json_array_size(json_object_get(answer, "records")), 1);
    json_decref(answer);
    answer = ask(json_pack("{s:s, s:s}", "under", "h2345", "after", "h2345 1"));
    assert_int_equal(json_array_size(json_object_get(answer, "records")), 0);
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_costs_its_own_size),
        cmocka_unit_test(one_name_costs_one_look),
        cmocka_unit_test(a_cursor_from_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
