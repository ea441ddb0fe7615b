// Prometheus's text formats.
#pragma once

#include <string>
#include <string_view>

namespace console {

inline constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view open_metrics_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

// Whether an Accept header would rather have OpenMetrics.
[[nodiscard]] bool wants_open_metrics(std::string_view accept);

// OpenMetrics 1.0 of the text format 0.0.4, as the monitor writes it: a counter's family is named
// without its "_total", and there is an end.
[[nodiscard]] std::string open_metrics(std::string_view text);

} // namespace console
