// An agent's state and version out of a backup, while the host runs.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "bus/caller.hpp"
#include "control/verbs.hpp"
#include "supervise/supervisor.hpp"

namespace noa::control {

class StateRollback {
public:
    // Borrowed; they outlive it. `state_dir`: of the host.
    StateRollback(supervise::Supervisor& supervisor, bus::Caller& caller, Log& log,
                  const std::filesystem::path& state_dir)
        : supervisor_(supervisor), caller_(caller), log_(log), agents_(state_dir / "agents") {}

    // The answer of the verb rollback_to_backup: {"snapshot","agent"?,"repository"?} to outcomes;
    // without an agent all whose state is in the snapshot, one after the other.
    // The agent `backup` restores beside and proves it whole; then the agent is stopped, the
    // directories are exchanged in one step, and it is started with the version that it had. One
    // that does not start, or is critical, gets back what it had before.  [any thread]
    [[nodiscard]] Result<nlohmann::json> roll_back(const nlohmann::json& args, Connection& client);

private:
    struct Restored {
        std::filesystem::path place; // state/, versions/, AGENT.json
        std::string snapshot;
        std::string time;
    };
    // A version by its digest; empty: what is installed.
    struct Version {
        std::string digest;
        std::string note;
    };

    [[nodiscard]] Result<nlohmann::json> ask_backup(const char* operation,
                                                    const nlohmann::json& request);
    [[nodiscard]] Result<std::vector<std::string>> agents_in(const nlohmann::json& request);
    [[nodiscard]] Result<supervise::Outcome>
    roll_back_one(const std::string& agent, const nlohmann::json& request, Connection& client);
    [[nodiscard]] Result<Restored> restore(const std::string& agent, nlohmann::json request);
    [[nodiscard]] Version version_of(const std::string& agent, const Restored& restored);
    [[nodiscard]] Result<void> exchange(const std::string& agent,
                                        const std::filesystem::path& other) const;
    [[nodiscard]] Result<supervise::Outcome> start(const std::string& agent,
                                                   const std::string& digest);
    [[nodiscard]] Result<void> is_well(const std::string& agent);
    [[nodiscard]] Result<supervise::Outcome> exchange_and_start(const std::string& agent,
                                                                const Restored& restored,
                                                                const Version& version,
                                                                const std::string& before);

    supervise::Supervisor& supervisor_;
    bus::Caller& caller_;
    Log& log_;
    const std::filesystem::path agents_;
};

} // namespace noa::control
