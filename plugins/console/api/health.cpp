#include "health.hpp"

#include <algorithm>
#include <utility>

#include "json_reads.hpp"
#include "metrics.hpp"

namespace console {

namespace {

using noa::Json;

Condition of_agent(const std::string& state, const std::string& health) noexcept {
    if (state == "stopped") {
        return Condition::healthy;
    }
    const bool up = state == "running" || state == "reloading";
    if (!up || health == "critical") {
        return state == "starting" ? Condition::degraded : Condition::unhealthy;
    }
    return health == "healthy" ? Condition::healthy : Condition::degraded;
}

Service service_of_agent(const Json& agent) {
    Service service;
    service.name = text_in(agent, "name");
    const std::string state = text_in(agent, "state");
    service.condition = of_agent(state, text_in(agent, "health"));
    service.counts = state != "stopped";
    service.told = {{"name", service.name},
                    {"kind", "agent"},
                    {"status", state == "stopped" ? "stopped" : name_of(service.condition)},
                    {"state", state},
                    {"text", text_in(agent, "note")}};
    return service;
}

Service service_of_check(const Json& check) {
    Service service;
    service.name = text_in(check, "name");
    const std::string status = text_in(check, "status");
    const bool critical = member_of(check, "critical") == true;
    const bool well = status == "healthy" || status == "unknown";
    service.condition = well       ? Condition::healthy
                        : critical ? Condition::unhealthy
                                   : Condition::degraded;
    service.told = {{"name", service.name},
                    {"kind", "check"},
                    {"status", status == "unknown" ? "unknown" : name_of(service.condition)},
                    {"state", status},
                    {"text", text_in(check, "text")},
                    {"critical", critical}};
    return service;
}

Json services_of(const HealthView& view) {
    Json all = Json::array();
    for (const Service& service : view.services) {
        all.push_back(service.told);
    }
    return all;
}

void judge(HealthView& view, const Json& status) {
    for (const Service& service : view.services) {
        if (service.counts) {
            view.overall = std::max(view.overall, service.condition);
        }
    }
    for (const Service& service : view.services) {
        if (text_in(service.told, "state") == "starting") {
            view.unready = service.name + " is starting";
        }
    }
    if (text_in(status, "state") != "running") {
        view.unready = "the host is not running";
    } else if (view.overall == Condition::unhealthy) {
        view.unready = "the host is unhealthy";
    }
    view.ready = view.unready.empty();
}

} // namespace

std::string_view name_of(Condition condition) noexcept {
    return condition == Condition::healthy    ? "healthy"
           : condition == Condition::degraded ? "degraded"
                                              : "unhealthy";
}

HealthView health_of(const Json& status, const Json& agents, const Json& checks) {
    HealthView view;
    for (const Json& agent : agents) {
        view.services.push_back(service_of_agent(agent));
    }
    for (const Json& check : member_of(checks, "checks")) {
        view.services.push_back(service_of_check(check));
    }
    judge(view, status);
    return view;
}

Json health_report(const HealthView& view, std::int64_t unix_ms) {
    return {{"timestamp", timestamp(unix_ms)},
            {"overall", name_of(view.overall)},
            {"services", services_of(view)}};
}

Json status_report(const HealthView& view, std::int64_t unix_ms, const Json& summary,
                   const Json& agents, const Json& status, const Json& alerts) {
    return {{"timestamp", timestamp(unix_ms)},
            {"health", name_of(view.overall)},
            {"services", services_of(view)},
            {"metrics", summary},
            {"agents", agents},
            {"host", status},
            {"alerts", member_of(alerts, "alerts")}};
}

} // namespace console
