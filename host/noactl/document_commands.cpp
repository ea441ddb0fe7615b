#include "noactl/document_commands.hpp"

#include "noactl/ask_agent.hpp"

#include <pwd.h>
#include <unistd.h>

#include <array>
#include <map>
#include <set>

#include "noa/message.h"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds config_timeout{30'000};

// "size" and what is behind the dot after it; quoted where it has dots: "a.b".c
bool take_part(std::string_view& rest, std::string& ret_part) {
    const bool quoted = rest.starts_with('"');
    const auto end = quoted ? rest.find('"', 1) : rest.find('.');
    if (quoted && end == std::string_view::npos) {
        return false;
    }
    ret_part = rest.substr(quoted ? 1 : 0, quoted ? end - 1 : end);
    rest.remove_prefix(std::min(rest.size(), ret_part.size() + (quoted ? 2U : 0U)));
    const bool good = !ret_part.empty() && (rest.empty() || (rest[0] == '.' && rest.size() > 1));
    rest.remove_prefix(good && !rest.empty() ? 1 : 0);
    return good;
}

std::string written_text(const json& answer) {
    std::string out = member(answer, "name") + " (" + member(answer, "layer") + ")";
    if (!answer.value("changed", false)) {
        return out + ": unchanged\n";
    }
    if (answer.value("dry_run", false)) {
        return out + ": would be changed\n" +
               json_text(answer.value("patches", json::object()), false) + "\n";
    }
    return out + ": version " + member(answer, "version") + ", revision " +
           member(answer, "revision") + (answer.value("unset", false) ? ", unset\n" : "\n");
}

std::string changed_text(const Globals& globals, const json& answer) {
    if (answer.value("dry_run", false)) {
        return "good; would be changed:\n" +
               json_text(answer.value("changes", json::array()), false) + "\n";
    }
    std::string out = outcomes_text(globals, answer);
    if (!answer.value("recorded", true)) {
        out += "not recorded: " + escape_text(member(answer, "not_recorded")) + "\n";
    }
    return out;
}

json value_of(const std::string& text) {
    auto value = json::parse(text, nullptr, false);
    return value.is_discarded() ? json(text) : value;
}

int write_host(const Globals& globals, const DocumentArgs& args, json edit) {
    json body{{"edits", json::array({std::move(edit)})}, {"dry_run", args.dry_run}};
    if (!args.reason.empty()) {
        body["reason"] = args.reason;
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = client.ask("config_change", body, control::no_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& value) { return changed_text(globals, value); });
        return exit_ok;
    });
}

int write_document(const Globals& globals, const DocumentArgs& args, const char* operation,
                   const json* value) {
    auto body = target_of(args);
    if (!body) {
        complain(body.error());
        return exit_usage;
    }
    (*body)["author"] = user_name();
    (*body)["dry_run"] = args.dry_run;
    if (!args.reason.empty()) {
        (*body)["reason"] = args.reason;
    }
    if (value != nullptr) {
        (*body)["value"] = *value;
    }
    return print_config(globals, operation, *body, written_text);
}

std::string provenance_text(const Globals& globals, const json& answer) {
    Table table({{"KEY"}, {"VALUE"}, {"LAYER"}, {"VERSION", true}, {"AUTHOR"}, {"AT"}, {"REASON"}});
    for (const auto& one : answer.value("values", json::array())) {
        table.add({member(one, "pointer"), member(one, "value"), member(one, "layer"),
                   member(one, "version"), member(one, "author"), member(one, "at"),
                   member(one, "reason")});
    }
    return table.render(globals.screen());
}

void add_keys(const std::string& name, const json& value, std::set<std::string>& ret_keys) {
    ret_keys.insert(name);
    if (value.is_object()) {
        for (const auto& [key, child] : value.items()) {
            const bool plain = key.find('.') == std::string::npos;
            add_keys(name + "." + (plain ? key : '"' + key + '"'), child, ret_keys);
        }
    }
}

} // namespace

std::string user_name() {
    std::array<char, 1024> storage{};
    passwd entry{};
    passwd* found = nullptr;
    const bool known =
        ::getpwuid_r(::getuid(), &entry, storage.data(), storage.size(), &found) == 0 &&
        found != nullptr;
    return known ? entry.pw_name : "uid " + std::to_string(::getuid());
}

bool is_of_host(const std::string& key) {
    const auto first = key.substr(0, key.find('.'));
    return first == "host" || first == "agents" || first == "services";
}

Result<json> ask_config(Client& client, const std::string& operation, const json& body) {
    return ask_agent(client, "config", operation, body, config_timeout);
}

int print_config(const Globals& globals, const std::string& operation, const json& body,
                 const std::function<std::string(const json&)>& show) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_config(client, operation, body);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, show);
        return exit_ok;
    });
}

