// What differs between a document and what was found in its place: pure functions.
#pragma once

#include <span>
#include <string>

#include "noa/sdk/json.hpp"

namespace config {

// JSON Patch from `recorded` to `found`, what is at the pointers `ignored` aside; empty array:
// none.
[[nodiscard]] noa::Json drift_of(const noa::Json& recorded, const noa::Json& found,
                                 std::span<const std::string> ignored);
// `recorded`, with what `found` has at the pointers `ignored`.
[[nodiscard]] noa::Json with_ignored(noa::Json recorded, const noa::Json& found,
                                     std::span<const std::string> ignored);
// The JSON Merge Patch (RFC 7386) that makes `after` of `before`.
[[nodiscard]] noa::Json merge_patch_between(const noa::Json& before, const noa::Json& after);

} // namespace config
