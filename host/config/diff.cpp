#include "config/diff.hpp"

#include <algorithm>
#include <set>

#include "config/dependencies.hpp"
#include "config/secrets.hpp"
#include "config/shown.hpp"
#include "config/tree.hpp"

namespace noa::config {

using nlohmann::json;

namespace {

using Pointers = std::set<std::string>;

std::string json_text(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The differences of two lists that hold the same keys.
std::vector<Change> compare(const ShownValues& from, const ShownValues& to) {
    std::vector<Change> changes;
    for (std::size_t i = 0; i < from.size(); ++i) {
        if (from[i].second != to[i].second) {
            changes.push_back({from[i].first, json_text(from[i].second), json_text(to[i].second)});
        }
    }
    return changes;
}

class SettingsDiff {
public:
    SettingsDiff(const AgentConfig& from, const AgentConfig& to)
        : from_shown_(from.shown_settings()), to_shown_(to.shown_settings()),
          from_secrets_(pointers(from)), to_secrets_(pointers(to)) {
        compare(&from.settings, &to.settings, "settings", "");
    }

    std::vector<Change> changes;

private:
    static Pointers pointers(const AgentConfig& agent) {
        Pointers all;
        for (const auto& [pointer, reference] : agent.secrets) {
            all.insert(pointer);
        }
        return all;
    }

    // Either may be absent (nullptr). Tables are walked, everything else is one value.
    void compare(const json* from, const json* to, const std::string& key,
                 const std::string& pointer) {
        if (from != nullptr && to != nullptr && *from == *to &&
            from_secrets_.contains(pointer) == to_secrets_.contains(pointer) &&
            !from->is_object()) {
            return;
        }
        const bool whole = (from == nullptr && to->is_object() && to->empty()) ||
                           (to == nullptr && from->is_object() && from->empty());
        const bool tables =
            (from == nullptr || from->is_object()) && (to == nullptr || to->is_object());
        if (!tables || whole) {
            add(from, to, key, pointer);
            return;
        }
        std::set<std::string> keys;
        for (const auto* side : {from, to}) {
            if (side != nullptr) {
                for (const auto& entry : side->items()) {
                    keys.insert(entry.key());
                }
            }
        }
        for (const auto& name : keys) {
            compare(child(from, name), child(to, name), dotted(key, name),
                    pointer_child(pointer, name));
        }
    }

    static const json* child(const json* table, const std::string& name) {
        if (table == nullptr) {
            return nullptr;
        }
        const auto found = table->find(name);
        return found == table->end() ? nullptr : &*found;
    }

    void add(const json* from, const json* to, const std::string& key, const std::string& pointer) {
        const json::json_pointer at(pointer);
        auto before = from == nullptr ? std::string() : shown(from_shown_, at, from_secrets_);
        auto after = to == nullptr ? std::string() : shown(to_shown_, at, to_secrets_);
        if (before == after) { // only secrets differ, here or below
            after = after == "(secret)" ? "(secret, changed)" : after + " (secrets changed)";
        }
        changes.push_back({key, std::move(before), std::move(after)});
    }

    static std::string shown(const json& settings, const json::json_pointer& at,
                             const Pointers& secrets) {
        return secrets.contains(at.to_string()) ? "(secret)" : json_text(settings[at]);
    }

    json from_shown_;
    json to_shown_;
    Pointers from_secrets_;
    Pointers to_secrets_;
};

AgentPlan plan_for(const std::string& name, const AgentConfig* from, const AgentConfig* to) {
    const bool runs = from != nullptr && from->enabled;
    const bool shall_run = to != nullptr && to->enabled;
    AgentPlan plan{name, Action::keep, {}};
    if (from != nullptr && to != nullptr) {
        plan.changes = compare(shown_values(*from), shown_values(*to));
        auto settings = SettingsDiff(*from, *to).changes;
        std::move(settings.begin(), settings.end(), std::back_inserter(plan.changes));
    }
    if (runs && shall_run) {
        plan.action = from->identity() != to->identity() ? Action::reload
                      : !plan.changes.empty()            ? Action::retune
                                                         : Action::keep;
    } else if (runs != shall_run) {
        plan.action = runs ? Action::stop : Action::start;
    }
    return plan;
}

std::vector<AgentPlan> plan_services(const Config& from, const Config& to) {
    std::vector<AgentPlan> plans;
    const auto enabled = [](const auto& found, const auto& end) {
        return found != end && found->second.enabled;
    };
    std::set<std::string> names;
    for (const auto* side : {&from, &to}) {
        for (const auto& [name, service] : side->services) {
            names.insert(name);
        }
    }
    for (const auto& name : names) {
        const auto before = from.services.find(name);
        const auto after = to.services.find(name);
        const bool was = enabled(before, from.services.end());
        const bool will = enabled(after, to.services.end());
        AgentPlan plan{name,
                       was == will ? Action::retune
                       : will      ? Action::start
                                   : Action::stop,
                       {}};
        if (before != from.services.end() && after != to.services.end()) {
            plan.changes = compare(shown_values(before->second), shown_values(after->second));
        }
        if (was != will || !plan.changes.empty()) {
            plans.push_back(std::move(plan));
        }
    }
    return plans;
}

const AgentConfig* find(const Config& config, const std::string& name) {
    const auto found = config.agents.find(name);
    return found == config.agents.end() ? nullptr : &found->second;
}

} // namespace

std::string_view name_of(Action action) noexcept {
    switch (action) {
    case Action::start: return "start";
    case Action::reload: return "reload";
    case Action::retune: return "retune";
    case Action::stop: return "stop";
    case Action::keep: return "keep";
    }
    return "keep";
}

bool Plan::empty() const noexcept {
    return host.empty() && services.empty() &&
           std::all_of(agents.begin(), agents.end(),
                       [](const auto& plan) { return plan.action == Action::keep; });
}

Plan diff(const Config& from, const Config& to) {
    Plan plan;
    plan.host = compare(shown_values(from.host), shown_values(to.host));
    plan.services = plan_services(from, to);
    const auto old_order = dependency_order(from.agents);
    for (auto name = old_order.rbegin(); name != old_order.rend(); ++name) {
        auto agent = plan_for(*name, find(from, *name), find(to, *name));
        if (agent.action == Action::stop) {
            plan.agents.push_back(std::move(agent));
        }
    }
    for (const auto& name : dependency_order(to.agents)) {
        auto agent = plan_for(name, find(from, name), find(to, name));
        if (agent.action != Action::stop) {
            plan.agents.push_back(std::move(agent));
        }
    }
    return plan;
}

} // namespace noa::config
