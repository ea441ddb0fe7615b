// Durations and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace noa::config {

// A whole number with a unit: us, ms, s, min, h, d. At most 10 years.
[[nodiscard]] std::optional<std::chrono::microseconds> parse_duration(std::string_view text);

// Bytes: a whole number with B, KiB, MiB, GiB, TiB, or kB, MB, GB, TB (powers of 1000).
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);

// In the largest unit that is exact: "90s", "2min", "16MiB".
[[nodiscard]] std::string render_duration(std::chrono::microseconds value);
[[nodiscard]] std::string render_size(std::uint64_t bytes);

} // namespace noa::config
