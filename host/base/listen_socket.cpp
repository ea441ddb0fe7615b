#include "base/listen_socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace noa {

namespace {

constexpr const char* listen_attempt = "listen";
constexpr std::uint32_t max_backlog = 65'535;

UniqueFd new_socket(int family) noexcept {
    return UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// Removes what a dead process left; refuses what is alive, or not a socket.
Result<void> make_room(const ListenAddress& address) {
    const auto& path = address.path();
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) {
        return errno == ENOENT ? Result<void>() : fail_errno(listen_attempt, address.text(), errno);
    }
    if (!S_ISSOCK(found.st_mode)) {
        return fail(Errc::refused, listen_attempt, address.text(),
                    "something that is not a socket is in its place", "remove it");
    }
    const auto trial = new_socket(AF_UNIX);
    if (!trial) {
        return fail_errno(listen_attempt, address.text(), errno);
    }
    const int answer = ::connect(trial.get(), address.address(), address.size()) == 0 ? 0 : errno;
    if (answer != ECONNREFUSED) {
        const bool alive = answer == 0 || answer == EAGAIN || answer == EPROTOTYPE;
        return fail_errno(listen_attempt, address.text(), alive ? EADDRINUSE : answer);
    }
    return ::unlink(path.c_str()) == 0 || errno == ENOENT
               ? Result<void>()
               : fail_errno(listen_attempt, address.text(), errno);
}

int set_flag(int fd, int level, int option) noexcept {
    const int on = 1;
    return ::setsockopt(fd, level, option, &on, sizeof on);
}

// Before bind: from its first moment on the socket is what it will be.
int prepare(int fd, const ListenAddress& address, mode_t mode) noexcept {
    switch (address.family()) {
    case AF_UNIX: return ::fchmod(fd, mode);
    case AF_INET6:
        // Whether "[::]" includes IPv4 must not depend on the machine.
        if (set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0) {
            return -1;
        }
        [[fallthrough]];
    default: return set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
    }
}

} // namespace

Result<ListenSocket> ListenSocket::open(const ListenAddress& address,
                                        const ListenOptions& options) {
    const auto system_failure = [&] { return fail_errno(listen_attempt, address.text(), errno); };
    if (!address.path().empty()) {
        if (auto room = make_room(address); !room) {
            return Failure(std::move(room.error()));
        }
    }
    ListenSocket socket(new_socket(address.family()));
    const int fd = socket.fd();
    if (fd < 0 || prepare(fd, address, options.mode) != 0 ||
        ::bind(fd, address.address(), address.size()) != 0) {
        return system_failure();
    }
    if (!address.path().empty()) {
        if (auto claimed = socket.claim_file(address.path(), options.mode); !claimed) {
            return Failure(std::move(claimed.error()));
        }
    }
    // Nobody can connect before this.
    if (::listen(fd, static_cast<int>(std::min(options.backlog, max_backlog))) != 0) {
        return system_failure();
    }
    return socket;
}

// Notes which file is ours, and gives it the mode that the umask has cut.
Result<void> ListenSocket::claim_file(const std::string& path, mode_t mode) {
    struct stat made {};
    if (::lstat(path.c_str(), &made) != 0) {
        return fail_errno(listen_attempt, "unix:" + path, errno);
    }
    path_ = path;
    device_ = made.st_dev;
    inode_ = made.st_ino;
    constexpr mode_t permissions = 0777;
    if ((made.st_mode & permissions) != mode &&
        ::fchmodat(AT_FDCWD, path.c_str(), mode, AT_SYMLINK_NOFOLLOW) != 0) {
        return fail_errno(listen_attempt, "unix:" + path, errno);
    }
    return {};
}

ListenSocket::ListenSocket(ListenSocket&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), device_(other.device_),
      inode_(other.inode_) {}

ListenSocket& ListenSocket::operator=(ListenSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(path_, other.path_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
    return *this;
}

ListenSocket::~ListenSocket() {
    remove_file();
}

void ListenSocket::remove_file() noexcept {
    struct stat found {};
    if (!path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ &&
        found.st_ino == inode_) {
        ::unlink(path_.c_str());
    }
    path_.clear();
}

std::uint16_t ListenSocket::port() const noexcept {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
        return 0;
    }
    switch (bound.ss_family) {
    case AF_INET: return ntohs(reinterpret_cast<const sockaddr_in&>(bound).sin_port);
    case AF_INET6: return ntohs(reinterpret_cast<const sockaddr_in6&>(bound).sin6_port);
    default: return 0;
    }
}

void ListenSocket::abandon() noexcept {
    remove_file();
    static_cast<void>(::shutdown(fd_.get(), SHUT_RDWR));
    static_cast<void>(fd_.release());
}

} // namespace noa
