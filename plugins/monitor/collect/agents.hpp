// What the host and its agents tell of themselves over the bus, as figures. Pure: their answers
// are what others wrote, and of another form they give what could be read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json.hpp"
#include "sample.hpp"

namespace monitor {

struct AgentBrief {
    std::string name;
    std::string plugin;
    bool running = false;
};

// Agents that are looked at; what is beyond is left out.
inline constexpr std::size_t max_agents = 1000;
// Figures of one agent's own.
inline constexpr std::size_t max_own = 1000;

// The host's answer to `agents`.
[[nodiscard]] std::vector<AgentBrief> read_agents(const noa::Json& agents, Samples& into);
// The host's answer to `status`.
void read_status(const noa::Json& status, Samples& into);
// An agent's answer to `metrics`.
void read_metrics(const AgentBrief& agent, const noa::Json& metrics, Samples& into);

} // namespace monitor
