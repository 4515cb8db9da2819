/* answer_household.h: the names of households, from the view alone. */
#ifndef HEARTH_RESOLVER_ANSWER_HOUSEHOLD_H
#define HEARTH_RESOLVER_ANSWER_HOUSEHOLD_H

#include <stdbool.h>

#include "resolver/answer.h"

struct household_name {
    struct view_zone zone;
    struct view_name name;
    bool exists; /* false: only the zone is there */
};

/* The steps before household_find: the first is needed, the second only shortens it (view_fetch). A
 * view or a name that is not a household's is left alone. */
void household_hash(const struct answer_input *input, struct query *query);
void household_fetch(const struct answer_input *input, const struct query *query);

/* Whose name is it? NOT_FOUND: no household's, and not a guest's business. Else: the view can't be
 * read, and the name may be a household's. */
enum status household_find(const struct answer_input *input, const struct query *query,
                           struct household_name *found);

/* Fills the reply. */
enum answer_kind household_answer(const struct answer_input *input, struct reply *reply,
                                  const struct household_name *found);

#endif
