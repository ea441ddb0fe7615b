#include "supervise/planned_restart.hpp"

#include <algorithm>

#include "base/clock.hpp"

namespace noa::supervise {

using nlohmann::json;

std::string_view name_of(RestartPolicy::Step step) noexcept {
    switch (step) {
    case RestartPolicy::Step::restart: return "restart";
    case RestartPolicy::Step::last_known_good: return "last_known_good";
    case RestartPolicy::Step::probe: return "probe";
    }
    return "restart";
}

std::string_view strategy_text(const PlannedRestart& planned) noexcept {
    const auto step = planned.decision.step;
    return step == RestartPolicy::Step::restart ? name_of(planned.strategy) : name_of(step);
}

json planned_details(const PlannedRestart& planned, std::int64_t now_ns) {
    const auto& decision = planned.decision;
    return {{"strategy", strategy_text(planned)},
            {"in_ms", std::max<std::int64_t>(0, decision.due_ns - now_ns) / ns_per_ms},
            {"in_a_row", decision.in_a_row},
            {"in_window", decision.in_window},
            {"reason", planned.reason}};
}

json to_json(const PlannedRestart& planned, std::int64_t now_ns) {
    auto out = planned_details(planned, now_ns);
    out["step"] = name_of(planned.decision.step);
    out["strategy"] = name_of(planned.strategy);
    return out;
}

} // namespace noa::supervise
