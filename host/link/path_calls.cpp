#include "link/path_calls.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>

#include "base/call_filter.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

namespace {

enum class Touch : std::uint8_t {
    open,      // as the flags in the argument behind the path say
    open_how,  // which points to them
    run,       // the file
    change,    // the file
    replace,   // the file, which may have to be made
    directory, // what the file is in
};
constexpr int current = -1; // directory of relative paths

// Where the arguments are: the directory that a relative path starts from, the path.
struct PathCall {
    const char* name;
    int directory;
    unsigned path;
    Touch touch;
};
constexpr std::array path_calls{
    PathCall{"open", current, 0, Touch::open},
    PathCall{"openat", 0, 1, Touch::open},
    PathCall{"openat2", 0, 1, Touch::open_how},
    PathCall{"creat", current, 0, Touch::replace},
    PathCall{"truncate", current, 0, Touch::change},
    PathCall{"execve", current, 0, Touch::run},
    PathCall{"execveat", 0, 1, Touch::run},
    PathCall{"unlink", current, 0, Touch::directory},
    PathCall{"unlinkat", 0, 1, Touch::directory},
    PathCall{"mkdir", current, 0, Touch::directory},
    PathCall{"mkdirat", 0, 1, Touch::directory},
    PathCall{"rmdir", current, 0, Touch::directory},
    PathCall{"mknod", current, 0, Touch::directory},
    PathCall{"mknodat", 0, 1, Touch::directory},
    PathCall{"symlink", current, 1, Touch::directory},
    PathCall{"symlinkat", 1, 2, Touch::directory},
    PathCall{"link", current, 1, Touch::directory},
    PathCall{"linkat", 2, 3, Touch::directory},
    PathCall{"rename", current, 0, Touch::directory},
    PathCall{"rename", current, 1, Touch::directory},
    PathCall{"renameat", 0, 1, Touch::directory},
    PathCall{"renameat", 2, 3, Touch::directory},
    PathCall{"renameat2", 0, 1, Touch::directory},
    PathCall{"renameat2", 2, 3, Touch::directory},
};

// A thread that waits in a system call.
class Caller {
public:
    explicit Caller(pid_t thread) : proc_("/proc/" + std::to_string(thread)) {}

    // Up to `size` bytes.
    [[nodiscard]] std::string memory(std::uint64_t address, std::size_t size) const {
        const UniqueFd fd(::open((proc_ + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
        std::string bytes(size, '\0');
        const auto got = ::pread(fd.get(), bytes.data(), size, static_cast<off_t>(address));
        bytes.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        return bytes;
    }
    // Empty when there is none.
    [[nodiscard]] std::string path_at(std::uint64_t address) const {
        auto path = memory(address, PATH_MAX);
        const auto end = path.find('\0');
        path.resize(end == std::string::npos ? 0 : end);
        constexpr std::string_view itself = "/proc/self";
        return path.starts_with(itself) ? proc_ + path.substr(itself.size()) : path;
    }
    // Where `path` leads from there: absolute, without links; empty when nowhere. Not through the
    // links to open files in /proc: those are the host's own here.
    [[nodiscard]] std::string resolved(int directory, const std::string& path, int flags) const {
        const auto from =
            directory == AT_FDCWD ? proc_ + "/cwd" : proc_ + "/fd/" + std::to_string(directory);
        const UniqueFd base(path.starts_with('/') ? -1 : ::open(from.c_str(), O_PATH | O_CLOEXEC));
        open_how how{};
        how.flags = static_cast<std::uint64_t>(O_PATH | O_CLOEXEC | flags);
        how.resolve = RESOLVE_NO_MAGICLINKS;
        const UniqueFd found(
            static_cast<int>(::syscall(SYS_openat2, base.get(), path.c_str(), &how, sizeof how)));
        std::string target(PATH_MAX, '\0');
        const auto size = ::readlink(("/proc/self/fd/" + std::to_string(found.get())).c_str(),
                                     target.data(), target.size());
        target.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return target.starts_with('/') ? target : std::string();
    }

private:
    const std::string proc_;
};

int flags_of(const Caller& caller, const PathCall& call, const seccomp_data& data) {
    std::uint64_t flags = 0;
    if (call.touch == Touch::open_how) {
        const auto bytes = caller.memory(data.args[call.path + 1], sizeof flags);
        std::copy_n(bytes.data(), std::min(bytes.size(), sizeof flags),
                    reinterpret_cast<char*>(&flags));
    } else if (call.touch == Touch::open) {
        flags = data.args[call.path + 1];
    }
    return call.touch == Touch::replace ? O_CREAT | O_WRONLY | O_TRUNC : static_cast<int>(flags);
}

// The file that is asked for, if it is out of reach.
std::string unreachable(const PathCall& call, const seccomp_notif& asked, const Reach& reach) {
    const Caller caller(static_cast<pid_t>(asked.pid));
    const auto& data = asked.data;
    const int directory =
        call.directory == current ? AT_FDCWD : static_cast<int>(data.args[call.directory]);
    const int flags = flags_of(caller, call, data);
    auto path = caller.path_at(data.args[call.path]);
    if (path.empty() || (flags & O_PATH) != 0) { // of which Landlock thinks nothing
        return {};
    }
    if (call.touch != Touch::directory) {
        const bool change = call.touch == Touch::change || (flags & O_ACCMODE) != O_RDONLY ||
                            (flags & O_TRUNC) != 0;
        auto file = caller.resolved(directory, path, flags & O_NOFOLLOW);
        if (!file.empty()) {
            return reach.allows(file, change) ? std::string() : file;
        }
        if ((flags & O_CREAT) == 0) {
            return {};
        }
    }
    path.resize(path.find_last_not_of('/') + 1);
    if (path.empty()) {
        return {};
    }
    const auto slash = path.rfind('/');
    const auto name = path.substr(slash == std::string::npos ? 0 : slash + 1);
    const auto parent = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    const auto place = caller.resolved(directory, parent, O_DIRECTORY);
    const bool fine = place.empty() || reach.allows(place, true);
    return fine ? std::string() : place + (place == "/" ? "" : "/") + name;
}

} // namespace

PathCalls::PathCalls() {
    for (std::size_t row = 0; row < path_calls.size(); ++row) {
        known_.push_back({number_of_call(path_calls[row].name), row});
    }
}

std::string PathCalls::names() {
    std::string names;
    for (const auto& call : path_calls) {
        names += (names.empty() ? "" : " ") + std::string(call.name);
    }
    return names;
}

bool PathCalls::has(int number) const noexcept {
    return std::any_of(known_.begin(), known_.end(),
                       [&](const Known& known) { return known.number == number; });
}

bool PathCalls::is_exec(int number) const noexcept {
    return std::any_of(known_.begin(), known_.end(), [&](const Known& known) {
        return known.number == number && path_calls[known.row].touch == Touch::run;
    });
}

std::optional<std::string> PathCalls::out_of_reach(const seccomp_notif& asked,
                                                   const Reach& reach) const {
    for (const auto& known : known_) {
        if (known.number == asked.data.nr) {
            auto path = unreachable(path_calls[known.row], asked, reach);
            if (!path.empty()) {
                return path;
            }
        }
    }
    return std::nullopt;
}

} // namespace noa::link
