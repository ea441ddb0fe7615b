// What figures come to: the answers of /api/metrics and /api/metrics/recent.
#pragma once

#include "figures.hpp"

namespace console {

// As "2026-01-31T23:59:59.123Z".
[[nodiscard]] std::string timestamp(std::int64_t unix_ms);

// {"timestamp", "system", "application", "business"}. What is a rate is that from `before` to
// `now`, and null without a `before`, or when a counter began anew.
[[nodiscard]] noa::Json metrics_of(const Figures& now, const Figures& before);

// The same without its lists: a point of the history.
[[nodiscard]] noa::Json point_of(const noa::Json& metrics);

// {"timestamp", "cpu", "memory", "errorRate", "latency", "throughput", "percentiles", "waiting"}
[[nodiscard]] noa::Json summary_of(const noa::Json& metrics);

} // namespace console
