#include "base/crash_marker.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

#include "base/file.hpp"
#include "base/sanitizers.hpp"

namespace noa {

namespace {

#ifdef NOA_UNDER_SANITIZER
constexpr bool handles_signals = false;
#else
constexpr bool handles_signals = true;
#endif

constexpr std::size_t max_report_bytes = 4096;
constexpr std::size_t handler_stack_bytes = std::size_t{32} * 1024;
constexpr std::array crash_signals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// Written while `used` is 1, read by the handler when it is 2.
struct Slot {
    std::atomic<int> used{0};
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0};
    std::uint64_t generation = 0;
    std::array<char, 64> agent{};
    std::array<char, 65> digest{};
    std::array<char, 16> thread{};
};

constexpr int slot_count = 1024;
constinit std::array<Slot, slot_count> slots{};
constinit std::atomic<int> marker_fd{-1};
constinit thread_local int slot_of_thread = -1;

// The handler's stack of a thread, freed with it.
struct HandlerStack {
    HandlerStack() noexcept {
        stack_t stack{};
        stack.ss_sp = memory.data();
        stack.ss_size = memory.size();
        ::sigaltstack(&stack, nullptr);
    }
    HandlerStack(const HandlerStack&) = delete;
    HandlerStack& operator=(const HandlerStack&) = delete;
    ~HandlerStack() {
        stack_t none{};
        none.ss_flags = SS_DISABLE;
        ::sigaltstack(&none, nullptr);
    }
    std::array<char, handler_stack_bytes> memory;
};

template <std::size_t N>
void copy_text(std::array<char, N>& to, std::string_view from) noexcept {
    const auto size = std::min(from.size(), N - 1);
    std::memcpy(to.data(), from.data(), size);
    to[size] = '\0';
}

// Async-signal-safe from here to `on_signal`.

std::uintptr_t instruction_of(const void* context) noexcept {
    const auto* machine = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
    return static_cast<std::uintptr_t>(machine->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return machine->uc_mcontext.pc;
#else
    static_cast<void>(machine);
    return 0;
#endif
}

class Line {
public:
    void add(const char* key, const char* value) noexcept {
        append(key);
        append("=");
        append(value);
        append(" ");
    }
    void add(const char* key, std::uint64_t value, unsigned base) noexcept {
        std::array<char, 24> digits{};
        auto* at = digits.data() + digits.size() - 1;
        do {
            *--at = "0123456789abcdef"[value % base];
            value /= base;
        } while (value != 0);
        add(key, at);
    }
    void write_to(int fd) noexcept {
        append("\n");
        static_cast<void>(!::write(fd, text_.data(), size_));
    }

private:
    void append(const char* text) noexcept {
        for (; *text != '\0' && size_ < text_.size(); ++text) {
            text_[size_++] = *text;
        }
    }
    std::array<char, 512> text_{};
    std::size_t size_ = 0;
};

struct Culprit {
    const Slot* slot = nullptr;
    const char* where = "";
};

Culprit find_culprit(std::uintptr_t instruction, const char* thread) noexcept {
    Culprit by_thread;
    for (const auto& slot : slots) {
        if (slot.used.load(std::memory_order_acquire) != 2) {
            continue;
        }
        if (instruction >= slot.begin.load(std::memory_order_relaxed) &&
            instruction < slot.end.load(std::memory_order_relaxed)) {
            return {&slot, "code"};
        }
        if (std::strcmp(slot.thread.data(), thread) == 0) {
            by_thread = {&slot, "thread"};
        }
    }
    if (slot_of_thread >= 0) {
        return {&slots[static_cast<std::size_t>(slot_of_thread)], "lane"};
    }
    return by_thread;
}

void on_signal(int number, siginfo_t* /*info*/, void* context) noexcept {
    const auto saved = errno;
    // The first one counts; what crashes meanwhile must not write over it.
    const int fd = marker_fd.exchange(-1);
    if (fd >= 0) {
        std::array<char, 16> thread{};
        ::prctl(PR_GET_NAME, thread.data());
        const auto instruction = instruction_of(context);
        const auto culprit = find_culprit(instruction, thread.data());
        Line line;
        line.add("signal", static_cast<std::uint64_t>(number), 10);
        line.add("address", instruction, 16);
        if (culprit.slot != nullptr) {
            line.add("agent", culprit.slot->agent.data());
            line.add("generation", culprit.slot->generation, 10);
            line.add("digest", culprit.slot->digest.data());
            line.add("where", culprit.where);
        }
        line.add("thread", thread.data()); // last: it may hold anything
        line.write_to(fd);
    }
    errno = saved;
    ::raise(number); // SA_RESETHAND: now as without us, as soon as this returns
}

Result<void> install_handlers(const std::filesystem::path& file) {
    struct sigaction action {};
    action.sa_sigaction = &on_signal;
    action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND);
    sigemptyset(&action.sa_mask);
    for (const int number : crash_signals) {
        if (::sigaction(number, &action, nullptr) != 0) {
            return fail_errno("install crash marker", file.string(), errno);
        }
    }
    return {};
}

std::string_view signal_name(int number) noexcept {
    switch (number) {
    case SIGSEGV: return "SIGSEGV";
    case SIGBUS: return "SIGBUS";
    case SIGILL: return "SIGILL";
    case SIGFPE: return "SIGFPE";
    case SIGABRT: return "SIGABRT";
    default: return "a signal";
    }
}

} // namespace

