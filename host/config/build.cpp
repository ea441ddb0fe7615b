#include "config/build.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "base/names.hpp"
#include "config/dependencies.hpp"
#include "config/fields.hpp"
#include "config/read_limits.hpp"
#include "config/read_supervision.hpp"
#include "config/secrets.hpp"

namespace noa::config {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 3> environments{"production", "staging", "development"};
constexpr std::array<std::string_view, 2> log_formats{"text", "json"};
constexpr std::array<std::string_view, 2> run_modes{"thread", "process"};
constexpr std::array<std::string_view, 3> default_run_modes{"auto", "thread", "process"};

constexpr std::uint32_t max_replicas = 16;
constexpr std::uint32_t max_queue_size = 1'000'000;
constexpr std::uint32_t max_deliveries = 100;
constexpr std::uint32_t max_kept_versions = 20;
constexpr std::uint32_t max_pinned = 1000;
constexpr std::uint32_t max_kept_spans = 20'000;
constexpr std::size_t max_services = 256;
constexpr std::uint32_t max_defects = 1'000'000;

class Builder {
public:
    Builder(const Tree& tree, const std::map<std::string, std::string>& environment,
            Problems& problems)
        : tree_(tree), environment_(environment), problems_(problems) {}

    Config build() {
        Config config;
        Fields root(tree_, tree_.value, "", problems_);
        if (const auto* host = root.table("host")) {
            read_host(*host, config.host);
        }
        if (config.host.plugin_dirs.empty()) {
            config.host.plugin_dirs.emplace_back(NOA_PLUGIN_DIR);
        }
        if (const auto* agents = root.table("agents")) {
            for (const auto& [name, table] : agents->items()) {
                read_agent(name, table, config);
            }
        }
        if (const auto* services = root.table("services")) {
            for (const auto& [name, table] : services->items()) {
                read_one_service(name, table, config);
            }
        }
        root.finish();
        for (const auto& cycle : find_cycles(config)) {
            const bool service = is_service(cycle.agent);
            const auto name = service ? cycle.agent.substr(service_prefix.size()) : cycle.agent;
            const auto key = dotted(dotted(service ? "services" : "agents", name), "depends_on");
            problems_.add(origin_of(tree_.origins, key), key, cycle.text);
        }
        config.origins = tree_.origins;
        return config;
    }

    // Everything but the settings.
    static void read_values(Fields& fields, AgentConfig& agent) {
        read_identity(fields, agent);
        read_bounds(fields, agent);
    }

private:
    void read_log(const json& table, LogConfig& log) {
        Fields fields(tree_, table, "host.log", problems_);
        fields.level("level", log.level);
        std::string format = "text";
        fields.choice("format", format, log_formats);
        log.format = format == "json" ? LogFormat::json : LogFormat::text;
        fields.finish();
    }

    void read_traces(const json& table, TracesConfig& traces) {
        Fields fields(tree_, table, "host.traces", problems_);
        fields.real("sampling", traces.sampling, 0, 1);
        fields.integer("keep", traces.keep, 0, max_kept_spans);
        fields.finish();
    }

