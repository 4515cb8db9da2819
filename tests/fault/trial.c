/* trial.c: see trial.h. */
#include "tests/fault/trial.h"

#include <errno.h>
#include <stdio.h>

enum { CALLS_MAX = 100000 };

/* False once the n-th call is not reached. */
static bool fail_once(struct place *place, const struct trial *trial, const struct shim *shim,
                      unsigned *failures)
{
    if (trial->prepare)
        trial->prepare(place);
    shim_arm(shim);
    enum status status = trial->act(place);
    bool reached = shim_disarm();
    if (status != STATUS_OK) {
        if (!reached || status == STATUS_CORRUPT)
            print_message("%s: call %lu: %s\n", trial->what, shim->nth, status_name(status));
        assert_true(reached);
        assert_int_not_equal(status, STATUS_CORRUPT);
        ++*failures;
        if (trial->unchanged)
            trial->unchanged(place);
        assert_ok(trial->act(place));
    }
    if (trial->done)
        trial->done(place);
    return reached;
}

static void fail_each(struct place *place, const struct trial *trial, struct shim shim)
{
    unsigned failures = 0;
    for (shim.nth = 1; fail_once(place, trial, &shim, &failures); shim.nth++)
        assert_true(shim.nth < CALLS_MAX);
    print_message("%s: %lu calls%s, %u failures\n", trial->what, shim.nth - 1,
                  shim.lasting ? " and all after" : "", failures);
    assert_true(failures > 0);
}

void trial_memory(struct place *place, const struct trial *trial)
{
    const struct shim shims[] = {
        {.kinds = SHIM_MEMORY, .error = ENOMEM},
        {.kinds = SHIM_MEMORY, .error = ENOMEM, .lasting = true},
    };
    for (size_t i = 0; i < sizeof shims / sizeof *shims; i++)
        fail_each(place, trial, shims[i]);
}

void trial_disk(struct place *place, const struct trial *trial)
{
    const struct shim shims[] = {
        {.kinds = SHIM_DISK, .error = EIO},
        {.kinds = SHIM_DISK, .error = ENOSPC, .lasting = true},
        {.kinds = SHIM_DISK, .error = ENOSPC, .lasting = true, .half = true},
    };
    for (size_t i = 0; i < sizeof shims / sizeof *shims; i++)
        fail_each(place, trial, shims[i]);
}
