// An agent as the supervisor keeps it: what is wanted, what runs, what went wrong.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "supervise/generation.hpp"
#include "supervise/health.hpp"
#include "supervise/health_answer.hpp"
#include "supervise/planned_restart.hpp"
#include "supervise/reload.hpp"
#include "supervise/supervisor.hpp"

namespace noa::supervise {

enum class AgentState : std::uint8_t {
    stopped,
    waiting, // for what it depends on
    starting,
    running,
    reloading,
    stopping,
    degraded, // runs, but is known to be at fault, and there is no way back
    failed,
};
[[nodiscard]] std::string_view name_of(AgentState state) noexcept;

// From a switch until it is confirmed, or undone. Only with the agent's operation held.
struct Probation {
    Reload reload;
    std::unique_ptr<Generation> former; // at rest, ready to take over again; null after a start
    std::int64_t until_ns = 0;
    std::int64_t look_at_ns = 0;                 // the next look at its health
    std::shared_ptr<HealthAnswer> health;        // asked for; null: not
    std::shared_ptr<HealthAnswer> former_health; // before the switch; null: nobody was asked
};

// An agent under the monitor's eyes.
struct Watch {
    std::shared_ptr<HealthAnswer> asked;        // null: nothing is asked
    std::map<std::string, std::int64_t> due_ns; // by check; "": those without a table
    Figures before;                             // at the last examination
    CheckLog checks;
    Health told = Health::healthy; // the last that was published; a new generation begins anew
    std::int64_t checked_unix_ns = 0;
    std::map<Strategy, std::int64_t> healed_ns; // when each was last thought of
};

// Restarted without its state, which is given back should that not have helped.
struct SafeWatch {
    std::int64_t until_ns = 0;
    Figures since;
    plugin::SavedState snapshot;
};

struct Agent {
    explicit Agent(std::string agent_name) : name(std::move(agent_name)) {}

    const std::string name;
    std::mutex operation; // held through a start, reload or stop; by an OperationLock
    std::atomic<bool> turned_away{false}; // somebody did not get `operation`, and is to be woken
    std::atomic<bool> healing{false};     // a worker has it

    // The rest: written with `operation` and the supervisor's mutex held, read with either.
    config::AgentConfig wanted;
    std::unique_ptr<Generation> current;
    std::unique_ptr<Probation> probation; // null: what runs is confirmed
    AgentState state = AgentState::stopped;
    std::uint64_t last_number = 0; // of generations
    std::uint64_t reloads = 0;
    std::string note; // what the operator should know: the file is gone, a refusal
    std::string last_error;
    std::string refused; // digest and identity of what was turned down; not tried again on a hint
    bool stopped_by_hand = false;
    bool at_fault = false;            // what runs is degraded
    std::int64_t try_again_at_ns = 0; // what was turned down for a passing reason; 0: nothing was
    std::int64_t try_again_after_ns = 0;
    std::int64_t last_pause_ns = 0;
    std::uint64_t restarts = 0;               // that nobody asked for
    std::unique_ptr<plugin::SavedState> left; // to what runs, when that is a process
    RestartPolicy policy;
    std::optional<PlannedRestart> planned;
    Watch watch;
    std::int64_t told_stall_ns = 0; // [operation] when the call that was told of began
    bool by_finding = false;        // at_fault is because of a check
    std::optional<SafeWatch> safe;  // [operation]
    std::string wants_rollback;     // why; empty: it does not
    std::int64_t look_again_ns = 0; // while it waits: whether what it needs is there
};

// Holds an agent's operation. Whoever was turned away meanwhile is woken when it is over.
class OperationLock {
public:
    struct Try {};
    OperationLock(Agent& agent, const std::function<void()>& wake)
        : agent_(agent), wake_(wake), lock_(agent.operation) {}
    // Does not wait; see held().
    OperationLock(Agent& agent, const std::function<void()>& wake, Try)
        : agent_(agent), wake_(wake), lock_(agent.operation, std::try_to_lock) {
        if (!lock_) {
            agent.turned_away = true;
            static_cast<void>(lock_.try_lock()); // it may be over since, and nobody would wake us
        }
    }
    ~OperationLock() {
        if (lock_) {
            lock_.unlock();
            if (agent_.turned_away.exchange(false)) {
                wake_();
            }
        }
    }
    OperationLock(const OperationLock&) = delete;
    OperationLock& operator=(const OperationLock&) = delete;
    [[nodiscard]] bool held() const noexcept { return lock_.owns_lock(); }

private:
    Agent& agent_;
    const std::function<void()>& wake_;
    std::unique_lock<std::mutex> lock_;
};

} // namespace noa::supervise
