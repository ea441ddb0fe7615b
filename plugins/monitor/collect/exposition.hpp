// The last round in Prometheus's text format, version 0.0.4.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "series.hpp"

namespace monitor {

inline constexpr const char* exposition_content_type = "text/plain; version=0.0.4; charset=utf-8";

// Of the figures whose name begins with `prefix`, the series that match.
[[nodiscard]] std::string exposition(const SeriesRing& ring, std::string_view prefix = {},
                                     const std::vector<Match>& match = {});

// The shortest text that is read back to the same number.
[[nodiscard]] std::string number_text(double value);

} // namespace monitor
