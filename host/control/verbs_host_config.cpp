#include "control/host_config.hpp"
#include "control/host_verbs.hpp"
#include "control/state_rollback.hpp"

namespace noa::control {

void add_host_config_verbs(Verbs& verbs, HostConfig& config) {
    const auto add = [&](const char* name, auto answer) {
        verbs.add(name, Right::full,
                  [&config, answer](const nlohmann::json& args, Connection& client) {
                      return (config.*answer)(args, client);
                  });
    };
    add("config_change", &HostConfig::change);
    add("config_rollback", &HostConfig::rollback);
    add("config_drift", &HostConfig::drift);
}

void add_state_verbs(Verbs& verbs, StateRollback& rollback) {
    verbs.add("rollback_to_backup", Right::full,
              [&rollback](const nlohmann::json& args, Connection& client) {
                  return rollback.roll_back(args, client);
              });
}

} // namespace noa::control
