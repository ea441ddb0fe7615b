#include "base/command.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include "base/spawn.hpp"

namespace noa {

namespace {

constexpr std::size_t max_last_line = 200;

std::string last_line(std::string_view text) {
    const auto end = text.find_last_not_of(" \t\r\n");
    if (end == std::string_view::npos) {
        return {};
    }
    text = text.substr(0, end + 1);
    const auto before = text.find_last_of('\n');
    return std::string(
        text.substr(before == std::string_view::npos ? 0 : before + 1).substr(0, max_last_line));
}

} // namespace

std::string CommandEnd::text() const {
    if (too_much) {
        return "it wrote more than " + std::to_string(Command::max_output / 1024) + " KiB";
    }
    const auto said = last_line(output);
    return (WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status))
                                : "exit code " + std::to_string(WEXITSTATUS(status))) +
           (said.empty() ? "" : ": " + said);
}

Result<Command> Command::start(const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return fail_errno("run", arguments.front(), errno);
    }
    UniqueFd reader(ends[0]);
    const UniqueFd writer(ends[1]);
    static_cast<void>(::fcntl(reader.get(), F_SETFL, O_NONBLOCK));
    pid_t pid = 0;
    const int failed = spawn_child({arguments.front(),
                                    true,
                                    arguments,
                                    {{writer.get(), STDOUT_FILENO}, {writer.get(), STDERR_FILENO}}},
                                   pid);
    if (failed != 0) {
        return fail_errno("run", arguments.front(), failed);
    }
    return Command(pid, std::move(reader));
}

Command::Command(pid_t pid, UniqueFd output) noexcept
    : pid_(pid), output_(std::move(output)),
      end_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

Command::Command(Command&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)), output_(std::move(other.output_)),
      end_(std::move(other.end_)), said_(std::move(other.said_)), too_much_(other.too_much_) {}

Command::~Command() {
    if (pid_ != 0) {
        kill();
        static_cast<void>(::waitpid(pid_, nullptr, WNOHANG));
    }
}

void Command::read_output() {
    std::array<char, 4096> piece;
    while (output_) {
        const ssize_t got = ::read(output_.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return;
        }
        said_.append(piece.data(), static_cast<std::size_t>(got));
        too_much_ = said_.size() > max_output;
        if (got == 0 || too_much_) {
            output_.reset();
        }
    }
}

void Command::kill() const noexcept {
    if (pid_ != 0) {
        ::kill(-pid_, SIGKILL);
    }
}

std::optional<CommandEnd> Command::reap(Rest rest) {
    if (pid_ == 0) {
        return std::nullopt;
    }
    siginfo_t info{};
    // Looked at before it is reaped: until then nobody else can get its number.
    if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid == 0) {
        return std::nullopt;
    }
    read_output();
    if (rest == Rest::killed) {
        kill();
    }
    CommandEnd end;
    while (::waitpid(pid_, &end.status, 0) < 0 && errno == EINTR) {}
    pid_ = 0;
    output_.reset();
    end.output = std::move(said_);
    end.too_much = too_much_;
    return end;
}

} // namespace noa
