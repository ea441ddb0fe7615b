// The time between a switch and its confirmation.
#include <algorithm>

#include "base/clock.hpp"
#include "supervise/state.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

namespace {

constexpr std::int64_t shortest_look_ns = 1'000'000'000;
constexpr std::int64_t looks = 4; // at the agent's health, in a probation

std::int64_t look_interval(const config::AgentConfig& config) {
    const auto whole = std::chrono::nanoseconds(config.probation).count();
    return std::max(shortest_look_ns, whole / looks);
}

std::optional<Result<std::string>> answer_of(const std::shared_ptr<HealthAnswer>& asked) {
    if (!asked) {
        return std::nullopt;
    }
    const std::lock_guard lock(asked->mutex);
    return asked->answer;
}

} // namespace

std::string complaint_of(const Result<std::string>& health) {
    if (!health) {
        return health.error().text();
    }
    const auto said = nlohmann::json::parse(*health, nullptr, false);
    if (!said.is_object() || said.value("status", nlohmann::json()) != "critical") {
        return {};
    }
    return "its health is critical: " +
           health->substr(0, std::min<std::size_t>(health->size(), 500));
}

std::shared_ptr<HealthAnswer> Supervisor::State::ask_health(Generation& generation) {
    auto answer = std::make_shared<HealthAnswer>();
    answer->asked_ns = monotonic_ns();
    generation.ask_health([this, answer](Result<std::string> said) {
        {
            const std::lock_guard lock(answer->mutex);
            answer->answer = std::move(said);
        }
        wake();
    });
    return answer;
}

void Supervisor::State::begin_probation(Agent& agent, Attempt& attempt,
                                        std::unique_ptr<Generation> former) {
    const auto& config = agent.current->config();
    const auto length_ns = std::chrono::nanoseconds(config.probation).count();
    const bool proven =
        !former && ledger->page(agent.name).is_good(agent.current->blueprint().file.digest);
    const auto now = monotonic_ns();
    agent.probation = std::make_unique<Probation>(
        Probation{std::move(attempt.reload), std::move(former), now + length_ns,
                  now + std::min(length_ns, look_interval(config)), nullptr,
                  std::move(attempt.former_health)});
    agent.probation->reload.enter(Phase::confirm);
    if (length_ns == 0 || proven) {
        confirm(agent);
    } else {
        wake();
    }
}

void Supervisor::State::end_probation(Agent& agent, Ending ending, const std::string& reason) {
    if (auto probation = std::move(agent.probation)) {
        agent.current->end_trial();
        if (probation->former) {
            Generation::retire(std::move(probation->former));
        }
        probation->reload.end(ending, reason);
    }
}

void Supervisor::State::confirm(Agent& agent) {
    auto probation = std::move(agent.probation);
    agent.current->end_trial();
    agent.current->confirm();
    const auto& blueprint = agent.current->blueprint();
    std::uint32_t keep = 0;
    {
        const std::lock_guard lock(mutex);
        keep = in_force.host.keep_versions;
        agent.state = agent.at_fault ? AgentState::degraded : AgentState::running;
    }
    if (auto kept_file = kept.keep(agent.name, blueprint.file); !kept_file) {
        log.error("version.not_kept", kept_file.error(), {{"agent", agent.name}}, Level::warning);
    }
    auto written = ledger->update(agent.name, Durable::yes, [&](LedgerPage& page) {
        page.confirm(
            {blueprint.file.digest, blueprint.facts.version, blueprint.facts.id, unix_ns()}, keep);
    });
    if (!written) {
        log.error("ledger.not_written", written.error(), {{"agent", agent.name}}, Level::warning);
    }
    std::vector<std::string> digests;
    for (const auto& version : ledger->page(agent.name).good) {
        digests.push_back(version.digest);
    }
    kept.prune(agent.name, digests);
    if (probation->former) {
        probation->reload.enter(Phase::retire);
        Generation::retire(std::move(probation->former));
    }
    log.write(Level::info, "agent.confirmed",
              {{"agent", agent.name},
               {"generation", blueprint.number},
               {"version", blueprint.facts.version}});
    probation->reload.end(Ending::confirmed);
}

std::vector<Fault> Supervisor::State::take_faults() {
    const std::lock_guard lock(faults_mutex);
    return std::exchange(faults, {});
}

// When to look again.
std::int64_t Supervisor::State::look(Agent& agent, std::int64_t now_ns) {
    auto* probation = agent.probation.get();
    if (probation == nullptr) {
        return never;
    }
    if (now_ns < probation->look_at_ns) {
        return probation->look_at_ns;
    }
    auto& current = *agent.current;
    if (current.process_ended()) {
        return never; // the next life is looked at
    }
    if (!probation->health) {
        probation->health = ask_health(current);
    }
    const auto said = answer_of(probation->health);
    if (!said) { // its lane is busy; or inside a call for too long
        const auto limit_ns = probation->health->asked_ns +
                              std::chrono::nanoseconds(current.config().stall_limit).count();
        if (now_ns >= limit_ns) {
            static_cast<void>(go_back(agent, "its lane did not return from a call for longer than "
                                             "stall_limit"));
            return never;
        }
        return limit_ns;
    }
    probation->health.reset();
    const auto before = answer_of(probation->former_health);
    // What the former one complained of too is not the reload's fault.
    const bool new_complaint = !before || complaint_of(*before).empty();
    if (const auto complaint = complaint_of(*said); !complaint.empty() && new_complaint) {
        static_cast<void>(go_back(agent, complaint));
        return never;
    }
    if (now_ns >= probation->until_ns) {
        confirm(agent);
        return never;
    }
    probation->look_at_ns = std::min(probation->until_ns, now_ns + look_interval(current.config()));
    return probation->look_at_ns;
}

std::int64_t Supervisor::run_due() {
    auto& state = *state_;
    for (const auto& fault : state.take_faults()) {
        state.act_on(fault);
    }
    std::vector<Agent*> all;
    {
        const std::lock_guard lock(state.mutex);
        for (const auto& [name, agent] : state.agents) {
            all.push_back(agent.get());
        }
    }
    auto next = never;
    for (auto* agent : all) {
        const OperationLock operation(*agent, state.wake, OperationLock::Try());
        if (operation.held()) { // else its holder wakes us
            const auto now = monotonic_ns();
            next = std::min({next, state.look(*agent, now), state.look_at_restart(*agent, now),
                             state.look_at_safe_restart(*agent, now),
                             state.look_at_health(*agent, now), state.look_at_lane(*agent, now)});
        }
    }
    return std::min(next, try_again());
}

// What was turned down for a passing reason. When to call again.
std::int64_t Supervisor::try_again() {
    auto& state = *state_;
    const auto next = [&state] { // that is not due, when nothing is
        const std::lock_guard lock(state.mutex);
        auto first = never;
        for (const auto& [name, agent] : state.agents) {
            if (agent->try_again_at_ns != 0) {
                first = std::min(first, agent->try_again_at_ns);
            }
        }
        return first;
    };
    const auto now = monotonic_ns();
    if (next() > now) {
        return next();
    }
    {
        const std::lock_guard lock(state.mutex);
        for (const auto& [name, agent] : state.agents) {
            agent->try_again_at_ns = agent->try_again_at_ns > now ? agent->try_again_at_ns : 0;
        }
    }
    if (auto tried = apply({}); !tried) {
        state.log.error("config.refused", tried.error());
    }
    return next();
}

} // namespace noa::supervise
