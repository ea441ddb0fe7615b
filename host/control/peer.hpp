// Who is at the other end of the control socket, and what that allows.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace noa::control {

// As the kernel says it was when the client connected.
struct Peer {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;
    std::vector<gid_t> groups; // supplementary
};

[[nodiscard]] Result<Peer> peer_of(int socket_fd);

struct AccessPolicy {
    uid_t host_uid = 0;
    std::string group = "noa";
    std::optional<gid_t> group_id; // none: no such group here

    // For this process; an unknown group leaves root and the host's own user.
    [[nodiscard]] static AccessPolicy of_this_process(std::string group);
};

enum class Right : std::uint8_t {
    read, // anybody who can reach the socket
    full, // root, the host's own user, members of the group
};

[[nodiscard]] Right right_of(const Peer& peer, const AccessPolicy& policy) noexcept;

// Errc::denied, naming the uid and what it would take.
[[nodiscard]] Result<void> check_access(const Peer& peer, const AccessPolicy& policy, Right needed,
                                        const std::string& verb);

} // namespace noa::control
