// The generation that a remote instance belongs to, as far as the link knows it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "link/process.hpp"
#include "noa/host.h"
#include "plugin/arena.hpp"

namespace noa::link {

// How a runner ended, and why when the host ended it.
struct RunnerEnd {
    ProcessEnd end;
    std::string reason; // "SIGSEGV", "garbage on the link: …"
    // Of a lane that did not return: what it was doing, and in which calls; if it could say so.
    std::vector<std::string> stack{};
};

// What a runner asks is done through the host's table, with the generation's token: it cannot
// speak for another agent, because it never says who it is. [any thread] every function; none
// waits for the lane.
class Home {
public:
    Home() = default;
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    virtual ~Home() = default;

    [[nodiscard]] virtual const noa_host& host() const noexcept = 0;
    [[nodiscard]] virtual noa_context context() const noexcept = 0;
    // What the runner borrows and maps itself, asked on the lane; null: it is offered none.
    [[nodiscard]] virtual plugin::ArenaOwner* arena() noexcept { return nullptr; }
    // Runs `task` on the lane.
    virtual void post(std::function<void()> task) = 0;
    // The window is full: the lane takes up nothing new for the plugin until told otherwise.
    virtual void hold(bool full) noexcept = 0;
    // What `call` sends counts as part of handling a message that had `hops`.
    virtual void as_part_of(std::uint16_t hops, const std::function<void()>& call) = 0;
    // handle answered NOA_E_INTERNAL.
    virtual void defect(std::string_view text) noexcept = 0;
    // An exception left a void function, the `so_far`-th.
    virtual void escaped(std::string_view function, std::string_view text,
                         std::uint64_t so_far) noexcept = 0;
    // A system call was denied, this one for the `so_far`-th time; because of a file when `path` is
    // not empty.
    virtual void call_denied(const std::string& call, const std::string& path,
                             std::uint64_t so_far) noexcept = 0;
    // A line that the plugin wrote to stdout or stderr; how many were dropped when it is empty.
    virtual void output(std::string_view line, std::uint64_t dropped) noexcept = 0;
    // The last call. Not when the host has asked it to go.
    virtual void ended(const RunnerEnd& end) = 0;
};

} // namespace noa::link
