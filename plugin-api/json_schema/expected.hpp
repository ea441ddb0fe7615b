// Words for what a schema wants and a value is not.
#pragma once

#include <string>

#include "noa/sdk/json.hpp"

namespace noa::json_schema {

// "at least 1", "string", "one of \"a\", \"b\"": of the first keyword that `value`, at `pointer`
// of `whole`, breaks in the subschemas that apply to it; empty: none that has words here.
[[nodiscard]] std::string expected_at(const Json& schema, const Json& whole,
                                      const std::string& pointer);
// "integer", "text of 300 bytes", "\"red\"": never more than a short scalar.
[[nodiscard]] std::string found_words(const Json* value);

} // namespace noa::json_schema
