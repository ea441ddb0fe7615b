// The inside of the supervisor, shared by its source files.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "supervise/agent.hpp"
#include "supervise/catalog.hpp"
#include "supervise/loader.hpp"

namespace noa::supervise {

// What a change of the whole comes to for one agent.
struct Work {
    config::Action action = config::Action::keep;
    bool settings_changed = false;
    bool file_gone = false; // runs from a file that is no longer there
    std::optional<Prepared> prepared;
    std::optional<Error> refusal; // why it could not be prepared
};

struct Proposal { // of a change: wanted, but not in force
    config::Config config;
    config::Plan plan;
    std::map<std::string, Work> work;
};

struct Supervisor::State {
    State(bus::Bus& the_bus, Log& the_log, Paths the_paths, config::Sources the_sources)
        : bus(the_bus), log(the_log), paths(std::move(the_paths)),
          sources(std::move(the_sources)), around{the_bus, the_log, leftovers,
                                                  paths.state_dir / "agents", paths.spin} {}

    // constant
    bus::Bus& bus;
    Log& log;
    const Paths paths;
    const config::Sources sources;
    const std::int64_t started_unix_ns = unix_ns();
    std::optional<Loader> loader;
    std::function<bool(std::string_view)> served_outside; // set once, before the first change
    Leftovers leftovers;
    Surroundings around;

    std::mutex change;        // one change of the whole at a time; before any agent's mutex
    Catalog catalog;          // under `change`
    bool first_change = true; // under `change`
    mutable std::mutex mutex; // the innermost
    config::Config in_force;  // under both
    std::map<std::string, std::unique_ptr<Agent>> agents; // under mutex; agents are never removed
    std::vector<std::filesystem::path> watched;           // under mutex
    nlohmann::json plugins = nlohmann::json::array();     // under mutex: of the last scan
    std::set<std::string> complained; // under `change`: plugin files already spoken of
    bool shutting_down = false;       // under mutex

    // change.cpp: [change held]
    [[nodiscard]] Result<Proposal> propose(const ApplyOptions& options, bool dry);
    void prepare(Proposal& proposal, const ApplyOptions& options);
    [[nodiscard]] Result<void> check(Proposal& proposal, const ApplyOptions& options);
    [[nodiscard]] std::vector<Outcome> carry_out(Proposal& proposal, const ApplyOptions& options);
    void put_in_force(const Proposal& proposal, const ApplyOptions& options);
    void note_catalog();
    [[nodiscard]] config::Action wanted_action(const Agent* agent,
                                               const config::AgentConfig& wanted,
                                               config::Action planned,
                                               const ApplyOptions& options) const;
    [[nodiscard]] Outcome carry_out_one(Agent& agent, Proposal& proposal, Work& work);

    // switch.cpp: [operation of the agent held]
    [[nodiscard]] Outcome start(Agent& agent, const config::AgentConfig& config, Prepared prepared);
    [[nodiscard]] Outcome reload(Agent& agent, const config::AgentConfig& config, Prepared prepared,
                                 bool with_state);
    [[nodiscard]] Outcome retune(Agent& agent, const config::AgentConfig& config);
    [[nodiscard]] Outcome stop(Agent& agent, bool by_hand);
    [[nodiscard]] Outcome refuse(Agent& agent, const char* event, const Error& error);

    [[nodiscard]] Agent& agent_of(const std::string& name);
    [[nodiscard]] Result<Agent*> find(const std::string& name, const char* attempt) const;
    [[nodiscard]] std::optional<config::AgentConfig> wanted_config(const std::string& name) const;
    // [nothing held]
    [[nodiscard]] Result<Prepared> prepare_one(const config::AgentConfig& config,
                                               const Progress& progress);
    void announce(const Agent& agent, const Outcome& outcome);

    // report.cpp
    [[nodiscard]] nlohmann::json brief(const Agent& agent) const; // [mutex held]
};

// Runs all, a few at a time, and waits.
void run_side_by_side(std::vector<std::function<void()>> jobs);

} // namespace noa::supervise
