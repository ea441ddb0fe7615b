// Bytes, and texts of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/result.hpp"

namespace backup {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

[[nodiscard]] inline View view_of(std::string_view text) noexcept {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view text_of(View bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] std::string to_hex(View bytes);
// Lower case, exactly as long as `into`.
[[nodiscard]] bool from_hex(std::string_view text, std::span<std::uint8_t> into) noexcept;

[[nodiscard]] std::string to_base64(View bytes);
[[nodiscard]] noa::sdk::Result<Bytes> from_base64(std::string_view text);

// From the system's generator.
[[nodiscard]] noa::sdk::Status fill_random(std::span<std::uint8_t> bytes);

// Overwritten even where nobody reads it again.
void wipe(std::span<std::uint8_t> bytes) noexcept;

[[nodiscard]] inline std::uint32_t read_le32(const std::uint8_t* from) noexcept {
    return std::uint32_t{from[0]} | std::uint32_t{from[1]} << 8U | std::uint32_t{from[2]} << 16U |
           std::uint32_t{from[3]} << 24U;
}
inline void append_le32(Bytes& to, std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
        to.push_back(static_cast<std::uint8_t>(value >> shift));
    }
}

} // namespace backup
