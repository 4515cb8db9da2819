/* view_forms.c: see view_forms.h. Ids are given out before petnames, so that no petname can stand
 * in the place of an id. */
#include "ledger/view_forms.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/base/text.h"

static bool make_apex(struct name *apex, const char *label)
{
    struct name home;
    return name_parse(apex, label) == STATUS_OK && name_labels(apex->wire, apex->len) == 1 &&
           name_parse(&home, "home.arpa") == STATUS_OK && name_join(apex, apex, &home) == STATUS_OK;
}

static void add_form(struct view_forms *forms, uint32_t household, const char *label,
                     bool is_id_form)
{
    struct view_form *form = &forms->forms[forms->count];
    *form = (struct view_form){.household = household, .is_id_form = is_id_form};
    if (!make_apex(&form->apex, label))
        return;
    for (uint32_t i = 0; i < forms->count; i++) {
        if (name_equal(&forms->forms[i].apex, &form->apex))
            return;
    }
    forms->count++;
}

static void add_household(struct view_forms *forms, const struct view_build_household *household)
{
    for (uint32_t i = 0; i < forms->household_count; i++) {
        if (memcmp(forms->households[i]->namespace_id, household->namespace_id, 32) == 0)
            return;
    }
    forms->households[forms->household_count++] = household;
}

static int compare_forms(const void *a, const void *b)
{
    const struct view_form *x = a;
    const struct view_form *y = b;
    return name_compare(x->apex.wire, x->apex.len, y->apex.wire, y->apex.len);
}

/* Petname forms are met after id forms, and so stay as `first`. */
static void pair_forms(struct view_forms *forms)
{
    for (unsigned petnames = 0; petnames < 2; petnames++) {
        for (uint32_t i = 0; i < forms->count; i++) {
            struct view_form_pair *pair = &forms->pairs[forms->forms[i].household];
            if (forms->forms[i].is_id_form == (petnames == 0))
                pair->first = i;
            if (forms->forms[i].is_id_form)
                pair->id_form = i;
        }
    }
}

enum status view_forms_make(struct view_forms *forms, const struct view_build *input)
{
    size_t count = input->household_count;
    *forms = (struct view_forms){
        .households = calloc(count + 1, sizeof(struct view_build_household *)),
        .forms = calloc(2 * count + 1, sizeof *forms->forms),
        .pairs = calloc(count + 1, sizeof *forms->pairs),
    };
    if (!forms->households || !forms->forms || !forms->pairs)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        add_household(forms, &input->households[i]);
    for (uint32_t i = 0; i < forms->household_count; i++) {
        char id[BASE32_ID_LEN + 1];
        base32_encode_id(forms->households[i]->namespace_id, id);
        add_form(forms, i, id, true);
    }
    for (uint32_t i = 0; i < forms->household_count; i++)
        add_form(forms, i, forms->households[i]->petname, false);
    qsort(forms->forms, forms->count, sizeof *forms->forms, compare_forms);
    pair_forms(forms);
    return STATUS_OK;
}

void view_forms_deinit(struct view_forms *forms)
{
    free(forms->pairs);
    free(forms->forms);
    free(forms->households);
}

uint32_t view_forms_twin(const struct view_forms *forms, uint32_t form)
{
    const struct view_form_pair *pair = &forms->pairs[forms->forms[form].household];
    return form == pair->first ? pair->id_form : pair->first;
}
