// Loads, watches over and replaces agents. The one place that knows configuration, plugins and
// bus together.
//
// Every function may be called from any thread and blocks until it is done; operations on one
// agent are serialised, on different agents they run side by side.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/crash_marker.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "bus/bus.hpp"
#include "config/diff.hpp"
#include "config/load.hpp"

namespace noa::supervise {

struct Paths {
    std::filesystem::path state_dir;                // stage/, agents/NAME/, conf.d/, verdicts/
    std::filesystem::path runtime_dir;              // control.sock, bus.sock
    std::filesystem::path runner;                   // noa-agent-runner
    std::vector<std::filesystem::path> plugin_dirs; // instead of host.plugin_dirs; usually empty
    std::chrono::microseconds spin{0};              // of lanes; see config::HostConfig
    std::string control_group = "off";              // the same
};

// One step of a long operation, for people and for progress: "cache: probe".
using Progress = std::function<void(const std::string& agent, const std::string& step)>;

struct Outcome {
    std::string agent;
    std::string action; // started, reloaded, reconfigured, retuned, stopped, unchanged, failed
    std::uint64_t generation = 0;
    std::string text;          // why it failed, or what was noticed; may be empty
    std::int64_t pause_ns = 0; // of a reload: how long the inbox was held
};

struct ApplyOptions {
    bool explicit_request = false; // a command: also drains and unloads agents whose file is gone
    bool force = false;            // reload the identical
    std::vector<std::string> only; // agents; empty: all
    Progress progress;

    [[nodiscard]] bool concerns(const std::string& agent) const {
        return only.empty() || std::find(only.begin(), only.end(), agent) != only.end();
    }
};

struct GoodVersion; // ledger.hpp

constexpr std::int64_t max_reloads_kept = 512; // in the history, of all agents

struct RollbackOptions {
    std::string to;             // a version, or the first digits of a digest; empty: the one before
    bool discard_state = false; // do not hand the running generation's state over
    bool force = false;         // although the plugin says that it cannot be rolled back
};

class Supervisor {
public:
    Supervisor(bus::Bus& bus, Log& log, Paths paths, config::Sources sources);
    ~Supervisor(); // NOLINT(bugprone-exception-escape): its definition says why
    Supervisor(const Supervisor&) = delete;
    Supervisor& operator=(const Supervisor&) = delete;

    // Once, before anything else: the state directory is this host's alone. `crash` is what is
    // known of the end of its former life.
    [[nodiscard]] Result<void> open(const std::optional<CrashReport>& crash);

    // Called on any thread when run_due has something to do sooner than it said. Set before the
    // first change.
    void set_wake(std::function<void()> wake);
    // How the host sends a message to an agent: body is JSON. Set before the first change.
    void set_send(std::function<void(const std::string& agent, const char* operation,
                                     const std::string& body)>
                      send);
    // Probations that end, faults that were found. Returns when it wants to be called next
    // (monotonic clock), INT64_MAX when nothing is to come.
    std::int64_t run_due();

    // Whether a program outside serves under a name: such an agent is not started. Set before the
    // first change.
    void set_served_outside(std::function<bool(std::string_view)> served);
    // Whether a name belongs to an agent of this host, so that nobody outside may serve as it.
    [[nodiscard]] bool owns(std::string_view name) const;

    // Reads the configuration and the plugin directories again and makes what runs agree with
    // them. An error means that nothing was changed (a broken config, an unknown name);
    // an agent that could not be loaded is an Outcome "failed".
    [[nodiscard]] Result<std::vector<Outcome>> apply(const ApplyOptions& options);
    // The same without doing it: {"host": [...], "agents": [{"agent","action","changes"...}]}.
    [[nodiscard]] Result<nlohmann::json> plan() const;

    // start, stop, restart and heal take "service:NAME" too.
    [[nodiscard]] Result<Outcome> start(const std::string& agent);
    [[nodiscard]] Result<Outcome> stop(const std::string& agent);
    // A new generation from the same file and settings, without handing state over.
    [[nodiscard]] Result<Outcome> restart(const std::string& agent);
    // Back to a version that was confirmed before, from the host's own copy; the one that ran is
    // not loaded again until its file changes or somebody forces it.
    [[nodiscard]] Result<Outcome> rollback(const std::string& agent,
                                           const RollbackOptions& options);
    // A version of before, out of a backup: `file` becomes one of those that are kept, when it has
    // the digest. Nothing runs it before rollback names it.
    [[nodiscard]] Result<void> adopt_version(const std::string& agent, const GoodVersion& version,
                                             const std::filesystem::path& file);
    // Persisted in <state>/conf.d, and carried out at once.
    [[nodiscard]] Result<Outcome> set_enabled(const std::string& agent, bool enabled);

    // What is done about a reason (supervise/strategy.hpp), by hand; `dry_run`: only told.
    // {"agent","reason","strategy","automatic","steps","action","generation","text"}
    [[nodiscard]] Result<nlohmann::json> heal(const std::string& agent, const std::string& reason,
                                              bool dry_run);
    // What the host would do if somebody agreed: [{"agent","strategy","reason"}].
    [[nodiscard]] nlohmann::json approvals() const;
    [[nodiscard]] Result<Outcome> approve(const std::string& agent);

    // Stops every agent, dependents first. The supervisor is of no more use afterwards.
    void shut_down();
    // A lane is inside a plugin for good: the process must end without running destructors.
    [[nodiscard]] bool any_stuck() const;

    // {"version","pid","uptime_s","state","agents":{...counts},"pinned","messages":{...}}
    [[nodiscard]] nlohmann::json status() const;
    // [{"name","plugin","version","state","generation","run","depth","handled","failed",
    //   "reloads","since_unix_ns","note"}]
    [[nodiscard]] nlohmann::json agents() const;
    // One agent with everything known of it: digest, paths, settings (secrets hidden),
    // origins, subscriptions, counters, state schema, last error, pinned libraries.
    [[nodiscard]] Result<nlohmann::json> agent(const std::string& name) const;
    // Every service, as supervise/services.hpp lists them; and how they are: all for none.
    [[nodiscard]] nlohmann::json services() const;
    [[nodiscard]] nlohmann::json services_health(const std::vector<std::string>& targets) const;
    // What an agent answered to `health`, with the host's own checks and what is advised:
    // {"status","label","checks":[{"name","status","source","text","strategy"?,...}],...}. An
    // unknown agent's comes back as it is.
    [[nodiscard]] nlohmann::json judge(const std::string& agent, nlohmann::json answer) const;
    // Every file in the plugin directories: [{"path","id","version","digest","agent","verdict"}].
    [[nodiscard]] nlohmann::json plugins() const;
    // The last reloads, newest first, of one agent or of all: [ReloadRecord::to_json]. An unknown
    // name has none.
    [[nodiscard]] nlohmann::json reloads(const std::string& agent, std::size_t limit) const;
    // Every value in force below `key`, and where it comes from: see config/explain.hpp.
    [[nodiscard]] Result<nlohmann::json> explain(const std::string& key) const;
    // The configuration in force (R0.1): manifest export.
    [[nodiscard]] nlohmann::json manifest() const;

    [[nodiscard]] std::vector<std::filesystem::path> watched_directories() const;

    struct State; // of supervise/ alone

private:
    std::int64_t try_again();

    std::unique_ptr<State> state_;
};

} // namespace noa::supervise
