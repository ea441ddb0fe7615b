// A runner as the host sees it: started, signalled, and looked at when it has ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

struct ProcessEnd {
    int exit_code = -1; // of one that ended by itself
    int signal = 0;     // that ended it
    // "exit code 3", "SIGSEGV"
    [[nodiscard]] std::string text() const;
};

// A program in a process group of its own: with its end of the link as descriptor 3, its output
// in a pipe, nothing of the host's environment but what the loader goes by.
class Process {
public:
    struct Started {
        std::unique_ptr<Process> process;
        UniqueFd link;   // the host's end of a stream socket
        UniqueFd output; // what it writes to stdout and stderr, non-blocking
    };
    // `runner --serve`, seen as "noa:NAME" in ps. It dies with the thread that calls this.
    [[nodiscard]] static Result<Started> start(const std::filesystem::path& runner,
                                               const std::string& agent);
    ~Process(); // kills and reaps
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    // Readable once it has ended.
    [[nodiscard]] int watch_fd() const noexcept { return watch_.get(); }

    // [any thread] To it and every process of its group; nothing once it was reaped.
    void signal_group(int signal);
    // [any thread] Whether it has ended, within that time.
    [[nodiscard]] bool wait(std::chrono::milliseconds timeout) const;
    // Ends what is left of its group, and takes the exit status. Waits for its end.
    [[nodiscard]] ProcessEnd reap();

private:
    Process(pid_t pid, UniqueFd watch) : pid_(pid), watch_(std::move(watch)) {}

    const pid_t pid_;
    const UniqueFd watch_;
    std::mutex mutex_;
    std::optional<ProcessEnd> end_; // under mutex_; set: reaped
};

} // namespace noa::link
