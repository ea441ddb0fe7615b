// Characters written as HTML's entities.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace drafting::prose {

// How long the entity is that the text begins with, "&" and ";" included, and what it means; 0:
// none.
[[nodiscard]] std::size_t read_entity(std::string_view text, std::string& meaning);

} // namespace drafting::prose
