// One agent from one generation to the next.
#include "base/clock.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

std::string fingerprint(const std::string& digest, const config::AgentConfig& config) {
    return digest + "/" + config.identity();
}

} // namespace

std::string_view name_of(AgentState state) noexcept {
    switch (state) {
    case AgentState::stopped: return "stopped";
    case AgentState::starting: return "starting";
    case AgentState::running: return "running";
    case AgentState::reloading: return "reloading";
    case AgentState::stopping: return "stopping";
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
        agent.state = agent.current ? AgentState::running : AgentState::failed;
    }
    log.error(event, error, {{"agent", agent.name}, {"running", agent.current != nullptr}});
    announce(agent, outcome);
    return outcome;
}

Outcome Supervisor::State::start(Agent& agent, const config::AgentConfig& config,
                                 Prepared prepared) {
    {
        const std::lock_guard lock(mutex);
        agent.state = AgentState::starting;
        agent.wanted = config;
        agent.refused = fingerprint(prepared.file.digest, config);
        agent.stopped_by_hand = false;
    }
    // The configuration in force names it, so that nobody outside can take the name any more.
    if (served_outside && served_outside(agent.name)) {
        plugin::StageDir::remove(prepared.file);
        return refuse(agent, "agent.start_failed",
                      Error{Errc::busy, "start agent", agent.name,
                            "a program outside serves under that name",
                            "stop it, then `noactl start " + agent.name + "`"});
    }
    const auto number = agent.last_number + 1;
    auto made = Generation::load(
        around, {config, std::move(prepared.file), std::move(prepared.facts), number});
    if (!made) {
        return refuse(agent, "agent.start_failed", made.error());
    }
    log.set_agent_level(agent.name, config.log_level);
    if (auto started = (*made)->start(nullptr); !started) {
        Generation::retire(std::move(*made));
        return refuse(agent, "agent.start_failed", started.error());
    }
    (*made)->confirm();
    Outcome outcome{agent.name, "started", number, ""};
    {
        const std::lock_guard lock(mutex);
        agent.current = std::move(*made);
        agent.last_number = number;
        agent.state = AgentState::running;
        agent.last_error.clear();
        agent.refused.clear();
        agent.note.clear();
    }
    const auto& blueprint = agent.current->blueprint();
    log.write(Level::info, "agent.started",
              {{"agent", agent.name},
               {"generation", number},
               {"version", blueprint.facts.version},
               {"file", blueprint.file.source.string()}});
    announce(agent, outcome);
    return outcome;
}

Outcome Supervisor::State::reload(Agent& agent, const config::AgentConfig& config,
                                  Prepared prepared, bool with_state) {
    {
        const std::lock_guard lock(mutex);
        agent.state = AgentState::reloading;
        agent.wanted = config;
        agent.refused = fingerprint(prepared.file.digest, config);
    }
    const auto number = agent.last_number + 1;
    auto made = Generation::load(
        around, {config, std::move(prepared.file), std::move(prepared.facts), number});
    if (!made) {
        return refuse(agent, "agent.reload_failed", made.error());
    }
    auto& old = *agent.current;
    const auto held_since = monotonic_ns();
    if (auto quiet = old.quiesce(agent.current->config().quiesce_timeout); !quiet) {
        Generation::retire(std::move(*made));
        return refuse(agent, "agent.reload_failed", quiet.error());
    }
    // From here on the old one is quiet: every way back goes through take_up_again.
    Result<void> switched;
    if (with_state) {
        auto state = old.save();
        switched = state ? (*made)->start(&*state) : Result<void>(Failure(state.error()));
    } else {
        switched = (*made)->start(nullptr);
    }
    if (!switched) {
        Generation::retire(std::move(*made));
        if (auto back = old.take_up_again(); !back) {
            log.error("agent.lost", back.error(), {{"agent", agent.name}});
            old.abandon_inbox();
            Generation::retire([&] {
                const std::lock_guard lock(mutex);
                return std::move(agent.current);
            }());
        }
        return refuse(agent, "agent.reload_failed", switched.error());
    }
    Outcome outcome{agent.name, "reloaded", number, "", monotonic_ns() - held_since};
    (*made)->confirm();
    log.set_agent_level(agent.name, config.log_level);
    std::unique_ptr<Generation> retired;
    {
        const std::lock_guard lock(mutex);
        retired = std::exchange(agent.current, std::move(*made));
        agent.last_number = number;
        agent.state = AgentState::running;
        ++agent.reloads;
        agent.last_pause_ns = outcome.pause_ns;
        agent.last_error.clear();
        agent.refused.clear();
        agent.note.clear();
    }
    Generation::retire(std::move(retired));
    const auto& blueprint = agent.current->blueprint();
    log.write(Level::info, "agent.reloaded",
              {{"agent", agent.name},
               {"generation", number},
               {"version", blueprint.facts.version},
               {"pause_us", outcome.pause_ns / 1000}});
    announce(agent, outcome);
    return outcome;
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

Outcome Supervisor::State::stop(Agent& agent, bool by_hand) {
    {
        const std::lock_guard lock(mutex);
        agent.stopped_by_hand = by_hand;
        if (!agent.current) {
            agent.state = AgentState::stopped;
            return {agent.name, "unchanged", agent.last_number, "it was not running"};
        }
        agent.state = AgentState::stopping;
    }
    auto& inbox = agent.current->lane().endpoint().inbox();
    inbox.set_state(bus::Inbox::State::stopped); // nothing new; what is accepted is still handled
    agent.current->work_off(agent.current->config().quiesce_timeout);
    Outcome outcome{agent.name, "stopped", agent.last_number, ""};
    if (auto quiet = agent.current->quiesce(agent.current->config().quiesce_timeout); !quiet) {
        agent.current->give_up_on();
        outcome.text = quiet.error().text();
        log.error("agent.stop_forced", quiet.error(), {{"agent", agent.name}}, Level::warning);
    } else {
        agent.current->abandon_inbox();
    }
    std::unique_ptr<Generation> retired;
    {
        const std::lock_guard lock(mutex);
        retired = std::move(agent.current);
        agent.state = AgentState::stopped;
    }
    Generation::retire(std::move(retired));
    log.write(Level::info, "agent.stopped", {{"agent", agent.name}});
    announce(agent, outcome);
    return outcome;
}

} // namespace noa::supervise
