// Unicode's break rules for text of ASCII alone.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace drafting::prose {

[[nodiscard]] bool is_ascii(std::string_view text) noexcept;

// Boundaries, the first and the last included.
void ascii_words(std::string_view text, std::vector<std::uint32_t>& into);
void ascii_sentences(std::string_view text, std::vector<std::uint32_t>& into);

} // namespace drafting::prose
