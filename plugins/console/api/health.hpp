// How well the host is: the answers of /health, /ready, /api/health and /api/status.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "noa/sdk/json.hpp"

namespace console {

enum class Condition : std::uint8_t { healthy, degraded, unhealthy };

[[nodiscard]] std::string_view name_of(Condition condition) noexcept;

struct Service { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    std::string name;
    Condition condition = Condition::healthy;
    bool counts = true; // for the whole: not when somebody stopped it
    noa::Json told;     // {"name", "kind", "status", "state", "text", …}
};

struct HealthView {
    Condition overall = Condition::healthy;
    bool ready = false;
    std::string unready; // why it is not
    std::vector<Service> services;
};

// Of the host's `status` and `agents`, and the monitor's `checks.list`; null: not known.
[[nodiscard]] HealthView health_of(const noa::Json& status, const noa::Json& agents,
                                   const noa::Json& checks);

// {"timestamp", "overall", "services"}
[[nodiscard]] noa::Json health_report(const HealthView& view, std::int64_t unix_ms);
// {"timestamp", "health", "services", "metrics", "agents", "host", "alerts"}
[[nodiscard]] noa::Json status_report(const HealthView& view, std::int64_t unix_ms,
                                      const noa::Json& summary, const noa::Json& agents,
                                      const noa::Json& status, const noa::Json& alerts);

} // namespace console
