// Findings and what is done about them; by itself within the limits of the configuration, and by
// hand.

#include "base/clock.hpp"
#include "base/names.hpp"
#include "supervise/state.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

using nlohmann::json;

// [operation held] After each examination: ill enough to do something, or well again.
void Supervisor::State::consider_finding(Agent& agent, std::int64_t now_ns) {
    const auto* worst = agent.watch.checks.worst(agent.wanted, "state");
    if (worst == nullptr) {
        recover(agent);
        return;
    }
    auto strategy = strategy_called(advice_for(worst->last).strategy);
    // Of what only needs repair, the host repairs what it understands itself.
    const bool acts = worst->last.own || worst->last.status == Health::critical;
    if (!strategy || !acts || !agent.current || agent.planned || agent.healing || agent.safe ||
        agent.probation) {
        return;
    }
    auto& last_ns = agent.watch.healed_ns[*strategy];
    if (last_ns != 0 && now_ns - last_ns < ns_of(agent.wanted.heal.cooldown)) {
        return;
    }
    last_ns = now_ns;
    const auto reason = worst->last.name + ": " + worst->last.text;
    if (*strategy == Strategy::rollback && offer_rollback(agent, reason)) {
        return;
    }
    if (*strategy == Strategy::degrade && agent.wanted.heal.degrade) {
        degrade_operations(agent, reason);
        return;
    }
    if (*strategy == Strategy::rollback) { // there is nothing to go back to, or it may not
        strategy = Strategy::safe_restart;
    }
    if (!is_allowed(agent.wanted.heal, *strategy) ||
        (*strategy == Strategy::scale_up && why_no_more(agent))) {
        tell_heal(agent.name, "heal.advised",
                  {{"strategy", name_of(*strategy)}, {"reason", reason}});
        return;
    }
    {
        const std::lock_guard lock(mutex);
        agent.at_fault = agent.by_finding = true;
        agent.state = AgentState::degraded;
        agent.note = "degraded: " + reason;
    }
    ended(agent, agent.current->blueprint().file.digest, reason, *strategy);
}

// [operation held] What it was at fault for has passed.
void Supervisor::State::recover(Agent& agent) {
    if (!agent.wants_rollback.empty() && !agent.policy.exhausted()) {
        const std::lock_guard lock(mutex);
        agent.wants_rollback.clear();
    }
    if (!agent.by_finding || agent.healing) {
        return;
    }
    {
        const std::lock_guard lock(mutex);
        agent.by_finding = false;
        agent.planned.reset();
        if (agent.current && !agent.policy.exhausted()) {
            agent.at_fault = false;
            agent.state = AgentState::running;
            agent.note.clear();
        }
    }
    log.write(Level::info, "agent.recovered", {{"agent", agent.name}});
    tell_heal(agent.name, "heal.recovered", json::object());
}

// [operation held] Restarts did not help: less of it, or the version before; everybody is told.
void Supervisor::State::give_up_on(Agent& agent, const std::string& reason) {
    if (agent.wanted.heal.degrade) {
        degrade_operations(agent, reason);
    }
    static_cast<void>(offer_rollback(agent, reason));
}

// [operation held] Carried out, or waiting for approval; false when there is none to be had.
bool Supervisor::State::offer_rollback(Agent& agent, const std::string& reason) {
    if (agent.wanted.heal.rollback == "off" ||
        !rollback_target(agent, agent.wanted, RollbackOptions{})) {
        return false;
    }
    if (!agent.wants_rollback.empty()) {
        return true; // it has been said
    }
    if (agent.wanted.heal.rollback == "auto") {
        workers.post([this, name = agent.name, reason] {
            const auto outcome = roll_back(name, RollbackOptions{});
            const bool done = outcome && outcome->action != "failed";
            tell_heal(name, done ? "heal.done" : "heal.failed",
                      {{"strategy", "rollback"},
                       {"reason", reason},
                       {"text", outcome ? outcome->text : outcome.error().text()}});
        });
        return true;
    }
    {
        const std::lock_guard lock(mutex);
        agent.wants_rollback = reason;
    }
    log.write(Level::error, "agent.approval_wanted",
              {{"agent", agent.name}, {"strategy", "rollback"}, {"reason", reason}});
    tell_heal(agent.name, "heal.approval_wanted", {{"strategy", "rollback"}, {"reason", reason}});
    return true;
}

