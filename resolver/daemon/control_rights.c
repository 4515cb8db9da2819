/* control_rights.c: see control_rights.h. */
#include "resolver/daemon/control_rights.h"

#include <grp.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

enum { GROUPS_MAX = 1024 };

struct control_policy control_policy_here(bool system)
{
    struct control_policy policy = {.system = system, .own_uid = geteuid()};
    const struct group *group = system ? getgrnam("hearth") : NULL;
    if (group) {
        policy.has_group = true;
        policy.group = group->gr_gid;
    }
    return policy;
}

static bool has_further_group(int fd, uint32_t group)
{
    gid_t groups[GROUPS_MAX];
    socklen_t len = sizeof groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof groups[0]; i++) {
        if (groups[i] == group)
            return true;
    }
    return false;
}

enum status control_peer_read(int fd, const struct control_policy *policy,
                              struct control_peer *peer)
{
    struct ucred credentials;
    socklen_t len = sizeof credentials;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0 ||
        len != sizeof credentials)
        return STATUS_IO;
    peer->uid = credentials.uid;
    peer->in_group = policy->has_group &&
                     (credentials.gid == policy->group || has_further_group(fd, policy->group));
    return STATUS_OK;
}

enum control_right control_rights(const struct control_policy *policy,
                                  const struct control_peer *peer)
{
    if (peer->uid == 0 || peer->uid == policy->own_uid)
        return CONTROL_RIGHT_WRITE;
    if (!policy->system)
        return CONTROL_RIGHT_NONE;
    return policy->has_group && peer->in_group ? CONTROL_RIGHT_WRITE : CONTROL_RIGHT_READ;
}
