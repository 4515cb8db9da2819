/* board.h: the memory that all processes of hearthd share (child.h says what lies in it). */
#ifndef HEARTH_RESOLVER_DAEMON_BOARD_H
#define HEARTH_RESOLVER_DAEMON_BOARD_H

#include "resolver/daemon/child.h"

/* Anonymous, shared with what is forked later; zeroed. NULL when memory is out. It lives as long as
 * the process. */
struct board *board_create(void);

/* Parent alone: puts another configuration in force. */
void board_set_config(struct board *board, const struct board_config *config);

/* A whole configuration, never half of two. */
void board_get_config(struct board *board, struct board_config *config);

/* "ledger"; "ready". */
const char *board_role_text(enum child_role role);
const char *board_state_text(enum child_state state);

/* "queries"; NULL for a counter without a name. */
const char *board_counter_text(unsigned counter);

#endif
