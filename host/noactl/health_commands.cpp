// How the agents are: at a glance, as a report, as CSV, again and again.
#include <poll.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

std::string label_of(const json& value) {
    const auto status = member(value, "status");
    return status == "healthy"        ? "Healthy"
           : status == "needs_repair" ? "Needs Repair"
                                      : "Critical Issues";
}

bool fails(const json& check) {
    return member(check, "status") != "healthy";
}

// Agents by their names, and services with their prefix.
std::vector<std::pair<std::string, const json*>> all_of(const json& health) {
    std::vector<std::pair<std::string, const json*>> all;
    for (const auto& [name, value] : child(health, "agents").items()) {
        all.emplace_back(name, &value);
    }
    for (const auto& [name, value] : child(health, "services").items()) {
        all.emplace_back("service:" + name, &value);
    }
    return all;
}

std::string at_a_glance(const Globals& globals, const json& health) {
    Table table({{"AGENT"}, {"STATUS"}, {"CHECK"}, {"TEXT"}});
    for (const auto& [agent, whole] : all_of(health)) {
        const auto& value = *whole;
        table.add({agent,
                   {label_of(value), tone_of_state(member(value, "status"))},
                   "",
                   member(child(value, "error"), "text")});
        for (const auto& item : child(value, "checks")) {
            const bool said = member(item, "source") == "agent";
            if (said || fails(item)) {
                table.add({"",
                           {label_of(item), tone_of_state(member(item, "status"))},
                           member(item, "name"),
                           member(item, "text")});
            }
        }
    }
    return table.empty() ? "no agents\n" : table.render(globals.screen());
}

// Everything that is known, an agent after the other.
std::string report_text(const Globals& globals, const json& health) {
    const auto screen = globals.screen();
    std::string out;
    for (const auto& [agent, whole] : all_of(health)) {
        const auto& value = *whole;
        const auto version = member(value, "version");
        out += colored(escape_text(agent), Tone::plain, screen) + ": " +
               colored(label_of(value), tone_of_state(member(value, "status")), screen) + " (" +
               escape_text(member(value, "state")) +
               (value.contains("version") ? ", version " + escape_text(version) + ", generation " +
                                                member(value, "generation")
                                          : "") +
               ")\n";
        Table table(
            {{"  CHECK"}, {"SOURCE"}, {"STATUS"}, {"FAILURES", true}, {"TEXT"}, {"ADVICE"}});
        for (const auto& item : child(value, "checks")) {
            table.add({"  " + member(item, "name"),
                       member(item, "source"),
                       {label_of(item), tone_of_state(member(item, "status"))},
                       member(item, "failures"),
                       member(item, "text"),
                       member(item, "recommendation")});
        }
        out += table.empty() ? "" : table.render(screen);
    }
    return out.empty() ? "no agents\n" : out;
}

// RFC 4180; and nothing that a spreadsheet would take for a formula.
std::string csv_field(std::string text) {
    if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
        text.insert(0, 1, '\'');
    }
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
        return text;
    }
    std::string quoted = "\"";
    for (const char c : text) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + '"';
}

void add_row(std::string& out, const std::vector<std::string>& fields) {
    for (std::size_t i = 0; i < fields.size(); ++i) {
        out += (i == 0 ? "" : ",") + csv_field(fields[i]);
    }
    out += "\r\n";
}

} // namespace

std::string health_csv(const json& health, std::int64_t now_unix_ns) {
    std::string out;
    add_row(out, {"agent", "version", "generation", "state", "status", "check", "source",
                  "check_status", "failures", "finding", "strategy", "recommendation", "unix_s"});
    const auto time = std::to_string(now_unix_ns / 1'000'000'000);
    for (const auto& [agent, whole] : all_of(health)) {
        const auto& value = *whole;
        const auto row = [&, name = agent](const json& check) {
            add_row(out, {name, member(value, "version"), member(value, "generation"),
                          member(value, "state"), label_of(value), member(check, "name"),
                          member(check, "source"), check.is_null() ? "" : label_of(check),
                          member(check, "failures"), member(check, "text"),
                          member(check, "strategy"), member(check, "recommendation"), time});
        };
        bool any = false;
        for (const auto& check : child(value, "checks")) {
            if (fails(check)) {
                row(check);
                any = true;
            }
        }
        if (!any) {
            row(json());
        }
    }
    return out;
}

namespace {

Result<int> look(const Globals& globals, const HealthArgs& args, Client& client) {
    const auto answer = client.ask("health", {{"agents", args.agents}}, question_timeout);
    if (!answer) {
        return Failure(answer.error());
    }
    if (args.csv == "-") {
        print(health_csv(*answer, unix_ns()));
    } else {
        print(globals, *answer, [&](const json& value) {
            return args.report ? report_text(globals, value) : at_a_glance(globals, value);
        });
        if (!args.csv.empty()) {
            const auto written = replace_file(args.csv, health_csv(*answer, unix_ns()), Durable::no,
                                              "write the analysis");
            if (!written) {
                return Failure(written.error());
            }
        }
    }
    return member(*answer, "status") == "healthy" ? exit_ok : exit_failed;
}

} // namespace

int show_health(const Globals& globals, const HealthArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        if (args.every_ms == 0) {
            return look(globals, args, client);
        }
        const auto interrupt = Interrupt::open();
        if (!interrupt) {
            return Failure(interrupt.error());
        }
        while (true) {
            if (auto looked = look(globals, args, client); !looked) {
                return looked;
            }
            if (std::fflush(stdout) != 0) {
                return exit_ok; // nobody reads any more
            }
            pollfd wait{interrupt->fd(), POLLIN, 0};
            if (::poll(&wait, 1, args.every_ms) > 0) {
                return exit_interrupted;
            }
        }
    });
}

} // namespace noa::noactl
