// TOML 1.0 text as a tree.
#pragma once

#include <string>
#include <string_view>

#include "config/tree.hpp"

namespace noa::config {

constexpr std::size_t max_toml_bytes = std::size_t{1024} * 1024;

// `source` names the text in errors and origins. With a problem, what was read is incomplete.
// Dates and times become text; inf and nan, nesting past 32 levels and keys past 128 bytes
// are problems.
[[nodiscard]] Tree parse_toml(std::string_view text, const std::string& source, Problems& problems);

// One value as it would stand after "key =" (`3`, `"x"`, `[1, 2]`, `true`); discarded (see
// nlohmann::json) when it is none.
[[nodiscard]] nlohmann::json parse_toml_value(std::string_view text);

} // namespace noa::config
