// The inside of the supervisor, shared by its source files.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "supervise/agent.hpp"
#include "supervise/catalog.hpp"
#include "supervise/checkpoint.hpp"
#include "supervise/kept_versions.hpp"
#include "supervise/ledger.hpp"
#include "supervise/loader.hpp"
#include "supervise/reload.hpp"
#include "supervise/services.hpp"
#include "supervise/time.hpp"
#include "supervise/workers.hpp"

namespace noa::supervise {

// What a change of the whole comes to for one agent.
struct Work {
    config::Action action = config::Action::keep;
    bool settings_changed = false;
    bool file_gone = false; // runs from a file that is no longer there
    std::optional<Prepared> prepared;
    std::optional<Error> refusal; // why it could not be prepared
    std::optional<Reload> reload; // its record; not for a plan
};

// A generation to be: everything that a start or a reload needs.
struct Attempt {
    config::AgentConfig config;
    Prepared prepared;
    Reload reload;
    std::shared_ptr<HealthAnswer> former_health{}; // asked for before the switch
    bool with_state = true;                        // hand the former one's state over
    bool forced = false;                           // a new generation in any case
    // For healing:
    bool keep_snapshot = false;               // of the state that is not handed over
    const plugin::SavedState* give = nullptr; // instead of the former one's
    std::chrono::milliseconds patience{0};    // for it to come to rest; 0: quiesce_timeout
};

// How an agent is made anew to heal it.
struct Remake {
    Strategy strategy = Strategy::restart;
    const plugin::SavedState* give = nullptr;
    void apply(Attempt& attempt, const config::AgentConfig& config) const;
};

struct Proposal { // of a change: wanted, but not in force
    config::Config config;
    config::Plan plan;
    std::map<std::string, Work> work;
};

struct Supervisor::State {
    State(bus::Bus& the_bus, Log& the_log, Paths the_paths, config::Sources the_sources);

    // constant
    bus::Bus& bus;
    Log& log;
    const Paths paths;
    const config::Sources sources;
    const std::int64_t started_unix_ns = unix_ns();
    std::optional<Loader> loader;
    std::function<bool(std::string_view)> served_outside; // set once, before the first change
    std::function<void()> wake;                           // the same
    std::function<void(const std::string& agent, const char* operation, const std::string& body)>
        send;                              // the same
    std::optional<CrashReport> last_crash; // of the host's former life
    const KeptVersions kept;
    const Checkpoints checkpoints;
    bool foreign_apart = false; // set before the first change: no foreign agent as a thread

    // each with a mutex of its own
    std::optional<Ledger> ledger;
    Reloads reloads;
    Leftovers leftovers;
    SocketStore sockets;
    ArenaStore arenas;
    Surroundings around;
    std::mutex faults_mutex;
    std::vector<Fault> faults; // under faults_mutex: found, not yet acted on

    std::mutex change;        // one change of the whole at a time; before any agent's mutex
    Catalog catalog;          // under `change`
    bool first_change = true; // under `change`
    mutable std::mutex mutex; // the innermost
    config::Config in_force;  // under both
    std::map<std::string, std::unique_ptr<Agent>> agents; // under mutex; agents are never removed
    std::vector<std::filesystem::path> watched;           // under mutex
    nlohmann::json plugins = nlohmann::json::array();     // under mutex: of the last scan
    std::set<std::string> complained;              // under `change`: plugin files already spoken of
    bool shutting_down = false;                    // under mutex
    std::minstd_rand dice{std::random_device{}()}; // under mutex: jitter

    // change.cpp: [change held]
    [[nodiscard]] Result<Proposal> propose(const ApplyOptions& options, bool dry);
    void keep_apart(config::Config& config, const ApplyOptions& options, bool dry);
    void prepare(Proposal& proposal, const ApplyOptions& options, bool dry);
    [[nodiscard]] Reload begin_reload(const std::string& name, const char* cause);
    void prepare_work(const config::AgentConfig& config, std::chrono::milliseconds probe_timeout,
                      const ApplyOptions& options, Work& work);
    [[nodiscard]] Result<void> check(Proposal& proposal, const ApplyOptions& options);

    // carry_out.cpp: [change held]
    [[nodiscard]] std::vector<Outcome> carry_out(Proposal& proposal, const ApplyOptions& options);
    void put_in_force(const Proposal& proposal, const ApplyOptions& options);
    void note_catalog();
    [[nodiscard]] config::Action wanted_action(const Agent* agent,
                                               const config::AgentConfig& wanted,
                                               config::Action planned,
                                               const ApplyOptions& options) const;
    void note_file(Agent& agent, bool gone);
    [[nodiscard]] Outcome turn_down(Agent& agent, const config::AgentConfig& config, Work& work);
    [[nodiscard]] Outcome carry_out_one(Agent& agent, Proposal& proposal, Work& work, bool forced);

