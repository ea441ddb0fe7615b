#include "noactl/migrations_commands.hpp"

#include <unistd.h>

#include <iostream>

#include "noactl/ask_agent.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

// A large store takes its time: a migration may rewrite all of it, a copy is made before a `down`.
constexpr std::chrono::milliseconds patience{600'000};

Result<json> list_of(Client& client, const std::string& agent) {
    auto answer = ask_agent(client, agent, "migrations.list", json::object(), patience);
    if (answer) {
        (*answer)["agent"] = agent;
    }
    return answer;
}

Result<json> lists(Client& client, const std::string& agent) {
    json all = json::array();
    if (!agent.empty()) {
        auto one = list_of(client, agent);
        if (!one) {
            return one;
        }
        all.push_back(*std::move(one));
        return json{{"agents", std::move(all)}};
    }
    const auto agents = client.ask("agents", json::object(), question_timeout);
    if (!agents) {
        return Failure(agents.error());
    }
    for (const auto& known : *agents) {
        auto one = list_of(client, member(known, "name"));
        if (one) {
            all.push_back(*std::move(one));
        } else if (one.error().code != Errc::not_found) { // it has a store, and something is wrong
            all.push_back({{"agent", member(known, "name")}, {"error", one.error().reason}});
        }
    }
    return json{{"agents", std::move(all)}};
}

std::string lists_text(const Globals& globals, const json& answer) {
    Table table({{"AGENT"}, {"VERSION", true}, {"STATE"}, {"APPLIED"}, {"NAME"}});
    std::string wrong;
    for (const auto& one : answer.value("agents", json::array())) {
        for (const auto& step : one.value("migrations", json::array())) {
            table.add({member(one, "agent"), member(step, "version"), member(step, "state"),
                       member(step, "applied_at"), member(step, "name")});
        }
        if (one.contains("error")) {
            wrong += member(one, "agent") + ": " + escape_text(member(one, "error")) + "\n";
        }
    }
    return (table.empty() ? std::string("no agent that runs has a store\n")
                          : table.render(globals.screen())) +
           wrong;
}

int list(const Globals& globals, const MigrationsArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = lists(client, args.agent);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& value) { return lists_text(globals, value); });
        return exit_ok;
    });
}

int up(const Globals& globals, const MigrationsArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer =
            ask_agent(client, args.agent, "migrations.up", json::object(), patience);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& value) {
            return args.agent + ": " + member(value, "applied") + " applied\n";
        });
        return exit_ok;
    });
}

// What goes, in words; then a yes from whoever sits there.
Result<bool> agreed(const MigrationsArgs& args, const json& found) {
    std::string what;
    for (const auto& one : found.value("migrations", json::array())) {
        if (number(one, "version") > args.to && member(one, "state") == "applied") {
            what += (what.empty() ? "" : ", ") + member(one, "version") + " (" +
                    escape_text(member(one, "name")) + ")";
        }
    }
    if (what.empty()) {
        return fail(Errc::invalid, "migrations down", args.agent,
                    "nothing above version " + std::to_string(args.to) + " is applied");
    }
    if (args.yes) {
        return true;
    }
    if (::isatty(STDIN_FILENO) != 1) {
        return fail(Errc::refused, "migrations down", args.agent, "would undo " + what,
                    "give --yes; the agent is disabled then");
    }
    say("undoes " + what + " and disables " + args.agent + "; a copy of the store is kept. y/N ");
    std::string line;
    return std::getline(std::cin, line) && (line == "y" || line == "yes");
}

int down(const Globals& globals, const MigrationsArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto found = list_of(client, args.agent);
        const auto yes = found ? agreed(args, *found) : Failure(found.error());
        if (!yes || !*yes) {
            return yes ? Result<int>(exit_failed) : Failure(yes.error());
        }
        auto answer = ask_agent(client, args.agent, "migrations.down", {{"to", args.to}}, patience);
        if (!answer) {
            return Failure(answer.error());
        }
        const auto disabled =
            client.ask("disable", {{"agents", {args.agent}}}, control::no_timeout);
        if (!disabled) {
            return Failure(disabled.error());
        }
        (*answer)["disabled"] = true;
        print(globals, *answer, [&](const json& value) {
            return args.agent + ": " + member(value, "undone") + " undone, a copy is " +
                   escape_text(member(value, "copy")) +
                   "\nit is disabled: put the plugin of that version in its place, then noactl "
                   "enable " +
                   args.agent + "\n";
        });
        return exit_ok;
    });
}

} // namespace

void add_migrations_commands(CLI::App& app, const Globals& globals, MigrationsArgs& args,
                             std::function<int()>& chosen) {
    auto* migrations = app.add_subcommand("migrations", "The schemas of agents' stores");
    migrations->require_subcommand(1);
    const auto add = [&](const char* verb, const char* text,
                         int (*run)(const Globals&, const MigrationsArgs&)) {
        auto* command = migrations->add_subcommand(verb, text);
        command->callback(
            [&globals, &args, &chosen, run] { chosen = [&, run] { return run(globals, args); }; });
        return command->add_option("AGENT", args.agent, "Whose");
    };
    add("list", "What is applied, and what is pending", list);
    add("up", "Apply what is pending", up)->required();
    add("down", "Undo migrations, for an older plugin; disables the agent", down)->required();
    auto* command = migrations->get_subcommand("down");
    command->add_option("--to", args.to, "The version that is left")
        ->required()
        ->check(CLI::NonNegativeNumber);
    command->add_flag("--yes", args.yes, "Do not ask");
}

} // namespace noa::noactl
