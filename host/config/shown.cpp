#include "config/shown.hpp"

#include <algorithm>

#include "config/quantity.hpp"

namespace noa::config {

ShownValues shown_values(const HostConfig& host) {
    auto directories = nlohmann::json::array();
    for (const auto& directory : host.plugin_dirs) {
        directories.push_back(directory.string());
    }
    return {
        {"plugin_dirs", std::move(directories)},
        {"autoload", host.autoload},
        {"environment", host.environment},
        {"log.level", name_of(host.log.level)},
        {"log.format", host.log.format == LogFormat::json ? "json" : "text"},
        {"max_message", render_size(host.max_message)},
        {"spin", render_duration(host.spin)},
        {"probe_timeout", render_duration(host.probe_timeout)},
        {"debounce", render_duration(host.debounce)},
        {"keep_versions", host.keep_versions},
        {"max_pinned", host.max_pinned},
    };
}

ShownValues shown_values(const AgentConfig& agent) {
    return {
        {"plugin", agent.plugin},
        {"enabled", agent.enabled},
        {"run", agent.run},
        {"depends_on", agent.depends_on},
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
}

nlohmann::json table_of(const AgentConfig& agent) {
    auto table = nlohmann::json::object();
    for (auto& [key, value] : shown_values(agent)) {
        auto pointer = '/' + key;
        std::replace(pointer.begin(), pointer.end(), '.', '/');
        table[nlohmann::json::json_pointer(pointer)] = std::move(value);
    }
    table["settings"] = agent.settings_by_reference();
    return table;
}

} // namespace noa::config
