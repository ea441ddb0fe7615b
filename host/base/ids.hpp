// UUID version 7 (RFC 9562, 5.7): milliseconds, then a counter, then random bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "noa/types.h"

namespace noa {

// Unique in the world, and growing per thread. About 10 ns; [any thread].
[[nodiscard]] noa_id make_id() noexcept;
// The same for a caller that has read the wall clock anyway.
[[nodiscard]] noa_id make_id(std::int64_t unix_ns) noexcept;

// 36 characters, lower case.
[[nodiscard]] std::string to_string(const noa_id& id);
[[nodiscard]] std::optional<noa_id> parse_id(std::string_view text);

// The random 64 bits of this process: seeds that need not be secret.
[[nodiscard]] std::uint64_t random_u64();

[[nodiscard]] inline bool is_zero(const noa_id& id) noexcept {
    for (const auto byte : id.bytes) {
        if (byte != 0) {
            return false;
        }
    }
    return true;
}

} // namespace noa
