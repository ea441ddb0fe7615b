// Where a thread is, told by itself from a signal handler: for one that does not come back.
//
// The handler is the process's own state, as its signal dispositions are. A thread that blocks the
// signal, or is inside the kernel for good, says nothing.
#pragma once

#include <pthread.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace noa {

class StackProbe {
public:
    enum class Tell : std::uint8_t { asker, output };
    // Has the signal handled from now on. Once in a process. Threads tell whoever asks, or write
    // to stderr.
    static void install(Tell whom) noexcept;

    // What this thread is doing, while it lasts: the handler says it first. `text` outlives it.
    class Doing {
    public:
        explicit Doing(std::string_view text) noexcept;
        Doing(const Doing&) = delete;
        Doing& operator=(const Doing&) = delete;
        ~Doing();
    };

    static constexpr std::string_view end_mark = ".";
    struct Seen {
        std::string doing;              // empty: nothing was said of it
        std::vector<std::string> calls; // "FILE(FUNCTION+0x12)[ADDRESS]", the innermost first
    };
    // [any thread] Asks a thread of this process, one at a time.
    [[nodiscard]] static Result<Seen> ask(pthread_t thread, std::chrono::milliseconds patience);
    // [any thread] Has the main thread of another process, installed with Tell::output, write
    // what it is doing, then a line a call, then end_mark.
    static void ask_process(pid_t pid) noexcept;
};

// For the log: the calls in one text.
[[nodiscard]] std::string joined(const std::vector<std::string>& calls);

} // namespace noa
