// The OpenAPI document, from what agents describe of themselves.
#pragma once

#include <map>
#include <string>

#include "noa/sdk/json.hpp"

namespace console {

// `described` by agent. Schemas are draft-07, which OpenAPI 3.1 takes as they are.
[[nodiscard]] noa::Json open_api(const std::map<std::string, noa::Json>& described,
                                 const std::string& version);

} // namespace console
