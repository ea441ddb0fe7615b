// What an expression says of the figures that are kept, by the rules of PromQL.
#pragma once

#include <map>

#include "../collect/series.hpp"
#include "expression.hpp"

namespace monitor {

// One value for each set of labels.
using Vector = std::map<Labels, double>;

// As of the last round: a selector has the figures of that round, a range what is kept in it.
// rate and increase go from the first to the last point in the range, resets of a counter left out,
// and need two. REQUIRES: from parse_expression, not a number.
[[nodiscard]] Vector evaluate(const Expression& expression, const SeriesRing& ring);

} // namespace monitor
