#include <cstdio>

#include "noactl/document_commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

std::string versions_text(const Globals& globals, const json& answer) {
    Table table({{"VERSION", true}, {"REVISION", true}, {"KIND"}, {"AT"}, {"AUTHOR"}, {"REASON"}});
    for (const auto& one : answer.value("versions", json::array())) {
        table.add({member(one, "version"), member(one, "revision"), member(one, "kind"),
                   member(one, "at"), member(one, "author"), member(one, "reason")});
    }
    return table.empty() ? "no versions\n" : table.render(globals.screen());
}

std::string audit_text(const Globals& globals, const json& answer) {
    Table table({{"SEQ", true},
                 {"AT"},
                 {"AUTHOR"},
                 {"ACTION"},
                 {"NAME"},
                 {"LAYER"},
                 {"REVISION", true},
                 {"REASON"}});
    const auto entries = answer.value("entries", json::array());
    for (auto one = entries.rbegin(); one != entries.rend(); ++one) {
        table.add({member(*one, "seq"), member(*one, "at"), member(*one, "author"),
                   member(*one, "action"), member(*one, "name"), member(*one, "layer"),
                   member(*one, "revision"), member(*one, "reason")});
    }
    return table.empty() ? "nothing\n" : table.render(globals.screen());
}

std::string event_line(const json& event) {
    std::string out = member(event, "revision") + " " + member(event, "at") + " " +
                      escape_text(member(event, "name")) + " (" +
                      escape_text(member(event, "layer")) + ") " + member(event, "kind") + " by " +
                      escape_text(member(event, "author"));
    const auto reason = member(event, "reason");
    return out + (reason.empty() ? "" : ": " + escape_text(reason)) + "\n" +
           (event.contains("patch") ? patch_text(event["patch"]) : "");
}

// Where a watcher begins that was told no revision: with what comes next.
Result<std::int64_t> newest_revision(Client& client) {
    const auto stats = ask_config(client, "stats", json::object());
    return stats ? Result<std::int64_t>(number(*stats, "revision")) : Failure(stats.error());
}

} // namespace

std::string patch_text(const json& patch) {
    std::string out;
    for (const auto& step : patch) {
        out += member(step, "op") + " " + escape_text(member(step, "path"));
        if (step.contains("value")) {
            out += " " + escape_text(json_text(step["value"], true));
        } else if (step.contains("from")) {
            out += " " + escape_text(member(step, "from"));
        }
        out += "\n";
    }
    return out.empty() ? "no difference\n" : out;
}

int config_history(const Globals& globals, const DocumentArgs& args) {
    json body = document_of(args);
    body["limit"] = args.count;
    return print_config(globals, "history", body,
                        [&](const json& answer) { return versions_text(globals, answer); });
}

int config_diff(const Globals& globals, const DocumentArgs& args) {
    json body = document_of(args);
    body["from"] = args.from;
    body["to"] = args.to;
    return print_config(globals, "diff", body, [](const json& answer) {
        return "version " + member(answer, "from") + " to " + member(answer, "to") + "\n" +
               patch_text(answer.value("patch", json::array()));
    });
}

int config_rollback(const Globals& globals, const DocumentArgs& args) {
    json body = is_of_host(args.key) ? json::object() : document_of(args);
    body["to"] = args.to;
    if (!args.reason.empty()) {
        body["reason"] = args.reason;
    }
    if (!is_of_host(args.key)) {
        return print_config(globals, "rollback", body, [](const json& answer) {
            return member(answer, "name") + " (" + member(answer, "layer") + "): version " +
                   member(answer, "version") + "\n";
        });
    }
    return ask_and_print(globals, "config_rollback", body,
                         [&](const json& answer) { return outcomes_text(globals, answer); });
}

int config_watch(const Globals& globals, const DocumentArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        auto since = args.since >= 0 ? Result<std::int64_t>(args.since) : newest_revision(client);
        if (!since) {
            return Failure(since.error());
        }
        say("from revision " + std::to_string(*since) + " on");
        for (std::int64_t seen = 0;;) {
            const auto answer = ask_config(
                client, "changes", {{"since", *since}, {"names", args.names}, {"wait_s", 20}});
            if (!answer) {
                return Failure(answer.error());
            }
            for (const auto& event : answer->value("events", json::array())) {
                print(globals.json ? json_text(event, true) + "\n" : event_line(event));
                ++seen;
            }
            *since = number(*answer, "revision");
            if (std::fflush(stdout) != 0 || (args.count > 0 && seen >= args.count)) {
                return exit_ok;
            }
        }
    });
}

int config_audit(const Globals& globals, const DocumentArgs& args) {
    if (!args.verify) {
        json body{{"limit", args.count}};
        if (!args.key.empty()) {
            body["name"] = args.key;
        }
        return print_config(globals, "audit", body,
                            [&](const json& answer) { return audit_text(globals, answer); });
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_config(client, "audit", {{"verify", true}});
        if (!answer) {
            return Failure(answer.error());
        }
        const bool whole = answer->value("ok", false);
        print(globals, *answer, [whole](const json& value) {
            return (whole ? "whole: " + member(value, "entries") + " entries, the newest " +
                                member(value, "head")
                          : "broken at entry " + member(value, "broken_at")) +
                   "\n";
        });
        return whole ? exit_ok : exit_failed;
    });
}

} // namespace noa::noactl
