#include "noactl/trace_commands.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "base/clock.hpp"
#include "config/quantity.hpp"
#include "noa/status.h"
#include "noactl/ask_agent.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds host_timeout{5'000};

int ask_host(const Globals& globals, const char* operation, const json& body,
             std::string (*show)(const Screen&, const json&)) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_agent(client, "host", operation, body, host_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& told) { return show(globals.screen(), told); });
        return exit_ok;
    });
}

// Spans by what they are below, each with its depth; those whose parent is not kept come first.
std::vector<std::pair<const json*, std::size_t>> as_tree(const json& spans) {
    std::map<std::string, std::vector<const json*>> below;
    std::map<std::string, bool> there;
    for (const auto& span : spans) {
        there[member(span, "span")] = true;
    }
    for (const auto& span : spans) {
        const auto parent = member(span, "parent");
        below[there.contains(parent) ? parent : ""].push_back(&span);
    }
    std::vector<std::pair<const json*, std::size_t>> out;
    std::vector<std::pair<const json*, std::size_t>> next;
    const auto push = [&](const std::string& parent, std::size_t depth) {
        auto& list = below[parent];
        for (auto each = list.rbegin(); each != list.rend(); ++each) {
            next.emplace_back(*each, depth);
        }
        list.clear(); // a circle that a stranger made ends
    };
    push("", 0);
    while (!next.empty()) {
        const auto [span, depth] = next.back();
        next.pop_back();
        out.emplace_back(span, depth);
        push(member(*span, "span"), depth + 1);
    }
    return out;
}

Cell status_cell(const json& span) {
    const auto status = number(span, "status");
    return {status == NOA_OK ? "ok" : member(span, "status_name"),
            status == NOA_OK ? Tone::good : Tone::bad};
}

} // namespace

std::string traces_text(const Screen& screen, const json& answer) {
    Table table({{"TRACE"},
                 {"AGE", true},
                 {"TOOK", true},
                 {"SPANS", true},
                 {"FAILED", true},
                 {"AGENT"},
                 {"OPERATION"},
                 {"FROM"}});
    for (const auto& trace : child(answer, "traces")) {
        const auto failed = number(trace, "failed");
        table.add(
            {member(trace, "trace"),
             duration_text(std::max<std::int64_t>(unix_ns() - number(trace, "start_unix_ns"), 0)),
             duration_text(number(trace, "took_ns")), member(trace, "spans"),
             Cell(failed == 0 ? "" : std::to_string(failed), Tone::bad), member(trace, "agent"),
             member(trace, "operation"), member(trace, "from")});
    }
    return table.empty() ? "no traces\n" : table.render(screen);
}

std::string trace_text(const Screen& screen, const json& answer) {
    const auto& spans = child(answer, "spans");
    std::int64_t begun = 0;
    for (const auto& span : spans) {
        const auto start = number(span, "start_unix_ns");
        begun = begun == 0 ? start : std::min(begun, start);
    }
    Table table({{"AGENT"},
                 {"OPERATION"},
                 {"FROM"},
                 {"KIND"},
                 {"AFTER", true},
                 {"TOOK", true},
                 {"ATTEMPTS", true},
                 {"STATUS"}});
    for (const auto& [span, depth] : as_tree(spans)) {
        table.add({std::string(2 * depth, ' ') + member(*span, "agent"), member(*span, "operation"),
                   member(*span, "from"), member(*span, "kind"),
                   duration_text(number(*span, "start_unix_ns") - begun),
                   duration_text(number(*span, "took_ns")), member(*span, "attempts"),
                   status_cell(*span)});
    }
    return "trace " + escape_text(member(answer, "trace")) + "\n" + table.render(screen);
}

int traces_list(const Globals& globals, const TraceArgs& args) {
    json body{{"limit", args.lines}, {"failed", args.failed}};
    if (!args.agent.empty()) {
        body["agent"] = args.agent;
    }
    if (!args.slower.empty()) {
        const auto least = config::parse_duration(args.slower);
        if (!least) {
            complain(
                {Errc::invalid, "read option", "--slower", "expected a duration such as 20ms", {}});
            return exit_usage;
        }
        body["min_ms"] = *least / std::chrono::milliseconds(1);
    }
    return ask_host(globals, "traces.list", body, traces_text);
}

int traces_show(const Globals& globals, const TraceArgs& args) {
    return ask_host(globals, "traces.show", {{"trace", args.trace}}, trace_text);
}

void add_trace_commands(CLI::App& app, const Globals& globals, TraceArgs& args,
                        std::function<int()>& chosen) {
    constexpr int most_lines = 1'000;
    auto* traces = app.add_subcommand("traces", "What agents did, message by message");
    traces->require_subcommand(1);
    auto* list = traces->add_subcommand("list", "Traces that are kept, the last one first");
    list->add_option("--agent", args.agent, "Only those that this agent had a part in");
    list->add_flag("--failed", args.failed, "Only those in which something failed");
    list->add_option("--slower", args.slower, "Only those that took as long: 20ms");
    list->add_option("-n,--lines", args.lines, "How many")
        ->check(CLI::Range(1, most_lines))
        ->capture_default_str();
    list->callback([&] { chosen = [&] { return traces_list(globals, args); }; });
    auto* show =
        traces->add_subcommand("show", "The messages of a trace, each below what led to it");
    show->add_option("TRACE", args.trace, "Its id, or how that begins")->required();
    show->callback([&] { chosen = [&] { return traces_show(globals, args); }; });
}

} // namespace noa::noactl
