// A generation on trial is at fault: back to what ran before, with as much of today's state as can
// be read, and a word about what was lost.
#include "base/clock.hpp"
#include "noa/plugin.h"
#include "supervise/state.hpp"

namespace noa::supervise {

bool can_read(const Blueprint& reader, const plugin::SavedState& state) {
    return state.schema() == 0 || (state.schema() >= reader.facts.oldest_state_schema &&
                                   state.schema() <= reader.facts.state_schema);
}

void Supervisor::State::reject(const std::string& agent, const Blueprint& blueprint,
                               const std::string& reason) {
    auto written = ledger->update(agent, Durable::yes, [&](LedgerPage& page) {
        page.reject({blueprint.file.digest, blueprint.facts.version,
                     reason.substr(0, std::min<std::size_t>(reason.size(), 500)), unix_ns()});
    });
    if (!written) {
        log.error("ledger.not_written", written.error(), {{"agent", agent}}, Level::warning);
    }
}

Outcome Supervisor::State::go_back(Agent& agent, const std::string& reason) {
    auto probation = std::move(agent.probation);
    auto& failed = *agent.current;
    failed.end_trial();
    const auto blueprint = failed.blueprint();
    log.write(Level::error, "agent.fault",
              {{"agent", agent.name}, {"generation", blueprint.number}, {"reason", reason}});
    if ((blueprint.facts.flags & NOA_PLUGIN_NO_ROLLBACK) != 0) {
        return degrade(agent, *probation, reason + "; its plugin cannot be rolled back");
    }
    const bool same_code =
        probation->former && probation->former->blueprint().file.digest == blueprint.file.digest;
    if (!same_code) { // of settings that do not do, the digest is innocent
        reject(agent.name, blueprint, reason);
    }
    if (!probation->former && ledger->page(agent.name).fallback() == nullptr) {
        return degrade(agent, *probation, reason + "; there is no version to go back to");
    }
    auto rest = failed.quiesce(failed.config().quiesce_timeout, true);
    if (!rest && !failed.lost()) {
        return degrade(agent, *probation, reason + "; " + rest.error().text());
    }
    const auto state =
        rest ? std::move(rest->state) : Result<plugin::SavedState>(Failure(rest.error()));
    {
        const std::lock_guard lock(mutex);
        agent.refused = blueprint.file.digest + "/" + blueprint.config.identity();
        agent.last_error = reason;
    }
    Outcome outcome{agent.name, "reloaded", 0, reason};
    auto ending = Ending::swapped_back;
    if (!swap_back(agent, *probation, state)) {
        ending = Ending::recreated;
        const auto anew = [&] {
            if (!probation->former) {
                return start_fallback(agent);
            }
            auto made = recreate(agent, probation->former->blueprint());
            Generation::retire(std::move(probation->former));
            return made;
        }();
        if (!anew) {
            return degrade(agent, *probation, reason + "; " + anew.error().text());
        }
        if (blueprint.facts.state_schema != 0) {
            outcome.text += "; the state that generation " + std::to_string(blueprint.number) +
                            " held in memory is lost";
        }
    }
    outcome.generation = agent.current->blueprint().number;
    {
        const std::lock_guard lock(mutex);
        agent.note = "generation " + std::to_string(blueprint.number) + " (" +
                     blueprint.facts.version + ") was undone: " + outcome.text;
    }
    log.set_agent_level(agent.name, agent.current->config().log_level);
    log.write(Level::warning, "agent.went_back",
              {{"agent", agent.name},
               {"from", blueprint.number},
               {"to", outcome.generation},
               {"how", name_of(ending)},
               {"reason", outcome.text}});
    probation->reload.end(ending, outcome.text);
    announce(agent, outcome);
    return outcome;
}

// False: the former generation cannot go on from that state, and nothing has changed.
bool Supervisor::State::swap_back(Agent& agent, Probation& probation,
                                  const Result<plugin::SavedState>& state) {
    if (!probation.former || !state || !can_read(probation.former->blueprint(), *state)) {
        return false;
    }
    if (auto back = probation.former->take_up_again(&*state); !back) {
        log.error("agent.lost", back.error(), {{"agent", agent.name}}, Level::warning);
        return false;
    }
    std::unique_ptr<Generation> failed;
    {
        const std::lock_guard lock(mutex);
        failed = std::exchange(agent.current, std::move(probation.former));
        agent.state = AgentState::running;
        agent.at_fault = false;
    }
    note_started(agent);
    Generation::retire(std::move(failed));
    return true;
}

// A new generation of known code, without a state or with that one, in the place of the current
// one, which is at rest or beyond help and goes.
Result<void> Supervisor::State::recreate(Agent& agent, const Blueprint& model,
                                         const plugin::SavedState* state) {
    auto blueprint = model;
    blueprint.number = agent.last_number + 1;
    auto staged = loader->stage_again(model.file, agent.name);
    // Where there is no room for another copy, what lives in a process can do without.
    const bool same_file = !staged && agent.current->process_ended() &&
                           agent.current->blueprint().file.path == model.file.path;
    if (!staged && !same_file) {
        return Failure(staged.error());
    }
    if (staged) {
        blueprint.file = std::move(*staged);
    }
    blueprint.owns_file = !same_file;
    auto made = Generation::load(around, std::move(blueprint));
    if (!made) {
        return Failure(made.error());
    }
    if (auto started = (*made)->start(state); !started) {
        Generation::retire(std::move(*made));
        return started;
    }
    std::unique_ptr<Generation> gone;
    {
        const std::lock_guard lock(mutex);
        agent.last_number = (*made)->blueprint().number;
        gone = std::exchange(agent.current, std::move(*made));
        agent.state = AgentState::running;
        agent.at_fault = false;
    }
    if (same_file) {
        agent.current->take_file_over(*gone);
    }
    note_started(agent);
    Generation::retire(std::move(gone));
    return {};
}

// What runs cannot go on; its own copy is good.
Result<void> Supervisor::State::recreate_lost(Agent& agent) {
    const auto model = agent.current->blueprint();
    auto anew = recreate(agent, model);
    if (anew) {
        return anew;
    }
    end_probation(agent, Ending::degraded, anew.error().text());
    std::unique_ptr<Generation> gone;
    {
        const std::lock_guard lock(mutex);
        gone = std::move(agent.current);
        agent.state = AgentState::failed;
        agent.last_error = anew.error().text();
    }
    gone->abandon_inbox();
    Generation::retire(std::move(gone));
    ended(agent, model.file.digest, anew.error().text());
    return anew;
}

void Supervisor::State::act_on(const Fault& fault) {
    auto& agent = agent_of(fault.agent);
    const OperationLock operation(agent, wake);
    if (!agent.current || agent.current->blueprint().number != fault.generation) {
        return;
    }
    const bool another_to_run = agent.probation && (agent.probation->former ||
                                                    ledger->page(agent.name).fallback() != nullptr);
    if (agent.probation && (another_to_run || !agent.current->process_ended())) {
        static_cast<void>(go_back(agent, fault.reason));
        return;
    }
    if (!agent.current->lost()) {
        return;
    }
    log.write(Level::error, "agent.lost", {{"agent", agent.name}, {"reason", fault.reason}});
    if (agent.current->process_ended()) {
        revive(agent, fault.reason);
        return;
    }
    auto anew = recreate_lost(agent);
    Outcome outcome{agent.name, anew ? "reloaded" : "failed", agent.last_number,
                    anew ? "created anew: " + fault.reason : anew.error().text()};
    {
        const std::lock_guard lock(mutex);
        agent.note = anew ? outcome.text : agent.note;
    }
    log.write(
        anew ? Level::warning : Level::error, anew ? "agent.recreated" : "agent.failed",
        {{"agent", agent.name}, {"generation", outcome.generation}, {"reason", outcome.text}});
    announce(agent, outcome);
}

// Last known good, when the one on trial had no predecessor in this life of the host.
Result<void> Supervisor::State::start_fallback(Agent& agent) {
    const auto page = ledger->page(agent.name);
    const auto* version = page.fallback();
    if (version == nullptr) {
        return fail(Errc::not_found, "go back", agent.name, "no version was ever confirmed");
    }
    std::chrono::milliseconds timeout{0};
    {
        const std::lock_guard lock(mutex);
        timeout = in_force.host.probe_timeout;
    }
    const auto config = agent.current->config();
    auto prepared =
        loader->prepare(entry_of_kept(agent.name, *version), config, timeout, [](const char*) {});
    if (!prepared) {
        return Failure(prepared.error());
    }
    const Blueprint model{config, prepared->file, prepared->facts, 0};
    auto made = recreate(agent, model);
    plugin::StageDir::remove(prepared->file);
    return made;
}

// It stays as it is, or takes up again what it was made to let go of, and everybody is told.
Outcome Supervisor::State::degrade(Agent& agent, Probation& probation, const std::string& reason) {
    if (probation.former) {
        Generation::retire(std::move(probation.former));
    }
    Result<void> up;
    if (agent.current->at_rest()) {
        up = agent.current->take_up_again(nullptr);
    }
    Outcome outcome{agent.name, "failed", agent.current->blueprint().number, reason};
    const auto digest = agent.current->blueprint().file.digest;
    std::unique_ptr<Generation> gone;
    {
        const std::lock_guard lock(mutex);
        agent.last_error = reason;
        agent.note = "degraded: " + reason;
        agent.state = up ? AgentState::degraded : AgentState::failed;
        agent.at_fault = true;
        if (!up) {
            gone = std::move(agent.current);
        }
    }
    if (gone) {
        gone->abandon_inbox();
        Generation::retire(std::move(gone));
    }
    log.write(Level::error, "agent.degraded", {{"agent", agent.name}, {"reason", reason}});
    probation.reload.end(Ending::degraded, reason);
    announce(agent, outcome);
    ended(agent, digest, reason);
    return outcome;
}

} // namespace noa::supervise
