#include "base/clock.hpp"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

Tone tone_of_outcome(std::string_view outcome) noexcept {
    if (outcome == "confirmed" || outcome == "reconfigured" || outcome == "superseded") {
        return Tone::good;
    }
    return outcome == "switched" || outcome == "open" || outcome == "stopped" ? Tone::plain
                                                                              : Tone::bad;
}

// "probe 31 ms, load 2 ms": those that took the longest would not tell where it stands.
std::string phases_text(const json& phases) {
    std::string out;
    for (const char* name :
         {"hint", "stage", "scan", "probe", "load", "switch", "confirm", "retire"}) {
        if (const auto found = phases.find(name); found != phases.end()) {
            out += (out.empty() ? "" : ", ") + std::string(name) + " " +
                   duration_text(found->get<std::int64_t>());
        }
    }
    return out;
}

std::string step_text(const json& reload, const char* generation, const char* version) {
    const auto number_text = member(reload, generation);
    return number_text == "0" ? "-" : number_text + " (" + member(reload, version) + ")";
}

std::string reloads_text(const Globals& globals, const json& reloads) {
    Table table({{"ID", true},
                 {"AGO", true},
                 {"AGENT"},
                 {"CAUSE"},
                 {"FROM"},
                 {"TO"},
                 {"OUTCOME"},
                 {"PAUSE", true},
                 {"HELD", true},
                 {"PHASES"},
                 {"REASON"}});
    for (const auto& reload : reloads) {
        const auto outcome = member(reload, "outcome");
        table.add({member(reload, "id"),
                   duration_text(unix_ns() - number(reload, "started_unix_ns")),
                   member(reload, "agent"),
                   member(reload, "cause"),
                   step_text(reload, "from", "from_version"),
                   step_text(reload, "to", "version"),
                   {outcome, tone_of_outcome(outcome)},
                   duration_text(number(reload, "pause_ns")),
                   member(reload, "held"),
                   phases_text(reload.value("phases", json::object())),
                   member(reload, "reason")});
    }
    return table.empty() ? "no reloads\n" : table.render(globals.screen());
}

} // namespace

int show_reloads(const Globals& globals, const std::string& agent, std::uint64_t lines) {
    json args{{"lines", lines}};
    if (!agent.empty()) {
        args["agent"] = agent;
    }
    return ask_and_print(globals, "reloads", args,
                         [&](const json& reloads) { return reloads_text(globals, reloads); });
}

namespace {

json to_backup(const RollbackArgs& rollback) {
    json args{{"snapshot", rollback.to_backup}};
    if (!rollback.agent.empty()) {
        args["agent"] = rollback.agent;
    }
    if (!rollback.repository.empty()) {
        args["repository"] = rollback.repository;
    }
    return args;
}

} // namespace

int rollback(const Globals& globals, const RollbackArgs& rollback) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer =
            rollback.to_backup.empty()
                ? client.ask("rollback",
                             {{"agent", rollback.agent},
                              {"to", rollback.to},
                              {"discard_state", rollback.discard_state},
                              {"force", rollback.force}},
                             control::no_timeout)
                : client.ask("rollback_to_backup", to_backup(rollback), control::no_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& value) { return outcomes_text(globals, value); });
        return any_failed(*answer) ? exit_failed : exit_ok;
    });
}

} // namespace noa::noactl
