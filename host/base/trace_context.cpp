#include "base/trace_context.hpp"

#include <algorithm>

namespace noa {

namespace {

constexpr std::size_t version_bytes = 2;
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t whole = 55;
constexpr std::uint8_t sampled_flag = 1;
constexpr std::string_view digits = "0123456789abcdef";

// Upper case is not allowed.
bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto high = digits.find(text[2 * i]);
        const auto low = digits.find(text[2 * i + 1]);
        if (high == std::string_view::npos || low == std::string_view::npos) {
            return false;
        }
        out[i] = static_cast<std::uint8_t>((high << 4U) | low);
    }
    return true;
}

bool is_all_zero(std::span<const std::uint8_t> bytes) noexcept {
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

} // namespace

std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept {
    std::array<std::uint8_t, 1> version{};
    std::array<std::uint8_t, 1> flags{};
    TraceContext out;
    if (text.size() < whole || text[version_bytes] != '-' || text[span_at - 1] != '-' ||
        text[flags_at - 1] != '-' || !read_hex(text, version) ||
        !read_hex(text.substr(trace_at), out.trace) || !read_hex(text.substr(span_at), out.span) ||
        !read_hex(text.substr(flags_at), flags)) {
        return std::nullopt;
    }
    const bool known = version[0] == 0;
    if (version[0] == 0xff || (text.size() > whole && (known || text[whole] != '-')) ||
        is_all_zero(out.trace) || is_all_zero(out.span)) {
        return std::nullopt;
    }
    out.sampled = (flags[0] & sampled_flag) != 0;
    return out;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string out;
    out.reserve(2 * bytes.size());
    for (const auto byte : bytes) {
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
    return out;
}

std::string to_traceparent(const TraceContext& context) {
    return "00-" + to_hex(context.trace) + "-" + to_hex(context.span) +
           (context.sampled ? "-01" : "-00");
}

} // namespace noa
