#include "control/manifest.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

#include "base/names.hpp"
#include "config/build.hpp"
#include "control/protocol.hpp"

namespace noa::control {

namespace {

using nlohmann::json;

constexpr std::size_t max_problems = 50;
constexpr const char* unknown_secret = "(secret)";

class Problems {
public:
    void add(const std::string& where, const std::string& what) { add(where + ": " + what); }
    void add(std::string_view line) {
        if (++count_ <= max_problems) {
            text_.append(text_.empty() ? "" : "\n").append(line);
        }
    }
    void add_lines(std::string_view lines) {
        while (!lines.empty()) {
            const auto end = std::min(lines.find('\n'), lines.size());
            add(lines.substr(0, end));
            lines.remove_prefix(std::min(end + 1, lines.size()));
        }
    }
    [[nodiscard]] Result<void> result() const {
        if (count_ == 0) {
            return {};
        }
        const std::string more =
            count_ > max_problems ? "\nand " + std::to_string(count_ - max_problems) + " more" : "";
        return fail(Errc::invalid, "check manifest", {}, text_ + more);
    }

private:
    std::string text_;
    std::size_t count_ = 0;
};

bool is_digest(const std::string& text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string shown(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 60);
}

// What is the manifest's own, beside the keys of a configuration.
constexpr std::array own_keys{"name", "version", "digest", "secrets"};

void check_own(const json& agent, const std::string& where, Problems& problems) {
    const auto text = [&](const char* key) -> const std::string* {
        const auto found = agent.find(key);
        if (found == agent.end() || found->is_string()) {
            return found == agent.end() ? nullptr : &found->get_ref<const std::string&>();
        }
        problems.add(where + '.' + key, "wanted text, found " + shown(*found));
        return nullptr;
    };
    static_cast<void>(text("version"));
    if (const auto* digest = text("digest");
        digest != nullptr && !digest->empty() && !is_digest(*digest)) {
        problems.add(where + ".digest", "wanted 64 hexadecimal digits, found " + shown(*digest));
    }
    const auto secrets = agent.value("secrets", json::array());
    if (!secrets.is_array() || !std::all_of(secrets.begin(), secrets.end(),
                                            [](const json& item) { return item.is_string(); })) {
        problems.add(where + ".secrets", "wanted a list of texts, found " + shown(secrets));
    }
}

// Everything else is read as a configuration is. Settings are another host's to judge: which
// plugin checks them, and what is behind a reference, is known there.
void check_values(const json& agent, const std::string& name, const std::string& where,
                  Problems& problems) {
    config::Tree tree;
    auto& table = tree.value["agents"][name] = agent;
    for (const char* key : own_keys) {
        table.erase(key);
    }
    if (const auto settings = table.find("settings");
        settings != table.end() && settings->is_object()) {
        table.erase(settings);
    }
    tree.origins["agents"] = {where, 0, 0};
    config::Problems found;
    static_cast<void>(config::build(tree, {}, found));
    problems.add_lines(found.text());
}

using Needs = std::map<std::string, std::vector<std::string>>;

// Takes away agents whose needs are gone until none goes: what stays is in a cycle, or needs one.
void check_cycles(Needs needs, Problems& problems) {
    bool changed = true;
    while (changed) {
        changed =
            std::erase_if(needs, [&](const auto& item) {
                return std::none_of(item.second.begin(), item.second.end(),
                                    [&](const std::string& need) { return needs.contains(need); });
            }) > 0;
    }
    std::string names;
    for (const auto& [name, list] : needs) {
        names += (names.empty() ? "" : ", ") + name;
    }
    if (!names.empty()) {
        problems.add("depends_on", "a cycle among " + names);
    }
}

void check_dependencies(const json& agents, Problems& problems) {
    Needs needs;
    for (const auto& agent : agents) {
        if (!agent.is_object() || !agent.value("name", json()).is_string()) {
            continue;
        }
        auto& list = needs[agent["name"].get<std::string>()];
        for (const auto& need : agent.value("depends_on", json::array())) {
            if (need.is_string()) {
                list.push_back(need.get<std::string>());
            } else if (need.is_object() && need.value("name", json()).is_string() &&
                       need.value("optional", json()) != true) {
                list.push_back(need["name"].get<std::string>());
            }
        }
    }
    for (const auto& [name, list] : needs) {
        for (const auto& need : list) {
            if (!needs.contains(need)) {
                problems.add("agent " + name,
                             "depends on " + shown(need) + ", which is not in the manifest");
            }
        }
    }
    check_cycles(std::move(needs), problems);
}

void check_agents(const json& agents, Problems& problems) {
    std::set<std::string> names;
    std::size_t index = 0;
    for (const auto& agent : agents) {
        const std::string where = "agents[" + std::to_string(index++) + "]";
        if (!agent.is_object()) {
            problems.add(where, "wanted an object, found " + shown(agent));
            continue;
        }
        check_own(agent, where, problems);
        const auto name = agent.find("name");
        if (name == agent.end()) {
            problems.add(where, "the name is missing");
        } else if (!name->is_string() || !is_agent_name(name->get_ref<const std::string&>())) {
            problems.add(where + ".name", "not an agent's name: " + shown(*name));
        } else if (!names.insert(name->get<std::string>()).second) {
            problems.add(where + ".name", "there is another agent " + shown(*name));
        }
        const bool named = name != agent.end() && name->is_string() &&
                           is_agent_name(name->get_ref<const std::string&>());
        check_values(agent, named ? name->get<std::string>() : "agent", where, problems);
    }
    check_dependencies(agents, problems);
}

bool holds_unknown_secret(const json& value) {
    if (!value.is_array()) {
        return value == unknown_secret;
    }
    return std::any_of(value.begin(), value.end(), [](const json& item) {
        return item.is_object() ? std::any_of(item.begin(), item.end(), holds_unknown_secret)
                                : holds_unknown_secret(item);
    });
}

// Settings without what is only known to be a secret. Lists are replaced as a whole, so one that
// holds a secret goes as a whole.
json without_unknown_secrets(const json& settings) {
    json kept = json::object();
    for (const auto& [key, value] : settings.items()) {
        if (value.is_object()) {
            kept[key] = without_unknown_secrets(value);
        } else if (!holds_unknown_secret(value)) {
            kept[key] = value;
        }
    }
    return kept;
}

} // namespace

Result<json> parse_manifest(std::string_view text) {
    if (text.size() > max_manifest_bytes) {
        return fail(Errc::invalid, "check manifest", {}, "longer than 8 MiB");
    }
    auto manifest = parse_json(text, "manifest");
    if (!manifest) {
        return manifest;
    }
    if (auto good = check_manifest(*manifest); !good) {
        return Failure(std::move(good.error()));
    }
    return manifest;
}

Result<void> check_manifest(const json& manifest) {
    Problems problems;
    if (!manifest.is_object()) {
        problems.add("manifest", "wanted an object, found " + shown(manifest));
        return problems.result();
    }
    if (const auto version = manifest.value("manifest", json()); version != manifest_version) {
        problems.add("manifest", "wanted version 3, found " + shown(version));
    }
    const auto agents = manifest.find("agents");
    if (agents == manifest.end() || !agents->is_array()) {
        problems.add("agents", "wanted a list of agents");
        return problems.result();
    }
    check_agents(*agents, problems);
    return problems.result();
}

json manifest_to_override(const json& manifest) {
    json agents = json::object();
    for (const auto& agent : manifest["agents"]) {
        json wanted = agent;
        for (const char* key : own_keys) {
            wanted.erase(key);
        }
        if (const auto settings = wanted.find("settings"); settings != wanted.end()) {
            *settings = without_unknown_secrets(*settings);
        }
        agents[agent["name"].get<std::string>()] = std::move(wanted);
    }
    return {{"agents", std::move(agents)}};
}

} // namespace noa::control
