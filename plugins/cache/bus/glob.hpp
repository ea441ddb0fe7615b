// Patterns of keys as Redis has them: *, ?, [abc], [a-z], [^a], and \ before what is meant itself.
#pragma once

#include <string_view>

namespace cache {

[[nodiscard]] bool matches(std::string_view pattern, std::string_view text) noexcept;

} // namespace cache
