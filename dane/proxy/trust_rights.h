/* trust_rights.h: doing things as another user, in a child that can never be root again.
 *
 * Root that writes into the folders of a user can be led astray by that user's symbolic links, and a
 * database there may name libraries to load. So nothing of another user's is touched as root.
 */
#ifndef HEARTH_DANE_PROXY_TRUST_RIGHTS_H
#define HEARTH_DANE_PROXY_TRUST_RIGHTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "ledger/base/status.h"

/* Who owns `path`, or the nearest folder above it that exists. IO. */
enum status trust_rights_owner(const char *path, uid_t *owner);

/* Runs `work` in a child with that user's ids alone; what it writes to its `fd` is for `take` in this
 * process, which reads until the end. Either may be called once only. DENIED: the ids can't be taken on;
 * IO; else what `take` returns. */
struct trust_rights_job {
    void (*work)(void *context, int fd);
    enum status (*take)(void *context, int fd);
    void *context;
};
enum status trust_rights_run(uid_t user, const struct trust_rights_job *job);

#endif
