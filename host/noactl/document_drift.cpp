#include <set>
#include <utility>

#include "noactl/document_commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

// What the host and the agent say, as one.
Result<json> all_drift(Client& client, const DocumentArgs& args) {
    json out{{"documents", json::array()}, {"rows", json::array()}};
    if (!is_of_host(args.key)) {
        json body = json::object();
        if (!args.key.empty()) {
            body["name"] = args.key;
        }
        auto answer = ask_config(client, "drift", body);
        if (!answer) {
            return answer;
        }
        out = *std::move(answer);
    }
    if (args.key.empty() || is_of_host(args.key)) {
        const auto answer = client.ask("config_drift", {{"heal", args.heal}}, control::no_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        out["host"] = *answer;
    }
    return out;
}

bool is_healed(const json& host) {
    return child(host, "drift").empty() || host.value("healed", false);
}

std::string host_text(const json& host) {
    const auto& drift = child(host, "drift");
    if (drift.empty()) {
        return member(host, "file") + ": as recorded\n";
    }
    return member(host, "file") + ": not as recorded (version " + member(host, "recorded") + ")\n" +
           patch_text(drift) + (host.value("healed", false) ? "put back\n" : "");
}

std::string document_text(const json& one) {
    const auto state = member(one, "state");
    std::string out = escape_text(member(one, "name")) + ": " + escape_text(member(one, "file"));
    if (state == "fault") {
        return out + ": " + escape_text(member(one, "fault")) + "\n";
    }
    if (state != "drifted") {
        const auto heals = number(one, "heals");
        return out + ": as recorded" +
               (heals > 0 ? ", put back " + std::to_string(heals) + " times" : "") + "\n";
    }
    return out + ": not as recorded since " + member(one, "since") + " (" + member(one, "mode") +
           ")\n" + patch_text(one.value("patch", json::array()));
}

std::string all_text(const json& answer) {
    std::string out = answer.contains("host") ? host_text(answer["host"]) : "";
    for (const auto& one : answer.value("documents", json::array())) {
        out += document_text(one);
    }
    for (const auto& row : answer.value("rows", json::array())) {
        out += escape_text(member(row, "name")) + " (" + escape_text(member(row, "layer")) +
               "): " + member(row, "found") + " in the store, behind the agent's back\n";
    }
    return out.empty() ? "nothing is watched\n" : out;
}

bool is_all_well(const json& answer) {
    bool well = answer["rows"].empty() && (!answer.contains("host") || is_healed(answer["host"]));
    for (const auto& one : answer.value("documents", json::array())) {
        well = well && member(one, "state") == "as_recorded";
    }
    return well;
}

Result<bool> heal_all(Client& client, const json& found) {
    std::set<std::string> names;
    for (const auto* kind : {"documents", "rows"}) {
        for (const auto& one : found.value(kind, json::array())) {
            if (member(one, "state") != "as_recorded") {
                names.insert(member(one, "name"));
            }
        }
    }
    for (const auto& name : names) {
        if (const auto done = ask_config(client, "drift.heal", {{"name", name}}); !done) {
            return Failure(done.error());
        }
        say(name + ": put back");
    }
    return !names.empty();
}

} // namespace

int config_drift(const Globals& globals, const DocumentArgs& args) {
    if (args.accept && (args.key.empty() || is_of_host(args.key))) {
        complain(Error{Errc::invalid, "config drift", args.key, "--accept takes a document's name",
                       "noactl config set takes over what the host's file has"});
        return exit_usage;
    }
    if (args.accept) {
        json body{{"name", args.key}};
        for (const auto& [key, value] :
             {std::pair{"layer", &args.layer}, {"reason", &args.reason}}) {
            if (!value->empty()) {
                body[key] = *value;
            }
        }
        return print_config(globals, "drift.accept", body, [&](const json& answer) {
            std::string out;
            for (const auto& one : answer.value("documents", json::array())) {
                out += member(one, "name") + " (" + member(one, "layer") + "): version " +
                       member(one, "version") + "\n";
            }
            return out;
        });
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        auto answer = all_drift(client, args);
        if (answer && args.heal) {
            if (const auto healed = heal_all(client, *answer); !healed) {
                return Failure(healed.error());
            }
            auto host = answer->value("host", json());
            auto rest = args;
            rest.heal = false;
            answer = all_drift(client, rest);
            if (answer && !host.is_null()) {
                (*answer)["host"] = std::move(host);
            }
        }
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [](const json& value) { return all_text(value); });
        return is_all_well(*answer) ? exit_ok : exit_failed;
    });
}

} // namespace noa::noactl
