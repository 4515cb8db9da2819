/* view_forms.h: the households of a view and the one or two names that each of them goes by.
 *
 * A form is a household under one of its apexes: `maple.home.arpa`, or `<id>.home.arpa`, which
 * every household has. A petname that is no single label, or that another household has before it,
 * gives no form.
 */
#ifndef HEARTH_LEDGER_VIEW_FORMS_H
#define HEARTH_LEDGER_VIEW_FORMS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/name.h"
#include "ledger/base/status.h"
#include "ledger/view_build.h"

struct view_form {
    uint32_t household;
    bool is_id_form;
    struct name apex;
};

/* Forms of one household; the same twice when it has only one. */
struct view_form_pair {
    uint32_t first; /* petname form, else id form: what PTR and others point at */
    uint32_t id_form;
};

struct view_forms {
    const struct view_build_household **households; /* each namespace once */
    uint32_t household_count;
    struct view_form *forms; /* in canonical order of their apexes */
    uint32_t count;
    struct view_form_pair *pairs; /* by household */
};

/* NO_MEMORY. The forms are the caller's, to deinit in any case. */
enum status view_forms_make(struct view_forms *forms, const struct view_build *input);
void view_forms_deinit(struct view_forms *forms);

/* The household's other form, or the same one. */
uint32_t view_forms_twin(const struct view_forms *forms, uint32_t form);

#endif
