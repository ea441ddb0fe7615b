// Words for what a schema wants and a value is not.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace noa::config {

// "expected integer", "expected at least 1", … for the first keyword of `schema` that `value`
// itself (not what is in it) breaks; nothing when it breaks none that has words here.
// Keys that are missing or unknown are not told here, and nothing of `value` is repeated.
[[nodiscard]] std::optional<std::string> expectation(const nlohmann::json& schema,
                                                     const nlohmann::json& value);

// "integer", "string or null"; empty when the schema names no type.
[[nodiscard]] std::string type_words(const nlohmann::json& schema);

} // namespace noa::config
