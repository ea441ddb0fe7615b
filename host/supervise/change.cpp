// A change of the whole: read all, check all, then carry out.
#include <algorithm>
#include <thread>

#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

constexpr std::size_t max_side_by_side = 8;

bool chosen(const ApplyOptions& options, const std::string& agent) {
    return options.only.empty() ||
           std::find(options.only.begin(), options.only.end(), agent) != options.only.end();
}

// Read once, when the bus is opened.
bool needs_restart(const std::string& key) {
    return key == "max_message" || key == "spin" || key == "debounce";
}

const char* cause_of(const Work& work, const ApplyOptions& options) {
    return options.force ? "forced" : work.settings_changed ? "settings" : "file";
}

bool needs_code(config::Action action) {
    return action == config::Action::start || action == config::Action::reload;
}

} // namespace

void run_side_by_side(std::vector<std::function<void()>> jobs) {
    if (jobs.size() == 1) {
        jobs.front()();
        return;
    }
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(jobs.size(), max_side_by_side); ++i) {
        threads.emplace_back([&] {
            for (auto at = next++; at < jobs.size(); at = next++) {
                jobs[at]();
            }
        });
    }
}

// What is wanted, against what runs. Reads files, changes nothing that runs.
Result<Proposal> Supervisor::State::propose(const ApplyOptions& options, bool dry) {
    Proposal proposal;
    auto loaded = config::load(sources);
    if (!loaded) {
        return Failure(loaded.error());
    }
    proposal.config = std::move(*loaded);
    if (!paths.plugin_dirs.empty()) {
        proposal.config.host.plugin_dirs = paths.plugin_dirs;
    }
    catalog.scan(proposal.config.host.plugin_dirs);
    std::vector<std::string> names;
    for (const auto& [name, entry] : catalog.entries()) {
        if (proposal.config.host.autoload && entry.trusted) {
            names.push_back(name);
        }
    }
    // An agent stays when its file goes, until somebody asks in so many words.
    if (!options.explicit_request) {
        const std::lock_guard lock(mutex);
        for (const auto& [name, agent] : in_force.agents) {
            if (agent.autoloaded && proposal.config.host.autoload &&
                catalog.find(agent.plugin) == nullptr) {
                names.push_back(name);
            }
        }
    }
    if (auto added = config::add_autoloaded(proposal.config, names, sources.environment); !added) {
        return Failure(added.error());
    }
    const std::lock_guard lock(mutex);
    if (!dry) {
        watched = proposal.config.directories;
        watched.insert(watched.end(), proposal.config.host.plugin_dirs.begin(),
                       proposal.config.host.plugin_dirs.end());
    }
    proposal.plan = config::diff(in_force, proposal.config);
    for (auto& planned : proposal.plan.agents) {
        auto& work = proposal.work[planned.agent];
        const auto known = agents.find(planned.agent);
        const Agent* agent = known != agents.end() ? known->second.get() : nullptr;
        const auto wanted = proposal.config.agents.find(planned.agent);
        work.settings_changed = planned.action == config::Action::reload;
        if (wanted == proposal.config.agents.end() || !wanted->second.enabled) {
            work.action =
                agent != nullptr && agent->current ? config::Action::stop : config::Action::keep;
        } else {
            work.action = wanted_action(agent, wanted->second, planned.action, options);
            work.file_gone = catalog.find(wanted->second.plugin) == nullptr && agent != nullptr &&
                             agent->current;
        }
        if (!chosen(options, planned.agent)) {
            work.action = config::Action::keep;
        }
        planned.action = work.action;
    }
    return proposal;
}

// [mutex held] What an enabled agent needs, seen with its file.
config::Action Supervisor::State::wanted_action(const Agent* agent,
                                                const config::AgentConfig& wanted,
                                                config::Action planned,
                                                const ApplyOptions& options) const {
    const auto* entry = catalog.find(wanted.plugin);
    const std::string digest = entry != nullptr ? entry->digest : "";
    const bool rejected =
        !options.force && ledger->page(wanted.name).rejection_of(digest) != nullptr;
    if (agent == nullptr || !agent->current) {
        if (agent != nullptr && agent->stopped_by_hand && options.only.empty()) {
            return config::Action::keep; // until somebody names it
        }
        const bool refused = agent != nullptr && agent->refused == digest + "/" + wanted.identity();
        return refused && !options.explicit_request ? config::Action::keep : config::Action::start;
    }
    const auto& running = agent->current->blueprint();
    if (options.force) {
        return config::Action::reload;
    }
    const bool same_file = digest.empty() || rejected || digest == running.file.digest;
    const bool same_settings = wanted.identity() == running.config.identity();
    if (same_file && same_settings) {
        return planned == config::Action::retune ? planned : config::Action::keep;
    }
    const bool refused =
        agent->refused ==
        (digest.empty() || rejected ? running.file.digest : digest) + "/" + wanted.identity();
    return refused && !options.explicit_request ? config::Action::keep : config::Action::reload;
}

// Stages, scans and probes what is new. Of a plan nothing is recorded.
void Supervisor::State::prepare(Proposal& proposal, const ApplyOptions& options, bool dry) {
    std::vector<std::function<void()>> jobs;
    for (auto& [name, work] : proposal.work) {
        if (!needs_code(work.action)) {
            continue;
        }
        if (!dry) {
            work.reload.emplace(begin_reload(name, cause_of(work, options)));
        }
        jobs.emplace_back([this, &proposal, &options, &name = name, &work = work] {
            prepare_work(proposal.config.agents.at(name), proposal.config.host.probe_timeout,
                         options, work);
        });
    }
    run_side_by_side(std::move(jobs));
}

