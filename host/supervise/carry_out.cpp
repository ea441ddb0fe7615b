// A checked change, carried out: stops first, then everything else in the order of dependencies.
#include <algorithm>

#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

// Read once, when the bus is opened.
bool needs_restart(const std::string& key) {
    return key == "max_message" || key == "spin" || key == "debounce" || key == "control_group";
}

// Reasons of the moment: the same bytes may do in a while.
bool may_pass(Errc code) {
    return code == Errc::busy || code == Errc::system;
}

} // namespace

// From here on this is what is wanted; of a change to some agents, only their part.
void Supervisor::State::put_in_force(const Proposal& proposal, const ApplyOptions& options) {
    for (const auto& each : proposal.plan.host) {
        if (options.only.empty() && needs_restart(each.key) && !first_change) {
            log.write(Level::warning, "host.restart_needed",
                      {{"key", "host." + each.key}, {"from", each.from}, {"to", each.to}});
        }
    }
    first_change = false;
    const std::lock_guard lock(mutex);
    if (options.only.empty()) {
        in_force = proposal.config;
        return;
    }
    for (const auto& name : options.only) {
        const auto wanted = proposal.config.agents.find(name);
        if (wanted != proposal.config.agents.end()) {
            in_force.agents[name] = wanted->second;
        } else {
            in_force.agents.erase(name);
        }
    }
    in_force.origins = proposal.config.origins;
}

std::vector<Outcome> Supervisor::State::carry_out(Proposal& proposal, const ApplyOptions& options) {
    put_in_force(proposal, options);
    if (options.only.empty()) {
        services.configure(proposal.config.services);
    }
    log.set_level(in_force.host.log.level);
    log.set_format(in_force.host.log.format);
    bus.traces().configure(in_force.host.traces.sampling, in_force.host.traces.keep);
    std::map<std::string, Outcome> outcomes;
    std::mutex outcomes_mutex;
    const auto one = [&](const std::string& name) {
        auto& work = proposal.work.at(name);
        auto& agent = agent_of(name);
        const OperationLock operation(agent, wake);
        if (options.progress && work.action != config::Action::keep) {
            options.progress(name, std::string(config::name_of(work.action)));
        }
        auto outcome = carry_out_one(agent, proposal, work, options.force);
        const std::lock_guard lock(outcomes_mutex);
        outcomes[name] = std::move(outcome);
    };
    // Stops in their order, then everything else level by level.
    for (const auto& planned : proposal.plan.agents) {
        if (planned.action == config::Action::stop) {
            one(planned.agent);
        }
    }
    std::set<std::string> done;
    std::vector<std::string> rest;
    for (const auto& planned : proposal.plan.agents) {
        if (outcomes.contains(planned.agent)) {
            done.insert(planned.agent);
        } else {
            rest.push_back(planned.agent);
        }
    }
    while (!rest.empty()) {
        std::vector<std::string> level;
        for (const auto& name : rest) {
            const auto agent = proposal.config.agents.find(name);
            const bool ready = agent == proposal.config.agents.end() ||
                               std::all_of(agent->second.depends_on.begin(),
                                           agent->second.depends_on.end(), [&](const auto& needed) {
                                               return done.contains(needed) ||
                                                      !proposal.config.agents.contains(needed);
                                           });
            if (ready) {
                level.push_back(name);
            }
        }
        if (level.empty()) { // a cycle was refused before; nothing may hang here in any case
            level = rest;
        }
        std::vector<std::function<void()>> jobs;
        jobs.reserve(level.size());
        for (const auto& name : level) {
            jobs.emplace_back([&one, &name] { one(name); });
        }
        run_side_by_side(std::move(jobs));
        for (const auto& name : level) {
            done.insert(name);
            std::erase(rest, name);
        }
    }
    std::vector<Outcome> list;
    for (const auto& planned : proposal.plan.agents) {
        if (options.concerns(planned.agent)) {
            list.push_back(std::move(outcomes[planned.agent]));
        }
    }
    return list;
}

void Supervisor::State::note_file(Agent& agent, bool gone) {
    static constexpr std::string_view is_gone =
        "its file is gone; it runs on from the private copy until an explicit reload";
    const std::lock_guard lock(mutex);
    if (!gone && agent.note == is_gone) {
        agent.note.clear();
    } else if (gone && agent.note.empty()) {
        agent.note = is_gone;
        log.write(
            Level::warning, "plugin.file_gone",
            {{"agent", agent.name}, {"file", agent.current->blueprint().file.source.string()}});
    }
}

// [operation held] The same thing is not looked at again on a mere hint, unless it was the machine
// that had no room, or no patience: then after a while, and ever longer ones.
Outcome Supervisor::State::turn_down(Agent& agent, const config::AgentConfig& config, Work& work) {
    constexpr std::int64_t first_ns = 1'000'000'000;
    constexpr std::int64_t longest_ns = 60 * first_ns;
    {
        const std::lock_guard lock(mutex);
        const auto* entry = catalog.find(config.plugin);
        agent.wanted = config;
        if (may_pass(work.refusal->code)) {
            agent.refused.clear();
            agent.try_again_after_ns =
                std::clamp(agent.try_again_after_ns * 2, first_ns, longest_ns);
            agent.try_again_at_ns = monotonic_ns() + agent.try_again_after_ns;
        } else {
            agent.refused = (entry != nullptr ? entry->digest : "") + "/" + config.identity();
            agent.try_again_at_ns = agent.try_again_after_ns = 0;
        }
    }
    wake(); // to hear when
    return work.reload
               ? refuse(agent, "agent.load_refused", *work.refusal, *work.reload, Ending::refused)
               : refuse(agent, "agent.load_refused", *work.refusal);
}

// [operation held]
Outcome Supervisor::State::carry_out_one(Agent& agent, Proposal& proposal, Work& work,
                                         bool forced) {
    if (work.refusal) {
        return turn_down(agent, proposal.config.agents.at(agent.name), work);
    }
    if (work.action != config::Action::keep) {
        const std::lock_guard lock(mutex);
        agent.try_again_at_ns = agent.try_again_after_ns = 0;
    }
    // Somebody may have stopped it since the plan was made.
    if (agent.current) {
        note_file(agent, work.file_gone);
    } else if (work.action == config::Action::retune) {
        work.action = config::Action::keep;
    }
    switch (work.action) {
    case config::Action::start:
    case config::Action::reload: {
        Attempt attempt{proposal.config.agents.at(agent.name), std::move(*work.prepared),
                        std::move(*work.reload)};
        attempt.forced = forced;
        begin_anew(agent);
        return agent.current ? reload(agent, std::move(attempt)) : start(agent, std::move(attempt));
    }
    case config::Action::retune: return retune(agent, proposal.config.agents.at(agent.name));
    case config::Action::stop: begin_anew(agent); return stop(agent, Stop::by_change);
    case config::Action::keep: break;
    }
    return {agent.name, "unchanged", agent.last_number, agent.note};
}

} // namespace noa::supervise
