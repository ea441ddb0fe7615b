// Whether a host is as it should be after a deployment: criteria that nothing may fall under.
#pragma once

#include <string>
#include <vector>

#include "evaluate.hpp"
#include "noa/sdk/json.hpp"

namespace monitor {

struct Criterion {
    std::string name;
    std::string expression; // of rules: what it has a figure for, is not as it should be
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &Criterion::name),
                           noa::field("expression", &Criterion::expression));
    }
    [[nodiscard]] noa::Status check() const;
};

// Those that come with the agent, and `own`; one of the same name takes the place of one.
[[nodiscard]] std::vector<Criterion> criteria_of(const std::vector<Criterion>& own);

// {"name", "status": "pass"|"fail", "expression", "findings": [{"labels", "value"}]}; 100 findings
// at most. REQUIRES: check() has passed.
[[nodiscard]] noa::Json judged(const Criterion& criterion, const SeriesRing& ring);

} // namespace monitor
