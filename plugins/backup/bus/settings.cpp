#include "settings.hpp"

#include <algorithm>

#include "../jobs/schedule.hpp"

namespace backup {

namespace {

bool is_name(std::string_view text) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    return !text.empty() && text.size() <= 63 &&
           text.find_first_not_of(letters) == std::string_view::npos;
}

noa::Status check_plan(const std::string& where, const PlanSettings& plan,
                       const std::map<std::string, RepositorySettings>& repositories) {
    if (!repositories.contains(plan.repository)) {
        return noa::invalid(where + "/repository: there is no repository of this name");
    }
    if (!plan.copy_to.empty() && !repositories.contains(plan.copy_to)) {
        return noa::invalid(where + "/copy_to: there is no repository of this name");
    }
    if (!plan.schedule.empty()) {
        if (const auto schedule = Schedule::parse(plan.schedule); !schedule) {
            return noa::invalid(where + "/schedule: " + schedule.error().text);
        }
    }
    const bool absolute = std::ranges::all_of(
        plan.paths, [](const std::string& path) { return path.starts_with('/'); });
    if (!absolute) {
        return noa::invalid(where + "/paths: must be absolute");
    }
    if (plan.agents.empty() && plan.paths.empty()) {
        return noa::invalid(where + ": keeps nothing");
    }
    return {};
}

} // namespace

noa::Status Settings::check() const {
    for (const auto& [name, repository] : repositories) {
        if (!is_name(name)) {
            return noa::invalid("/repositories/" + name + ": must be a name in lower case");
        }
    }
    for (const auto& [name, plan] : plans) {
        if (!is_name(name)) {
            return noa::invalid("/plans/" + name + ": must be a name in lower case");
        }
        if (noa::Status usable = check_plan("/plans/" + name, plan, repositories); !usable) {
            return usable;
        }
    }
    return {};
}

} // namespace backup
