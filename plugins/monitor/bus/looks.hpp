// What answers about figures share.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "../collect/series.hpp"
#include "messages.hpp"

namespace monitor {

inline constexpr std::size_t most_points = 100'000; // of one answer, some 3 MiB

[[nodiscard]] inline LabelMap map_of(const Labels& labels) {
    return {labels.begin(), labels.end()};
}
[[nodiscard]] inline std::vector<Match> match_of(const LabelMap& labels) {
    std::vector<Match> all;
    for (const auto& [label, value] : labels) {
        all.push_back({label, value});
    }
    return all;
}
[[nodiscard]] inline noa::sdk::Error too_many_points() {
    return noa::sdk::too_large("over " + std::to_string(most_points) +
                               " points: ask for labels, a shorter range or a longer step");
}

} // namespace monitor
