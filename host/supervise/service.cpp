#include "supervise/service.hpp"

#include "base/clock.hpp"
#include "base/names.hpp"

namespace noa::supervise {

using nlohmann::json;

std::string_view name_of(ServiceState state) noexcept {
    switch (state) {
    case ServiceState::unknown: return "unknown";
    case ServiceState::up: return "up";
    case ServiceState::down: return "down";
    case ServiceState::waiting: return "waiting";
    case ServiceState::starting: return "starting";
    case ServiceState::stopped: return "stopped";
    }
    return "unknown";
}

std::string Service::target() const {
    return std::string(service_prefix) + config.name;
}

void Service::enter(ServiceState next) {
    if (state != next) {
        state = next;
        since_unix_ns = unix_ns();
        note.clear();
    }
}

json Service::health_json() const {
    auto all = json::array();
    for (const auto& [name, entry] : checks.entries()) {
        auto check = supervise::to_json(entry.last);
        check["failures"] = entry.failures;
        check["threshold"] = config.check.threshold;
        all.push_back(std::move(check));
    }
    return {{"status", name_of(health())},
            {"label", label_of(health())},
            {"state", name_of(state)},
            {"critical", config.critical},
            {"checked_unix_ns", checked_unix_ns},
            {"checks", std::move(all)}};
}

json Service::to_json() const {
    json out = health_json();
    out["name"] = config.name;
    out["check"] = config::check_kind(config);
    out["unit"] = config.unit;
    out["depends_on"] = config.depends_on;
    out["since_unix_ns"] = since_unix_ns;
    out["restarts"] = restarts;
    out["note"] = note;
    out["restart"] = {{"exhausted", policy.exhausted()},
                      {"under_way", state == ServiceState::starting}};
    if (planned) {
        out["restart"]["planned"] = supervise::to_json(*planned, monotonic_ns());
    }
    return out;
}

std::vector<std::string> arguments_of(const config::ServiceConfig& config, ServiceStep step) {
    const auto unit = [&config](const char* verb) -> std::vector<std::string> {
        if (config.unit.empty()) {
            return {};
        }
        return {"systemctl", "--no-ask-password", verb, config.unit};
    };
    const auto own_or = [&unit](const std::vector<std::string>& own, const char* verb) {
        return own.empty() ? unit(verb) : own;
    };
    switch (step) {
    case ServiceStep::check:
    case ServiceStep::verify: return own_or(config.command, "is-active");
    case ServiceStep::start: return own_or(config.start, "start");
    case ServiceStep::stop: return own_or(config.stop, "stop");
    case ServiceStep::restart: return own_or(config.restart, "restart");
    }
    return {};
}

std::deque<ServiceStep> restart_steps(const config::ServiceConfig& config) {
    // Of one that is started or stopped in its own way, systemd knows but half.
    const bool by_unit = !config.unit.empty() && config.start.empty() && config.stop.empty();
    if (!config.restart.empty() || by_unit) {
        return {ServiceStep::restart};
    }
    if (arguments_of(config, ServiceStep::start).empty()) {
        return {};
    }
    return arguments_of(config, ServiceStep::stop).empty()
               ? std::deque{ServiceStep::start}
               : std::deque{ServiceStep::stop, ServiceStep::start};
}

} // namespace noa::supervise
