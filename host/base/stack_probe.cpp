#include "base/stack_probe.hpp"

#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace noa {

namespace {

constexpr int most_calls = 48;
constexpr int own_calls = 2;                     // the handler, and what the kernel returns to
constexpr std::string_view answer_end = "\n.\n"; // end_mark
constexpr std::size_t most_said = std::size_t{32} * 1024;

constinit thread_local std::string_view doing_now;
// Of a pipe that stays open: a late answer must not find another file under its number.
constinit std::atomic<int> answers{-1};
constinit std::atomic<int> answer_fd{STDERR_FILENO};
std::mutex asking; // one question at a time

int probe_signal() noexcept {
    return SIGRTMIN + 3;
}

// Async-signal-safe, as far as glibc's backtrace is once it was called.
void on_probe(int /*signal*/) {
    const int kept = errno;
    const int fd = answer_fd.load(std::memory_order_acquire);
    std::array<void*, most_calls> calls{};
    const int count = ::backtrace(calls.data(), most_calls);
    static_cast<void>(!::write(fd, "in ", 3));
    static_cast<void>(!::write(fd, doing_now.data(), doing_now.size()));
    static_cast<void>(!::write(fd, "\n", 1));
    if (count > own_calls) {
        ::backtrace_symbols_fd(calls.data() + own_calls, count - own_calls, fd);
    }
    static_cast<void>(!::write(fd, answer_end.data() + 1, answer_end.size() - 1));
    errno = kept;
}

StackProbe::Seen parse(std::string_view text) {
    StackProbe::Seen seen;
    for (bool first = true; !text.empty(); first = false) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (first) {
            seen.doing = line.substr(std::min<std::size_t>(line.size(), 3));
        } else if (line != StackProbe::end_mark && !line.empty()) {
            seen.calls.emplace_back(line.substr(0, 300));
        }
    }
    return seen;
}

// Until the end mark, or no longer.
std::string read_answer(int fd, std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string text;
    while (!text.ends_with(answer_end) && text.size() < most_said) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        pollfd waits{fd, POLLIN, 0};
        std::array<char, 4096> piece;
        if (left.count() <= 0 || ::poll(&waits, 1, static_cast<int>(left.count())) == 0) {
            break;
        }
        const auto got = ::read(fd, piece.data(), piece.size());
        if (got > 0) {
            text.append(piece.data(), static_cast<std::size_t>(got));
        }
    }
    return text;
}

} // namespace

void StackProbe::install(Tell whom) noexcept {
    std::array<int, 2> pipe{-1, -1};
    if (whom == Tell::asker) {
        static_cast<void>(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK));
        answers = pipe[0];
        answer_fd = pipe[1]; // without one nobody is told
    }
    std::array<void*, 1> first{};
    ::backtrace(first.data(), 1); // loads what it needs
    struct sigaction action {};
    action.sa_handler = on_probe;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(probe_signal(), &action, nullptr);
}

StackProbe::Doing::Doing(std::string_view text) noexcept {
    doing_now = text;
}

StackProbe::Doing::~Doing() {
    doing_now = {};
}

Result<StackProbe::Seen> StackProbe::ask(pthread_t thread, std::chrono::milliseconds patience) {
    const std::lock_guard lock(asking);
    const int fd = answers;
    std::array<char, 4096> late;
    while (::read(fd, late.data(), late.size()) > 0) {}
    const int failed = fd < 0 ? EBADF : ::pthread_kill(thread, probe_signal());
    const auto text = failed == 0 ? read_answer(fd, patience) : std::string();
    if (!text.ends_with(answer_end)) {
        return fail(Errc::timed_out, "ask a thread where it is", "", "it takes no signal");
    }
    return parse(text);
}

void StackProbe::ask_process(pid_t pid) noexcept {
    ::kill(pid, probe_signal());
}

std::string joined(const std::vector<std::string>& calls) {
    std::string text;
    for (const auto& call : calls) {
        text += (text.empty() ? "" : " < ") + call;
    }
    return text;
}

} // namespace noa
