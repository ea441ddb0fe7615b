#include "config/shown.hpp"

#include <algorithm>

#include "config/quantity.hpp"

namespace noa::config {

namespace {

void add(ShownValues& values, const RestartConfig& restart) {
    values.insert(values.end(), {
                                    {"restart.backoff", render_duration(restart.backoff)},
                                    {"restart.backoff_max", render_duration(restart.backoff_max)},
                                    {"restart.max", restart.max},
                                    {"restart.in_a_row", restart.in_a_row},
                                    {"restart.window", render_duration(restart.window)},
                                    {"restart.reset", render_duration(restart.reset)},
                                    {"restart.cooldown", render_duration(restart.cooldown)},
                                });
}

void add(ShownValues& values, const HealthCheckConfig& health) {
    values.emplace_back("health.interval", render_duration(health.interval));
    values.emplace_back("health.timeout", render_duration(health.timeout));
    values.emplace_back("health.threshold", health.threshold);
}

void add(ShownValues& values, const HealConfig& heal) {
    values.emplace_back("heal.restart", heal.restart);
    values.emplace_back("heal.safe_restart", heal.safe_restart);
    values.emplace_back("heal.graceful_restart", heal.graceful_restart);
    values.emplace_back("heal.dependency", heal.dependency);
    values.emplace_back("heal.degrade", heal.degrade);
    values.emplace_back("heal.rollback", heal.rollback);
    values.emplace_back("heal.scale_up", heal.scale_up);
    values.emplace_back("heal.cooldown", render_duration(heal.cooldown));
    values.emplace_back("heal.watch", render_duration(heal.watch));
    values.emplace_back("heal.shutdown", render_duration(heal.shutdown));
    values.emplace_back("heal.critical", heal.critical);
}

nlohmann::json checks_of(const AgentConfig& agent) {
    auto all = nlohmann::json::object();
    for (const auto& [name, check] : agent.checks) {
        auto& table = all[name] = {{"interval", render_duration(check.interval)},
                                   {"timeout", render_duration(check.timeout)},
                                   {"threshold", check.threshold}};
        if (check.critical) {
            table["critical"] = *check.critical;
        }
        if (!check.limit.empty()) {
            table["limit"] = check.limit;
        }
    }
    return all;
}

template <class Dependent>
nlohmann::json dependencies_of(const Dependent& dependent) {
    auto list = nlohmann::json::array();
    for (const auto& name : dependent.depends_on) {
        list.push_back(dependent.tolerates(name)
                           ? nlohmann::json{{"name", name}, {"optional", true}}
                           : nlohmann::json(name));
    }
    return list;
}

void add(ShownValues& values, const LimitsConfig& limits) {
    values.insert(values.end(), {
                                    {"limits.memory", render_size(limits.memory)},
                                    {"limits.memory_request", render_size(limits.memory_request)},
                                    {"limits.cpu", limits.cpu},
                                    {"limits.cpu_request", limits.cpu_request},
                                    {"limits.files", limits.files},
                                    {"limits.processes", limits.processes},
                                    {"limits.storage", render_size(limits.storage)},
                                });
}

void add(ShownValues& values, const SandboxConfig& sandbox) {
    values.insert(values.end(), {
                                    {"sandbox.enabled", sandbox.enabled},
                                    {"sandbox.network", sandbox.network},
                                    {"sandbox.read", sandbox.read},
                                    {"sandbox.write", sandbox.write},
                                });
}

nlohmann::json nested(const ShownValues& values) {
    auto table = nlohmann::json::object();
    for (const auto& [key, value] : values) {
        auto pointer = '/' + key;
        std::replace(pointer.begin(), pointer.end(), '.', '/');
        table[nlohmann::json::json_pointer(pointer)] = value;
    }
    return table;
}

} // namespace

ShownValues shown_values(const HostConfig& host) {
    auto directories = nlohmann::json::array();
    for (const auto& directory : host.plugin_dirs) {
        directories.push_back(directory.string());
    }
    ShownValues values{
        {"plugin_dirs", std::move(directories)},
        {"autoload", host.autoload},
        {"environment", host.environment},
        {"log.level", name_of(host.log.level)},
        {"log.format", host.log.format == LogFormat::json ? "json" : "text"},
        {"max_message", render_size(host.max_message)},
        {"spin", render_duration(host.spin)},
        {"run", host.run},
        {"control_group", host.control_group},
        {"probe_timeout", render_duration(host.probe_timeout)},
        {"debounce", render_duration(host.debounce)},
        {"keep_versions", host.keep_versions},
        {"max_pinned", host.max_pinned},
        {"traces.sampling", host.traces.sampling},
        {"traces.keep", host.traces.keep},
    };
    add(values, host.restart);
    add(values, host.health);
    add(values, host.heal);
    return values;
}

ShownValues shown_values(const AgentConfig& agent) {
    ShownValues values{
        {"plugin", agent.plugin},
        {"enabled", agent.enabled},
        {"run", agent.run},
        {"replicas", agent.replicas},
        {"depends_on", dependencies_of(agent)},
        {"capabilities", agent.capabilities},
        {"queue_size", agent.queue_size},
        {"concurrency", agent.concurrency},
        {"ordered", agent.ordered},
        {"max_deliveries", agent.max_deliveries},
        {"task_timeout", render_duration(agent.task_timeout)},
        {"quiesce_timeout", render_duration(agent.quiesce_timeout)},
        {"start_timeout", render_duration(agent.start_timeout)},
        {"probation", render_duration(agent.probation)},
        {"probation_defects", agent.probation_defects},
        {"stall_limit", render_duration(agent.stall_limit)},
        {"log_level", name_of(agent.log_level)},
        {"allow_pinned", agent.allow_pinned},
    };
    add(values, agent.restart);
    values.emplace_back("health", checks_of(agent));
    add(values, agent.heal);
    add(values, agent.limits);
    add(values, agent.sandbox);
    return values;
}

ShownValues shown_values(const ServiceConfig& service) {
    ShownValues values{
        {"enabled", service.enabled},
        {"critical", service.critical},
        {"unit", service.unit},
        {"depends_on", dependencies_of(service)},
        {"check.command", service.command},
        {"check.connect", service.connect},
        {"check.interval", render_duration(service.check.interval)},
        {"check.timeout", render_duration(service.check.timeout)},
        {"check.threshold", service.check.threshold},
        {"commands.start", service.start},
        {"commands.stop", service.stop},
        {"commands.restart", service.restart},
        {"commands.timeout", render_duration(service.timeout)},
    };
    add(values, service.limits);
    values.emplace_back("heal.restart", service.heal.restart);
    values.emplace_back("heal.dependency", service.heal.dependency);
    return values;
}

nlohmann::json table_of(const AgentConfig& agent) {
    auto table = nested(shown_values(agent));
    table["settings"] = agent.settings_by_reference();
    return table;
}

nlohmann::json inherited_from(const HostConfig& host) {
    ShownValues values{{"log.level", name_of(host.log.level)}, {"run", host.run}};
    add(values, host.restart);
    add(values, host.health);
    add(values, host.heal);
    return nested(values);
}

} // namespace noa::config
