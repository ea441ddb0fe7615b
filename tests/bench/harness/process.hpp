// Processes that a measurement starts, and what it asks of them.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "harness/task.hpp"

namespace noa::bench {

struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> environment; // "NAME=VALUE", added to this process's
    std::filesystem::path output;         // stdout and stderr; empty: stderr kept, stdout dropped
    bool result_pipe = false;             // fd 3 of the child, read with read_line
    bool own_group = false;               // killed with everything that it started
};

// CPU time of a process so far, all threads; 0 when it is gone.
[[nodiscard]] std::int64_t cpu_of(pid_t pid) noexcept;

// A child process; killed when this goes.
class Child {
public:
    [[nodiscard]] static Result<Child> spawn(const Command& command);
    // The bench itself again, to run `task`.
    [[nodiscard]] static Result<Child> spawn_task(std::string_view task, const Context& context,
                                                  std::vector<std::string> arguments);
    Child(Child&& other) noexcept;
    Child& operator=(Child&& other) noexcept;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    [[nodiscard]] std::int64_t cpu_ns() const noexcept { return cpu_of(pid_); }
    [[nodiscard]] Result<std::string> read_line(std::chrono::milliseconds timeout);
    // The result of a task that has none of its own to add.
    [[nodiscard]] Result<Values> read_values(std::chrono::milliseconds timeout);
    // True when the child ended within `timeout`.
    [[nodiscard]] bool wait(std::chrono::milliseconds timeout);
    // SIGTERM, and SIGKILL after five seconds.
    void stop();

private:
    Child() = default;
    void kill_and_reap() noexcept;

    pid_t pid_ = -1;
    bool own_group_ = false;
    UniqueFd pidfd_;
    UniqueFd results_;
    std::string pending_;
};

// A directory that goes when this does, with all that is in it.
class TempDir {
public:
    [[nodiscard]] static Result<TempDir> make(const std::filesystem::path& parent);
    TempDir(TempDir&& other) noexcept;
    TempDir& operator=(TempDir&& other) noexcept;
    ~TempDir();
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

private:
    TempDir() = default;
    std::filesystem::path path_;
};

// An installed program, also outside PATH in /usr/sbin; Errc::unavailable when there is none.
[[nodiscard]] Result<std::filesystem::path> find_program(const std::string& name);

// A TCP port of the loopback that was free a moment ago.
[[nodiscard]] Result<std::uint16_t> free_port();

// Until the child listens there; fails when it ends first.
[[nodiscard]] Result<void> wait_tcp(Child& child, std::uint16_t port);
[[nodiscard]] Result<void> wait_unix(Child& child, const std::filesystem::path& socket);

// Binds this process, with all threads and children to come, to the first cores that it may use;
// Errc::unavailable when there are fewer.
[[nodiscard]] Result<void> bind_to_cores(unsigned count);

} // namespace noa::bench
