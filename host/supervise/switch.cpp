// One agent from one generation to the next.
#include "base/clock.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

// A state of another time is not for what lies in the arena now.
Generation::Arena arena_for(const Attempt& attempt) noexcept {
    return attempt.with_state && attempt.give == nullptr ? Generation::Arena::handed_over
                                                         : Generation::Arena::anew;
}

std::string fingerprint(const std::string& digest, const config::AgentConfig& config) {
    return digest + "/" + config.identity();
}

} // namespace

std::string_view name_of(AgentState state) noexcept {
    switch (state) {
    case AgentState::stopped: return "stopped";
    case AgentState::waiting: return "waiting";
    case AgentState::starting: return "starting";
    case AgentState::running: return "running";
    case AgentState::reloading: return "reloading";
    case AgentState::stopping: return "stopping";
    case AgentState::degraded: return "degraded";
    case AgentState::failed: return "failed";
    }
    return "failed";
}

void Supervisor::State::announce(const Agent& agent, const Outcome& outcome) {
    const nlohmann::json event{{"agent", agent.name},
                               {"action", outcome.action},
                               {"generation", outcome.generation},
                               {"text", outcome.text},
                               {"pause_ns", outcome.pause_ns}};
    bus.announce("host.agent." + agent.name, event.dump());
}

Outcome Supervisor::State::refuse(Agent& agent, const char* event, const Error& error) {
    Outcome outcome{agent.name, "failed", agent.last_number, error.text()};
    {
        const std::lock_guard lock(mutex);
        agent.last_error = outcome.text;
        agent.state = !agent.current || agent.current->process_ended() ? AgentState::failed
                      : agent.at_fault                                 ? AgentState::degraded
                                                                       : AgentState::running;
    }
    log.error(event, error, {{"agent", agent.name}, {"running", agent.current != nullptr}});
    announce(agent, outcome);
    return outcome;
}

Outcome Supervisor::State::refuse(Agent& agent, const char* event, const Error& error,
                                  Reload& reload, Ending ending) {
    reload.end(ending, error.text());
    return refuse(agent, event, error);
}

Outcome Supervisor::State::start(Agent& agent, Attempt attempt) {
    {
        const std::lock_guard lock(mutex);
        agent.state = AgentState::starting;
        agent.wanted = attempt.config;
        agent.refused = fingerprint(attempt.prepared.file.digest, attempt.config);
        agent.stopped_by_hand = false;
    }
    // The configuration in force names it, so that nobody outside can take the name any more.
    if (served_outside && served_outside(agent.name)) {
        plugin::StageDir::remove(attempt.prepared.file);
        return refuse(agent, "agent.start_failed",
                      Error{Errc::busy, "start agent", agent.name,
                            "a program outside serves under that name",
                            "stop it, then `noactl start " + agent.name + "`"},
                      attempt.reload, Ending::refused);
    }
    if (const auto missing = missing_for(attempt.config); !missing.empty()) {
        return wait_for_others(agent, attempt, missing);
    }
    const auto digest = attempt.prepared.file.digest;
    const auto failed = [&](const Error& error) {
        auto outcome = refuse(agent, "agent.start_failed", error, attempt.reload, Ending::refused);
        ended(agent, digest, outcome.text);
        return outcome;
    };
    auto made = load_beside(agent, attempt);
    if (!made) {
        return failed(made.error());
    }
    attempt.reload.enter(Phase::switch_over);
    if (auto started = start_from_checkpoint(agent, **made); !started) {
        Generation::retire(std::move(*made));
        return failed(started.error());
    }
    Outcome outcome{agent.name, "started", (*made)->blueprint().number, ""};
    adopt(agent, attempt, std::move(*made));
    const auto& blueprint = agent.current->blueprint();
    log.write(Level::info, "agent.started",
              {{"agent", agent.name},
               {"generation", outcome.generation},
               {"version", blueprint.facts.version},
               {"file", blueprint.file.source.string()}});
    announce(agent, outcome);
    return outcome;
}

Result<std::unique_ptr<Generation>> Supervisor::State::load_beside(const Agent& agent,
                                                                   Attempt& attempt) {
    std::uint32_t max_pinned = 0;
    {
        const std::lock_guard lock(mutex);
        max_pinned = in_force.host.max_pinned;
    }
    if (const auto pinned = leftovers.pins().size(); pinned >= max_pinned) {
        plugin::StageDir::remove(attempt.prepared.file);
        return fail(Errc::refused, "load agent", agent.name,
                    std::to_string(pinned) + " libraries could not be unloaded, and no more than " +
                        std::to_string(max_pinned) + " may stay",
                    "restart the host; `noactl status` says which and why");
    }
    const auto number = agent.last_number + 1;
    attempt.reload.set_generation(number);
    attempt.reload.enter(Phase::load);
    auto made = Generation::load(around, {attempt.config, std::move(attempt.prepared.file),
                                          std::move(attempt.prepared.facts), number});
    if (made && attempt.config.probation.count() != 0) {
        (*made)->begin_trial(attempt.config.probation_defects); // its first delivery counts
    }
    return made;
}

