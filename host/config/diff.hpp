// What changes between two configurations: pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace noa::config {

enum class Action : std::uint8_t { start, reload, retune, stop, keep };
[[nodiscard]] std::string_view name_of(Action action) noexcept;

struct Change {
    std::string key;  // "settings.max_memory", "queue_size"
    std::string from; // JSON text; secrets as "(secret)"; empty when absent
    std::string to;
};

struct AgentPlan {
    std::string agent;
    Action action = Action::keep;
    std::vector<Change> changes;
};

struct Plan {
    std::vector<Change> host;        // [host] keys
    std::vector<AgentPlan> agents;   // in an order that respects depends_on: starts after what
                                     // they need, stops before it
    std::vector<AgentPlan> services; // only those that something changes of: watched from now on
                                     // (start), or in another way (retune), or no more (stop)
    [[nodiscard]] bool empty() const noexcept;
};

// retune: only host-side values differ (queue_size, log_level, …), no new generation.
[[nodiscard]] Plan diff(const Config& from, const Config& to);

} // namespace noa::config
