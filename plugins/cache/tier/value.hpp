// How values are written in the tier: as JSON, so that a counter is one to Redis and others can
// read them; bytes that are no UTF-8 behind a zero. What others wrote is a string when it is no
// JSON.
#pragma once

#include <string>
#include <string_view>

#include "../store/store.hpp"

namespace cache::tier {

struct Bytes {
    std::string bytes;
    Type type = Type::string;
};

[[nodiscard]] std::string to_tier(std::string_view bytes, Type type);
[[nodiscard]] Bytes from_tier(std::string text);

} // namespace cache::tier
