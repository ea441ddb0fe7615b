#include "plugin/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/spawn.hpp"
#include "base/unique_fd.hpp"
#include "plugin/limits.hpp"

namespace noa::plugin {

namespace {

constexpr int child_settings_fd = 3;
constexpr int child_verdict_fd = 4;
constexpr std::chrono::hours longest{24};

Failure cannot(const std::filesystem::path& what, int error_number, std::string advice = {}) {
    return fail_errno("start probe", what.string(), error_number, std::move(advice));
}

Result<UniqueFd> settings_file(const std::string& settings) {
    UniqueFd fd(::memfd_create("noa-settings", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) {
        return cannot("settings", errno);
    }
    std::string_view rest = settings;
    while (!rest.empty()) {
        const ssize_t wrote = ::write(fd.get(), rest.data(), rest.size());
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return cannot("settings", errno);
        }
        rest.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) != 0) {
        return cannot("settings", errno);
    }
    return fd;
}

int milliseconds_until(std::int64_t deadline_ns) noexcept {
    const std::int64_t left = deadline_ns - monotonic_ns();
    constexpr std::int64_t ms = 1'000'000;
    return left <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>((left + ms - 1) / ms, 1 << 30));
}

// True when `fd` can be read before the deadline.
bool wait_readable(int fd, std::int64_t deadline_ns) noexcept {
    while (true) {
        pollfd poll_fd{fd, POLLIN, 0};
        const int left = milliseconds_until(deadline_ns);
        const int ready = ::poll(&poll_fd, 1, left);
        if (ready > 0) {
            return true;
        }
        if (ready == 0 && left == 0) {
            return false;
        }
        if (ready < 0 && errno != EINTR) {
            return false;
        }
    }
}

bool has_verdict(const std::string& output) noexcept {
    if (output.empty() || output.back() != '\n') {
        return false;
    }
    const auto end = output.size() - 1;
    const auto before = end == 0 ? std::string::npos : output.rfind('\n', end - 1);
    return output[before == std::string::npos ? 0 : before + 1] == '{';
}

void read_output(int fd, std::int64_t deadline_ns, ChildEnd& child) {
    std::array<char, 16384> piece;
    while (!has_verdict(child.output)) {
        if (!wait_readable(fd, deadline_ns)) {
            child.timed_out = true;
            return;
        }
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return;
        }
        child.output.append(piece.data(), static_cast<std::size_t>(got));
        if (child.output.size() > verdict_max) {
            child.too_much = true;
            return;
        }
    }
}

// Lets a child that ended of itself tell how; kills it otherwise.
void reap(pid_t pid, std::int64_t deadline_ns, ChildEnd& child) {
    const UniqueFd watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    const bool ending = !child.timed_out && !child.too_much && !has_verdict(child.output);
    if (ending) {
        child.lingered = !watch || !wait_readable(watch.get(), deadline_ns);
    }
    if (!ending || child.lingered) {
        ::kill(pid, SIGKILL);
    }
    while (::waitpid(pid, &child.status, 0) < 0 && errno == EINTR) {}
}

} // namespace

Result<ChildEnd> run_child(const std::filesystem::path& runner, const std::filesystem::path& file,
                           const std::string& settings_json, std::chrono::milliseconds timeout,
                           const std::string& item) {
    const auto settings = settings_file(settings_json);
    if (!settings) {
        return Failure(settings.error());
    }
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return cannot(runner, errno);
    }
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    std::vector<std::string> words = {runner.string(),
                                      "--probe",
                                      file.string(),
                                      "--settings-fd",
                                      std::to_string(child_settings_fd),
                                      "--verdict-fd",
                                      std::to_string(child_verdict_fd)};
    if (!item.empty()) {
        words.insert(words.end(), {"--validate", item});
    }
    const std::chrono::nanoseconds patience = std::min<std::chrono::milliseconds>(timeout, longest);
    const std::int64_t deadline_ns = monotonic_ns() + patience.count();
    pid_t pid = -1;
    const int failed = spawn_child({runner.string(),
                                    false,
                                    std::move(words),
                                    {{ChildPlan::null, STDOUT_FILENO},
                                     {ChildPlan::null, STDERR_FILENO},
                                     {settings->get(), child_settings_fd},
                                     {writer.get(), child_verdict_fd}}},
                                   pid);
    if (failed != 0) {
        return cannot(runner, failed, "is noa installed completely?");
    }
    writer.reset();

    ChildEnd child;
    read_output(reader.get(), deadline_ns, child);
    reap(pid, deadline_ns, child);
    return child;
}

} // namespace noa::plugin
