#include "base/clock.hpp"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

std::string age(const json& object, const char* key) {
    const auto since = number(object, key);
    return since == 0 ? "" : duration_text(unix_ns() - since);
}

std::string agents_text(const Globals& globals, const json& agents) {
    Table table({{"AGENT"},
                 {"STATE"},
                 {"PLUGIN"},
                 {"VERSION"},
                 {"GEN", true},
                 {"RUN"},
                 {"DEPTH", true},
                 {"HANDLED", true},
                 {"FAILED", true},
                 {"SINCE", true},
                 {"NOTE"}});
    for (const auto& agent : agents) {
        const auto state = member(agent, "state");
        table.add(
            {member(agent, "name"),
             {state, tone_of_state(state)},
             member(agent, "plugin"),
             member(agent, "version"),
             member(agent, "generation"),
             member(agent, "run"),
             member(agent, "depth"),
             member(agent, "handled"),
             {member(agent, "failed"), number(agent, "failed") > 0 ? Tone::notice : Tone::plain},
             age(agent, "since_unix_ns"),
             member(agent, "note")});
    }
    return table.empty() ? "no agents\n" : table.render(globals.screen());
}

Tone tone_of_verdict(std::string_view verdict) noexcept {
    return verdict.starts_with("unusable") ? Tone::bad
           : verdict.starts_with("unused") ? Tone::faint
                                           : Tone::good;
}

std::string plugins_text(const Globals& globals, const json& plugins) {
    Table table({{"PLUGIN"}, {"VERSION"}, {"AGENT"}, {"VERDICT"}, {"DIGEST"}, {"FILE"}});
    for (const auto& plugin : plugins) {
        const auto verdict = member(plugin, "verdict");
        table.add({member(plugin, "id"),
                   member(plugin, "version"),
                   member(plugin, "agent"),
                   {verdict, tone_of_verdict(verdict)},
                   {member(plugin, "digest").substr(0, 12), Tone::faint},
                   member(plugin, "path")});
    }
    return table.empty() ? "no plugin files\n" : table.render(globals.screen());
}

// The answer of a verb that changes agents; 1 when any of them failed.
Result<int> finish(const Globals& globals, const Result<json>& answer) {
    if (!answer) {
        return Failure(answer.error());
    }
    print(globals, *answer, [&](const json& value) { return outcomes_text(globals, value); });
    return any_failed(*answer) ? exit_failed : exit_ok;
}

// {"running": 2, "failed": 0} as "2 running, 0 failed".
std::string counts_text(const json& counts) {
    std::string out;
    for (const auto& [name, count] : counts.items()) {
        out += (out.empty() ? "" : ", ") + count.dump() + " " + name;
    }
    return out;
}

std::string status_text(const Globals& globals, const json& status) {
    const auto state = member(status, "state");
    const auto screen = globals.screen();
    std::string out = "noad " + escape_text(member(status, "version")) + ", pid " +
                      member(status, "pid") + ", " +
                      colored(escape_text(state), tone_of_state(state), screen) + ", up " +
                      duration_text(number(status, "uptime_s") * 1'000'000'000) + "\n";
    Table table({{""}, {""}});
    auto rest = status;
    for (const char* key : {"version", "pid", "state", "uptime_s"}) {
        rest.erase(key);
    }
    for (const char* key : {"agents", "messages"}) {
        if (const auto found = rest.find(key); found != rest.end() && found->is_object()) {
            table.add({{key, Tone::faint}, counts_text(*found)});
            rest.erase(key);
        }
    }
    add_fields(table, rest);
    return out + table.render(screen);
}

} // namespace

int show_status(const Globals& globals) {
    return ask_and_print(globals, "status", json::object(),
                         [&](const json& status) { return status_text(globals, status); });
}

int show_agents(const Globals& globals) {
    return ask_and_print(globals, "agents", json::object(),
                         [&](const json& agents) { return agents_text(globals, agents); });
}

int show_agent(const Globals& globals, const std::string& agent) {
    return ask_and_print(globals, "agent", {{"agent", agent}}, [&](const json& value) {
        return fields_table(value).render(globals.screen());
    });
}

int show_plugins(const Globals& globals) {
    return ask_and_print(globals, "plugins", json::object(),
                         [&](const json& plugins) { return plugins_text(globals, plugins); });
}

int change_agents(const Globals& globals, const std::string& verb,
                  const std::vector<std::string>& agents, bool all) {
    json args{{"agents", agents}};
    if (all) {
        args["all"] = true;
    }
    return with_client(globals, [&](Client& client) {
        return finish(globals, client.ask(verb, args, control::no_timeout));
    });
}

int reload(const Globals& globals, const std::vector<std::string>& agents, bool force) {
    return with_client(globals, [&](Client& client) {
        const auto progress = [&](const json& step) {
            if (!globals.json) {
                say(member(step, "agent") + ": " + member(step, "step"));
            }
        };
        return finish(globals, client.ask("reload", {{"agents", agents}, {"force", force}},
                                          control::no_timeout, progress));
    });
}

} // namespace noa::noactl
