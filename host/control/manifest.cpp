#include "control/manifest.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/names.hpp"
#include "control/protocol.hpp"

namespace noa::control {

namespace {

using nlohmann::json;

constexpr std::size_t max_problems = 50;
constexpr const char* unknown_secret = "(secret)";

class Problems {
public:
    void add(const std::string& where, const std::string& what) {
        if (++count_ <= max_problems) {
            text_ += (text_.empty() ? "" : "\n") + where + ": " + what;
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

bool is_count(const json& value) {
    return value.is_number_unsigned() || (value.is_number_integer() && value >= 0);
}
bool is_text(const json& value) {
    return value.is_string();
}
bool is_flag(const json& value) {
    return value.is_boolean();
}
bool is_list(const json& value) {
    return value.is_array();
}
bool is_object(const json& value) {
    return value.is_object();
}

struct Member {
    const char* key;
    bool (*fits)(const json& value);
    const char* wanted;
};

bool is_digest(const std::string& text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

std::string shown(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace).substr(0, 60);
}

void check_members(const json& object, const std::vector<Member>& members, const std::string& where,
                   Problems& problems) {
    for (const auto& [key, value] : object.items()) {
        const auto member =
            std::find_if(members.begin(), members.end(),
                         [&key = key](const Member& known) { return key == known.key; });
        if (member == members.end()) {
            problems.add(where, "unknown key " + shown(key));
        } else if (!member->fits(value)) {
            problems.add(std::string(where).append(".").append(key),
                         std::string("wanted ") + member->wanted + ", found " + shown(value));
        }
    }
}

const std::vector<Member>& agent_members() {
    constexpr const char* text = "text";
    constexpr const char* count = "a whole number";
    constexpr const char* list = "a list";
    constexpr const char* flag = "true or false";
    static const std::vector<Member> members{
        {"name", &is_text, text},
        {"plugin", &is_text, text},
        {"version", &is_text, text},
        {"digest", &is_text, text},
        {"enabled", &is_flag, flag},
        {"run", &is_text, text},
        {"depends_on", &is_list, list},
        {"capabilities", &is_list, list},
        {"queue_size", &is_count, count},
        {"concurrency", &is_count, count},
        {"max_deliveries", &is_count, count},
        {"task_timeout", &is_text, text},
        {"quiesce_timeout", &is_text, text},
        {"start_timeout", &is_text, text},
        {"probation", &is_text, text},
        {"probation_defects", &is_count, count},
        {"stall_limit", &is_text, text},
        {"log_level", &is_text, text},
        {"allow_pinned", &is_flag, flag},
        {"settings", &is_object, "an object"},
        {"secrets", &is_list, list},
    };
    return members;
}

void check_texts(const json& agent, const std::string& where, Problems& problems) {
    if (const auto digest = agent.find("digest"); digest != agent.end() && digest->is_string() &&
                                                  !digest->get<std::string>().empty() &&
                                                  !is_digest(digest->get<std::string>())) {
        problems.add(where + ".digest", "wanted 64 hexadecimal digits, found " + shown(*digest));
    }
    if (const auto plugin = agent.find("plugin");
        plugin != agent.end() && plugin->is_string() &&
        !is_agent_name(plugin->get_ref<const std::string&>())) {
        problems.add(where + ".plugin", "not a plugin's id: " + shown(*plugin));
    }
    for (const char* key : {"depends_on", "capabilities", "secrets"}) {
        const auto list = agent.find(key);
        if (list == agent.end() || !list->is_array()) {
            continue;
        }
        for (const auto& item : *list) {
            if (!item.is_string()) {
                problems.add(where + "." + key, "wanted texts, found " + shown(item));
            }
        }
    }
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
        check_members(agent, agent_members(), where, problems);
        check_texts(agent, where, problems);
        const auto name = agent.find("name");
        if (name == agent.end()) {
            problems.add(where, "the name is missing");
        } else if (name->is_string() && !is_agent_name(name->get_ref<const std::string&>())) {
            problems.add(where + ".name", "not an agent's name: " + shown(*name));
        } else if (name->is_string() && !names.insert(name->get<std::string>()).second) {
            problems.add(where + ".name", "there is another agent " + shown(*name));
        }
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
        for (const char* key : {"name", "version", "digest", "secrets"}) {
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
