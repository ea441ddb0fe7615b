#include "supervise/supervisor.hpp"

#include <malloc.h>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "config/explain.hpp"
#include "config/override.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

Supervisor::Supervisor(bus::Bus& bus, Log& log, Paths paths, config::Sources sources)
    : state_(std::make_unique<State>(bus, log, std::move(paths), std::move(sources))) {}

// NOLINTNEXTLINE(bugprone-exception-escape): only memory that is at an end would throw
Supervisor::~Supervisor() {
    shut_down();
}

Agent& Supervisor::State::agent_of(const std::string& name) {
    const std::lock_guard lock(mutex);
    auto& agent = agents[name];
    if (!agent) {
        agent = std::make_unique<Agent>(name);
    }
    return *agent;
}

Result<Agent*> Supervisor::State::find(const std::string& name, const char* attempt) const {
    const std::lock_guard lock(mutex);
    const auto found = agents.find(name);
    if (found == agents.end() || (!found->second->current && !in_force.agents.contains(name))) {
        return fail(Errc::not_found, attempt, name, "no agent has that name",
                    "noactl agents lists those there are");
    }
    return found->second.get();
}

Result<void> Supervisor::open(const std::optional<CrashReport>& crash) {
    auto& state = *state_;
    if (::mkdir((state.paths.state_dir / "agents").c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno("make directory", (state.paths.state_dir / "agents").string(), errno);
    }
    auto loader = Loader::open(state.paths.state_dir, state.paths.runner);
    if (!loader) {
        return Failure(loader.error());
    }
    state.loader.emplace(std::move(*loader));
    std::vector<Error> problems;
    auto ledger = Ledger::open(state.paths.state_dir / "ledger", problems);
    if (!ledger) {
        return Failure(ledger.error());
    }
    state.ledger.emplace(std::move(*ledger));
    for (const auto& problem : problems) {
        state.log.error("ledger.put_aside", problem, {}, Level::warning);
    }
    state.last_crash = crash;
    state.settle_trials(crash);
    return {};
}

void Supervisor::set_send(
    std::function<void(const std::string& agent, const char* operation, const std::string& body)>
        send) {
    state_->send = std::move(send);
}

void Supervisor::set_wake(std::function<void()> wake) {
    state_->wake = std::move(wake);
}

void Supervisor::set_served_outside(std::function<bool(std::string_view)> served) {
    state_->served_outside = std::move(served);
}

bool Supervisor::owns(std::string_view name) const {
    const std::lock_guard lock(state_->mutex);
    const std::string key(name);
    const auto found = state_->agents.find(key);
    return state_->in_force.agents.contains(key) ||
           (found != state_->agents.end() && found->second->current);
}

Result<std::vector<Outcome>> Supervisor::apply(const ApplyOptions& options) {
    auto& state = *state_;
    const std::lock_guard change(state.change);
    {
        const std::lock_guard lock(state.mutex);
        if (state.shutting_down) {
            return fail(Errc::unavailable, "apply configuration", "", "the host is stopping");
        }
    }
    auto proposal = state.propose(options, false);
    if (!proposal) {
        return Failure(proposal.error());
    }
    state.prepare(*proposal, options, false);
    if (auto checked = state.check(*proposal, options); !checked) {
        return Failure(checked.error());
    }
    state.note_catalog();
    auto outcomes = state.carry_out(*proposal, options);
    malloc_trim(0); // what loading took and no longer needs
    return outcomes;
}

Result<nlohmann::json> Supervisor::plan() const {
    auto& state = *state_;
    const std::lock_guard change(state.change);
    ApplyOptions options;
    options.explicit_request = true;
    auto proposal = state.propose(options, true);
    if (!proposal) {
        return Failure(proposal.error());
    }
    state.prepare(*proposal, options, true);
    if (auto checked = state.check(*proposal, options); !checked) {
        return Failure(checked.error());
    }
    const auto to_json = [](const std::vector<config::Change>& changes) {
        auto list = nlohmann::json::array();
        for (const auto& each : changes) {
            list.push_back({{"key", each.key}, {"from", each.from}, {"to", each.to}});
        }
        return list;
    };
    auto agents = nlohmann::json::array();
    for (const auto& planned : proposal->plan.agents) {
        auto& work = proposal->work.at(planned.agent);
        nlohmann::json entry{{"agent", planned.agent},
                             {"action", config::name_of(planned.action)},
                             {"changes", to_json(planned.changes)}};
        if (work.refusal) {
            entry["refusal"] = work.refusal->text();
        }
        if (work.prepared) {
            entry["digest"] = work.prepared->file.digest;
            entry["version"] = work.prepared->facts.version;
            entry["no_rollback"] = (work.prepared->facts.flags & NOA_PLUGIN_NO_ROLLBACK) != 0;
            plugin::StageDir::remove(work.prepared->file);
        }
        agents.push_back(std::move(entry));
    }
    auto services = nlohmann::json::array();
    for (const auto& planned : proposal->plan.services) {
        services.push_back({{"service", planned.agent},
                            {"action", config::name_of(planned.action)},
                            {"changes", to_json(planned.changes)}});
    }
    return nlohmann::json{{"host", to_json(proposal->plan.host)},
                          {"agents", std::move(agents)},
                          {"services", std::move(services)}};
}

Result<Prepared> Supervisor::State::prepare_one(const config::AgentConfig& config, Reload& reload) {
    std::optional<CatalogEntry> entry;
    std::chrono::milliseconds timeout{0};
    {
        const std::lock_guard hold(change);
        catalog.scan(in_force.host.plugin_dirs);
        entry = source_of(config, false);
        if (!entry) {
            return fail(Errc::not_found, "load plugin", config.plugin + ".so",
                        "no such file in the plugin directories");
        }
        timeout = in_force.host.probe_timeout;
    }
    auto prepared = loader->prepare(*entry, config, timeout,
                                    [&](const char* step) { reload.enter(phase_called(step)); });
    if (prepared) {
        reload.set_file(prepared->file.digest, prepared->facts.version);
    }
    return prepared;
}

// Preparing looks at the catalog, under `change`: before the agent's operation, never inside it.
Result<Outcome> Supervisor::start(const std::string& name) {
    if (is_service(name)) {
        return state_->order_service(name, ServiceOrder::start);
    }
    auto& state = *state_;
    const auto agent = state.find(name, "start");
    if (!agent) {
        return Failure(agent.error());
    }
    const auto config = state.wanted_config(name);
    if (!config) {
        return fail(Errc::not_found, "start", name, "no configuration and no plugin file names it");
    }
    if (!config->enabled) {
        return fail(Errc::refused, "start", name, "it is disabled", "noactl enable " + name);
    }
    {
        const OperationLock operation(**agent, state.wake);
        if ((*agent)->current) {
            return Outcome{name, "unchanged", (*agent)->last_number, "it runs already"};
        }
    }
    return state.make_anew(**agent, *config, "start");
}

// A generation from the file there is; in the place of the one that runs, without its state.
Outcome Supervisor::State::make_anew(Agent& agent, const config::AgentConfig& config,
                                     const char* cause) {
    auto reload = begin_reload(agent.name, cause);
    auto prepared = prepare_one(config, reload);
    const OperationLock operation(agent, wake);
    begin_anew(agent);
    if (!prepared) {
        return refuse(agent, "agent.load_refused", prepared.error(), reload, Ending::refused);
    }
    Attempt attempt{config, std::move(*prepared), std::move(reload)};
    attempt.with_state = false;
    return agent.current ? this->reload(agent, std::move(attempt))
                         : start(agent, std::move(attempt));
}

Result<Outcome> Supervisor::stop(const std::string& name) {
    if (is_service(name)) {
        return state_->order_service(name, ServiceOrder::stop);
    }
    const auto agent = state_->find(name, "stop");
    if (!agent) {
        return Failure(agent.error());
    }
    const OperationLock operation(**agent, state_->wake);
    state_->begin_anew(**agent);
    return state_->stop(**agent, State::Stop::by_hand);
}

Result<Outcome> Supervisor::restart(const std::string& name) {
    if (is_service(name)) {
        return state_->order_service(name, ServiceOrder::restart);
    }
    auto& state = *state_;
    const auto agent = state.find(name, "restart");
    if (!agent) {
        return Failure(agent.error());
    }
    const auto config = state.wanted_config(name);
    if (!config) {
        return fail(Errc::not_found, "restart", name,
                    "no configuration and no plugin file names it");
    }
    return state.make_anew(**agent, *config, "restart");
}

std::optional<config::AgentConfig> Supervisor::State::wanted_config(const std::string& name) const {
    const std::lock_guard lock(mutex);
    const auto found = in_force.agents.find(name);
    return found != in_force.agents.end() ? std::optional(found->second) : std::nullopt;
}

Result<Outcome> Supervisor::set_enabled(const std::string& name, bool enabled) {
    auto& state = *state_;
    if (const auto agent = state.find(name, enabled ? "enable" : "disable"); !agent) {
        return Failure(agent.error());
    }
    {
        const std::lock_guard change(state.change);
        auto written = config::write_enabled(state.sources.state_dir_conf, name, enabled);
        if (!written) {
            return Failure(written.error());
        }
    }
    ApplyOptions options;
    options.explicit_request = true;
    options.only = {name};
    auto outcomes = apply(options);
    if (!outcomes) {
        return Failure(outcomes.error());
    }
    for (auto& outcome : *outcomes) {
        if (outcome.agent == name) {
            return std::move(outcome);
        }
    }
    return Outcome{name, "unchanged", 0, ""};
}

void Supervisor::shut_down() {
    auto& state = *state_;
    {
        const std::lock_guard lock(state.mutex);
        if (std::exchange(state.shutting_down, true)) {
            return;
        }
    }
    state.services.stop();
    state.workers.stop(); // what they do may need `change`
    const std::lock_guard change(state.change);
    config::Config nothing;
    config::Plan plan;
    {
        const std::lock_guard lock(state.mutex);
        plan = config::diff(state.in_force, nothing);
    }
    for (const auto& planned : plan.agents) {
        auto& agent = state.agent_of(planned.agent);
        const OperationLock operation(agent, state.wake);
        static_cast<void>(state.stop(agent, State::Stop::with_host));
    }
}

bool Supervisor::any_stuck() const {
    return state_->leftovers.any_stuck();
}

std::vector<std::filesystem::path> Supervisor::watched_directories() const {
    const std::lock_guard lock(state_->mutex);
    return state_->watched;
}

} // namespace noa::supervise
