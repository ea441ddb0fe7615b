#include "go_quote.hpp"

#include <charconv>

#include "json_reader.hpp"

namespace backup {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view short_names = "abfnrtv\\\"";
constexpr std::string_view short_values = "\a\b\f\n\r\t\v\\\"";

void append_byte(std::string& out, unsigned char byte) {
    out += "\\x";
    out += hex_digits[byte >> 4U];
    out += hex_digits[byte & 0xFU];
}

// \xNN, \NNN, \uNNNN, \UNNNNNNNN: `size` digits of `base`.
bool append_number(std::string& out, std::string_view& rest, std::size_t size, int base,
                   bool is_byte) {
    std::uint32_t value = 0;
    if (rest.size() < size) {
        return false;
    }
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + size, value, base);
    if (error != std::errc() || end != rest.data() + size ||
        value > (is_byte ? 0xFFU : 0x10FFFFU) || (!is_byte && value >= 0xD800 && value < 0xE000)) {
        return false;
    }
    rest.remove_prefix(size);
    if (is_byte) {
        out += static_cast<char>(value);
    } else {
        append_utf8(out, value);
    }
    return true;
}

bool append_escape(std::string& out, std::string_view& rest) {
    if (rest.empty()) {
        return false;
    }
    const char kind = rest.front();
    if (kind >= '0' && kind <= '7') {
        return append_number(out, rest, 3, 8, true);
    }
    rest.remove_prefix(1);
    if (const std::size_t at = short_names.find(kind); at != std::string_view::npos) {
        out += short_values[at];
        return true;
    }
    switch (kind) {
    case 'x': return append_number(out, rest, 2, 16, true);
    case 'u': return append_number(out, rest, 4, 16, false);
    case 'U': return append_number(out, rest, 8, 16, false);
    default: return false;
    }
}

} // namespace

std::string go_quote(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    while (!bytes.empty()) {
        const std::size_t size = utf8_size(bytes);
        const auto letter = static_cast<unsigned char>(bytes.front());
        if (const std::size_t at = short_values.find(bytes.front()); at != std::string_view::npos) {
            out += '\\';
            out += short_names[at];
        } else if (size == 0 || letter < ' ' || letter == 0x7F) {
            append_byte(out, letter);
        } else {
            out.append(bytes, 0, size);
        }
        bytes.remove_prefix(size == 0 ? 1 : size);
    }
    return out;
}

std::optional<std::string> go_unquote(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const char letter = text.front();
        if (letter == '"' || letter == '\n') {
            return std::nullopt;
        }
        text.remove_prefix(1);
        if (letter != '\\') {
            out += letter;
        } else if (!append_escape(out, text)) {
            return std::nullopt;
        }
    }
    return out;
}

} // namespace backup
