// Looks at agents at intervals: asks each for its health, and notes what its checks say. What is
// due at the same interval is due at the same time, so that an idle host wakes seldom.

#include "base/clock.hpp"
#include "base/file.hpp"
#include "config/quantity.hpp"
#include "supervise/counters.hpp"
#include "supervise/state.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

constexpr std::size_t most_files = 100'000; // of a state directory that is measured

// When answers are looked for first: most are there at once, and nothing is woken for each.
std::int64_t first_look(const config::HealthCheckConfig& check) {
    return std::min(ns_of(check.timeout),
                    std::clamp(ns_of(check.interval) / 10, 10 * ns_per_ms, 1000 * ns_per_ms));
}

Result<std::string> no_answer(std::chrono::milliseconds timeout) {
    return fail(Errc::timed_out, "ask for health", "",
                "no answer within " + config::render_duration(timeout));
}

json with_history(const CheckLog::Entry& entry, std::uint32_t threshold) {
    auto out = to_json(entry.last);
    out["failures"] = entry.failures;
    out["threshold"] = threshold;
    out["finding"] = entry.failures != 0 && entry.is_finding(threshold);
    out["since_unix_ns"] = entry.since_unix_ns;
    return out;
}

} // namespace

// [mutex or operation held]
Figures Supervisor::State::figures_of(const Agent& agent) const {
    Figures out;
    out.serves = agent.current != nullptr;
    out.state = name_of(agent.state);
    if (agent.current) {
        out.memory = agent.current->place().usage().memory;
    }
    if (agent.wanted.limits.storage != 0) {
        out.storage = size_of_tree(paths.state_dir / "agents" / agent.name, most_files);
    }
    if (const auto* endpoint = bus.routes().find(agent.name)) {
        const auto& counters = endpoint->inbox().counters();
        out.depth = endpoint->inbox().depth();
        out.handled = counters.handled.get() + counters.handled_deferred.load();
        out.failed = counters.failed.get() + counters.failed_deferred.load();
        out.took = counters.took.counts();
    }
    return out;
}

// [operation held] When to look again.
std::int64_t Supervisor::State::look_at_health(Agent& agent, std::int64_t now_ns) {
    auto& watch = agent.watch;
    if (agent.state == AgentState::stopped) {
        const std::lock_guard lock(mutex);
        watch = {};
        return never;
    }
    if (watch.asked) {
        const auto due_ns = take_health(agent, now_ns);
        if (due_ns != never) {
            return due_ns;
        }
    }
    auto first = never;
    const auto consider = [&](const config::HealthCheckConfig& check, const std::string& name) {
        auto& due_ns = watch.due_ns[name];
        due_ns = due_ns == 0 || due_ns > now_ns + ns_of(check.interval)
                     ? next_due(now_ns, check.interval)
                     : due_ns;
        first = std::min(first, due_ns);
    };
    std::erase_if(watch.due_ns, [&](const auto& known) {
        return !known.first.empty() && !agent.wanted.checks.contains(known.first);
    });
    consider(agent.wanted.health, "");
    for (const auto& [name, check] : agent.wanted.checks) {
        consider(check, name);
    }
    if (first > now_ns) {
        return first;
    }
    if (!agent.current) {
        note_health(agent, now_ns, no_answer(std::chrono::milliseconds(0)));
        return look_at_health(agent, now_ns);
    }
    watch.asked = ask_quietly(*agent.current);
    return now_ns + first_look(config::check_of(agent.wanted, "lane"));
}

std::shared_ptr<HealthAnswer> Supervisor::State::ask_quietly(Generation& generation) {
    auto answer = std::make_shared<HealthAnswer>();
    answer->asked_ns = monotonic_ns();
    generation.ask_health([answer](Result<std::string> said) {
        const std::lock_guard lock(answer->mutex);
        answer->answer = std::move(said);
    });
    return answer;
}

// [operation held] `never` when it has been noted, else when to look again.
std::int64_t Supervisor::State::take_health(Agent& agent, std::int64_t now_ns) {
    const auto timeout = config::check_of(agent.wanted, "lane").timeout;
    std::optional<Result<std::string>> said;
    {
        const std::lock_guard lock(agent.watch.asked->mutex);
        said = agent.watch.asked->answer;
    }
    const auto deadline_ns = agent.watch.asked->asked_ns + ns_of(timeout);
    if (!said && now_ns < deadline_ns && agent.current) {
        return deadline_ns;
    }
    agent.watch.asked.reset();
    note_health(agent, now_ns, said ? *said : no_answer(timeout));
    return never;
}

