// From one life of the host to the next: what a stop leaves, and the start that goes on from it.
#include "supervise/state.hpp"

namespace noa::supervise {

// What there is for the generation that starts; what it cannot use is put aside, and said.
Checkpoint Supervisor::State::find_checkpoint(const Agent& agent, const Blueprint& blueprint) {
    auto found = checkpoints.read(agent.name, bus.routes());
    if (!found) {
        log.error("agent.checkpoint_refused", found.error(),
                  {{"agent", agent.name}, {"kept", checkpoints.put_aside(agent.name).string()}});
        return {};
    }
    if (!*found) {
        return {};
    }
    auto checkpoint = std::move(**found);
    if (!can_read(blueprint, checkpoint.state)) {
        const auto aside = checkpoints.put_state_aside(agent.name, bus.routes());
        log.write(Level::error, "agent.state_put_aside",
                  {{"agent", agent.name},
                   {"schema", checkpoint.state.schema()},
                   {"left_by", checkpoint.version},
                   {"version", blueprint.facts.version},
                   {"reads_from", blueprint.facts.oldest_state_schema},
                   {"reads_to", blueprint.facts.state_schema},
                   {"kept", aside ? aside->string() : aside.error().text()}});
        checkpoint.state = {};
    }
    return checkpoint;
}

Result<void> Supervisor::State::start_from_checkpoint(Agent& agent, Generation& made) {
    auto checkpoint = find_checkpoint(agent, made.blueprint());
    if (checkpoint.empty()) {
        return made.start(nullptr);
    }
    const bool with_state = checkpoint.state.schema() != 0;
    const auto messages = checkpoint.messages.size();
    auto started = made.start(with_state ? &checkpoint.state : nullptr,
                              Generation::Arena::handed_over, std::move(checkpoint.messages));
    if (!started && with_state) { // perhaps because of it: the next attempt is one without
        const auto aside = checkpoints.put_state_aside(agent.name, bus.routes());
        log.write(Level::error, "agent.state_put_aside",
                  {{"agent", agent.name},
                   {"schema", checkpoint.state.schema()},
                   {"left_by", checkpoint.version},
                   {"reason", started.error().text()},
                   {"kept", aside ? aside->string() : aside.error().text()}});
    }
    if (!started) {
        return started;
    }
    checkpoints.remove(agent.name);
    log.write(Level::info, "agent.resumed",
              {{"agent", agent.name},
               {"state_bytes", checkpoint.state.size()},
               {"messages", messages},
               {"left_by", checkpoint.version}});
    if (made.config().run == "process" && with_state) {
        agent.left = std::make_unique<plugin::SavedState>(std::move(checkpoint.state));
    }
    return {};
}

// [the host stops] What it had, whether it came to rest or its process had ended before.
void Supervisor::State::leave_checkpoint(const Agent& agent, Result<Generation::Rest>& quiet) {
    Checkpoint left;
    left.version = agent.current->blueprint().facts.version;
    if (quiet && quiet->state) {
        left.state = std::move(*quiet->state);
    } else if (quiet) {
        log.error("agent.state_lost", quiet->state.error(), {{"agent", agent.name}});
    } else if (agent.left) {
        left.state = std::move(*agent.left);
    }
    agent.current->abandon_inbox(&left.messages, Checkpoint::max_messages_bytes);
    if (auto written = checkpoints.write(agent.name, left); !written) {
        log.error("agent.checkpoint_not_written", written.error(),
                  {{"agent", agent.name},
                   {"state_bytes", left.state.size()},
                   {"messages", left.messages.size()}});
    }
}

} // namespace noa::supervise
