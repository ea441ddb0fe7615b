// A restart to come, of an agent or a service, and how it is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "supervise/restart_policy.hpp"
#include "supervise/strategy.hpp"

namespace noa::supervise {

// What is to be done about an end.
struct PlannedRestart {
    RestartPolicy::Decision decision;
    std::string reason; // of the end
    std::string digest; // of what ended; empty: unknown
    Strategy strategy = Strategy::restart;
};

[[nodiscard]] std::string_view name_of(RestartPolicy::Step step) noexcept;
// Of a restart which one; of the others what they are.
[[nodiscard]] std::string_view strategy_text(const PlannedRestart& planned) noexcept;
// {"strategy","in_ms","in_a_row","in_window","reason"}: of heal.planned.
[[nodiscard]] nlohmann::json planned_details(const PlannedRestart& planned, std::int64_t now_ns);
// {"step","in_ms","in_a_row","in_window","strategy","reason"}: of a report.
[[nodiscard]] nlohmann::json to_json(const PlannedRestart& planned, std::int64_t now_ns);

} // namespace noa::supervise
