// Parameters of a template.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "noa/sdk/json.hpp"

namespace config {

using Parameters = std::map<std::string, noa::Json>;

// What `with` and the defaults give; an error names what is missing, unknown or of another type.
[[nodiscard]] noa::Result<Parameters> parameters_of(const noa::Json& text, const noa::Json& with);
// "${size}" as a whole text becomes the parameter, in a longer one its text; "$${" is "${". False,
// and `value` is good for nothing, once that would be more than `most` bytes. Adds to `ret_bytes`.
[[nodiscard]] bool put_parameters(noa::Json& value, const Parameters& parameters, std::size_t most,
                                  std::size_t& ret_bytes);

} // namespace config
