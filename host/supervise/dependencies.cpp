// What an agent cannot do without: whether it serves, and how it is brought back first.
#include <algorithm>
#include <future>

#include "base/names.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

constexpr std::chrono::milliseconds longest_answer{5'000}; // of a dependency about its health
constexpr std::int64_t look_again_after_ns = 1'000'000'000;

// Its own word, at most a while; empty when it has no complaint.
std::string ask_complaint(Generation& generation) {
    using Answer = Result<std::string>;
    const auto given = std::make_shared<std::promise<Answer>>(); // owners: this call and the task
    auto answer = given->get_future();
    generation.ask_health([given](Answer said) { given->set_value(std::move(said)); });
    if (answer.wait_for(longest_answer) != std::future_status::ready) {
        return "it does not answer about its health";
    }
    return complaint_of(answer.get());
}

} // namespace

std::vector<Agent*> Supervisor::State::needed_by(const config::AgentConfig& config) const {
    const std::lock_guard lock(mutex);
    std::vector<Agent*> needed;
    for (const auto& name : config.depends_on) {
        const auto found = agents.find(name);
        if (!config.tolerates(name) && found != agents.end()) {
            needed.push_back(found->second.get());
        }
    }
    return needed;
}

std::string Supervisor::State::missing_for(const config::AgentConfig& config) const {
    for (auto* needed : needed_by(config)) {
        // Dependents before what they depend on: no two agents wait for each other.
        const OperationLock operation(*needed, wake);
        if (!needed->current) {
            return needed->name + " is " + std::string(name_of(needed->state));
        }
        if (const auto complaint = ask_complaint(*needed->current); !complaint.empty()) {
            return needed->name + ": " + complaint;
        }
    }
    return missing_service(config);
}

// [no lock held] The first service that is needed and not up.
std::string Supervisor::State::missing_service(const config::AgentConfig& config) const {
    for (const auto& needed : config.depends_on) {
        if (is_service(needed) && !config.tolerates(needed)) {
            if (auto why = services.missing(needed); !why.empty()) {
                return why;
            }
        }
    }
    return {};
}

// [operation of the agent held]
Outcome Supervisor::State::wait_for_others(Agent& agent, Attempt& attempt,
                                           const std::string& missing) {
    plugin::StageDir::remove(attempt.prepared.file);
    Outcome outcome{agent.name, "waiting", agent.last_number, "waits: " + missing};
    {
        const std::lock_guard lock(mutex);
        agent.state = AgentState::waiting;
        agent.note = outcome.text;
        agent.look_again_ns = monotonic_ns() + look_again_after_ns;
    }
    attempt.reload.end(Ending::refused, outcome.text);
    log.write(Level::warning, "agent.waiting", {{"agent", agent.name}, {"reason", missing}});
    announce(agent, outcome);
    wake(); // it may have come meanwhile, and nobody would say so again
    return outcome;
}

// [operation of the agent held] Without asking anybody.
bool Supervisor::State::may_go_on(const Agent& agent) const {
    if (!missing_service(agent.wanted).empty()) {
        return false;
    }
    const auto needed = needed_by(agent.wanted);
    const std::lock_guard lock(mutex);
    return std::all_of(needed.begin(), needed.end(),
                       [](const Agent* each) { return each->current != nullptr; });
}

// [nothing held] What ended and is to be started again later, is now.
void Supervisor::State::heal_dependencies(const config::AgentConfig& config) {
    for (auto* needed : needed_by(config)) {
        bool ended = false;
        config::AgentConfig wanted;
        {
            const std::lock_guard lock(mutex);
            ended = !needed->current && needed->planned;
            wanted = needed->wanted;
        }
        if (!ended) {
            heal_dependencies(wanted); // there is no cycle
        } else if (!needed->healing.exchange(true)) {
            carry_out_restart(*needed); // what it needs before it
        }
    }
    for (const auto& needed : config.depends_on) {
        if (is_service(needed) && !config.tolerates(needed) && !services.missing(needed).empty()) {
            static_cast<void>(order_service(needed, ServiceOrder::heal_needed));
        }
    }
}

// It serves: what waits for that, or for its next restart, need not wait longer.
void Supervisor::State::heal_dependents(const std::string& name) {
    services.note_up(name);
    const std::lock_guard lock(mutex);
    const auto now = monotonic_ns();
    for (const auto& [other, agent] : agents) {
        const auto& needs = agent->wanted.depends_on;
        if (std::find(needs.begin(), needs.end(), name) == needs.end()) {
            continue;
        }
        agent->look_again_ns = now;
        if (agent->planned) {
            agent->planned->decision.due_ns = std::min(agent->planned->decision.due_ns, now);
        }
    }
}

} // namespace noa::supervise
