// TOML to JSON.
#pragma once

#include <string_view>

#include "noa/sdk/json_value.hpp"
#include "noa/sdk/result.hpp"

namespace drafting::style {

inline constexpr std::size_t largest_rule_file = 512U << 10U;

// INVALID says the line and the column. Dates become texts. Nesting is bounded.
[[nodiscard]] noa::sdk::Result<noa::sdk::Json> parse_toml(std::string_view text);

} // namespace drafting::style