    // What an agent is to be made from: its plugin's file; while that is gone or rejected, what
    // runs or a kept version.
    [[nodiscard]] std::optional<CatalogEntry> source_of(const config::AgentConfig& config,
                                                        bool forced) const;
    [[nodiscard]] CatalogEntry entry_of_kept(const std::string& agent,
                                             const GoodVersion& version) const;

    // services_around.cpp: by hand
    [[nodiscard]] Result<nlohmann::json> heal_service(const std::string& target,
                                                      const std::string& reason, bool dry_run);
    [[nodiscard]] Result<Outcome> order_service(const std::string& target, ServiceOrder order);

    // switch.cpp: [operation of the agent held]
    [[nodiscard]] Outcome start(Agent& agent, Attempt attempt);
    [[nodiscard]] Outcome reload(Agent& agent, Attempt attempt);
    [[nodiscard]] std::optional<Outcome> take_live(Agent& agent, Attempt& attempt);
    [[nodiscard]] Result<std::unique_ptr<Generation>> load_beside(const Agent& agent,
                                                                  Attempt& attempt);
    struct Quiet {
        Generation::Rest rest;
        bool ended = false; // by itself: what was left to it is all the state there is
    };
    [[nodiscard]] static Result<Quiet> bring_to_rest(Generation& old, const Attempt& attempt);
    [[nodiscard]] const plugin::SavedState*
    state_to_give(const Agent& agent, const Attempt& attempt, const Quiet& quiet) const;
    [[nodiscard]] Outcome undo_switch(Agent& agent, Attempt& attempt, const Error& why);
    void adopt(Agent& agent, Attempt& attempt, std::unique_ptr<Generation> made);
    [[nodiscard]] Outcome retune(Agent& agent, const config::AgentConfig& config);
    enum class Stop : std::uint8_t { by_hand, by_change, with_host };
    [[nodiscard]] Outcome stop(Agent& agent, Stop why);
    [[nodiscard]] Outcome refuse(Agent& agent, const char* event, const Error& error);
    [[nodiscard]] Outcome refuse(Agent& agent, const char* event, const Error& error,
                                 Reload& reload, Ending ending);

    // resume.cpp: from one life of the host to the next. [operation of the agent held]
    [[nodiscard]] Checkpoint find_checkpoint(const Agent& agent, const Blueprint& blueprint);
    [[nodiscard]] Result<void> start_from_checkpoint(Agent& agent, Generation& made);
    void leave_checkpoint(const Agent& agent, Result<Generation::Rest>& quiet);

    // probation.cpp: [operation of the agent held]
    [[nodiscard]] std::shared_ptr<HealthAnswer> ask_health(Generation& generation);
    void begin_probation(Agent& agent, Attempt& attempt, std::unique_ptr<Generation> former);
    void end_probation(Agent& agent, Ending ending, const std::string& reason);
    void confirm(Agent& agent);
    [[nodiscard]] std::int64_t look(Agent& agent, std::int64_t now_ns);
    [[nodiscard]] std::vector<Fault> take_faults();

    // go_back.cpp: [operation of the agent held]
    [[nodiscard]] Outcome go_back(Agent& agent, const std::string& reason);
    [[nodiscard]] bool swap_back(Agent& agent, Probation& probation,
                                 const Result<plugin::SavedState>& state);
    [[nodiscard]] Result<void> recreate(Agent& agent, const Blueprint& model,
                                        const plugin::SavedState* state = nullptr);
    [[nodiscard]] Result<void> recreate_lost(Agent& agent);
    [[nodiscard]] Result<void> start_fallback(Agent& agent);
    [[nodiscard]] Outcome degrade(Agent& agent, Probation& probation, const std::string& reason);
    void reject(const std::string& agent, const Blueprint& blueprint, const std::string& reason);

    void act_on(const Fault& fault); // [nothing held]

    // revive.cpp: [operation of the agent held]
    [[nodiscard]] const plugin::SavedState* state_left(const Agent& agent) const;
    void remember_left(Agent& agent, Result<plugin::SavedState>& state);
    void revive(Agent& agent, const std::string& reason);
    [[nodiscard]] Result<void> run_again(Agent& agent);
    [[nodiscard]] Outcome without_file(Agent& agent, const Error& why, Reload& reload);

