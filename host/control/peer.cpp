#include "control/peer.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace noa::control {

namespace {

// As many as the kernel ever gives a process.
constexpr std::size_t max_groups = NGROUPS_MAX;
constexpr std::size_t max_group_entry = std::size_t{1024} * 1024;

std::optional<gid_t> find_group(const std::string& name) {
    std::vector<char> storage(4096);
    while (storage.size() <= max_group_entry) {
        group entry{};
        group* found = nullptr;
        const int error =
            ::getgrnam_r(name.c_str(), &entry, storage.data(), storage.size(), &found);
        if (error == 0) {
            return found != nullptr ? std::optional(found->gr_gid) : std::nullopt;
        }
        if (error != ERANGE) {
            return std::nullopt;
        }
        storage.resize(storage.size() * 2);
    }
    return std::nullopt;
}

} // namespace

Result<Peer> peer_of(int socket_fd) {
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return fail_errno("identify peer", "control socket", errno);
    }
    Peer peer{credentials.uid, credentials.gid, credentials.pid, {}};
    peer.groups.resize(64);
    while (true) {
        size = static_cast<socklen_t>(peer.groups.size() * sizeof(gid_t));
        const int error =
            ::getsockopt(socket_fd, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) == 0
                ? 0
                : errno;
        const std::size_t count = size / sizeof(gid_t);
        if (error == ERANGE && count > peer.groups.size() && count <= max_groups) {
            peer.groups.resize(count);
            continue;
        }
        // Without the list the primary group still counts.
        peer.groups.resize(error == 0 ? count : 0);
        return peer;
    }
}

AccessPolicy AccessPolicy::of_this_process(std::string group) {
    AccessPolicy policy;
    policy.host_uid = ::geteuid();
    policy.group_id = group.empty() ? std::nullopt : find_group(group);
    policy.group = std::move(group);
    return policy;
}

Right right_of(const Peer& peer, const AccessPolicy& policy) noexcept {
    if (peer.uid == 0 || peer.uid == policy.host_uid) {
        return Right::full;
    }
    const bool member = policy.group_id && (peer.gid == *policy.group_id ||
                                            std::find(peer.groups.begin(), peer.groups.end(),
                                                      *policy.group_id) != peer.groups.end());
    return member ? Right::full : Right::read;
}

Result<void> check_access(const Peer& peer, const AccessPolicy& policy, Right needed,
                          const std::string& verb) {
    if (needed == Right::read || right_of(peer, policy) == Right::full) {
        return {};
    }
    std::string advice = "run it as root or as uid " + std::to_string(policy.host_uid);
    if (policy.group_id) {
        advice += ", or join the group " + policy.group;
    }
    return fail(Errc::denied, verb, {}, "uid " + std::to_string(peer.uid) + " may only look",
                std::move(advice));
}

} // namespace noa::control
