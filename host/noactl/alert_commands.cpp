#include "noactl/alert_commands.hpp"

#include "noactl/ask_monitor.hpp"
#include "noactl/document_commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

Tone tone_of_alert(const json& alert) {
    const auto state = member(alert, "state");
    return state == "resolved"                       ? Tone::good
           : state == "pending"                      ? Tone::faint
           : member(alert, "severity") == "critical" ? Tone::bad
                                                     : Tone::notice;
}

std::string alerts_text(const Globals& globals, const json& answer) {
    Table table({{"ALERT"},
                 {"OF"},
                 {"SEVERITY"},
                 {"STATE"},
                 {"SINCE", true},
                 {"VALUE", true},
                 {"SILENCE", true},
                 {"SUMMARY"}});
    for (const auto& alert : child(answer, "alerts")) {
        const auto* since = member(alert, "state") == "resolved" ? "resolved" : "since";
        table.add({member(alert, "rule"), labels_text(child(alert, "labels")),
                   member(alert, "severity"), Cell(member(alert, "state"), tone_of_alert(alert)),
                   age_text(number(alert, since)), value_text(child(alert, "value")),
                   member(alert, "silence"), member(alert, "summary")});
    }
    Table silences({{"SILENCE", true}, {"RULE"}, {"OF"}, {"ENDS IN", true}, {"COMMENT"}});
    for (const auto& silence : child(answer, "silences")) {
        silences.add({member(silence, "id"), member(silence, "rule"),
                      labels_text(child(silence, "labels")), left_text(number(silence, "until")),
                      member(silence, "comment")});
    }
    return (table.empty() ? "no alerts\n" : table.render(globals.screen())) +
           (silences.empty() ? "" : "\n" + silences.render(globals.screen()));
}

std::string rules_text(const Globals& globals, const json& answer) {
    Table table({{"RULE"},
                 {"SEVERITY"},
                 {"FOR", true},
                 {"KEEP", true},
                 {"COOLDOWN", true},
                 {"EXPRESSION"}});
    for (const auto& rule : child(answer, "rules")) {
        table.add({member(rule, "name"), member(rule, "severity"), member(rule, "for"),
                   member(rule, "keep"), member(rule, "cooldown"), member(rule, "expression")});
    }
    return table.empty() ? "no rules\n" : table.render(globals.screen());
}

std::string channels_text(const Globals& globals, const json& answer) {
    Table table({{"CHANNEL"},
                 {"TYPE"},
                 {"TARGET"},
                 {"SEVERITY"},
                 {"WAITING", true},
                 {"DELIVERED", true},
                 {"FAILURES", true},
                 {"FAULT"}});
    for (const auto& channel : child(answer, "channels")) {
        const auto failures = member(channel, "failures");
        table.add(
            {member(channel, "name"), member(channel, "type"), member(channel, "target"),
             member(channel, "severity"), member(channel, "waiting"), member(channel, "delivered"),
             Cell(failures, failures == "0" ? Tone::plain : Tone::bad), member(channel, "fault")});
    }
    return table.empty() ? "no channels\n" : table.render(globals.screen());
}

std::string trial_text(const Globals& globals, const json& answer) {
    Table table({{"AFTER S", true},
                 {"ALERT"},
                 {"OF"},
                 {"SEVERITY"},
                 {"STATE"},
                 {"TOLD"},
                 {"VALUE", true},
                 {"SUMMARY"}});
    for (const auto& step : child(answer, "steps")) {
        table.add({value_text(child(step, "at_s")), member(step, "rule"),
                   labels_text(child(step, "labels")), member(step, "severity"),
                   Cell(member(step, "state"), tone_of_alert(step)),
                   step.value("told", false) ? "yes" : "", value_text(child(step, "value")),
                   member(step, "summary")});
    }
    return table.empty() ? "no alert fires\n" : table.render(globals.screen());
}

} // namespace

int alerts_list(const Globals& globals, const AlertArgs& args) {
    json body = json::object();
    set_given(body, "state", args.state);
    set_given(body, "rule", args.rule);
    return print_monitor(globals, "alerts.list", body,
                         [&](const json& answer) { return alerts_text(globals, answer); });
}

int alerts_rules(const Globals& globals, const AlertArgs& args) {
    if (args.prometheus) {
        return print_monitor_text(globals, "alerts.prometheus", json::object());
    }
    return print_monitor(globals, "alerts.rules", json::object(),
                         [&](const json& answer) { return rules_text(globals, answer); });
}

int alerts_channels(const Globals& globals, const AlertArgs& /*args*/) {
    return print_monitor(globals, "alerts.channels", json::object(),
                         [&](const json& answer) { return channels_text(globals, answer); });
}

int alerts_silence(const Globals& globals, const AlertArgs& args) {
    const auto labels = labels_of(args.labels);
    if (!labels) {
        complain(labels.error());
        return exit_usage;
    }
    json body{{"labels", *labels}};
    set_given(body, "rule", args.rule);
    set_given(body, "for", args.lasts);
    set_given(body, "comment", args.comment);
    return print_monitor(globals, "alerts.silence", body, [](const json& answer) {
        return "silence " + escape_text(member(answer, "id")) + "\n";
    });
}

int alerts_unsilence(const Globals& globals, const AlertArgs& args) {
    return print_monitor(globals, "alerts.unsilence", {{"id", args.id}}, [&](const json&) {
        return "silence " + escape_text(args.id) + " has ended\n";
    });
}

int alerts_test(const Globals& globals, const AlertArgs& args) {
    const auto text = read_input(args.file);
    auto body = text ? control::parse_json(*text, args.file, control::answer_limits)
                     : Failure(text.error());
    if (!body || !body->is_object()) {
        complain(body ? Error{Errc::invalid, "read figures", args.file, "is no JSON object", ""}
                      : body.error());
        return exit_usage;
    }
    set_given(*body, "rule", args.rule);
    return print_monitor(globals, "alerts.test", *body,
                         [&](const json& answer) { return trial_text(globals, answer); });
}

} // namespace noa::noactl
