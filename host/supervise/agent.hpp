// An agent as the supervisor keeps it: what is wanted, what runs, what went wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "supervise/generation.hpp"
#include "supervise/supervisor.hpp"

namespace noa::supervise {

enum class AgentState : std::uint8_t { stopped, starting, running, reloading, stopping, failed };
[[nodiscard]] std::string_view name_of(AgentState state) noexcept;

struct Agent {
    explicit Agent(std::string agent_name) : name(std::move(agent_name)) {}

    const std::string name;
    std::mutex operation; // held through a start, reload or stop

    // The rest: written with `operation` and the supervisor's mutex held, read with either.
    config::AgentConfig wanted;
    std::unique_ptr<Generation> current;
    AgentState state = AgentState::stopped;
    std::uint64_t last_number = 0; // of generations
    std::uint64_t reloads = 0;
    std::string note; // what the operator should know: the file is gone, a refusal
    std::string last_error;
    std::string refused; // digest and identity of what was turned down; not tried again on a hint
    bool stopped_by_hand = false;
    std::int64_t last_pause_ns = 0;
};

} // namespace noa::supervise
