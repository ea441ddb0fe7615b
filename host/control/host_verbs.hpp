// The verbs of a running host.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "bus/caller.hpp"
#include "config/load.hpp"
#include "control/verbs.hpp"
#include "supervise/supervisor.hpp"

namespace noa::control {

class HostConfig;
class StateRollback;

// All borrowed: they outlive the server that has the verbs.
struct HostParts {
    supervise::Supervisor& supervisor;
    bus::Caller& caller;
    Log& log;
    HostConfig& config;
    StateRollback& state_rollback;
    config::Sources sources; // the supervisor's
};

[[nodiscard]] Verbs host_verbs(const HostParts& parts);

// The groups of them. `running` names the agents that can be asked.
using RunningAgents = std::function<std::vector<std::string>()>;

// status agents agent services plugins plan start stop restart enable disable reload rollback
// reloads
void add_agent_verbs(Verbs& verbs, supervise::Supervisor& supervisor);
// call send publish subscribe
void add_bus_verbs(Verbs& verbs, bus::Caller& caller);
// What to think of an agent's answer to `health`; see supervise::Supervisor::judge.
using Judge = std::function<nlohmann::json(const std::string& agent, nlohmann::json answer)>;
// How services are; see supervise::Supervisor::services_health.
using ServicesHealth = std::function<nlohmann::json(const std::vector<std::string>& targets)>;
// describe health complete
void add_inspect_verbs(Verbs& verbs, bus::Caller& caller, RunningAgents running, Judge judge,
                       ServicesHealth services);
// events
void add_event_verbs(Verbs& verbs, bus::Caller& caller);
// log log_level; `known` says whether an agent of that name exists
void add_log_verbs(Verbs& verbs, Log& log, std::function<bool(const std::string&)> known);
// manifest_export manifest_import explain
void add_config_verbs(Verbs& verbs, supervise::Supervisor& supervisor, config::Sources sources);
// rollback_to_backup
void add_state_verbs(Verbs& verbs, StateRollback& rollback);
// config_change config_rollback config_drift: the host's own layer, versioned by the agent config
void add_host_config_verbs(Verbs& verbs, HostConfig& config);

} // namespace noa::control
