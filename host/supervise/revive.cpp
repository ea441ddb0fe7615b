// The next life of an agent whose process has ended: its inbox stays open meanwhile.
#include "base/clock.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

// What the generation before left to the current one, for those who follow when that ends by
// itself.
const plugin::SavedState* Supervisor::State::state_left(const Agent& agent) const {
    const bool readable = agent.left && agent.current->blueprint().facts.state_schema != 0;
    return readable ? agent.left.get() : nullptr;
}

void Supervisor::State::remember_left(Agent& agent, Result<plugin::SavedState>& state) {
    agent.left.reset();
    if (agent.current->config().run == "process" && state && state->schema() != 0) {
        agent.left = std::make_unique<plugin::SavedState>(std::move(*state));
    }
}

// [operation held] At once when the policy says so; else a worker does it when it is due.
void Supervisor::State::revive(Agent& agent, const std::string& reason) {
    const auto model = agent.current->blueprint();
    {
        const std::lock_guard lock(mutex);
        agent.at_fault = true;
        agent.state = AgentState::failed;
        agent.last_error = reason;
        agent.note = reason;
    }
    if (agent.probation) { // on its trial still, of which the next life begins anew
        const auto length = std::chrono::nanoseconds(model.config.probation);
        agent.probation->health.reset();
        agent.probation->until_ns = agent.probation->look_at_ns = monotonic_ns() + length.count();
    }
    ended(agent, model.file.digest, reason);
    if (!agent.planned || agent.planned->decision.step != RestartPolicy::Step::restart ||
        agent.planned->decision.due_ns > monotonic_ns()) {
        return;
    }
    const auto anew = run_again(agent);
    Outcome outcome{agent.name, anew ? "reloaded" : "failed", agent.last_number,
                    "created anew: " + reason};
    if (!anew) {
        outcome.text = anew.error().text();
        ended(agent, model.file.digest, outcome.text);
    }
    {
        const std::lock_guard lock(mutex);
        agent.note = outcome.text;
        agent.restarts += anew ? 1 : 0;
    }
    log.write(anew ? Level::warning : Level::error,
              anew ? "agent.recreated" : "agent.restart_failed",
              {{"agent", agent.name},
               {"generation", outcome.generation},
               {"reason", outcome.text},
               {"with_state", agent.left != nullptr}});
    tell_heal(agent.name, anew ? "heal.done" : "heal.failed",
              {{"strategy", "restart"},
               {"generation", outcome.generation},
               {"state", name_of(agent.state)},
               {"text", outcome.text},
               {"reason", reason}});
    announce(agent, outcome);
}

// What ended, on the state that was left to it, or without.
Result<void> Supervisor::State::run_again(Agent& agent) {
    const auto model = agent.current->blueprint();
    auto anew = recreate(agent, model, state_left(agent));
    if (!anew && state_left(agent) != nullptr) {
        log.error("agent.state_left_out", anew.error(), {{"agent", agent.name}}, Level::warning);
        agent.left.reset();
        anew = recreate(agent, model);
    }
    return anew;
}

// Its file cannot be had for a restart. Where there is only no room for a copy, what a process ran
// before is still there.
Outcome Supervisor::State::without_file(Agent& agent, const Error& why, Reload& reload) {
    const bool still_there =
        why.code == Errc::system && agent.current && agent.current->process_ended();
    if (!still_there || !run_again(agent)) {
        return refuse(agent, "agent.load_refused", why, reload, Ending::refused);
    }
    Outcome outcome{agent.name, "reloaded", agent.last_number, "as it was: " + why.text()};
    {
        const std::lock_guard lock(mutex);
        agent.note = outcome.text;
        agent.restarts += 1;
    }
    log.error("agent.recreated", why, {{"agent", agent.name}, {"generation", outcome.generation}},
              Level::warning);
    reload.end(Ending::recreated, why.text());
    announce(agent, outcome);
    return outcome;
}

} // namespace noa::supervise
