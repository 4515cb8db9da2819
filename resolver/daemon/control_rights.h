/* control_rights.h: who may ask what on the control socket (docs/control-protocol.md, "Rights").
 *
 * The kernel says who is connected (SO_PEERCRED, SO_PEERGROUPS); the judgement is a pure function.
 */
#ifndef HEARTH_RESOLVER_DAEMON_CONTROL_RIGHTS_H
#define HEARTH_RESOLVER_DAEMON_CONTROL_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/base/status.h"

enum control_right { CONTROL_RIGHT_NONE, CONTROL_RIGHT_READ, CONTROL_RIGHT_WRITE };

struct control_policy {
    bool system;      /* system mode: everybody may read */
    uint32_t own_uid; /* the user that hearthd's children run as */
    bool has_group;
    uint32_t group; /* members may write, in system mode */
};

struct control_peer {
    uint32_t uid;
    bool in_group; /* of the policy's group, as its first or a further one */
};

/* The policy of this process. */
struct control_policy control_policy_here(bool system);

/* Who is at the other end of a connected Unix socket. IO. */
enum status control_peer_read(int fd, const struct control_policy *policy,
                              struct control_peer *peer);

enum control_right control_rights(const struct control_policy *policy,
                                  const struct control_peer *peer);

#endif
