#include "base/trace_context.hpp"

#include <algorithm>
#include <array>

namespace noa {

namespace {

constexpr std::size_t version_bytes = 2;
constexpr std::size_t trace_at = 3;
constexpr std::size_t span_at = 36;
constexpr std::size_t flags_at = 53;
constexpr std::size_t whole = 55;
constexpr std::uint8_t sampled_flag = 1;
constexpr std::string_view digits = "0123456789abcdef";
constexpr std::uint8_t no_digit = 0x10;

// Upper case is not allowed.
constexpr auto digit_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_digit);
    for (std::size_t value = 0; value < digits.size(); ++value) {
        values[static_cast<unsigned char>(digits[value])] = static_cast<std::uint8_t>(value);
    }
    return values;
}();

std::uint8_t digit_value(char digit) noexcept {
    return digit_values[static_cast<unsigned char>(digit)];
}

bool read_hex(std::string_view text, std::span<std::uint8_t> out) noexcept {
    unsigned seen = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
        const unsigned high = digit_value(text[2 * i]);
        const unsigned low = digit_value(text[2 * i + 1]);
        seen |= high | low;
        out[i] = static_cast<std::uint8_t>((high << 4U) | low);
    }
    return (seen & no_digit) == 0;
}

void write_hex(std::span<const std::uint8_t> bytes, char* out) noexcept {
    for (const auto byte : bytes) {
        *out++ = digits[byte >> 4U];
        *out++ = digits[byte & 0xfU];
    }
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

bool says_sampled(std::string_view traceparent) noexcept {
    return traceparent.size() >= whole &&
           (digit_value(traceparent[flags_at + 1]) & sampled_flag) != 0;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string out(2 * bytes.size(), '0');
    write_hex(bytes, out.data());
    return out;
}

std::string to_traceparent(const TraceContext& context) {
    std::string out(whole, '-');
    write_hex(std::array<std::uint8_t, 1>{}, out.data());
    write_hex(context.trace, out.data() + trace_at);
    write_hex(context.span, out.data() + span_at);
    write_hex(std::array{context.sampled ? sampled_flag : std::uint8_t{0}}, out.data() + flags_at);
    return out;
}

} // namespace noa
