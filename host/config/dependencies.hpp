// The order that depends_on asks for, and the cycles that make it impossible: pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace noa::config {

struct Cycle {
    std::string agent; // the first of it by name
    std::string text;  // "agents depend on each other: a -> b -> a"
};

// One for each group of agents that a cycle is found in; an agent that depends on itself alone
// is not one. Names that no agent has are ignored.
[[nodiscard]] std::vector<Cycle> find_cycles(const std::map<std::string, AgentConfig>& agents);
// The same with services among them, which have their prefix.
[[nodiscard]] std::vector<Cycle> find_cycles(const Config& config);

// Every agent after those it depends on, else by name. In a cycle, from the first by name.
[[nodiscard]] std::vector<std::string>
dependency_order(const std::map<std::string, AgentConfig>& agents);

} // namespace noa::config
