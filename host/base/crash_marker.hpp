// Who was at work when the process died: written from the signal handler, read at the next start.
//
// The handler needs what it can reach without locks: a fixed table of loaded code and one pointer
// a thread. Both are the process's own state, like its signal dispositions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace noa {

// One loaded library on behalf of an agent, as long as it is registered.  [any thread]
class CrashScope {
public:
    struct Facts {
        std::string_view agent;  // at most 63 bytes
        std::string_view digest; // 64 digits
        std::string_view thread; // the name of its lane and of threads started there
        std::uint64_t generation = 0;
    };
    // Without a free place in the table nothing is registered, and nothing else changes.
    explicit CrashScope(const Facts& facts) noexcept;
    CrashScope(const CrashScope&) = delete;
    CrashScope& operator=(const CrashScope&) = delete;
    ~CrashScope();

    // Where its code lies, once it is loaded.
    void set_range(std::uintptr_t begin, std::uintptr_t end) const noexcept;
    // From here on this thread works for it, with a stack for the handler; until `leave_thread`
    // or the thread's end.
    void claim_thread() const noexcept;
    static void leave_thread() noexcept;

private:
    int slot_;
};

struct CrashReport {
    int signal = 0;
    std::string agent;  // empty: nobody is known to be at fault
    std::string digest; // of its code
    std::uint64_t generation = 0;
    std::string thread; // name
    // "code": the instruction lies in the agent's library. "lane": on its lane, in code of
    // others. "thread": in a thread that it started. Else empty.
    std::string where;
    std::string address; // of the instruction, hexadecimal

    [[nodiscard]] bool certain() const noexcept { return where == "code"; }
    [[nodiscard]] std::string text() const; // "SIGSEGV in cache#3 at 0x…, in the code of cache"
};

// Reads what an earlier life left in `file`, empties it, and has the next crash written there:
// SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, each of which still ends the process as it would
// have. Once in a process. A build with a sanitizer reads but installs nothing: it has handlers
// of its own.
[[nodiscard]] Result<std::optional<CrashReport>>
install_crash_marker(const std::filesystem::path& file);

// The other side of the handler; hostile input.
[[nodiscard]] std::optional<CrashReport> parse_crash_report(std::string_view text);

} // namespace noa