// [operation held]
void Supervisor::State::note_health(Agent& agent, std::int64_t now_ns,
                                    const Result<std::string>& answer) {
    auto& watch = agent.watch;
    const auto figures = figures_of(agent);
    const auto results = examine(agent.wanted, figures, watch.before, answer);
    const auto is_due = [&](const std::string& name) {
        const auto own = agent.wanted.checks.contains(name) ? name : "";
        return watch.due_ns[own] <= now_ns;
    };
    const auto before = watch.told;
    {
        const std::lock_guard lock(mutex);
        if (answer) {
            watch.checks.forget_others(results);
        }
        watch.checked_unix_ns = unix_ns();
        watch.before = figures;
        for (const auto& result : results) {
            if (is_due(result.name)) {
                watch.checks.note(result, watch.checked_unix_ns);
            }
        }
    }
    for (auto& [name, due_ns] : watch.due_ns) {
        if (due_ns <= now_ns) {
            due_ns = next_due(now_ns, config::check_of(agent.wanted, name).interval);
        }
    }
    const auto after = watch.checks.status(agent.wanted);
    watch.told = after;
    if (after != before) {
        tell_health(agent, before, after);
    }
    consider_finding(agent, now_ns);
}

void Supervisor::State::tell_health(const Agent& agent, Health before, Health after) {
    const auto* worst = agent.watch.checks.worst(agent.wanted);
    const auto check = worst != nullptr ? worst->last.name : "";
    const auto text = worst != nullptr ? worst->last.text : "";
    log.write(after == Health::healthy ? Level::info : Level::warning, "agent.health",
              {{"agent", agent.name},
               {"from", name_of(before)},
               {"to", name_of(after)},
               {"check", check},
               {"text", text}});
    bus.announce("host.health." + agent.name,
                 json{{"event", "health.changed"},
                      {"agent", agent.name},
                      {"from", name_of(before)},
                      {"to", name_of(after)},
                      {"check", check},
                      {"text", text}}
                     .dump(-1, ' ', false, json::error_handler_t::replace));
}

// [mutex held] As the monitor has it.
json Supervisor::State::health_of(const Agent& agent) const {
    const auto status = agent.watch.checks.status(agent.wanted);
    auto checks = json::array();
    for (const auto& [name, entry] : agent.watch.checks.entries()) {
        checks.push_back(with_history(entry, config::check_of(agent.wanted, name).threshold));
    }
    return {{"status", name_of(status)},
            {"label", label_of(status)},
            {"checked_unix_ns", agent.watch.checked_unix_ns},
            {"checks", std::move(checks)}};
}

json Supervisor::judge(const std::string& name, json answer) const {
    const std::lock_guard lock(state_->mutex);
    const auto found = state_->agents.find(name);
    if (found == state_->agents.end()) {
        return answer;
    }
    const auto& agent = *found->second;
    const auto error = answer.find("error");
    const auto said = error != answer.end()
                          ? Result<std::string>(fail(Errc::unavailable, "ask for health", name,
                                                     error->value("text", "no answer")))
                          : Result<std::string>(answer.dump());
    const auto figures = state_->figures_of(agent);
    auto worst = Health::healthy;
    auto checks = json::array();
    for (const auto& result : examine(agent.wanted, figures, agent.watch.before, said)) {
        worst = std::max(worst, result.status);
        checks.push_back(to_json(result));
        const auto& known = agent.watch.checks.entries();
        const auto entry = known.find(result.name);
        checks.back()["failures"] = entry == known.end() ? 0 : entry->second.failures;
    }
    answer["status"] = name_of(worst);
    answer["label"] = label_of(worst);
    answer["checks"] = std::move(checks);
    answer["state"] = figures.state;
    answer["generation"] = agent.last_number;
    answer["version"] = agent.current ? agent.current->blueprint().facts.version : "";
    answer["watched"] = state_->health_of(agent);
    return answer;
}

} // namespace noa::supervise
