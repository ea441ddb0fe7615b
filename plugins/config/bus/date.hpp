#pragma once

#include <string>

namespace config {

// RFC 3339, UTC, to the millisecond.  [any]
[[nodiscard]] std::string date_of_now();

} // namespace config
