// Values that are never written down: `"writeOnly": true` in a schema (draft-07, 10.3).
#pragma once

#include <vector>

#include "json_schema/schema.hpp"

namespace config {

// Where `value` has something else than {"$secret": …} in the place of a property, element or
// value that `schema` calls writeOnly; 20 at most. A sound schema (fault_of_schema).
[[nodiscard]] std::vector<noa::json_schema::Finding> plain_secrets(const noa::Json& schema,
                                                                   const noa::Json& value);

} // namespace config
