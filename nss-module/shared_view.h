/* shared_view.h: the one mapping of the view that all threads of a foreign program share.
 *
 *     struct shared_view *shared;
 *     enum status status = shared_view_borrow(&shared);
 *     if (status == STATUS_OK) {
 *         … shared_view_of(shared) …
 *         shared_view_return(shared);
 *     }
 *
 * Nothing here waits for another thread, so nothing can hang in a child that was forked while one
 * was in the middle. errno stays as it is.
 */
#ifndef HEARTH_NSS_MODULE_SHARED_VIEW_H
#define HEARTH_NSS_MODULE_SHARED_VIEW_H

#include "ledger/base/status.h"
#include "ledger/base/view.h"

struct shared_view;

/* The present view, kept mapped until it is returned. view_mapping_open's reasons when there is
 * none. */
enum status shared_view_borrow(struct shared_view **shared);
void shared_view_return(struct shared_view *shared);

struct view *shared_view_of(struct shared_view *shared);

#endif
