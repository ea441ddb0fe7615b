#include "harness/task.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "harness/rounds.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

struct PlacementName {
    const char* key;
    const char* shown;
};
constexpr std::array names{PlacementName{"one_core", "one core"},
                           PlacementName{"two_cores", "two cores"}, PlacementName{"free", "free"}};

std::string_view key_of(Placement placement) noexcept {
    return names[static_cast<std::size_t>(placement)].key;
}

} // namespace

std::string_view name_of(Placement placement) noexcept {
    return names[static_cast<std::size_t>(placement)].shown;
}

std::string Context::to_json() const {
    const json value = {{"placement", key_of(placement)},
                        {"budget_ms", budget.count()},
                        {"scratch", scratch.string()},
                        {"self", programs.self.string()},
                        {"noad", programs.noad.string()},
                        {"noactl", programs.noactl.string()},
                        {"plugins", programs.plugins.string()},
                        {"agent", programs.agent.string()},
                        {"arguments", arguments}};
    return value.dump();
}

Result<Context> Context::from_json(std::string_view text) {
    const auto value = json::parse(text, nullptr, false);
    if (!value.is_object()) {
        return fail(Errc::invalid, "read a task's context", std::string(text), "not an object");
    }
    Context context;
    const auto placement = value.value("placement", "free");
    const auto* found = std::find_if(names.begin(), names.end(),
                                     [&](const auto& name) { return placement == name.key; });
    if (found == names.end()) {
        return fail(Errc::invalid, "read a task's context", placement, "no such placement");
    }
    context.placement = static_cast<Placement>(found - names.begin());
    context.budget = std::chrono::milliseconds(value.value("budget_ms", 500));
    context.scratch = value.value("scratch", "");
    context.programs = {value.value("self", ""), value.value("noad", ""), value.value("noactl", ""),
                        value.value("plugins", ""), value.value("agent", "")};
    context.arguments = value.value("arguments", std::vector<std::string>{});
    return context;
}

std::string Measurement::key() const {
    auto text = task + "@" + std::string(key_of(placement));
    for (const auto& argument : arguments) {
        text += " " + argument;
    }
    return text;
}

} // namespace noa::bench
