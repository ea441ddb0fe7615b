// A figure at one moment, and what tells it from others of its name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace monitor {

// A histogram is three families, X_bucket with the label le, X_count and X_sum, each of that kind.
enum class Kind { gauge, counter, histogram };

[[nodiscard]] constexpr std::string_view name_of(Kind kind) noexcept {
    return kind == Kind::counter ? "counter" : kind == Kind::gauge ? "gauge" : "histogram";
}

// By name, each name once.
using Labels = std::vector<std::pair<std::string, std::string>>;

struct Sample {
    std::string name; // as Prometheus has them: [a-z_][a-z0-9_]*, counters end in _total
    Kind kind = Kind::gauge;
    std::string help;
    Labels labels;
    double value = 0;
};

using Samples = std::vector<Sample>;

// [a-zA-Z_][a-zA-Z0-9_]*, 1 to 200 bytes.
[[nodiscard]] constexpr bool is_metric_name(std::string_view name) noexcept {
    constexpr std::size_t longest = 200;
    constexpr std::string_view first =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
    return !name.empty() && name.size() <= longest && (name[0] < '0' || name[0] > '9') &&
           name.find_first_not_of(first) == std::string_view::npos;
}

} // namespace monitor
