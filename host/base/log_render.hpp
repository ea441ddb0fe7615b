// How a line looks; only log.cpp uses what is not in log.hpp.
#pragma once

#include <string>
#include <string_view>

#include "base/log.hpp"

namespace noa {

[[nodiscard]] std::string render_text(const LogLine& line, bool with_time);

// "<N>", the priority that journald reads from a line's start.
[[nodiscard]] std::string_view journal_prefix(Level level) noexcept;

} // namespace noa
