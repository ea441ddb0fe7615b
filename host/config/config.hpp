// The configuration as values: what the files said, checked, with the origin of each value.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "config/limits.hpp"
#include "config/supervision.hpp"

namespace noa::config {

// Where a value came from.
struct Origin {
    std::string source;       // a path, "environment NAME" or "default"
    std::uint32_t line = 0;   // 1-based; 0 without a file
    std::uint32_t column = 0; // 1-based
    // "path:line:column", or the source alone
    [[nodiscard]] std::string text() const;
};

struct LogConfig {
    Level level = Level::info;
    LogFormat format = LogFormat::text;
    friend bool operator==(const LogConfig&, const LogConfig&) = default;
};

// Of requests that nothing led to, the share that is traced; spans that are kept in memory.
struct TracesConfig {
    double sampling = 0.01;
    std::uint32_t keep = 2'000;
    friend bool operator==(const TracesConfig&, const TracesConfig&) = default;
};

struct HostConfig {
    std::vector<std::filesystem::path> plugin_dirs; // default: the compiled-in directory
    bool autoload = true;
    std::string environment = "production"; // production, staging, development
    LogConfig log;
    std::uint64_t max_message = std::uint64_t{16} * 1024 * 1024; // bytes of a body
    std::chrono::microseconds spin{0}; // how long a busy lane spins before it sleeps
    std::string run =
        "auto"; // of agents that do not say; "auto": shipped ones thread, others process
    std::string control_group = "auto"; // "off", or a directory: see link::ControlGroups
    std::chrono::milliseconds probe_timeout{5000};
    std::chrono::milliseconds debounce{20};
    std::uint32_t keep_versions = 3; // confirmed versions of an agent's plugin, kept to go back to
    std::uint32_t max_pinned = 16;   // libraries that stayed mapped; past it nothing is reloaded
    TracesConfig traces;
    RestartConfig restart;    // of agents that say nothing else
    HealthCheckConfig health; // the same; without limit
    HealConfig heal;          // the same
    friend bool operator==(const HostConfig&, const HostConfig&) = default;
};

struct AgentConfig {
    std::string name;
    std::string plugin; // a plugin id; default: the name
    bool enabled = true;
    std::string run = "thread";          // or "process": in a runner of its own; default: host.run
    std::uint32_t replicas = 1;          // processes that share its inbox
    std::vector<std::string> depends_on; // the names alone
    std::vector<std::string> optional;   // of depends_on: those that it can do without
    std::vector<std::string> capabilities;
    std::uint32_t queue_size = 10'000; // unsettled messages in the inbox
    std::uint32_t concurrency = 0;     // deliveries open at a time; 0: as many as queue_size
    bool ordered = false;              // one unsettled message a sender, redeliveries in order
    std::uint32_t max_deliveries = 5;
    std::chrono::milliseconds task_timeout{30'000}; // deadline of a request that names none
    std::chrono::milliseconds quiesce_timeout{5'000};
    std::chrono::milliseconds start_timeout{10'000}; // create, configure, restore, start
    std::chrono::milliseconds probation{10'000};     // from the switch until it is confirmed
    std::uint32_t probation_defects = 3; // internal errors in it that undo the reload; 0: none do
    std::chrono::milliseconds stall_limit{30'000};      // of one call into the plugin
    RestartConfig restart;                              // default: host.restart
    HealthCheckConfig health;                           // host.health: of checks without a table
    std::map<std::string, HealthCheckConfig> checks;    // by name
    HealConfig heal;                                    // default: host.heal
    LimitsConfig limits;                                // of a process
    SandboxConfig sandbox;                              // of a process
    Level log_level = Level::info;                      // default: host.log.level
    bool allow_pinned = false;                          // load a library that cannot be unloaded
    nlohmann::json settings = nlohmann::json::object(); // secrets resolved: never log or print
    // The values in `settings` that came from a secret reference, by JSON pointer, and the
    // reference of each: "file:/etc/noa/secrets/token".
    std::map<std::string, std::string> secrets;
    bool autoloaded = false; // there because its file is, not because a config names it

    [[nodiscard]] bool tolerates(const std::string& absent) const;
    // SHA-256 over the plugin id, settings and every key above that a generation depends on
    // (run, allow_pinned, limits, sandbox). Secrets count, so it is to be guarded like a hash of
    // them.
    [[nodiscard]] std::string identity() const;
    // `settings` with every secret replaced by "(secret)": what may be shown.
    [[nodiscard]] nlohmann::json shown_settings() const;
    // `settings` as a configuration says them: with the references in the secrets' place.
    [[nodiscard]] nlohmann::json settings_by_reference() const;
    friend bool operator==(const AgentConfig&, const AgentConfig&) = default;
};

// Whether this plugin comes with noa.
[[nodiscard]] bool is_shipped(std::string_view plugin) noexcept;

struct Config {
    HostConfig host;
    std::map<std::string, AgentConfig> agents;
    std::map<std::string, ServiceConfig> services;
    // Dotted key ("agents.cache.queue_size"; elements of lists too: "….servers[0]") -> origin.
    // What is not here has its default.
    std::map<std::string, Origin> origins;
    std::vector<std::filesystem::path> files;       // that were read, in order
    std::vector<std::filesystem::path> directories; // to watch, also those that do not exist yet
    std::vector<std::string> notices; // not errors, worth a line: unknown NOA_… variables
};

} // namespace noa::config
