/* deeds.c: see deeds.h. */
#include "tests/fault/deeds.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "ledger/backup.h"
#include "ledger/rescue.h"

unsigned deeds_turn;
static struct root before;

void deeds_remember(struct place *place)
{
    before = root_of(place->ledger);
    deeds_turn++;
}

void deeds_is_as_before(struct place *place)
{
    assert_ok(ledger_ready(place->ledger));
    expect_root(place->ledger, &before);
}

void deeds_shut(struct place *place)
{
    ledger_close(place->ledger);
    place->ledger = NULL;
}

void deeds_is_shut(struct place *place)
{
    assert_null(place->ledger);
}

static void make_name(char name[static 32], unsigned i)
{
    snprintf(name, 32, "w%u-%u", deeds_turn, i);
}

enum status deeds_append(struct place *place, unsigned names)
{
    uint8_t id[32];
    enum rule rule;
    char name[32];
    enum status status = STATUS_OK;
    for (unsigned i = 0; status == STATUS_OK && i < names; i++) {
        make_name(name, i);
        struct ledger_write write = aaaa(name, 7);
        status = ledger_append_set(place->ledger, &write, help_now, id, &rule);
    }
    return status;
}

void deeds_has_names(struct place *place, unsigned names)
{
    char name[32];
    for (unsigned i = 0; i < names; i++) {
        make_name(name, i);
        assert_int_equal(address_of(place->ledger, name), 7);
    }
}

enum status deeds_end_batch(struct place *place, enum status status)
{
    if (status == STATUS_OK)
        return ledger_commit(place->ledger);
    ledger_abort(place->ledger);
    return status;
}

uint8_t *deeds_leave_with_copy(struct place *place, size_t *data_len)
{
    char path[HELP_PATH_SIZE];
    deeds_remember(place);
    help_join(path, place->dir, RESCUE_COPY);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_ok(backup_export(place->ledger, fd));
    close(fd);
    deeds_shut(place);
    return help_file_read(place->data, data_len);
}
