/* verbs.h: the table of verbs; one file each (verb_<name>.c). */
#ifndef HEARTH_RESOLVER_CLI_VERBS_H
#define HEARTH_RESOLVER_CLI_VERBS_H

#include "resolver/cli/cli.h"

/* Ended by a NULL name; in the order of `hearth help`. */
extern const struct verb verbs[];

const struct verb *verbs_find(const char *name);

int verb_init(struct cli *cli);
int verb_adopt(struct cli *cli);
int verb_set(struct cli *cli);
int verb_unset(struct cli *cli);
int verb_forget(struct cli *cli);
int verb_import(struct cli *cli);
int verb_ls(struct cli *cli);
int verb_show(struct cli *cli);
int verb_verify(struct cli *cli);
int verb_why(struct cli *cli);
int verb_revoke(struct cli *cli);
int verb_log(struct cli *cli);
int verb_status(struct cli *cli);
int verb_backup(struct cli *cli);
int verb_export(struct cli *cli);
int verb_trust(struct cli *cli);
int verb_trust(struct cli *cli);
int verb_help(struct cli *cli);

#endif
