// One run of a program that is not noa's: no shell, a process group of its own, bounded output.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa {

struct CommandEnd {
    int status = 0; // of waitpid
    std::string output;
    bool too_much = false;

    [[nodiscard]] bool good() const noexcept { return status == 0 && !too_much; }
    // "exit code 2: no route to host" with its last line, "ended by signal 9"; one line.
    [[nodiscard]] std::string text() const;
};

// Nothing here waits: poll output_fd() and end_fd().  [one thread]
class Command {
public:
    // Of standard output and standard error together; past it both are closed, and whoever goes
    // on writing ends of SIGPIPE.
    static constexpr std::size_t max_output = std::size_t{16} * 1024;

    enum class Rest : std::uint8_t { killed, left }; // of its process group, once it has ended

    // arguments[0] is looked for on PATH. Of the environment it gets PATH, HOME, the language and
    // what the loader and sanitizers go by: the rest may hold secrets.
    [[nodiscard]] static Result<Command> start(const std::vector<std::string>& arguments);
    Command(Command&& other) noexcept;
    Command& operator=(Command&&) = delete;
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;
    ~Command(); // kills what has not been reaped, with its group, and does not wait for it

    [[nodiscard]] int output_fd() const noexcept { return output_.get(); } // -1: closed
    [[nodiscard]] int end_fd() const noexcept { return end_.get(); } // -1: the kernel gave none
    void read_output();
    void kill() const noexcept; // with its process group
    // How it ended, once.
    [[nodiscard]] std::optional<CommandEnd> reap(Rest rest);

private:
    Command(pid_t pid, UniqueFd output) noexcept;

    pid_t pid_; // 0: reaped
    UniqueFd output_;
    UniqueFd end_;
    std::string said_;
    bool too_much_ = false;
};

} // namespace noa
