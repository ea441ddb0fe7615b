// What an edit makes of a value: pure functions, bounded, their errors with JSON pointers.
#pragma once

#include <string>
#include <string_view>

#include "json_schema/pointer.hpp"
#include "noa/sdk/json.hpp"

namespace config {

using noa::json_schema::child_pointer;
using noa::json_schema::value_at;
using noa::json_schema::weight;

[[nodiscard]] unsigned depth_of(const noa::Json& value);

// `value` at `pointer` (RFC 6901), with the objects that are missing on the way; "-" and the next
// index append to an array.
[[nodiscard]] noa::Result<noa::Json> with_value(noa::Json whole, const std::string& pointer,
                                                noa::Json value);
// Without what is at `pointer`; not found when there is nothing.
[[nodiscard]] noa::Result<noa::Json> without(noa::Json whole, const std::string& pointer);
// After a JSON Patch (RFC 6902) of at most 1000 steps, 100 of them copies; nothing grows over
// `most` bytes on the way.
[[nodiscard]] noa::Result<noa::Json> patched(noa::Json whole, const noa::Json& patch,
                                             std::size_t most);
// The JSON Patch from one to the other; the whole of it where that is shorter. Empty: no change.
[[nodiscard]] std::string difference(const noa::Json& before, const noa::Json& after,
                                     std::string_view after_text);

// "/a/b" of "a.b"; keys with a dot are quoted: a."x.y".
[[nodiscard]] noa::Result<std::string> pointer_of(std::string_view dotted);

} // namespace config
