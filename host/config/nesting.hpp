// Bounds how deep dotted keys nest, before a parser builds (and recursively frees) the tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace noa::config {

struct Place {
    std::uint32_t line = 1;
    std::uint32_t column = 1; // in bytes
};

// The first dot outside of strings and comments that is the `limit`th in one key.
[[nodiscard]] std::optional<Place> find_deep_key(std::string_view toml, unsigned limit);

} // namespace noa::config
