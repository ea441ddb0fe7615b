// The ABI's statuses in words.
#pragma once

#include <string_view>

#include "noa/status.h"

namespace noa {

// A stable identifier for programs: "busy", "no_agent". "unknown" for a number that is not ours.
[[nodiscard]] std::string_view status_name(noa_status status) noexcept;
// One sentence for people, when whoever failed had nothing better to say.
[[nodiscard]] std::string_view status_text(noa_status status) noexcept;

} // namespace noa