// [operation held] In its read-only mode, or with its critical operations alone.
void Supervisor::State::degrade_operations(Agent& agent, const std::string& reason) {
    if (!agent.current) {
        return;
    }
    agent.current->degrade(agent.wanted.heal.critical, reason,
                           [this, name = agent.name, reason](bool read_only) {
                               if (read_only && send) {
                                   send(name, "read_only",
                                        json{{"on", true}, {"reason", reason}}.dump(
                                            -1, ' ', false, json::error_handler_t::replace));
                               }
                               tell_heal(name, "heal.degraded",
                                         {{"strategy", "degrade"},
                                          {"mode", read_only ? "read_only" : "critical"},
                                          {"reason", reason}});
                           });
}

// [operation held]
void Supervisor::State::end_degradation(Agent& agent) {
    if (!agent.current) {
        return;
    }
    agent.current->end_degradation([this, name = agent.name] {
        if (send) {
            send(name, "read_only", R"({"on":false,"reason":""})");
        }
    });
}

// [operation held] When to look again at what was restarted without its state.
std::int64_t Supervisor::State::look_at_safe_restart(Agent& agent, std::int64_t now_ns) {
    if (!agent.safe || agent.healing) {
        return never;
    }
    if (now_ns < agent.safe->until_ns) {
        return agent.safe->until_ns;
    }
    auto safe = std::move(*agent.safe);
    agent.safe.reset();
    bool better = agent.current != nullptr;
    std::string text;
    for (const auto& result :
         examine(agent.wanted, figures_of(agent), safe.since, std::string("{}"))) {
        if ((result.name == "errors" || result.name == "latency") &&
            result.status != Health::healthy) {
            better = false;
            text = result.name + ": " + result.text;
        }
    }
    if (better) {
        tell_heal(agent.name, "heal.validated", {{"strategy", "safe_restart"}});
        return never;
    }
    agent.healing = true;
    const auto snapshot = std::make_shared<plugin::SavedState>(std::move(safe.snapshot));
    workers.post([this, &agent, snapshot, text] {
        Remake how;
        how.give = snapshot.get();
        const auto outcome = remake(agent, how);
        tell_heal(agent.name, outcome.action == "failed" ? "heal.failed" : "heal.state_restored",
                  {{"strategy", "safe_restart"}, {"reason", text}, {"text", outcome.text}});
        agent.healing = false;
        wake();
    });
    return never;
}

// [nothing held] A new generation of an agent, made as `how` says.
Outcome Supervisor::State::remake(Agent& agent, const Remake& how) {
    const auto config = wanted_config(agent.name);
    if (!config) {
        return {agent.name, "unchanged", agent.last_number, "it is not wanted any more"};
    }
    auto reload = begin_reload(agent.name, "heal");
    auto prepared = prepare_one(*config, reload);
    const OperationLock operation(agent, wake);
    if (!prepared) {
        return refuse(agent, "agent.load_refused", prepared.error(), reload, Ending::refused);
    }
    Attempt attempt{*config, std::move(*prepared), std::move(reload)};
    attempt.forced = true;
    attempt.config.replicas = replicas_for(agent, *config, how.strategy);
    how.apply(attempt, *config);
    return agent.current ? this->reload(agent, std::move(attempt))
                         : start(agent, std::move(attempt));
}

void Remake::apply(Attempt& attempt, const config::AgentConfig& config) const {
    attempt.with_state = strategy != Strategy::safe_restart;
    attempt.keep_snapshot = strategy == Strategy::safe_restart;
    attempt.give = give;
    if (strategy == Strategy::graceful_restart) {
        attempt.patience = config.heal.shutdown;
    }
}

