// A change of the whole: read all, check all, then carry out.
#include <algorithm>
#include <thread>

#include "base/names.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

namespace {

constexpr std::size_t max_side_by_side = 8;

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
    keep_apart(proposal.config, options, dry);
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
        if (!options.concerns(planned.agent)) {
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

// Files that crashed the host as threads run as processes, until they change or somebody who knows
// better forces them.
void Supervisor::State::keep_apart(config::Config& config, const ApplyOptions& options, bool dry) {
    for (auto& [name, agent] : config.agents) {
        const auto* entry = catalog.find(agent.plugin);
        const auto isolated = ledger->page(name).isolated;
        const bool suspect = foreign_apart && !config::is_shipped(agent.plugin);
        if ((isolated.empty() && !suspect) || agent.run != "thread") {
            continue;
        }
        if (isolated.empty()) { // nobody knows which of them it is
            agent.run = "process";
            continue;
        }
        const bool same_file = entry == nullptr || entry->digest == isolated;
        if (same_file && !(options.force && options.concerns(name))) {
            agent.run = "process";
        } else if (!dry) {
            static_cast<void>(ledger->update(name, Durable::yes,
                                             [](LedgerPage& page) { page.isolated.clear(); }));
        }
    }
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
    const auto check_needs = [&](const std::string& key, const auto& dependent) {
        for (const auto& needed : dependent.depends_on) {
            const bool service = is_service(needed);
            const bool known =
                service ? proposal.config.services.contains(needed.substr(service_prefix.size()))
                        : proposal.config.agents.contains(needed);
            if (!known && !dependent.tolerates(needed)) {
                add(key + ".depends_on: no " + (service ? "service" : "agent") + " \"" +
                    (service ? needed.substr(service_prefix.size()) : needed) + '"');
            }
        }
    };
    for (const auto& [name, service] : proposal.config.services) {
        check_needs("services." + name, service);
    }
    for (const auto& [name, agent] : proposal.config.agents) {
        check_needs("agents." + name, agent);
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

} // namespace noa::supervise
