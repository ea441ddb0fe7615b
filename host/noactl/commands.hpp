// The commands of noactl. Each prints what it found and returns an exit code.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "noactl/session.hpp"

namespace noa::noactl {

// agents_commands.cpp
[[nodiscard]] int show_status(const Globals& globals);
[[nodiscard]] int show_agents(const Globals& globals);
[[nodiscard]] int show_agent(const Globals& globals, const std::string& agent);
[[nodiscard]] int show_plugins(const Globals& globals);
// start, stop, enable, disable, restart
[[nodiscard]] int change_agents(const Globals& globals, const std::string& verb,
                                const std::vector<std::string>& agents, bool all);
[[nodiscard]] int reload(const Globals& globals, const std::vector<std::string>& agents,
                         bool force);

// reload_commands.cpp
[[nodiscard]] int show_reloads(const Globals& globals, const std::string& agent, // "": all
                               std::uint64_t lines);
struct RollbackArgs {
    std::string agent;
    std::string to;        // "": the version before
    std::string to_backup; // a snapshot: its state too
    std::string repository;
    bool discard_state = false;
    bool force = false;
};
[[nodiscard]] int rollback(const Globals& globals, const RollbackArgs& rollback);

// bus_commands.cpp
struct CallOptions {
    std::string agent;
    std::string operation;
    std::string body; // "-": standard input
    double timeout_s = 30;
    bool raw = false; // the body may be anything, and the reply's is printed as it is
    bool trace = false;
};
[[nodiscard]] int call(const Globals& globals, const CallOptions& options);
[[nodiscard]] int send(const Globals& globals, const CallOptions& options);
[[nodiscard]] int publish(const Globals& globals, const std::string& subject,
                          const std::string& body, bool raw);
[[nodiscard]] int subscribe(const Globals& globals, const std::string& pattern,
                            std::uint64_t count);

// inspect_commands.cpp
[[nodiscard]] int describe(const Globals& globals, const std::string& agent); // "": all
// One word per line; silent when it cannot know.
[[nodiscard]] int complete(const Globals& globals, const std::string& what,
                           const std::string& agent);

// services_command.cpp
[[nodiscard]] int show_services(const Globals& globals);

// health_commands.cpp
struct HealthArgs {
    std::vector<std::string> agents; // none: all
    bool report = false;             // every check, with advice
    std::string csv;                 // a file for the analysis; "-": standard output
    int every_ms = 0;                // again and again; 0: once
};
[[nodiscard]] int show_health(const Globals& globals, const HealthArgs& args);
// One line for each finding, one for each agent without any.
[[nodiscard]] std::string health_csv(const nlohmann::json& health, std::int64_t now_unix_ns);

// config_commands.cpp
struct ConfigFiles {
    std::filesystem::path packaged_dir;
    std::filesystem::path main_file;
    std::filesystem::path state_dir;
    bool main_required = false; // it was named
};
[[nodiscard]] int show_plan(const Globals& globals);
[[nodiscard]] int explain(const Globals& globals, const ConfigFiles& files, const std::string& key);
[[nodiscard]] int export_manifest(const Globals& globals, const std::string& file);
[[nodiscard]] int validate_manifest(const Globals& globals, const std::string& file);
[[nodiscard]] int import_manifest(const Globals& globals, const std::string& file);

// log_commands.cpp
struct LogOptions {
    std::uint64_t lines = 50;
    bool follow = false;
    std::string level;
    std::string agent;
};
[[nodiscard]] int show_log(const Globals& globals, const LogOptions& options);
[[nodiscard]] int set_log_level(const Globals& globals, const std::string& level,
                                const std::string& agent);

// events_command.cpp: its level is not looked at
[[nodiscard]] int show_events(const Globals& globals, const LogOptions& options);

// heal_commands.cpp
struct HealArgs {
    std::string target;
    std::string reason;
    bool dry_run = false;
};
[[nodiscard]] int heal(const Globals& globals, const HealArgs& args);
[[nodiscard]] int approve(const Globals& globals, const std::string& agent); // "": what waits

// doctor_command.cpp
[[nodiscard]] int doctor(const Globals& globals);

// top_command.cpp
[[nodiscard]] int top(const Globals& globals, bool once);

// check_command.cpp
struct CheckOptions {
    ConfigFiles files;
    std::filesystem::path runner;
    std::vector<std::string> plugin_dirs; // instead of the configured ones
    bool host = false;
};
[[nodiscard]] int check(const Globals& globals, const CheckOptions& options);

} // namespace noa::noactl
