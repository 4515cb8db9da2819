/* house.h: the household as its view says it, without asking hearthd: what NSS and the resolver see
 * too. */
#ifndef HEARTH_RESOLVER_CLI_HOUSE_H
#define HEARTH_RESOLVER_CLI_HOUSE_H

#include "ledger/base/view_file.h"
#include "resolver/cli/cli.h"
#include "resolver/cli/name_argument.h"

struct house {
    struct view_file file;
    struct view *view; /* borrowed from `file` */
    struct own_names own;
    struct view_zone zone; /* one's own, in the form that is shown */
    bool has_zone;
};

enum { HOUSE_ADDRESSES_MAX = 16, HOUSE_LABEL_SIZE = 128 };

/* Maps the view and finds one's own household in it. NOT_FOUND when there is no view; has_zone is
 * false without a household. */
enum status house_open(struct house *house, const char *view_file);
void house_close(struct house *house);
/* Reports why house_open failed, or that there is no household. */
int house_error(struct cli *cli, enum status status);

/* The zone whose apex name is shown for one's own household, petname form or id form. NOT_FOUND. */
enum status house_zone(struct house *house, bool id_form, struct view_zone *zone);

/* Addresses published for a full name, AAAA first. Returns how many. CORRUPT leaves *count at 0. */
enum status house_addresses(struct view *view, const struct name *name,
                            struct address addresses[static HOUSE_ADDRESSES_MAX], size_t *count);

/* Who signed: the author's label, or the first digits of its key; escaped. */
void house_author(struct view *view, uint32_t author, char text[static HOUSE_LABEL_SIZE]);
/* The same key as hex; "" when the view does not say. */
void house_author_key(struct view *view, uint32_t author, char text[static 65]);

/* Calls with each RR of an RRset's data (length and rdata pairs); false when the data is damaged.
 */
bool house_each_rr(const uint8_t *data, size_t len, uint16_t count,
                   void (*each)(void *context, const uint8_t *rdata, size_t len), void *context);

#endif