// New settings on unchanged code, taken by the generation that runs; nothing when it cannot.
std::optional<Outcome> Supervisor::State::take_live(Agent& agent, Attempt& attempt) {
    auto& current = *agent.current;
    const auto& running = current.config();
    const auto& wanted = attempt.config;
    if (attempt.forced || !attempt.with_state ||
        attempt.prepared.file.digest != current.blueprint().file.digest ||
        running.settings == wanted.settings || running.plugin != wanted.plugin ||
        running.run != wanted.run || !current.takes_live_settings()) {
        return std::nullopt;
    }
    if (auto taken = current.reconfigure(wanted); !taken) {
        log.error("agent.reconfigure_refused", taken.error(), {{"agent", agent.name}}, Level::info);
        return std::nullopt;
    }
    plugin::StageDir::remove(attempt.prepared.file);
    {
        const std::lock_guard lock(mutex);
        current.retune(wanted);
        agent.state = agent.at_fault ? AgentState::degraded : AgentState::running;
        agent.last_error.clear();
        agent.refused.clear();
    }
    log.set_agent_level(agent.name, wanted.log_level);
    log.write(Level::info, "agent.reconfigured", {{"agent", agent.name}});
    attempt.reload.end(Ending::reconfigured);
    Outcome outcome{agent.name, "reconfigured", agent.last_number, ""};
    announce(agent, outcome);
    return outcome;
}

Result<Supervisor::State::Quiet> Supervisor::State::bring_to_rest(Generation& old,
                                                                  const Attempt& attempt) {
    if (!old.process_ended()) {
        auto rest = old.quiesce(std::max(old.config().quiesce_timeout, attempt.patience),
                                attempt.with_state || attempt.keep_snapshot);
        if (rest) {
            return Quiet{std::move(*rest), false};
        }
        if (!old.process_ended()) {
            return Failure(rest.error());
        }
    }
    return Quiet{Generation::Rest{}, true};
}

const plugin::SavedState* Supervisor::State::state_to_give(const Agent& agent,
                                                           const Attempt& attempt,
                                                           const Quiet& quiet) const {
    if (attempt.give != nullptr || !attempt.with_state) {
        return attempt.give;
    }
    return quiet.ended ? state_left(agent) : quiet.rest.state ? &*quiet.rest.state : nullptr;
}

Outcome Supervisor::State::reload(Agent& agent, Attempt attempt) {
    {
        const std::lock_guard lock(mutex);
        agent.state = AgentState::reloading;
        agent.wanted = attempt.config;
        agent.refused = fingerprint(attempt.prepared.file.digest, attempt.config);
    }
    if (auto live = take_live(agent, attempt)) {
        return *live;
    }
    attempt.former_health = ask_health(*agent.current);
    auto made = load_beside(agent, attempt);
    if (!made) {
        return refuse(agent, "agent.reload_failed", made.error(), attempt.reload, Ending::refused);
    }
    attempt.reload.enter(Phase::switch_over);
    auto& old = *agent.current;
    auto& inbox = old.lane().endpoint().inbox();
    const auto held_since = monotonic_ns();
    auto quiet = bring_to_rest(old, attempt);
    if (!quiet) {
        Generation::retire(std::move(*made));
        return old.lost() ? undo_switch(agent, attempt, quiet.error())
                          : refuse(agent, "agent.reload_failed", quiet.error(), attempt.reload,
                                   Ending::cancelled);
    }
    // From here on the old one is quiet: every way back goes through undo_switch.
    const auto held = inbox.depth();
    auto& state = quiet->rest.state;
    auto switched = state
                        ? (*made)->start(state_to_give(agent, attempt, *quiet), arena_for(attempt))
                        : Result<void>(Failure(state.error()));
    if (!switched && quiet->ended) {
        Generation::retire(std::move(*made));
        return refuse(agent, "agent.reload_failed", switched.error(), attempt.reload,
                      Ending::refused);
    }
    if (!switched) {
        Generation::retire(std::move(*made));
        return undo_switch(agent, attempt, switched.error());
    }
    const auto pause_ns = monotonic_ns() - held_since;
    attempt.reload.set_switched(pause_ns, held, quiet->rest.taken_back);
    Outcome outcome{agent.name, "reloaded", (*made)->blueprint().number, "", pause_ns};
    {
        const std::lock_guard lock(mutex);
        ++agent.reloads;
        agent.last_pause_ns = pause_ns;
    }
    adopt(agent, attempt, std::move(*made));
    agent.safe.reset();
    if (attempt.keep_snapshot && !quiet->ended) {
        agent.safe =
            SafeWatch{monotonic_ns() + std::chrono::nanoseconds(attempt.config.heal.watch).count(),
                      figures_of(agent), std::move(*state)};
    } else if (!quiet->ended) {
        remember_left(agent, state);
    }
    log.write(Level::info, "agent.reloaded",
              {{"agent", agent.name},
               {"generation", outcome.generation},
               {"version", agent.current->blueprint().facts.version},
               {"pause_us", pause_ns / 1000}});
    announce(agent, outcome);
    return outcome;
}

