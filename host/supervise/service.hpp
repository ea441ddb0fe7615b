// A service as the host keeps it.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "config/supervision.hpp"
#include "supervise/health.hpp"
#include "supervise/planned_restart.hpp"
#include "supervise/service_task.hpp"
#include "supervise/supervisor.hpp"

namespace noa::supervise {

enum class ServiceState : std::uint8_t {
    unknown, // not checked often enough to tell
    up,
    down,
    waiting,  // down, and so is what it needs
    starting, // started, and not up yet
    stopped,  // by hand, or disabled: nobody looks
};
[[nodiscard]] std::string_view name_of(ServiceState state) noexcept;

enum class ServiceStep : std::uint8_t {
    check,
    verify, // whether it is really down, before anything is done
    stop,
    start,
    restart,
};
enum class ServiceOrder : std::uint8_t { heal, heal_needed, start, stop, restart };

// An order of somebody who waits.
struct ServiceRequest {
    ServiceOrder order = ServiceOrder::heal;
    std::string reason;
    std::shared_ptr<std::promise<Outcome>> answer; // owners: who waits and the service
};

struct Service {
    explicit Service(config::ServiceConfig wanted) : config(std::move(wanted)) {}

    config::ServiceConfig config;
    ServiceState state = ServiceState::unknown;
    CheckLog checks; // one
    RestartPolicy policy;
    std::optional<PlannedRestart> planned;
    std::optional<ServiceTask> task; // under way: `step`
    ServiceStep step = ServiceStep::check;
    bool acts = false; // it is no check
    std::deque<ServiceStep> then;
    std::optional<ServiceTask> killed; // past its deadline, and not gone yet
    std::optional<ServiceRequest> request;
    std::deque<ServiceRequest> requests;
    std::string doing; // the reason of the restart under way
    bool stopped_by_hand = false;
    std::int64_t check_due_ns = 0;
    std::int64_t up_by_ns = 0; // while it is starting
    std::int64_t since_unix_ns = 0;
    std::int64_t checked_unix_ns = 0;
    std::uint64_t restarts = 0; // that nobody asked for
    std::string note;

    [[nodiscard]] std::string target() const;
    [[nodiscard]] bool is_watched() const noexcept { return config.enabled && !stopped_by_hand; }
    [[nodiscard]] Health health() const { return checks.status(config.check.threshold); }
    void enter(ServiceState next);
    [[nodiscard]] nlohmann::json to_json() const;
    [[nodiscard]] nlohmann::json health_json() const;
};

// What is run for it; empty when there is nothing for that step.
[[nodiscard]] std::vector<std::string> arguments_of(const config::ServiceConfig& config,
                                                    ServiceStep step);
// What starts it again; empty when nothing does.
[[nodiscard]] std::deque<ServiceStep> restart_steps(const config::ServiceConfig& config);

} // namespace noa::supervise
