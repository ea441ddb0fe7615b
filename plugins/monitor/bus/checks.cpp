// Checks: their surroundings, and what is asked of them.
#include <algorithm>
#include <memory>
#include <utility>

#include "../checks/looks.hpp"
#include "agent.hpp"

namespace monitor {

using noa::Json;

void Monitor::setup_checks(noa::Setup& setup) {
    setup.operation("checks.list", "Every check, and what came of it last", [this] {
        CheckList list;
        for (const CheckState* state : checks_.all()) {
            list.checks.push_back(listed(*state));
        }
        return list;
    });
    setup.operation("checks.run", "A check now, or all, answered when they are over",
                    [this](const RunRequest& request, noa::Responder responder) {
                        run_checks(request, std::move(responder));
                    });
    setup.operation("verify", "Whether all is as it should be: every check now, and each criterion",
                    [this](const noa::Request& /*request*/, noa::Responder responder) {
                        verify(std::move(responder));
                    });
    setup.event("monitor.check.NAME", {.summary = "The status of the check NAME has changed"});
    setup.gauge("checks", "Checks that are set", [this] { return checks_.all().size(); });
}

void Monitor::run_checks(const RunRequest& request, noa::Responder responder) {
    std::vector<std::string> names;
    for (const CheckState* state : checks_.all()) {
        if (request.name.empty() || state->setting.name == request.name) {
            names.push_back(state->setting.name);
        }
    }
    if (names.empty() && !request.name.empty()) {
        responder.fail(noa::not_found("there is no check " + request.name.substr(0, 200)));
        return;
    }
    run_checks(names, [responder = std::move(responder)](const CheckList& ended) mutable {
        responder.reply(noa::json_body(ended));
    });
}

void Monitor::run_checks(const std::vector<std::string>& names,
                         noa::sdk::Function<void(const CheckList&)> then) {
    struct Run {
        noa::sdk::Function<void(const CheckList&)> then;
        CheckList ended;
        std::size_t awaited = 0;
    };
    if (names.empty()) {
        then({});
        return;
    }
    // Owned by the runs that it waits for.
    auto run = std::make_shared<Run>(Run{std::move(then), {}, names.size()});
    for (const std::string& name : names) {
        checks_.run(name, [this, run](const CheckState& state) {
            run->ended.checks.push_back(listed(state));
            if (--run->awaited == 0) {
                std::ranges::sort(run->ended.checks, {}, &ListedCheck::name);
                run->then(run->ended);
            }
        });
    }
}

void Monitor::verify(noa::Responder responder) {
    std::vector<std::string> names;
    for (const CheckState* state : checks_.all()) {
        names.push_back(state->setting.name);
    }
    run_checks(names, [this, responder = std::move(responder)](const CheckList& ended) mutable {
        bool passes = true;
        Json checks = Json::array();
        for (const ListedCheck& check : ended.checks) {
            passes = passes && check.status == "healthy";
            checks.push_back(
                {{"name", check.name}, {"status", check.status}, {"text", check.text}});
        }
        Json criteria = Json::array();
        for (const Criterion& criterion : criteria_of(settings_.verify)) {
            criteria.push_back(judged(criterion, ring_));
            passes = passes && criteria.back()["status"] == "pass";
        }
        responder.reply(noa::json_body(Json{{"verdict", passes ? "pass" : "fail"},
                                            {"rounds", ring_.rounds()},
                                            {"checks", std::move(checks)},
                                            {"criteria", std::move(criteria)}}));
    });
}

ListedCheck Monitor::listed(const CheckState& state) const {
    const auto age = [&](noa::Time then) {
        return state.runs == 0 ? std::int64_t{0} : unix_ms(then);
    };
    return {state.setting.name,
            state.setting.type,
            state.setting.target,
            state.setting.critical,
            std::string(name_of(state.verdict.status)),
            state.verdict.text,
            age(state.last),
            age(state.since),
            std::chrono::duration<double>(state.took).count(),
            state.runs};
}

void Monitor::check_figures(Samples& into) const {
    for (const CheckState* state : checks_.all()) {
        if (state->runs == 0) {
            continue;
        }
        const Labels labels{{"check", state->setting.name},
                            {"critical", state->setting.critical ? "true" : "false"}};
        into.push_back({"noa_check_up", Kind::gauge, "1 while the check is healthy", labels,
                        state->verdict.status == CheckStatus::healthy ? 1.0 : 0.0});
        into.push_back({"noa_check_duration_seconds", Kind::gauge, "How long the last run took",
                        labels, std::chrono::duration<double>(state->took).count()});
    }
}

noa::Health Monitor::check_health() const {
    for (const CheckState* state : checks_.all()) {
        if (state->setting.critical && state->runs > 0 &&
            state->verdict.status != CheckStatus::healthy) {
            return noa::Health::needs_repair("the check " + state->setting.name + " is " +
                                             std::string(name_of(state->verdict.status)) + ": " +
                                             state->verdict.text);
        }
    }
    return noa::Health::healthy();
}

noa::Time Monitor::check_now() const {
    return now();
}

noa::sdk::TimerId Monitor::later(noa::Duration delay, noa::sdk::Function<void()> run) {
    const auto timer = after(delay, std::move(run));
    if (!timer) {
        log(noa::Level::error, "check.timer_failed", timer.error().text);
    }
    return timer ? *timer : 0;
}

void Monitor::forget(noa::sdk::TimerId timer) {
    if (timer != 0) {
        cancel(timer);
    }
}

void Monitor::resolve(const Endpoint& endpoint, noa::Duration timeout, Resolved then) {
    if (auto address = look_up(endpoint, Names::refused)) {
        then(std::move(address));
        return;
    }
    task([endpoint] { return look_up(endpoint, Names::looked_up); },
         [then = std::move(then)](noa::Result<Address> found) mutable { then(std::move(found)); },
         {.timeout = timeout});
}

void Monitor::look(const CheckSetting& setting, Settled then) {
    if (setting.kind() == CheckKind::bus) {
        look_at_bus(setting, std::move(then));
        return;
    }
    task(
        [setting] {
            return setting.kind() == CheckKind::process
                       ? look_at_process(setting.target)
                       : look_at_file(setting.target, setting.max_age);
        },
        [then = std::move(then)](noa::Result<Verdict> verdict) mutable {
            then(verdict ? *std::move(verdict) : Verdict{CheckStatus::error, verdict.error().text});
        },
        {.timeout = setting.timeout});
}

void Monitor::look_at_bus(const CheckSetting& setting, Settled then) {
    const auto slash = setting.target.find('/');
    const bool health = slash == std::string::npos;
    const std::string operation = health ? "health" : setting.target.substr(slash + 1);
    request(setting.target.substr(0, slash), operation)
        .timeout(setting.timeout)
        .then([health, wanted = setting.body,
               then = std::move(then)](const noa::Reply& reply) mutable {
            if (!reply.ok()) {
                then({CheckStatus::error, std::string(reply.text())});
                return;
            }
            const auto body = noa::parse_json(reply.body());
            const bool object = health && body && body->is_object();
            const Json status = object ? body->value("status", Json()) : Json();
            if (health && status != "healthy") {
                then({CheckStatus::unhealthy,
                      status.is_string() ? status.get<std::string>() : "no health is told"});
            } else if (reply.body().find(wanted) == std::string_view::npos) {
                then({CheckStatus::unhealthy, "the answer does not have the text that is wanted"});
            } else {
                then({CheckStatus::healthy, {}});
            }
        });
}

void Monitor::changed(const CheckSetting& setting, const Verdict& verdict) {
    hasten();
    if (verdict.status == CheckStatus::unhealthy || verdict.status == CheckStatus::error) {
        ask_for_healing(setting.on_failure, setting.on_failure.target, "check " + setting.name);
    }
    const Json body{{"check", setting.name},
                    {"status", name_of(verdict.status)},
                    {"critical", setting.critical},
                    {"text", verdict.text}};
    if (const auto told = publish("monitor.check." + setting.name, noa::json_body(body)); !told) {
        log(noa::Level::warning, "event.refused", told.error().text);
    }
}

} // namespace monitor