// The new one failed before its first delivery, or was not wanted any more. The old one takes up
// where it stopped, or else is created anew from its own copy.
Outcome Supervisor::State::undo_switch(Agent& agent, Attempt& attempt, const Error& why) {
    auto back = agent.current->take_up_again(nullptr);
    if (back) {
        return refuse(agent, "agent.reload_failed", why, attempt.reload, Ending::undone);
    }
    log.error("agent.lost", back.error(), {{"agent", agent.name}});
    const bool had_state = agent.current->blueprint().facts.state_schema != 0;
    if (auto anew = recreate_lost(agent); !anew) {
        return refuse(agent, "agent.reload_failed", anew.error(), attempt.reload, Ending::degraded);
    }
    auto error = why;
    error.advice = "the former generation could not take up again and was created anew" +
                   std::string(had_state ? ", without its state" : "");
    return refuse(agent, "agent.reload_failed", error, attempt.reload, Ending::recreated);
}

void Supervisor::State::adopt(Agent& agent, Attempt& attempt, std::unique_ptr<Generation> made) {
    log.set_agent_level(agent.name, attempt.config.log_level);
    end_probation(agent, Ending::superseded,
                  "generation " + std::to_string(made->blueprint().number) + " followed");
    std::unique_ptr<Generation> former;
    const bool was_at_fault = agent.at_fault;
    {
        const std::lock_guard lock(mutex);
        agent.last_number = made->blueprint().number;
        former = std::exchange(agent.current, std::move(made));
        agent.state = AgentState::running;
        agent.at_fault = false;
        agent.last_error.clear();
        agent.refused.clear();
        agent.note.clear();
    }
    note_started(agent);
    if (former) {
        former->withdraw_routes();
        if (was_at_fault && former->blueprint().file.digest ==
                                agent.current->blueprint().file.digest) { // no better to go back to
            Generation::retire(std::move(former));
        }
    }
    begin_probation(agent, attempt, std::move(former));
}

Outcome Supervisor::State::retune(Agent& agent, const config::AgentConfig& config) {
    {
        const std::lock_guard lock(mutex);
        agent.wanted = config;
        agent.current->retune(config);
    }
    log.set_agent_level(agent.name, config.log_level);
    log.write(Level::info, "agent.retuned", {{"agent", agent.name}});
    return {agent.name, "retuned", agent.last_number, ""};
}

Outcome Supervisor::State::stop(Agent& agent, Stop why) {
    {
        const std::lock_guard lock(mutex);
        agent.stopped_by_hand = why == Stop::by_hand;
        if (!agent.current) {
            agent.state = AgentState::stopped;
            return {agent.name, "unchanged", agent.last_number, "it was not running"};
        }
        agent.state = AgentState::stopping;
    }
    end_probation(agent, Ending::stopped, "the agent was stopped");
    auto& inbox = agent.current->lane().endpoint().inbox();
    inbox.set_state(bus::Inbox::State::stopped); // nothing new; what is accepted is still handled
    if (!agent.current->lost()) {
        agent.current->work_off(agent.current->config().quiesce_timeout);
    }
    Outcome outcome{agent.name, "stopped", agent.last_number, ""};
    const bool goes_on = why == Stop::with_host; // in the next life of the host
    auto quiet = agent.current->quiesce(agent.current->config().quiesce_timeout, goes_on);
    if (!quiet && !agent.current->lost()) {
        agent.current->give_up_on();
        outcome.text = quiet.error().text();
        log.error("agent.stop_forced", quiet.error(), {{"agent", agent.name}}, Level::warning);
    } else if (goes_on) {
        leave_checkpoint(agent, quiet);
    } else {
        agent.current->abandon_inbox();
    }
    std::unique_ptr<Generation> retired;
    {
        const std::lock_guard lock(mutex);
        retired = std::move(agent.current);
        agent.state = AgentState::stopped;
        agent.left.reset();
    }
    Generation::retire(std::move(retired));
    log.write(Level::info, "agent.stopped", {{"agent", agent.name}});
    announce(agent, outcome);
    return outcome;
}

} // namespace noa::supervise
