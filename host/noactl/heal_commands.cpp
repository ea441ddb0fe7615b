#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

std::string heal_text(const json& value) {
    std::string out = escape_text(member(value, "agent")) + ": " + member(value, "strategy") +
                      ": " + member(value, "steps") + "\n";
    if (const auto action = member(value, "action"); !action.empty()) {
        const auto text = member(value, "text");
        out += action + (text.empty() ? "" : ": " + escape_text(text)) + "\n";
    }
    return out;
}

std::string approvals_text(const Globals& globals, const json& approvals) {
    Table table({{"AGENT"}, {"STRATEGY"}, {"REASON"}});
    for (const auto& each : approvals) {
        table.add({member(each, "agent"), member(each, "strategy"), member(each, "reason")});
    }
    return table.empty() ? "nothing waits for approval\n" : table.render(globals.screen());
}

} // namespace

int heal(const Globals& globals, const HealArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = client.ask(
            "heal", {{"agent", args.target}, {"for", args.reason}, {"dry_run", args.dry_run}},
            control::no_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, heal_text);
        return member(*answer, "action") == "failed" ? exit_failed : exit_ok;
    });
}

int approve(const Globals& globals, const std::string& agent) {
    if (agent.empty()) {
        return ask_and_print(globals, "approvals", json::object(), [&](const json& approvals) {
            return approvals_text(globals, approvals);
        });
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = client.ask("approve", {{"agent", agent}}, control::no_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& value) { return outcomes_text(globals, value); });
        return any_failed(*answer) ? exit_failed : exit_ok;
    });
}

} // namespace noa::noactl
