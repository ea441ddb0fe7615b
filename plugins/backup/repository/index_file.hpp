// The files in index/.
#pragma once

#include <functional>
#include <string>

#include "index.hpp"

namespace backup {

// As many as one file has.
inline constexpr std::size_t most_index_blobs = 16'000;

// Adds what `json` lists; nothing is to be relied on when it fails.
[[nodiscard]] noa::sdk::Status parse_index(std::string_view json, Index& into);

// The entries at positions [first, last), which are together by pack; of those packs that `wanted`
// wants.
using WantedPack = std::function<bool(std::uint32_t number)>;
[[nodiscard]] std::string index_json(const Index& index, std::size_t first, std::size_t last,
                                     const std::vector<Id>& supersedes = {},
                                     const WantedPack& wanted = {});

} // namespace backup
