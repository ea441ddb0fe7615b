// One check of a service, or one thing done to it, while it is under way.
#pragma once

#include <poll.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/command.hpp"
#include "base/unique_fd.hpp"

namespace noa::supervise {

struct TaskEnd {
    bool good = false;
    std::string text; // why not
};

// A program, or a connection that is only made. Nothing waits: poll for it, then look.
class ServiceTask {
public:
    // What it starts and leaves is killed (`rest`), or not; past the deadline everything is.
    [[nodiscard]] static ServiceTask run(const std::vector<std::string>& arguments,
                                         std::int64_t deadline_ns, Command::Rest rest);
    // `address` as base/listen_address.hpp has it.
    [[nodiscard]] static ServiceTask connect(const std::string& address, std::int64_t deadline_ns);
    [[nodiscard]] static ServiceTask failed(std::string text);

    void add_to(std::vector<pollfd>& polled) const;
    [[nodiscard]] std::int64_t deadline_ns() const noexcept { return deadline_ns_; }
    // How it ended, once.
    [[nodiscard]] std::optional<TaskEnd> look(std::int64_t now_ns);
    // It ended by its deadline, and its program has been killed and is not gone yet.
    [[nodiscard]] bool lingers();

private:
    ServiceTask(std::int64_t deadline_ns, Command::Rest rest)
        : deadline_ns_(deadline_ns), rest_(rest) {}
    [[nodiscard]] std::optional<TaskEnd> look_at_command();
    [[nodiscard]] std::optional<TaskEnd> look_at_connection() const;

    std::int64_t deadline_ns_;
    Command::Rest rest_;
    std::optional<TaskEnd> at_once_; // it never was under way
    std::optional<Command> command_;
    UniqueFd connection_;
};

} // namespace noa::supervise
