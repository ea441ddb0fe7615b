// An agent that ended: when it is started again, from what, and what is said of it.

#include "base/clock.hpp"
#include "supervise/state.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

// Every step of healing: a line in the log, and an event on host.heal.AGENT.
void Supervisor::State::tell_heal(const std::string& agent, const char* event,
                                  nlohmann::json details) {
    details["agent"] = agent;
    details["event"] = event;
    bus.announce("host.heal." + agent,
                 details.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// Of code that was confirmed no other version is known to be better.
const GoodVersion* Supervisor::State::last_known_good(const LedgerPage& page,
                                                      const config::AgentConfig& config,
                                                      const std::string& failed) const {
    const auto* good = page.is_good(failed) ? nullptr : page.fallback();
    return good != nullptr && good->plugin == config.plugin && good->digest != failed ? good
                                                                                      : nullptr;
}

void Supervisor::State::ended(Agent& agent, const std::string& digest, const std::string& reason,
                              Strategy strategy) {
    const auto page = ledger->page(agent.name);
    const auto now = monotonic_ns();
    RestartPolicy::Decision decision;
    bool gave_up = false;
    {
        const std::lock_guard lock(mutex);
        if (shutting_down || agent.stopped_by_hand) {
            return;
        }
        const auto roll = [this] { return std::uniform_real_distribution<double>(0.0, 1.0)(dice); };
        const auto& limits = agent.wanted.restart;
        const bool had_given_up = agent.policy.exhausted();
        decision = agent.policy.ended(limits, now, roll());
        if (decision.step == RestartPolicy::Step::last_known_good &&
            last_known_good(page, agent.wanted, digest) == nullptr) {
            decision = agent.policy.ended(limits, now, roll());
        }
        gave_up = !had_given_up && agent.policy.exhausted();
        agent.planned = PlannedRestart{decision, reason, digest, strategy};
    }
    const auto in_ms = (decision.due_ns - now) / 1'000'000;
    if (gave_up) {
        log.write(Level::error, "agent.restarts_exhausted",
                  {{"agent", agent.name}, {"in_window", decision.in_window}, {"reason", reason}});
        tell_heal(agent.name, "heal.exhausted",
                  {{"in_window", decision.in_window}, {"reason", reason}});
        give_up_on(agent, reason);
    }
    log.write(Level::warning, "agent.restart_planned",
              {{"agent", agent.name},
               {"step", name_of(decision.step)},
               {"in_ms", in_ms},
               {"in_a_row", decision.in_a_row},
               {"reason", reason}});
    tell_heal(agent.name, "heal.planned",
              planned_details({decision, reason, digest, strategy}, now));
    wake();
}

void Supervisor::State::begin_anew(Agent& agent) {
    const std::lock_guard lock(mutex);
    agent.policy.forget();
    agent.planned.reset();
    agent.safe.reset();
    agent.wants_rollback.clear();
    agent.by_finding = false;
}

// A generation took over. One of an agent that restarts did not help is watched, not trusted.
void Supervisor::State::note_started(Agent& agent) {
    {
        const std::lock_guard lock(mutex);
        agent.policy.started(monotonic_ns());
        agent.planned.reset();
        agent.watch.checks = {};
        agent.by_finding = false;
        if (agent.policy.exhausted()) {
            agent.at_fault = true;
            agent.state = AgentState::degraded;
            agent.note = "degraded: restarts did not help so far";
        }
    }
    if (agent.policy.exhausted() && agent.wanted.heal.degrade) {
        degrade_operations(agent, "restarts did not help so far");
    }
    heal_dependents(agent.name);
    wake();
}

// When to look again.
std::int64_t Supervisor::State::look_at_restart(Agent& agent, std::int64_t now_ns) {
    if (agent.healing) {
        return never; // it wakes us
    }
    if (agent.state == AgentState::waiting || agent.planned) {
        const auto due_ns = agent.planned      ? agent.planned->decision.due_ns
                            : may_go_on(agent) ? agent.look_again_ns
                                               : never;
        if (due_ns <= now_ns && !agent.healing.exchange(true)) {
            workers.post([this, &agent] { carry_out_restart(agent); });
        }
        return due_ns <= now_ns ? never : due_ns;
    }
    const auto settles_ns = agent.policy.settles_ns(agent.wanted.restart);
    if (settles_ns > now_ns) {
        return settles_ns;
    }
    const bool was_given_up = agent.policy.exhausted();
    {
        const std::lock_guard lock(mutex);
        agent.policy.settle();
        if (was_given_up && agent.at_fault) {
            agent.at_fault = false;
            agent.state = AgentState::running;
            agent.note.clear();
        }
    }
    if (was_given_up) {
        end_degradation(agent);
        log.write(Level::info, "agent.healed", {{"agent", agent.name}});
        tell_heal(agent.name, "heal.settled", nlohmann::json::object());
    }
    return never;
}

// [nothing held] On a worker.
void Supervisor::State::carry_out_restart(Agent& agent) {
    std::optional<PlannedRestart> planned;
    std::optional<config::AgentConfig> config;
    {
        const OperationLock operation(agent, wake);
        const std::lock_guard lock(mutex);
        planned = std::exchange(agent.planned, std::nullopt);
        if (agent.state == AgentState::waiting) {
            planned = PlannedRestart{};
        }
        const auto wanted = in_force.agents.find(agent.name);
        if (wanted != in_force.agents.end() && wanted->second.enabled && !shutting_down) {
            config = wanted->second;
        }
    }
    if (planned && config) {
        heal_dependencies(*config);
        const auto outcome = try_restart(agent, *planned, *config);
        note_restart(agent, *planned, outcome);
    }
    agent.healing = false;
    wake();
}

void Supervisor::State::note_restart(Agent& agent, const PlannedRestart& planned,
                                     const Outcome& outcome) {
    const OperationLock operation(agent, wake);
    const bool failed = outcome.action == "failed";
    if (planned.reason.empty()) { // it only waited
        return;
    }
    tell_heal(agent.name, failed ? "heal.failed" : "heal.done",
              {{"strategy", strategy_text(planned)},
               {"generation", outcome.generation},
               {"state", name_of(agent.state)},
               {"text", outcome.text},
               {"reason", planned.reason}});
    if (failed && !agent.planned) { // it did not come as far as to a start
        ended(agent, planned.digest, outcome.text);
    }
}

nlohmann::json Supervisor::State::restart_of(const Agent& agent) const {
    nlohmann::json out{{"exhausted", agent.policy.exhausted()},
                       {"under_way", agent.healing.load()},
                       {"restarts", agent.restarts}};
    if (agent.planned) {
        out["planned"] = to_json(*agent.planned, monotonic_ns());
    }
    return out;
}

Outcome Supervisor::State::try_restart(Agent& agent, const PlannedRestart& planned,
                                       const config::AgentConfig& config) {
    auto reload = begin_reload(agent.name, "heal");
    const auto before = ledger->page(agent.name);
    const auto* good = planned.decision.step == RestartPolicy::Step::last_known_good
                           ? last_known_good(before, config, planned.digest)
                           : nullptr;
    if (good != nullptr) { // or the next look at the files would bring the failed one back
        const auto written = ledger->update(agent.name, Durable::yes, [&](LedgerPage& page) {
            page.reject(
                {planned.digest, "", "restarts did not help: " + planned.reason, unix_ns()});
        });
        if (!written) {
            log.error("ledger.not_written", written.error(), {{"agent", agent.name}},
                      Level::warning);
        }
    }
    auto prepared = prepare_one(config, reload);
    const OperationLock operation(agent, wake);
    if (agent.stopped_by_hand || (agent.current && !agent.at_fault)) {
        if (prepared) {
            plugin::StageDir::remove(prepared->file);
        }
        reload.end(Ending::superseded, "somebody was faster");
        return {agent.name, "unchanged", agent.last_number, "somebody was faster"};
    }
    Outcome outcome;
    if (!prepared) {
        outcome = without_file(agent, prepared.error(), reload);
    } else {
        {
            const std::lock_guard lock(mutex);
            agent.restarts += planned.reason.empty() ? 0 : 1;
        }
        Attempt attempt{config, std::move(*prepared), std::move(reload)};
        attempt.forced = true;
        Remake how;
        how.strategy = planned.strategy;
        attempt.config.replicas = replicas_for(agent, config, planned.strategy);
        how.apply(attempt, config);
        outcome = agent.current ? this->reload(agent, std::move(attempt))
                                : start(agent, std::move(attempt));
    }
    if (good != nullptr && outcome.action == "failed") {
        static_cast<void>(
            ledger->update(agent.name, Durable::yes, [&](LedgerPage& page) { page = before; }));
    }
    return outcome;
}

} // namespace noa::supervise