CrashScope::CrashScope(const Facts& facts) noexcept : slot_(-1) {
    for (std::size_t i = 0; i < slots.size(); ++i) {
        int unused = 0;
        auto& slot = slots[i];
        if (slot.used.compare_exchange_strong(unused, 1, std::memory_order_acquire)) {
            slot.begin = slot.end = 0;
            slot.generation = facts.generation;
            copy_text(slot.agent, facts.agent);
            copy_text(slot.digest, facts.digest);
            copy_text(slot.thread, facts.thread);
            slot.used.store(2, std::memory_order_release);
            slot_ = static_cast<int>(i);
            return;
        }
    }
}

CrashScope::~CrashScope() {
    if (slot_ >= 0) {
        slots[static_cast<std::size_t>(slot_)].used.store(0, std::memory_order_release);
    }
}

void CrashScope::set_range(std::uintptr_t begin, std::uintptr_t end) const noexcept {
    if (slot_ >= 0) {
        auto& slot = slots[static_cast<std::size_t>(slot_)];
        slot.begin.store(begin, std::memory_order_relaxed);
        slot.end.store(end, std::memory_order_relaxed);
    }
}

void CrashScope::claim_thread() const noexcept {
    slot_of_thread = slot_;
    if constexpr (handles_signals) {
        static thread_local const HandlerStack stack;
        static_cast<void>(stack.memory.front());
    }
}

void CrashScope::leave_thread() noexcept {
    slot_of_thread = -1;
}

std::string CrashReport::text() const {
    std::string out(signal_name(signal));
    out += " in thread " + thread + " at 0x" + address;
    if (where == "code") {
        out += ", in the code of " + agent;
    } else if (where == "lane") {
        out += ", on the lane of " + agent + " but in other code";
    } else if (where == "thread") {
        out += ", in a thread that " + agent + " started";
    } else {
        out += ", in no agent's code";
    }
    return out;
}

std::optional<CrashReport> parse_crash_report(std::string_view text) {
    text = text.substr(0, std::min(text.find('\n'), max_report_bytes));
    CrashReport report;
    const auto number = [](std::string_view digits, auto& out) {
        const auto end = digits.data() + digits.size();
        return std::from_chars(digits.data(), end, out).ptr == end;
    };
    while (!text.empty()) {
        const auto equals = text.find('=');
        if (equals == std::string_view::npos) {
            break;
        }
        const auto key = text.substr(0, equals);
        auto value = text.substr(equals + 1);
        value =
            key == "thread" ? value.substr(0, value.rfind(' ')) : value.substr(0, value.find(' '));
        text.remove_prefix(std::min(text.size(), equals + 1 + value.size() + 1));
        bool good = true;
        if (key == "signal") {
            good = number(value, report.signal);
        } else if (key == "generation") {
            good = number(value, report.generation);
        } else if (key == "address") {
            report.address = value;
        } else if (key == "agent") {
            report.agent = value;
        } else if (key == "digest") {
            report.digest = value;
        } else if (key == "where") {
            report.where = value;
        } else if (key == "thread") {
            report.thread = value;
        }
        if (!good) {
            return std::nullopt;
        }
    }
    return report.signal != 0 ? std::optional(std::move(report)) : std::nullopt;
}

Result<std::optional<CrashReport>> install_crash_marker(const std::filesystem::path& file) {
    std::optional<CrashReport> report;
    if (const auto text = read_file(file, max_report_bytes); text && !text->empty()) {
        report = parse_crash_report(*text);
    }
    const int fd = ::open(file.c_str(),
                          O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return fail_errno("install crash marker", file.string(), errno);
    }
    if constexpr (!handles_signals) {
        ::close(fd);
        return report;
    }
    marker_fd.store(fd);
    if (auto installed = install_handlers(file); !installed) {
        return Failure(installed.error());
    }
    return report;
}

} // namespace noa
