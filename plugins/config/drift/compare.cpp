#include "compare.hpp"

#include "../store/edit.hpp"

namespace config {

namespace {

noa::Json without_ignored(noa::Json value, std::span<const std::string> ignored) {
    for (const std::string& pointer : ignored) {
        if (auto rest = without(value, pointer)) {
            value = *std::move(rest);
        }
    }
    return value;
}

} // namespace

noa::Json drift_of(const noa::Json& recorded, const noa::Json& found,
                   std::span<const std::string> ignored) {
    return ignored.empty() ? noa::Json::diff(recorded, found)
                           : noa::Json::diff(without_ignored(recorded, ignored),
                                             without_ignored(found, ignored));
}

noa::Json with_ignored(noa::Json recorded, const noa::Json& found,
                       std::span<const std::string> ignored) {
    for (const std::string& pointer : ignored) {
        const noa::Json* theirs = value_at(found, pointer);
        auto changed =
            theirs != nullptr ? with_value(recorded, pointer, *theirs) : without(recorded, pointer);
        if (changed) { // else there is no place for it
            recorded = *std::move(changed);
        }
    }
    return recorded;
}

noa::Json merge_patch_between(const noa::Json& before, const noa::Json& after) {
    if (!before.is_object() || !after.is_object()) {
        return after;
    }
    noa::Json patch = noa::Json::object();
    for (const auto& [key, value] : before.items()) {
        if (!after.contains(key)) {
            patch[key] = nullptr;
        } else if (value != after[key]) {
            patch[key] = merge_patch_between(value, after[key]);
        }
    }
    for (const auto& [key, value] : after.items()) {
        if (!before.contains(key)) {
            patch[key] = value;
        }
    }
    return patch;
}

} // namespace config
