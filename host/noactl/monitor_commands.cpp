#include "noactl/monitor_commands.hpp"

#include <algorithm>
#include <set>

#include "noactl/ask_agent.hpp"
#include "noactl/ask_monitor.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds run_timeout{600'000}; // what a host grants a call at most
constexpr std::chrono::milliseconds completion_timeout{1'500};

std::string checks_text(const Globals& globals, const json& answer) {
    Table table({{"CHECK"},
                 {"TYPE"},
                 {"TARGET"},
                 {"STATUS"},
                 {"CRITICAL"},
                 {"SINCE", true},
                 {"LAST", true},
                 {"TOOK", true},
                 {"RUNS", true},
                 {"WHY"}});
    for (const auto& check : child(answer, "checks")) {
        const auto status = member(check, "status");
        const Tone tone = status == "healthy"   ? Tone::good
                          : status == "unknown" ? Tone::faint
                                                : Tone::bad;
        const auto took = child(check, "took_s");
        const double took_s = took.is_number() ? took.get<double>() : 0;
        table.add({member(check, "name"), member(check, "type"), member(check, "target"),
                   Cell(status, tone), check.value("critical", false) ? "yes" : "",
                   age_text(number(check, "since")), age_text(number(check, "last")),
                   duration_text(static_cast<std::int64_t>(took_s * 1e9)), member(check, "runs"),
                   member(check, "text")});
    }
    return table.empty() ? "no checks\n" : table.render(globals.screen());
}

// A line for each series: what one reads off a curve.
std::string series_text(const Globals& globals, const json& answer) {
    Table table({{"SERIES"},
                 {"POINTS", true},
                 {"FIRST", true},
                 {"LAST", true},
                 {"LEAST", true},
                 {"AVERAGE", true},
                 {"MOST", true}});
    for (const auto& series : child(answer, "series")) {
        std::vector<double> values;
        for (const auto& point : child(series, "points")) {
            if (point.is_array() && point.size() == 2 && point[1].is_number()) {
                values.push_back(point[1].get<double>());
            }
        }
        if (values.empty()) {
            continue;
        }
        double sum = 0;
        for (const double value : values) {
            sum += value;
        }
        const auto [least, most] = std::ranges::minmax(values);
        table.add({labels_text(child(series, "labels")), std::to_string(values.size()),
                   value_text(values.front()), value_text(values.back()), value_text(least),
                   value_text(sum / static_cast<double>(values.size())), value_text(most)});
    }
    return member(answer, "name") + " (" + member(answer, "type") +
           "): " + escape_text(member(answer, "help")) + "\n" +
           (table.empty() ? "no points\n" : table.render(globals.screen()));
}

} // namespace

int checks_list(const Globals& globals, const MonitorArgs& /*args*/) {
    return print_monitor(globals, "checks.list", json::object(),
                         [&](const json& answer) { return checks_text(globals, answer); });
}

int checks_run(const Globals& globals, const MonitorArgs& args) {
    json body = json::object();
    set_given(body, "name", args.name);
    return print_monitor(
        globals, "checks.run", body,
        [&](const json& answer) { return checks_text(globals, answer); }, run_timeout,
        [](const json& answer) {
            const bool well = std::ranges::all_of(child(answer, "checks"), [](const json& check) {
                return member(check, "status") == "healthy";
            });
            return well ? exit_ok : exit_failed;
        });
}

int verify_host(const Globals& globals, const MonitorArgs& /*args*/) {
    const auto show = [&](const json& answer) {
        Table table({{"WHAT"}, {"NAME"}, {"STATUS"}, {"FOUND"}});
        const auto tone = [](const std::string& status) {
            return status == "pass" || status == "healthy" ? Tone::good : Tone::bad;
        };
        for (const json& check : child(answer, "checks")) {
            const auto status = member(check, "status");
            table.add({"check", member(check, "name"), Cell(status, tone(status)),
                       member(check, "text")});
        }
        for (const json& criterion : child(answer, "criteria")) {
            std::string found;
            for (const json& finding : child(criterion, "findings")) {
                const std::string labels = labels_text(child(finding, "labels"));
                found += (found.empty() ? "" : "; ") + labels + (labels.empty() ? "" : " ") +
                         value_text(child(finding, "value"));
            }
            const auto status = member(criterion, "status");
            table.add({"criterion", member(criterion, "name"), Cell(status, tone(status)), found});
        }
        return table.render(globals.screen()) + "verdict: " + member(answer, "verdict") + "\n";
    };
    return print_monitor(globals, "verify", json::object(), show, run_timeout,
                         [](const json& answer) {
                             return member(answer, "verdict") == "pass" ? exit_ok : exit_failed;
                         });
}

int metrics_query(const Globals& globals, const MonitorArgs& args) {
    const auto labels = labels_of(args.labels);
    if (!labels) {
        complain(labels.error());
        return exit_usage;
    }
    json body{{"name", args.name}, {"labels", *labels}};
    set_given(body, "range", args.range);
    set_given(body, "step", args.step);
    return print_monitor(globals, "metrics.query", body,
                         [&](const json& answer) { return series_text(globals, answer); });
}

int metrics_export(const Globals& globals, const MonitorArgs& args) {
    json body = json::object();
    set_given(body, "prefix", args.prefix);
    return globals.json ? print_monitor(globals, "metrics.now", body, {})
                        : print_monitor_text(globals, "metrics.prometheus", body);
}

int complete_monitor(const Globals& globals, const std::string& what) {
    auto client = Client::connect(globals.runtime_dir);
    if (!client) {
        return exit_ok;
    }
    const bool alerts = what == "alerts";
    const bool checks = what == "checks";
    const auto answer = ask_agent(*client, "monitor",
                                  alerts   ? "alerts.rules"
                                  : checks ? "checks.list"
                                           : "metrics.now",
                                  json::object(), completion_timeout);
    const auto* key = alerts ? "rules" : checks ? "checks" : "figures";
    std::set<std::string> words;
    for (const auto& one : answer ? child(*answer, key) : json::array()) {
        words.insert(member(one, "name"));
    }
    for (const auto& word : words) {
        print(escape_text(word) + "\n");
    }
    return exit_ok;
}

} // namespace noa::noactl