    // restart.cpp: an agent that ended. [operation of the agent held]
    void ended(Agent& agent, const std::string& digest, const std::string& reason,
               Strategy strategy = Strategy::restart);
    void begin_anew(Agent& agent); // by hand, or with other code or settings: nothing counts
    void note_started(Agent& agent);
    [[nodiscard]] std::int64_t look_at_restart(Agent& agent, std::int64_t now_ns);
    [[nodiscard]] const GoodVersion* last_known_good(const LedgerPage& page,
                                                     const config::AgentConfig& config,
                                                     const std::string& failed) const;
    // heal.cpp: [operation of the agent held]
    void consider_finding(Agent& agent, std::int64_t now_ns);
    void recover(Agent& agent);
    [[nodiscard]] const char* why_no_more(const Agent& agent) const;
    [[nodiscard]] std::uint32_t replicas_for(const Agent& agent, const config::AgentConfig& config,
                                             Strategy strategy) const;
    void give_up_on(Agent& agent, const std::string& reason);
    [[nodiscard]] bool offer_rollback(Agent& agent, const std::string& reason);
    void degrade_operations(Agent& agent, const std::string& reason);
    void end_degradation(Agent& agent);
    [[nodiscard]] std::int64_t look_at_safe_restart(Agent& agent, std::int64_t now_ns);
    // [nothing held]
    [[nodiscard]] Outcome remake(Agent& agent, const Remake& how);
    [[nodiscard]] Result<Outcome> carry_out_strategy(Agent& agent,
                                                     const config::AgentConfig& config,
                                                     Strategy strategy, const std::string& reason);
    [[nodiscard]] Result<Outcome> roll_back(const std::string& name,
                                            const RollbackOptions& options);

    // monitor.cpp: [operation of the agent held]
    [[nodiscard]] Figures figures_of(const Agent& agent) const;
    [[nodiscard]] std::int64_t look_at_health(Agent& agent, std::int64_t now_ns);
    [[nodiscard]] static std::shared_ptr<HealthAnswer> ask_quietly(Generation& generation);
    [[nodiscard]] std::int64_t take_health(Agent& agent, std::int64_t now_ns);
    void note_health(Agent& agent, std::int64_t now_ns, const Result<std::string>& answer);
    void tell_health(const Agent& agent, Health before, Health after);
    [[nodiscard]] nlohmann::json health_of(const Agent& agent) const;

    // stall.cpp: [operation of the agent held]
    [[nodiscard]] std::int64_t look_at_lane(Agent& agent, std::int64_t now_ns);
    void tell_stall(Agent& agent, std::int64_t for_ns);

    // dependencies.cpp
    [[nodiscard]] std::vector<Agent*> needed_by(const config::AgentConfig& config) const;
    // Why an agent may not start yet; empty when it may. Its own operation may be held.
    [[nodiscard]] std::string missing_for(const config::AgentConfig& config) const;
    [[nodiscard]] std::string missing_service(const config::AgentConfig& config) const;
    [[nodiscard]] Outcome wait_for_others(Agent& agent, Attempt& attempt,
                                          const std::string& missing);
    [[nodiscard]] bool may_go_on(const Agent& agent) const;
    void heal_dependencies(const config::AgentConfig& config);
    void heal_dependents(const std::string& name);
    [[nodiscard]] Services::Surroundings around_services();
    void tell_heal(const std::string& agent, const char* event, nlohmann::json details);
    // [nothing held]
    void carry_out_restart(Agent& agent);
    void note_restart(Agent& agent, const PlannedRestart& planned, const Outcome& outcome);
    [[nodiscard]] Outcome try_restart(Agent& agent, const PlannedRestart& planned,
                                      const config::AgentConfig& config);

    // trials.cpp
    void isolate(const std::optional<CrashReport>& crash);
    void count_unexplained(const std::optional<CrashReport>& crash);
    [[nodiscard]] std::vector<std::int64_t> unexplained_crashes() const;
    void settle_trials(const std::optional<CrashReport>& crash);
    void told(const ReloadRecord& record);

    [[nodiscard]] Agent& agent_of(const std::string& name);
    [[nodiscard]] Result<Agent*> find(const std::string& name, const char* attempt) const;
    [[nodiscard]] std::optional<config::AgentConfig> wanted_config(const std::string& name) const;
    // [nothing held]
    [[nodiscard]] Outcome make_anew(Agent& agent, const config::AgentConfig& config,
                                    const char* cause);
    [[nodiscard]] Result<Prepared> prepare_one(const config::AgentConfig& config, Reload& reload);
    [[nodiscard]] Result<CatalogEntry> rollback_target(const Agent& agent,
                                                       const config::AgentConfig& config,
                                                       const RollbackOptions& options);
    void announce(const Agent& agent, const Outcome& outcome);

    // report.cpp
    [[nodiscard]] nlohmann::json brief(const Agent& agent) const;      // [mutex held]
    [[nodiscard]] nlohmann::json restart_of(const Agent& agent) const; // [mutex held]

    Services services;
    static constexpr std::size_t most_workers = 8;
    Workers workers{most_workers}; // last: their jobs use everything above
};

[[nodiscard]] bool can_read(const Blueprint& reader, const plugin::SavedState& state);

// Runs all, a few at a time, and waits.
void run_side_by_side(std::vector<std::function<void()>> jobs);

} // namespace noa::supervise
