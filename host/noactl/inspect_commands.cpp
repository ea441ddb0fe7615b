#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

// {"key": string, "ttl": integer?}: enough to write a call by.
std::string schema_text(const json& schema) {
    const auto& properties = child(schema, "properties");
    if (!properties.is_object()) {
        const auto type = member(schema, "type");
        return type.empty() ? "" : type;
    }
    const auto& required = child(schema, "required");
    std::string out;
    for (const auto& [name, property] : properties.items()) {
        bool needed = false;
        for (const auto& key : required) {
            needed = needed || key == name;
        }
        out += (out.empty() ? "" : ", ") + name + ": " +
               (member(property, "type").empty() ? "any" : member(property, "type")) +
               (needed ? "" : "?");
    }
    return "{" + out + "}";
}

std::string described_text(const Globals& globals, const std::string& agent, const json& value) {
    const auto screen = globals.screen();
    std::string out = colored(escape_text(agent), Tone::good, screen) + "\n";
    if (const auto& error = child(value, "error"); error.is_object()) {
        return out + "  " + escape_text(member(error, "text")) + "\n";
    }
    Table table({{"  OPERATION"}, {"REQUEST"}, {"REPLY"}, {"SUMMARY"}});
    for (const auto& [name, operation] : child(value, "operations").items()) {
        table.add({"  " + name, schema_text(child(operation, "request")),
                   schema_text(child(operation, "reply")), member(operation, "summary")});
    }
    Table events({{"  EVENT"}, {"SUMMARY"}});
    for (const auto& [subject, event] : child(value, "events").items()) {
        events.add({"  " + subject, member(event, "summary")});
    }
    out += table.empty() ? "  no operations described\n" : table.render(screen);
    return out + (events.empty() ? "" : events.render(screen));
}

} // namespace

int describe(const Globals& globals, const std::string& agent) {
    json args = json::object();
    if (!agent.empty()) {
        args["agents"] = json::array({agent});
    }
    return ask_and_print(globals, "describe", args, [&](const json& answer) {
        std::string out;
        for (const auto& [name, value] : child(answer, "agents").items()) {
            out += described_text(globals, name, value);
        }
        return out.empty() ? "no agents\n" : out;
    });
}

int complete(const Globals& globals, const std::string& what, const std::string& agent) {
    constexpr std::chrono::milliseconds patience{1'500};
    auto client = Client::connect(globals.runtime_dir);
    if (!client) {
        return exit_ok;
    }
    json args{{"what", what}};
    if (what == "operations") {
        args["agent"] = agent;
    }
    const auto answer = client->ask("complete", args, patience);
    for (const auto& word : answer ? child(*answer, "words") : json::array()) {
        print(escape_text(word.is_string() ? word.get<std::string>() : "") + "\n");
    }
    return exit_ok;
}

} // namespace noa::noactl