Result<json> target_of(const DocumentArgs& args) {
    std::string_view rest = args.key;
    std::string name;
    bool good = take_part(rest, name);
    std::string pointer;
    while (good && !rest.empty()) {
        std::string part;
        good = take_part(rest, part);
        pointer += '/';
        for (const char c : part) {
            pointer += c == '~' ? std::string("~0") : c == '/' ? "~1" : std::string(1, c);
        }
    }
    if (!good) {
        return fail(Errc::invalid, "config", args.key, "not a key: names with dots between",
                    "a name with dots in it is quoted: app.\"a.b\"");
    }
    json body{{"name", name}};
    if (!pointer.empty()) {
        body["pointer"] = pointer;
    }
    if (!args.layer.empty()) {
        body["layer"] = args.layer;
    }
    return body;
}

json document_of(const DocumentArgs& args) {
    json body{{"name", is_of_host(args.key) ? "host" : args.key}};
    if (is_of_host(args.key)) {
        body["layer"] = "host";
    } else if (!args.layer.empty()) {
        body["layer"] = args.layer;
    }
    return body;
}

int config_get(const Globals& globals, const ConfigFiles& files, const DocumentArgs& args) {
    if (is_of_host(args.key)) {
        return explain(globals, files, args.key);
    }
    auto body = target_of(args);
    if (!body) {
        complain(body.error());
        return exit_usage;
    }
    if (!args.environment.empty()) {
        (*body)["environment"] = args.environment;
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_config(client, "get", *body);
        if (!answer) {
            return Failure(answer.error());
        }
        if (!answer->value("found", false)) {
            return fail(Errc::not_found, "config get", args.key, "there is nothing");
        }
        print(globals, *answer,
              [](const json& value) { return json_text(child(value, "value"), false) + "\n"; });
        return exit_ok;
    });
}

int config_set(const Globals& globals, const DocumentArgs& args) {
    const json value = value_of(args.value);
    return is_of_host(args.key) ? write_host(globals, args, {{"key", args.key}, {"value", value}})
                                : write_document(globals, args, "set", &value);
}

int config_unset(const Globals& globals, const DocumentArgs& args) {
    return is_of_host(args.key) ? write_host(globals, args, {{"key", args.key}})
                                : write_document(globals, args, "unset", nullptr);
}

int config_list(const Globals& globals, const DocumentArgs& args) {
    json body = json::object();
    if (!args.layer.empty()) {
        body["layer"] = args.layer;
    }
    return print_config(globals, "list", body, [&](const json& answer) {
        Table table({{"NAME"},
                     {"LAYER"},
                     {"VERSION", true},
                     {"REVISION", true},
                     {"SIZE", true},
                     {"AT"},
                     {"AUTHOR"}});
        for (const auto& one : answer.value("documents", json::array())) {
            table.add({member(one, "name"), member(one, "layer"), member(one, "version"),
                       member(one, "revision"), bytes_text(one.value("bytes", std::uint64_t{0})),
                       member(one, "updated_at"), member(one, "updated_by")});
        }
        return table.empty() ? std::string("no documents\n") : table.render(globals.screen());
    });
}

int config_environments(const Globals& globals) {
    return print_config(globals, "list", json::object(), [&](const json& answer) {
        std::map<std::string, std::uint64_t> layers;
        for (const auto& one : answer.value("documents", json::array())) {
            ++layers[member(one, "layer")];
        }
        const auto current = member(answer, "environment");
        layers.try_emplace(current);
        Table table({{"LAYER"}, {"DOCUMENTS", true}, {"NOTE"}});
        for (const auto& [layer, count] : layers) {
            table.add({layer, std::to_string(count), layer == current ? "in use" : ""});
        }
        return table.render(globals.screen());
    });
}

int config_explain(const Globals& globals, const ConfigFiles& files, const DocumentArgs& args) {
    if (args.key.empty() || is_of_host(args.key)) {
        return explain(globals, files, args.key);
    }
    json body{{"name", args.key}};
    if (!args.environment.empty()) {
        body["environment"] = args.environment;
    }
    return print_config(globals, "explain", body,
                        [&](const json& answer) { return provenance_text(globals, answer); });
}

int complete_documents(const Globals& globals, bool keys) {
    auto client = Client::connect(globals.runtime_dir);
    if (!client) {
        return exit_ok;
    }
    std::set<std::string> words;
    const auto all = ask_config(*client, "export", json::object());
    for (const auto& layer : all ? child(*all, "documents") : json::object()) {
        for (const auto& [name, value] : layer.items()) {
            add_keys(name, keys ? value : json(), words);
        }
    }
    if (!keys) {
        words.insert("host");
    } else if (const auto known = client->ask("explain", json::object(), question_timeout)) {
        for (const auto& one : child(*known, "keys")) {
            words.insert(member(one, "key"));
        }
    }
    for (const auto& word : words) {
        print(escape_text(word) + "\n");
    }
    return exit_ok;
}

} // namespace noa::noactl
