// Between values of the store and JSON. A JSON string is kept as its bytes, everything else as
// its text: what other protocols set as bytes is a string here, and the other way round.
#pragma once

#include <string>
#include <string_view>

#include "../store/store.hpp"
#include "noa/sdk/json.hpp"

namespace cache {

struct Encoded {
    std::string bytes;
    Type type;
};
[[nodiscard]] Encoded encode(const noa::Json& value);

// Bytes that are not UTF-8 become {"base64": "…"}. False for a hash, a list or a set, which the bus
// does not show; then nothing was added.
bool append_value(std::string& out, const Value& value);
void append_text(std::string& out, std::string_view bytes);

[[nodiscard]] std::string_view name_of(Type type) noexcept;

} // namespace cache
