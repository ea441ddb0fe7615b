// Text of agents and hosts on a person's terminal: it may hold anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace noa::noactl {

// One line without anything a terminal would act on: control characters as \n or \x1b,
// direction marks as \u202e, broken UTF-8 as U+FFFD.
[[nodiscard]] std::string escape_text(std::string_view text);
// The same, but lines stay lines and tabs stay tabs.
[[nodiscard]] std::string escape_lines(std::string_view text);

// Columns on a terminal. `text` is escaped already.
[[nodiscard]] std::size_t display_width(std::string_view text) noexcept;
// At most `width` columns; what was cut is replaced by "…".
[[nodiscard]] std::string cut_to(std::string_view text, std::size_t width);

// JSON text, indented by two unless `compact`; what a terminal would act on is escaped.
[[nodiscard]] std::string json_text(const nlohmann::json& value, bool compact);

// "350 ms", "12 s", "3 min 4 s", "2 h 3 min", "5 d 2 h"
[[nodiscard]] std::string duration_text(std::int64_t ns);
// "512 B", "3.4 KiB", "17 MiB"
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

} // namespace noa::noactl