Result<json> Supervisor::heal(const std::string& name, const std::string& reason, bool dry_run) {
    auto& state = *state_;
    if (is_service(name)) {
        return state.heal_service(name, reason, dry_run);
    }
    const auto strategy = strategy_for(reason);
    if (!strategy) {
        return fail(Errc::invalid, "heal", name, "not a reason: " + reason,
                    "one of " + known_reasons());
    }
    const auto found = state.find(name, "heal");
    if (!found) {
        return Failure(found.error());
    }
    const auto config = state.wanted_config(name);
    if (!config) {
        return fail(Errc::not_found, "heal", name, "no configuration and no plugin file names it");
    }
    json out{{"agent", name},
             {"reason", reason},
             {"strategy", name_of(*strategy)},
             {"automatic", is_allowed(config->heal, *strategy)},
             {"steps", steps_of(*strategy)},
             {"dry_run", dry_run}};
    if (dry_run) {
        return out;
    }
    auto outcome = state.carry_out_strategy(**found, *config, *strategy, reason);
    if (!outcome) {
        return Failure(outcome.error());
    }
    state.tell_heal(name, outcome->action == "failed" ? "heal.failed" : "heal.done",
                    {{"strategy", name_of(*strategy)},
                     {"reason", "by hand: " + reason},
                     {"generation", outcome->generation},
                     {"text", outcome->text}});
    out["action"] = outcome->action;
    out["generation"] = outcome->generation;
    out["text"] = outcome->text;
    return out;
}

// [nothing held]
Result<Outcome> Supervisor::State::carry_out_strategy(Agent& agent,
                                                      const config::AgentConfig& config,
                                                      Strategy strategy,
                                                      const std::string& reason) {
    switch (strategy) {
    case Strategy::restart:
    case Strategy::safe_restart:
    case Strategy::graceful_restart: {
        Remake how;
        how.strategy = strategy;
        return remake(agent, how);
    }
    case Strategy::dependency: {
        heal_dependencies(config);
        if (!agent.healing.exchange(true)) {
            carry_out_restart(agent);
        }
        const std::lock_guard lock(mutex);
        return Outcome{agent.name, std::string(name_of(agent.state)), agent.last_number,
                       agent.note};
    }
    case Strategy::rollback: return roll_back(agent.name, RollbackOptions{});
    case Strategy::degrade: {
        const OperationLock operation(agent, wake);
        if (!agent.current) {
            return fail(Errc::unavailable, "heal", agent.name, "nothing of it runs",
                        "noactl start " + agent.name);
        }
        degrade_operations(agent, reason);
        return Outcome{agent.name, "degraded", agent.last_number, ""};
    }
    case Strategy::scale_up: break;
    }
    {
        const OperationLock operation(agent, wake);
        if (const char* why = why_no_more(agent)) {
            return fail(Errc::refused, "scale up", agent.name, why,
                        "raise queue_size, or have its senders be slower");
        }
    }
    Remake how;
    how.strategy = strategy;
    return remake(agent, how);
}

// [operation held] Why it gets no replica more; null when it may.
const char* Supervisor::State::why_no_more(const Agent& agent) const {
    if (!agent.current || agent.current->config().run != "process") {
        return "only an agent with run = \"process\" has replicas";
    }
    if (agent.current->blueprint().facts.state_schema != 0) {
        return "it has a state, and replicas share none";
    }
    const auto most = agent.wanted.heal.scale_up;
    return agent.current->config().replicas >= most ? "it has as many replicas as heal.scale_up"
                                                    : nullptr;
}

// [operation held] What it was scaled up to stays, until its configuration changes.
std::uint32_t Supervisor::State::replicas_for(const Agent& agent, const config::AgentConfig& config,
                                              Strategy strategy) const {
    if (!agent.current || config.run != "process") {
        return config.replicas;
    }
    const auto now = std::max(config.replicas, agent.current->config().replicas);
    return strategy == Strategy::scale_up && why_no_more(agent) == nullptr ? now + 1 : now;
}

json Supervisor::approvals() const {
    const std::lock_guard lock(state_->mutex);
    auto list = json::array();
    for (const auto& [name, agent] : state_->agents) {
        if (!agent->wants_rollback.empty()) {
            list.push_back(
                {{"agent", name}, {"strategy", "rollback"}, {"reason", agent->wants_rollback}});
        }
    }
    return list;
}

Result<Outcome> Supervisor::approve(const std::string& name) {
    const auto found = state_->find(name, "approve");
    if (!found) {
        return Failure(found.error());
    }
    {
        const std::lock_guard lock(state_->mutex);
        if ((*found)->wants_rollback.empty()) {
            return fail(Errc::not_found, "approve", name, "nothing of it waits for approval",
                        "noactl approve lists what does");
        }
    }
    return state_->roll_back(name, RollbackOptions{});
}

} // namespace noa::supervise
