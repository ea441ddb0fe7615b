// Rules tried on figures that somebody made up: what would be told, and when.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alerts.hpp"

namespace monitor {

struct TrialSeries {
    std::string name; // a counter when it ends in _total
    Labels labels;
    std::vector<std::optional<double>> values; // one a round; none: not in that round
};

struct TrialStep {
    noa::Duration at{0}; // from the first round
    Alert alert;
    bool told = false; // or it only became what it is
};

inline constexpr std::size_t max_trial_rounds = 2000;
inline constexpr std::size_t max_trial_series = 100;

// As promtool has them: "1 2 3", "0+10x5" (0 10 20 30 40 50), "1x3" (1 1 1 1), "_" and "_x3".
// NOA_E_INVALID, also for over max_trial_rounds.
[[nodiscard]] noa::Result<std::vector<std::optional<double>>> parse_values(std::string_view text);

// Every change of an alert's state, and everything that is told, in order.
[[nodiscard]] std::vector<TrialStep>
try_rules(std::vector<Rule> rules, const std::vector<TrialSeries>& series, noa::Duration interval);

} // namespace monitor
