// Requests of caches and their replies, as far as a load needs them: RESP2, and memcached's text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace noa::bench {

enum class Wire : std::uint8_t { resp, memcached };

inline constexpr std::size_t key_bytes = 16;

// "key:" and twelve digits.
[[nodiscard]] std::string key_of(unsigned number);
// What is stored there: of `size` bytes, and of no other key.
[[nodiscard]] std::string value_of(unsigned number, std::size_t size);

// `end_ms` of its life, in unix time; 0: none. memcached knows seconds only.
void append_set(std::string& out, Wire wire, unsigned number, std::size_t size, long end_ms);
void append_get(std::string& out, Wire wire, unsigned number);

struct CacheReply {
    enum class Kind : std::uint8_t { stored, value, absent, error };
    Kind kind;
    std::string_view text; // of a value or an error; a view into what was read
    std::size_t size;      // of the reply
};

// The one that `bytes` begin with; nothing when it is not complete.
[[nodiscard]] std::optional<CacheReply> read_reply(Wire wire, std::string_view bytes);

} // namespace noa::bench
