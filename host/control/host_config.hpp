// The host's own configuration, as `noactl config` changes it: one file in the state directory,
// over what people and packages say, versioned by the agent config.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "bus/caller.hpp"
#include "config/load.hpp"
#include "control/peer.hpp"
#include "control/verbs.hpp"
#include "supervise/supervisor.hpp"

namespace noa::control {

// One at a time, whoever calls.  [any thread]
class HostConfig {
public:
    // Borrowed; they outlive it.
    HostConfig(supervise::Supervisor& supervisor, bus::Caller& caller, Log& log,
               config::Sources sources)
        : supervisor_(supervisor), caller_(caller), log_(log), sources_(std::move(sources)) {}

    // The answers of the verbs config_change, config_rollback and config_drift.
    [[nodiscard]] Result<nlohmann::json> change(const nlohmann::json& args, Connection& client);
    [[nodiscard]] Result<nlohmann::json> rollback(const nlohmann::json& args, Connection& client);
    [[nodiscard]] Result<nlohmann::json> drift(const nlohmann::json& args, Connection& client);

    // When files have changed: what is not as it was recorded is told, and put back where the
    // document `host` has a policy that says so; nothing without the agent config.
    void look_after();

private:
    using Patience = std::chrono::milliseconds;
    struct Record {
        const char* operation;
        nlohmann::json body;
    };

    [[nodiscard]] std::filesystem::path file() const;
    [[nodiscard]] Result<nlohmann::json> read() const;
    [[nodiscard]] Result<void> write(const std::filesystem::path& directory,
                                     const nlohmann::json& tree) const;
    [[nodiscard]] Result<void> try_out(const nlohmann::json& after) const;
    [[nodiscard]] Result<nlohmann::json> put_and_apply(const nlohmann::json& before,
                                                       const nlohmann::json& after,
                                                       const supervise::Progress& progress);
    [[nodiscard]] Result<nlohmann::json> make_it_so(const nlohmann::json& before,
                                                    const nlohmann::json& after, bool dry_run,
                                                    const Record& record, Connection& client);
    [[nodiscard]] Result<nlohmann::json> ask(const char* operation, const nlohmann::json& body,
                                             Patience time);
    void note(const char* state, const nlohmann::json& patch);
    [[nodiscard]] bool may_heal();

    supervise::Supervisor& supervisor_;
    bus::Caller& caller_;
    Log& log_;
    const config::Sources sources_;
    std::mutex mutex_;
    nlohmann::json told_;                            // under mutex_: the drift that was told of
    unsigned heals_ = 0;                             // under mutex_: in a row
    std::chrono::steady_clock::time_point healed_{}; // under mutex_: the last time
};

} // namespace noa::control
