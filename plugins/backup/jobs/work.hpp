// What the agent does for long: each function is a whole job, on a thread of its own.
#pragma once

#include <stop_token>
#include <string>

#include "../archive/progress.hpp"
#include "../bus/settings.hpp"
#include "hooks.hpp"
#include "records.hpp"

namespace backup {

// Where things of this host are.
struct Places {
    std::string state; // of the agent
    [[nodiscard]] std::string agents() const { return state.substr(0, state.rfind('/')); }
    [[nodiscard]] std::string agent(const std::string& name) const { return agents() + "/" + name; }
    // What this asks agents to write, and to look at, begins so, right in their directories.
    [[nodiscard]] std::string scratch_prefix() const {
        return ".backup-" + state.substr(state.rfind('/') + 1) + ".";
    }
    [[nodiscard]] std::string staging() const { return state + "/staging"; }
    [[nodiscard]] std::string drill() const { return state + "/drill"; }
    [[nodiscard]] std::string restored() const { return state + "/restored"; }
    // The host's: what it knows of an agent's versions, and those that it keeps.
    [[nodiscard]] std::string host() const { return agents().substr(0, agents().rfind('/')); }
    [[nodiscard]] std::string ledger(const std::string& agent) const {
        return host() + "/ledger/" + agent + ".json";
    }
    [[nodiscard]] std::string versions(const std::string& agent) const {
        return host() + "/versions/" + agent;
    }
    [[nodiscard]] std::string records() const { return state + "/records.json"; }
};

struct Job {
    const Settings& settings;
    const Places& places;
    Progress& progress;
    std::stop_token stop;
    Records& records;
    std::int64_t now_s;
    Hooks& hooks;
};

using JobResult = noa::sdk::Result<noa::Json>; // what is answered

// Archives, forgets, prunes when something was forgotten, reads a part of the data, copies, and
// drills when that is due. What follows the archive is told, and does not make it undone.
[[nodiscard]] JobResult run_plan(Job& job, const std::string& plan);
[[nodiscard]] JobResult run_check(Job& job, const std::string& repository, std::uint32_t part,
                                  std::uint32_t parts);
// Restores the newest of the plan, or `snapshot`, beside; opens every database; reads all files
// back.
[[nodiscard]] JobResult run_drill(Job& job, const std::string& plan, const std::string& snapshot);
// Saves what can be saved, from `spare` too (empty: none), then runs the plans of the repository
// where something is missing still, and checks all of it.
[[nodiscard]] JobResult run_repair(Job& job, const std::string& repository,
                                   const std::string& spare);
// A key for the password in that file. The one in use goes when a run finds the new one in use:
// when the secret that the settings name has the new password.
[[nodiscard]] JobResult run_rotate(Job& job, const std::string& repository,
                                   const std::string& password_file);
// The state of one agent, with what the host knew of its versions, to `places.restored()`/AGENT:
// state/, versions/, AGENT.json. All of it was read back and every database opened, or it fails and
// leaves nothing there.
[[nodiscard]] JobResult run_restore_agent(Job& job, const std::string& repository,
                                          const std::string& snapshot, const std::string& agent);
[[nodiscard]] JobResult run_forget(Job& job, const std::string& plan, bool dry_run, bool prune);
[[nodiscard]] JobResult run_prune(Job& job, const std::string& repository, bool dry_run);
[[nodiscard]] JobResult run_copy(Job& job, const std::string& from, const std::string& to);

[[nodiscard]] std::string tag_of(const std::string& plan);
[[nodiscard]] noa::Json faults_json(const std::vector<Fault>& faults);
[[nodiscard]] noa::Json snapshot_info(const Snapshot& snapshot);

} // namespace backup
