// Base64 (RFC 4648), one way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace console {

inline void append_base64(std::string& out, std::string_view bytes) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto byte = [&](std::size_t at) -> std::uint32_t {
        return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0U;
    };
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        const std::uint32_t three = byte(at) << 16U | byte(at + 1) << 8U | byte(at + 2);
        out += letters[three >> 18U];
        out += letters[three >> 12U & 0x3FU];
        out += at + 1 < bytes.size() ? letters[three >> 6U & 0x3FU] : '=';
        out += at + 2 < bytes.size() ? letters[three & 0x3FU] : '=';
    }
}

} // namespace console
