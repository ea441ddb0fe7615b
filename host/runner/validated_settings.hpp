// Values to try a JSON Schema (draft-07) with. What a schema says beyond types, bounds, choices
// and members is not read: a plugin may say no to any of them.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace noa::runner {

// As somebody would write them: what is required, everything that is named. Null: no schema.
[[nodiscard]] std::vector<nlohmann::json> usual_settings(const char* schema);
// Those, each member at and beyond its bounds, of every other type, and one member that is not
// named. At most 400.
[[nodiscard]] std::vector<nlohmann::json> odd_settings(const char* schema);
// The same for a schema that was parsed, of anything.
[[nodiscard]] std::vector<nlohmann::json> odd_values(const nlohmann::json& schema);

} // namespace noa::runner
