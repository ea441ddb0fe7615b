// A plugin's JSON Schema (draft-07), bounded before a validator sees it.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace noa::config {

// Refused, with `object` naming the schema: text over 256 KiB, not JSON, nesting past 64,
// a $ref that is not "#" or "#/…" of this document, that leads nowhere, or that leads back to
// itself, more than 10,000 subschemas when all references are followed, patterns over 1 KiB.
[[nodiscard]] Result<nlohmann::json> parse_schema(const std::string& text,
                                                  const std::string& object);

// One subschema that may apply to one value.
struct Application {
    const nlohmann::json& schema; // an object
    const nlohmann::json& value;
    const std::string& pointer; // of the value
    bool alternative;           // one of several, of which not all must hold
};

// Visits, for `value` and what is in it, every subschema that may apply ("not" and "if" aside).
// Patterns of property names are not tried: all apply. `schema` is of parse_schema.
void each_application(const nlohmann::json& schema, const nlohmann::json& value,
                      const std::function<void(const Application&)>& visit);

} // namespace noa::config
