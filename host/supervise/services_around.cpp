// Services among agents: what they need of each other, and what is done to them by hand.

#include <array>

#include "base/names.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

std::string name_of_target(const std::string& target) {
    return target.substr(service_prefix.size());
}

// What helps a service is to start it again, and before that what it needs.
struct ServiceReason {
    std::string_view reason;
    ServiceOrder order;
    std::string_view strategy;
    std::string_view steps;
};
constexpr std::string_view when_down = "check it; when it is really down, start it again";
constexpr std::string_view in_any_case = "start it again; look whether it comes up";
constexpr std::array reasons{
    ServiceReason{"check-failed", ServiceOrder::heal, "restart", when_down},
    ServiceReason{"degraded-performance", ServiceOrder::restart, "restart", in_any_case},
    ServiceReason{"dependency-failed", ServiceOrder::heal_needed, "dependency",
                  "start what it needs and is down; then the service itself"},
    ServiceReason{"high-error-rate", ServiceOrder::restart, "restart", in_any_case},
    ServiceReason{"memory-leak", ServiceOrder::restart, "restart", in_any_case},
    ServiceReason{"resource-exhaustion", ServiceOrder::restart, "restart", in_any_case},
    ServiceReason{"service-down", ServiceOrder::heal, "restart", when_down},
};

} // namespace

Services::Surroundings Supervisor::State::around_services() {
    return {log,
            [this](const std::string& subject, const json& event) {
                bus.announce(subject, event.dump(-1, ' ', false, json::error_handler_t::replace));
            },
            [this](const std::string& agent) {
                const std::lock_guard lock(mutex);
                const auto found = agents.find(agent);
                return found != agents.end() && found->second->current;
            },
            [this](const std::string& agent) {
                {
                    const std::lock_guard lock(mutex);
                    const auto found = agents.find(agent);
                    if (found == agents.end() || !found->second->planned) {
                        return;
                    }
                    auto& due_ns = found->second->planned->decision.due_ns;
                    due_ns = std::min(due_ns, monotonic_ns());
                }
                wake();
            },
            [this](const std::string& target) {
                heal_dependents(target);
                wake();
            }};
}

Result<json> Supervisor::State::heal_service(const std::string& target, const std::string& reason,
                                             bool dry_run) {
    const auto config = services.config_of(name_of_target(target), "heal");
    if (!config) {
        return Failure(config.error());
    }
    std::string known;
    const ServiceReason* chosen = nullptr;
    for (const auto& each : reasons) {
        known += (known.empty() ? "" : ", ") + std::string(each.reason);
        chosen = each.reason == reason ? &each : chosen;
    }
    if (chosen == nullptr) {
        return fail(Errc::invalid, "heal", target, "not a reason of a service: " + reason,
                    "one of " + known);
    }
    json out{{"service", config->name},
             {"agent", target},
             {"reason", reason},
             {"strategy", chosen->strategy},
             {"automatic", config->heal.restart},
             {"steps", chosen->steps},
             {"dry_run", dry_run}};
    if (dry_run) {
        return out;
    }
    auto outcome = services.order(config->name, chosen->order, reason);
    if (!outcome) {
        return Failure(outcome.error());
    }
    out["action"] = outcome->action;
    out["text"] = outcome->text;
    return out;
}

Result<Outcome> Supervisor::State::order_service(const std::string& target, ServiceOrder order) {
    return services.order(name_of_target(target), order, "asked for");
}

json Supervisor::services() const {
    return state_->services.list();
}

json Supervisor::services_health(const std::vector<std::string>& targets) const {
    std::vector<std::string> names;
    for (const auto& target : targets) {
        if (is_service(target)) {
            names.push_back(name_of_target(target));
        }
    }
    if (names.empty() && !targets.empty()) {
        return json::object();
    }
    auto all = state_->services.health(names);
    for (const auto& name : names) {
        if (!all.contains(name)) {
            all[name] = {{"status", "critical"},
                         {"label", label_of(Health::critical)},
                         {"error", {{"text", "no service has that name"}}}};
        }
    }
    return all;
}

} // namespace noa::supervise
