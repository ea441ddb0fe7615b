// Mustache, within bounds.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "noa/sdk/json_value.hpp"
#include "noa/sdk/result.hpp"

namespace drafting {

struct Template { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    std::string content;
    noa::sdk::Json parameters; // {"name": {"required", "default", "help"}}; null: any there may be
};

inline constexpr std::size_t largest_template = 64U << 10U;

// INVALID says what is wrong with its tags, or with what it says of its parameters.
[[nodiscard]] noa::sdk::Status check(const Template& one);

// What `name` makes of `parameters`, an object; {{>other}} is another one of `all`, which is given
// the same. Nothing is escaped: it is a text, not a page. INVALID for parameters that are missing,
// or that it does not know; TOO_LARGE for what would be over `most` bytes, or takes too many steps.
[[nodiscard]] noa::sdk::Result<std::string> render(const std::string& name,
                                                   const std::map<std::string, Template>& all,
                                                   const noa::sdk::Json& parameters,
                                                   std::size_t most);

} // namespace drafting
