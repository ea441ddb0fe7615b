#include "lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

namespace noa {

namespace {

std::string holder_of(int fd) {
    std::array<char, 32> text{};
    const auto got = ::pread(fd, text.data(), text.size() - 1, 0);
    std::string pid(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    pid.erase(std::min(pid.find_first_not_of("0123456789"), pid.size()));
    return pid.empty() ? "another process" : "process " + pid;
}

} // namespace

Result<UniqueFd> lock_directory(const std::filesystem::path& directory, unsigned mode) {
    if (::mkdir(directory.c_str(), mode) != 0 && errno != EEXIST) {
        return fail_errno("make directory", directory.string(), errno,
                          "make its parent, or choose another with --state-dir, --runtime-dir");
    }
    const auto path = directory / "noad.lock";
    UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!fd) {
        return fail_errno("lock directory", directory.string(), errno);
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return fail_errno("lock directory", directory.string(), errno);
        }
        return fail(Errc::busy, "lock directory", directory.string(),
                    holder_of(fd.get()) + " has it: a second noad would steal its sockets",
                    "stop that one, or give this one directories of its own");
    }
    const auto pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return fail_errno("lock directory", directory.string(), errno);
    }
    return fd;
}

} // namespace noa
