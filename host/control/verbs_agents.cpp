#include <array>
#include <utility>

#include "control/host_verbs.hpp"
#include "control/outcomes.hpp"

namespace noa::control {

namespace {

using supervise::ApplyOptions;
using supervise::Outcome;
using supervise::Supervisor;

using Step = std::function<Result<Outcome>(Supervisor&, const std::string& agent)>;

// One agent: its error is the answer. Several: each gets its line, the others go on.
Result<nlohmann::json> run_each(Supervisor& supervisor, const std::vector<std::string>& agents,
                                const Step& step, Connection& client) {
    std::vector<Outcome> outcomes;
    for (const auto& agent : agents) {
        auto outcome = step(supervisor, agent);
        if (!outcome && agents.size() == 1) {
            return Failure(std::move(outcome.error()));
        }
        outcomes.push_back(outcome ? std::move(*outcome)
                                   : Outcome{agent, "failed", 0, outcome.error().text(), 0});
        client.progress({{"agent", agent}, {"step", outcomes.back().action}});
    }
    return to_json(outcomes);
}

std::vector<std::string> running_agents(const Supervisor& supervisor) {
    std::vector<std::string> names;
    for (const auto& agent : supervisor.agents()) {
        if (agent.value("state", "") != "stopped") {
            names.push_back(agent.value("name", ""));
        }
    }
    return names;
}

Handler each_agent(std::string verb, Supervisor& supervisor, Step step) {
    return [verb = std::move(verb), &supervisor, step = std::move(step)](
               const nlohmann::json& args, Connection& client) -> Result<nlohmann::json> {
        Args in(verb, args);
        auto agents = in.targets();
        const bool all = verb == "restart" && in.flag("all");
        if (auto good = in.finish(); !good) {
            return Failure(std::move(good.error()));
        }
        if (all == !agents.empty()) {
            return fail(Errc::invalid, verb, "agents", "name at least one agent",
                        verb == "restart" ? "or \"all\" and none" : "");
        }
        return run_each(supervisor, all ? running_agents(supervisor) : agents, step, client);
    };
}

Result<nlohmann::json> reload(Supervisor& supervisor, const nlohmann::json& args,
                              Connection& client) {
    Args in("reload", args);
    ApplyOptions options;
    options.explicit_request = true;
    options.only = in.agents();
    options.force = in.flag("force");
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    options.progress = progress_to(client);
    auto outcomes = supervisor.apply(options);
    if (!outcomes) {
        return Failure(std::move(outcomes.error()));
    }
    return to_json(*outcomes);
}

Result<nlohmann::json> rollback(Supervisor& supervisor, const nlohmann::json& args) {
    Args in("rollback", args);
    const auto agent = in.agent();
    supervise::RollbackOptions options;
    options.to = in.optional_text("to", 64).value_or("");
    options.discard_state = in.flag("discard_state");
    options.force = in.flag("force");
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    auto outcome = supervisor.rollback(agent, options);
    if (!outcome) {
        return Failure(std::move(outcome.error()));
    }
    return to_json({std::move(*outcome)});
}

Result<nlohmann::json> heal(Supervisor& supervisor, const nlohmann::json& args) {
    Args in("heal", args);
    const auto agent = in.target();
    const auto reason = in.text("for", 64);
    const bool dry_run = in.flag("dry_run");
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    return supervisor.heal(agent, reason, dry_run);
}

Result<nlohmann::json> approve(Supervisor& supervisor, const nlohmann::json& args) {
    Args in("approve", args);
    const auto agent = in.agent();
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    auto outcome = supervisor.approve(agent);
    if (!outcome) {
        return Failure(std::move(outcome.error()));
    }
    return to_json({std::move(*outcome)});
}

Result<nlohmann::json> reloads(Supervisor& supervisor, const nlohmann::json& args) {
    Args in("reloads", args);
    const auto agent = in.optional_text("agent", NOA_AGENT_NAME_MAX).value_or("");
    const auto lines = in.number("lines", 50, 1, supervise::max_reloads_kept);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    if (!agent.empty()) {
        if (auto known = supervisor.agent(agent); !known) {
            return Failure(std::move(known.error()));
        }
    }
    return supervisor.reloads(agent, static_cast<std::size_t>(lines));
}

// A verb without arguments.
Handler plain(std::string verb, std::function<Result<nlohmann::json>()> ask) {
    return [verb = std::move(verb), ask = std::move(ask)](const nlohmann::json& args,
                                                          Connection&) -> Result<nlohmann::json> {
        if (auto good = Args(verb, args).finish(); !good) {
            return Failure(std::move(good.error()));
        }
        return ask();
    };
}

void add_questions(Verbs& verbs, Supervisor& supervisor) {
    verbs.add("status", Right::read, plain("status", [&] { return supervisor.status(); }));
    verbs.add("agents", Right::read, plain("agents", [&] { return supervisor.agents(); }));
    verbs.add("services", Right::read, plain("services", [&] { return supervisor.services(); }));
    verbs.add("plugins", Right::read, plain("plugins", [&] { return supervisor.plugins(); }));
    verbs.add("plan", Right::read, plain("plan", [&] { return supervisor.plan(); }));
    verbs.add("agent", Right::read,
              [&](const nlohmann::json& args, Connection&) -> Result<nlohmann::json> {
                  Args in("agent", args);
                  const auto name = in.agent();
                  if (auto good = in.finish(); !good) {
                      return Failure(std::move(good.error()));
                  }
                  return supervisor.agent(name);
              });
}

} // namespace

nlohmann::json to_json(const std::vector<Outcome>& outcomes) {
    nlohmann::json list = nlohmann::json::array();
    for (const auto& outcome : outcomes) {
        list.push_back({{"agent", outcome.agent},
                        {"action", outcome.action},
                        {"generation", outcome.generation},
                        {"text", outcome.text},
                        {"pause_ns", outcome.pause_ns}});
    }
    return {{"outcomes", std::move(list)}};
}

supervise::Progress progress_to(Connection& client) {
    return [&client](const std::string& agent, const std::string& step) {
        client.progress({{"agent", agent}, {"step", step}});
    };
}

void add_agent_verbs(Verbs& verbs, Supervisor& supervisor) {
    add_questions(verbs, supervisor);
    const std::array<std::pair<const char*, Step>, 5> steps{{
        {"start", [](Supervisor& s, const std::string& agent) { return s.start(agent); }},
        {"stop", [](Supervisor& s, const std::string& agent) { return s.stop(agent); }},
        {"restart", [](Supervisor& s, const std::string& agent) { return s.restart(agent); }},
        {"enable",
         [](Supervisor& s, const std::string& agent) { return s.set_enabled(agent, true); }},
        {"disable",
         [](Supervisor& s, const std::string& agent) { return s.set_enabled(agent, false); }},
    }};
    for (const auto& [name, step] : steps) {
        verbs.add(name, Right::full, each_agent(name, supervisor, step));
    }
    verbs.add("reload", Right::full, [&](const nlohmann::json& args, Connection& client) {
        return reload(supervisor, args, client);
    });
    verbs.add("rollback", Right::full,
              [&](const nlohmann::json& args, Connection&) { return rollback(supervisor, args); });
    verbs.add("heal", Right::full,
              [&](const nlohmann::json& args, Connection&) { return heal(supervisor, args); });
    verbs.add("approvals", Right::read, plain("approvals", [&] { return supervisor.approvals(); }));
    verbs.add("approve", Right::full,
              [&](const nlohmann::json& args, Connection&) { return approve(supervisor, args); });
    verbs.add("reloads", Right::read,
              [&](const nlohmann::json& args, Connection&) { return reloads(supervisor, args); });
}

Verbs host_verbs(const HostParts& parts) {
    auto& supervisor = parts.supervisor;
    Verbs verbs;
    add_agent_verbs(verbs, supervisor);
    add_bus_verbs(verbs, parts.caller);
    add_inspect_verbs(
        verbs, parts.caller, [&supervisor] { return running_agents(supervisor); },
        [&supervisor](const std::string& agent, nlohmann::json answer) {
            return supervisor.judge(agent, std::move(answer));
        },
        [&supervisor](const std::vector<std::string>& targets) {
            return supervisor.services_health(targets);
        });
    add_event_verbs(verbs, parts.caller);
    add_log_verbs(verbs, parts.log, [&supervisor](const std::string& agent) {
        return supervisor.agent(agent).has_value();
    });
    add_config_verbs(verbs, supervisor, parts.sources);
    add_host_config_verbs(verbs, parts.config);
    add_state_verbs(verbs, parts.state_rollback);
    return verbs;
}

} // namespace noa::control
