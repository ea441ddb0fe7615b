#include "link/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/spawn.hpp"

namespace noa::link {

namespace {

constexpr int link_fd = 3;
constexpr int buffer_bytes = 1024 * 1024;

Failure cannot(const std::filesystem::path& what, int error_number, std::string advice = {}) {
    return fail_errno("start runner", what.string(), error_number, std::move(advice));
}

} // namespace

std::string ProcessEnd::text() const {
    if (signal == 0) {
        return "exit code " + std::to_string(exit_code);
    }
    const char* name = ::sigabbrev_np(signal);
    return name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}

Result<Process::Started> Process::start(const std::filesystem::path& runner,
                                        const std::string& agent) {
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
        return cannot(runner, errno);
    }
    Started started;
    started.link = UniqueFd(pair[0]);
    const UniqueFd theirs(pair[1]);
    for (const int end : pair) { // the most that the system's limit allows
        static_cast<void>(
            ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes));
    }
    std::array<int, 2> pipe{-1, -1};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
        return cannot(runner, errno);
    }
    started.output = UniqueFd(pipe[0]);
    const UniqueFd writer(pipe[1]);
    static_cast<void>(::fcntl(started.output.get(), F_SETFL, O_NONBLOCK));
    pid_t pid = -1;
    const int failed = spawn_child(
        {runner.string(),
         false,
         {"noa:" + agent, "--serve", agent},
         {{writer.get(), STDOUT_FILENO}, {writer.get(), STDERR_FILENO}, {theirs.get(), link_fd}},
         ChildPlan::Own::group},
        pid);
    if (failed != 0) {
        return cannot(runner, failed, "is noa installed completely?");
    }
    UniqueFd watch(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    const int no_watch = errno;
    started.process.reset(new Process(pid, std::move(watch)));
    if (started.process->watch_fd() < 0) {
        return cannot(runner, no_watch);
    }
    return started;
}

Process::~Process() {
    signal_group(SIGKILL);
    static_cast<void>(reap());
}

void Process::signal_group(int signal) {
    const std::lock_guard lock(mutex_);
    if (!end_) { // its number is still its own
        ::kill(-pid_, signal);
        ::kill(pid_, signal);
    }
}

bool Process::wait(std::chrono::milliseconds timeout) const {
    pollfd ended{watch_.get(), POLLIN, 0};
    const auto until = std::chrono::steady_clock::now() + timeout;
    auto left = timeout;
    while (::poll(&ended, 1, static_cast<int>(left.count())) < 0 && errno == EINTR) {
        left = std::max(std::chrono::milliseconds(0),
                        std::chrono::duration_cast<std::chrono::milliseconds>(
                            until - std::chrono::steady_clock::now()));
    }
    return (ended.revents & POLLIN) != 0;
}

ProcessEnd Process::reap() {
    siginfo_t seen{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &seen, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR) {}
    const std::lock_guard lock(mutex_);
    if (end_) {
        return *end_;
    }
    ::kill(-pid_, SIGKILL); // what it started and left behind
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    ProcessEnd end;
    if (WIFSIGNALED(status)) {
        end.signal = WTERMSIG(status);
    } else {
        end.exit_code = WEXITSTATUS(status);
    }
    end_ = end;
    return end;
}

} // namespace noa::link