    void read_host(const json& table, HostConfig& host) {
        Fields fields(tree_, table, "host", problems_);
        std::vector<std::string> directories;
        fields.texts("plugin_dirs", directories);
        for (const auto& directory : directories) {
            if (!directory.starts_with('/')) {
                fields.problem("plugin_dirs",
                               "expected absolute paths, found \"" + directory + '"');
            }
            auto normal = std::filesystem::path(directory).lexically_normal();
            if (!normal.has_filename() && normal.has_relative_path()) {
                normal = normal.parent_path(); // "/a/" is "/a"
            }
            host.plugin_dirs.push_back(std::move(normal));
        }
        fields.boolean("autoload", host.autoload);
        fields.choice("environment", host.environment, environments);
        if (const auto* log = fields.table("log")) {
            read_log(*log, host.log);
        }
        fields.size("max_message", host.max_message, 1024, NOA_BODY_MAX);
        fields.duration("spin", host.spin, 0us, 10'000us);
        fields.choice("run", host.run, default_run_modes);
        fields.text("control_group", host.control_group);
        if (host.control_group != "auto" && host.control_group != "off" &&
            !host.control_group.starts_with('/')) {
            fields.problem("control_group", "expected \"auto\", \"off\" or an absolute path");
        }
        fields.duration("probe_timeout", host.probe_timeout, 100ms, 60s);
        fields.duration("debounce", host.debounce, 0ms, 1000ms);
        fields.integer("keep_versions", host.keep_versions, 1, max_kept_versions);
        fields.integer("max_pinned", host.max_pinned, 1, max_pinned);
        if (const auto* traces = fields.table("traces")) {
            read_traces(*traces, host.traces);
        }
        read_restart(fields.below("restart"), host.restart);
        read_health_defaults(fields.below("health"), host.health);
        read_heal(fields.below("heal"), host.heal);
        fields.finish();
    }

    void read_agent(const std::string& name, const json& table, Config& config) {
        const auto path = dotted("agents", name);
        const auto origin = origin_of(tree_.origins, path);
        if (!is_agent_name(name)) {
            problems_.add(origin, path,
                          "an agent's name is a-z or 0-9, then a-z, 0-9, _ and -, at most 63");
            return;
        }
        if (!table.is_object()) {
            problems_.add(origin, path, "expected a table, found " + describe(table));
            return;
        }
        AgentConfig agent;
        agent.name = agent.plugin = name;
        agent.log_level = config.host.log.level;
        agent.run = config.host.run;
        agent.restart = config.host.restart;
        agent.health = config.host.health;
        agent.heal = config.host.heal;
        Fields fields(tree_, table, path, problems_);
        read_values(fields, agent);
        if (const auto* settings = fields.table("settings")) {
            agent.settings = *settings;
            agent.secrets = resolve_secrets(agent.settings, dotted(path, "settings"), tree_.origins,
                                            environment_, problems_);
        }
        fields.finish();
        config.agents.emplace(name, std::move(agent));
    }

    void read_one_service(const std::string& name, const json& table, Config& config) {
        const auto path = dotted("services", name);
        const auto origin = origin_of(tree_.origins, path);
        if (!is_agent_name(name) || config.services.size() >= max_services) {
            problems_.add(origin, path,
                          "a service's name is a-z or 0-9, then a-z, 0-9, _ and -, at most 63; "
                          "there are at most 256");
            return;
        }
        if (!table.is_object()) {
            problems_.add(origin, path, "expected a table, found " + describe(table));
            return;
        }
        ServiceConfig service;
        service.name = name;
        service.limits = config.host.restart;
        service.check = config.host.health;
        service.heal = config.host.heal;
        read_service(Fields(tree_, table, path, problems_), service);
        config.services.emplace(name, std::move(service));
    }

    static void read_identity(Fields& fields, AgentConfig& agent) {
        fields.text("plugin", agent.plugin);
        if (!is_agent_name(agent.plugin)) {
            fields.problem("plugin", "expected a plugin's id (a-z, 0-9, _ and -; not a path), "
                                     "found " +
                                         describe(agent.plugin));
        }
        fields.boolean("enabled", agent.enabled);
        read_run(fields, agent);
        fields.dependencies("depends_on", agent.depends_on, agent.optional);
        for (const auto& other : agent.depends_on) {
            if (other == agent.name || (!is_agent_name(other) && !is_service(other))) {
                fields.problem("depends_on", other == agent.name
                                                 ? "an agent cannot depend on itself"
                                                 : "not an agent's name: " + describe(other));
            }
        }
        fields.texts("capabilities", agent.capabilities);
        for (const auto& capability : agent.capabilities) {
            if (!is_subject(capability)) {
                fields.problem("capabilities",
                               "expected words joined by dots, found " + describe(capability));
            }
        }
        fields.boolean("allow_pinned", agent.allow_pinned);
    }

    static void read_run(Fields& fields, AgentConfig& agent) {
        if (agent.run == "auto") {
            agent.run = is_shipped(agent.plugin) ? "thread" : "process";
        }
        fields.choice("run", agent.run, run_modes);
        fields.integer("replicas", agent.replicas, 1, max_replicas);
        if (agent.replicas > 1 && agent.run != "process") {
            fields.problem("replicas", "more than one needs run = \"process\"");
        }
    }

    static void read_bounds(Fields& fields, AgentConfig& agent) {
        fields.integer("queue_size", agent.queue_size, 1, max_queue_size);
        fields.integer("concurrency", agent.concurrency, 0, max_queue_size);
        fields.boolean("ordered", agent.ordered);
        fields.integer("max_deliveries", agent.max_deliveries, 1, max_deliveries);
        fields.duration("task_timeout", agent.task_timeout, 1ms, 24h);
        fields.duration("quiesce_timeout", agent.quiesce_timeout, 1ms, 10min);
        fields.duration("start_timeout", agent.start_timeout, 1ms, 10min);
        fields.duration("probation", agent.probation, 0ms, 24h);
        fields.integer("probation_defects", agent.probation_defects, 0, max_defects);
        fields.duration("stall_limit", agent.stall_limit, 100ms, 24h);
        read_restart(fields.below("restart"), agent.restart);
        read_checks(fields.below("health"), agent.health, agent.checks);
        read_heal(fields.below("heal"), agent.heal);
        read_limits(fields.below("limits"), agent.limits);
        read_sandbox(fields.below("sandbox"), agent.sandbox);
        fields.level("log_level", agent.log_level);
    }

    const Tree& tree_;
    const std::map<std::string, std::string>& environment_;
    Problems& problems_;
};

} // namespace

Config build(const Tree& tree, const std::map<std::string, std::string>& environment,
             Problems& problems) {
    return Builder(tree, environment, problems).build();
}

std::vector<std::string> agent_keys() {
    const Tree tree;
    const auto none = json::object();
    Problems problems;
    AgentConfig agent;
    agent.name = agent.plugin = "a";
    Fields fields(tree, none, "agents.a", problems);
    Builder::read_values(fields, agent);
    static_cast<void>(fields.table("settings"));
    return fields.known();
}

} // namespace noa::config
