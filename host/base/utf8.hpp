// Reading UTF-8 that may be broken: what a plugin or a peer sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace noa {

struct CodePoint {
    char32_t value = 0;
    std::uint8_t bytes = 1; // of the text that it took; at least 1
    bool valid = false;     // false: `value` is U+FFFD
};

// The first code point of `text`, which must not be empty. Overlong forms, surrogates and values
// past U+10FFFF are not valid and take one byte.
[[nodiscard]] constexpr CodePoint first_code_point(std::string_view text) noexcept {
    constexpr CodePoint broken{0xFFFD, 1, false};
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80U) {
        return {lead, 1, true};
    }
    const std::uint8_t bytes = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
    if (lead < 0xC2U || lead > 0xF4U || text.size() < bytes) {
        return broken;
    }
    char32_t value = lead & (0x7FU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((at(i) & 0xC0U) != 0x80U) {
            return broken;
        }
        value = (value << 6U) | (at(i) & 0x3FU);
    }
    constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (value < smallest[bytes] || value > 0x10FFFFU || (value >= 0xD800U && value <= 0xDFFFU)) {
        return broken;
    }
    return {value, bytes, true};
}

// `text` as valid UTF-8 of at most `limit` bytes (at least 3): broken bytes become U+FFFD, and
// what was cut is replaced by "…".
[[nodiscard]] inline std::string bounded_utf8(std::string_view text, std::size_t limit) {
    constexpr std::string_view replacement = "\xEF\xBF\xBD";
    constexpr std::string_view ellipsis = "\xE2\x80\xA6";
    std::string out;
    std::size_t room_for_ellipsis = 0; // the longest prefix of `out` that leaves room for it
    while (!text.empty()) {
        const auto point = first_code_point(text);
        const auto piece = point.valid ? text.substr(0, point.bytes) : replacement;
        if (out.size() + piece.size() > limit) {
            out.resize(room_for_ellipsis);
            return out.append(ellipsis);
        }
        out += piece;
        if (out.size() + ellipsis.size() <= limit) {
            room_for_ellipsis = out.size();
        }
        text.remove_prefix(point.bytes);
    }
    return out;
}

} // namespace noa