Reload Supervisor::State::begin_reload(const std::string& name, const char* cause) {
    std::uint64_t from = 0;
    std::string version;
    {
        const std::lock_guard lock(mutex);
        const auto found = agents.find(name);
        if (found != agents.end() && found->second->current) {
            from = found->second->current->blueprint().number;
            version = found->second->current->blueprint().facts.version;
        }
    }
    return {reloads, name, from == 0 ? "start" : cause, from, version};
}

void Supervisor::State::prepare_work(const config::AgentConfig& config,
                                     std::chrono::milliseconds probe_timeout,
                                     const ApplyOptions& options, Work& work) {
    const auto entry = source_of(config, options.force);
    if (!entry) {
        work.refusal = Error{Errc::not_found, "load plugin", config.plugin + ".so",
                             "no such file in the plugin directories",
                             "install it, or mend [agents." + config.name + "] plugin"};
        return;
    }
    auto prepared = loader->prepare(*entry, config, probe_timeout, [&](const char* step) {
        if (work.reload) {
            work.reload->enter(phase_called(step));
        }
        if (options.progress) {
            options.progress(config.name, step);
        }
    });
    if (!prepared) {
        work.refusal = prepared.error();
        return;
    }
    if (work.reload) {
        work.reload->set_file(prepared->file.digest, prepared->facts.version);
    }
    work.prepared = std::move(*prepared);
}

// Everything that makes a configuration wrong; nothing has been changed when it fails.
Result<void> Supervisor::State::check(Proposal& proposal, const ApplyOptions& options) {
    std::string reasons;
    const auto add = [&](const std::string& reason) {
        reasons += (reasons.empty() ? "" : "\n") + reason;
    };
    for (const auto& [name, agent] : proposal.config.agents) {
        for (const auto& needed : agent.depends_on) {
            if (!proposal.config.agents.contains(needed)) {
                add(std::string("agents.").append(name).append(".depends_on: no agent \"") +
                    needed + '"');
            }
        }
        const auto work = proposal.work.find(name);
        if (work == proposal.work.end()) {
            continue;
        }
        if (work->second.prepared) {
            auto valid = config::check_settings(proposal.config, agent,
                                                work->second.prepared->facts.settings_schema);
            if (!valid && work->second.action == config::Action::reload &&
                !work->second.settings_changed) {
                // A file that only came does not make settings wrong that are in force.
                work->second.refusal = valid.error();
                plugin::StageDir::remove(work->second.prepared->file);
                work->second.prepared.reset();
            } else if (!valid) {
                add(valid.error().reason);
            } else if (auto& refusal = work->second.prepared->settings_refusal) {
                work->second.refusal = std::move(refusal);
                plugin::StageDir::remove(work->second.prepared->file);
                work->second.prepared.reset();
            }
        }
        if (work->second.refusal && work->second.settings_changed) {
            add("agents." + name + ": " + work->second.refusal->text());
        }
    }
    for (const auto& name : options.only) {
        if (!proposal.config.agents.contains(name) && !proposal.work.contains(name)) {
            return fail(Errc::not_found, "reload", name, "no agent has that name",
                        "noactl agents lists those there are");
        }
    }
    if (reasons.empty()) {
        return {};
    }
    for (auto& [name, work] : proposal.work) {
        if (work.prepared) {
            plugin::StageDir::remove(work.prepared->file);
        }
        if (work.reload) {
            work.reload->end(Ending::refused, "the configuration was refused: " + reasons);
        }
    }
    return fail(Errc::invalid, "apply configuration", "", reasons, "nothing was changed");
}

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
    log.set_level(in_force.host.log.level);
    log.set_format(in_force.host.log.format);
    std::map<std::string, Outcome> outcomes;
    std::mutex outcomes_mutex;
    const auto one = [&](const std::string& name) {
        auto& work = proposal.work.at(name);
        auto& agent = agent_of(name);
        const std::lock_guard operation(agent.operation);
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
            const bool ready =
                agent == proposal.config.agents.end() ||
                std::all_of(agent->second.depends_on.begin(), agent->second.depends_on.end(),
                            [&](const auto& needed) { return done.contains(needed); });
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
        if (chosen(options, planned.agent)) {
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

// [operation held]
Outcome Supervisor::State::carry_out_one(Agent& agent, Proposal& proposal, Work& work,
                                         bool forced) {
    if (work.refusal) {
        {
            const std::lock_guard lock(mutex);
            const auto& config = proposal.config.agents.at(agent.name);
            const auto* entry = catalog.find(config.plugin);
            agent.wanted = config;
            agent.refused = (entry != nullptr ? entry->digest : "") + "/" + config.identity();
        }
        return work.reload ? refuse(agent, "agent.load_refused", *work.refusal, *work.reload,
                                    Ending::refused)
                           : refuse(agent, "agent.load_refused", *work.refusal);
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
        return agent.current ? reload(agent, std::move(attempt)) : start(agent, std::move(attempt));
    }
    case config::Action::retune: return retune(agent, proposal.config.agents.at(agent.name));
    case config::Action::stop: return stop(agent, false);
    case config::Action::keep: break;
    }
    return {agent.name, "unchanged", agent.last_number, agent.note};
}

} // namespace noa::supervise
