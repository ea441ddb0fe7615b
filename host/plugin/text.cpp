#include "plugin/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace noa::plugin {

namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) noexcept {
    return static_cast<std::uint8_t>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at) noexcept {
    return at < text.size() && (byte_at(text, at) & 0xc0U) == 0x80U;
}

// Bytes of the character at `at` (RFC 3629, table 3-7 of Unicode); 0 when it is malformed.
std::size_t character_size(std::string_view text, std::size_t at) noexcept {
    const auto first = byte_at(text, at);
    if (first < 0x80U) {
        return 1;
    }
    const std::size_t size = first >= 0xf0U ? 4 : first >= 0xe0U ? 3 : 2;
    if (first < 0xc2U || first > 0xf4U) {
        return 0;
    }
    for (std::size_t i = 1; i < size; ++i) {
        if (!is_continuation(text, at + i)) {
            return 0;
        }
    }
    const auto second = byte_at(text, at + 1);
    const bool overlong = (first == 0xe0U && second < 0xa0U) || (first == 0xf0U && second < 0x90U);
    const bool surrogate = first == 0xedU && second >= 0xa0U;
    const bool beyond = first == 0xf4U && second >= 0x90U;
    return overlong || surrogate || beyond ? 0 : size;
}

bool is_control(char c) noexcept {
    return static_cast<std::uint8_t>(c) < 0x20U || c == '\x7f';
}

} // namespace

std::string_view bounded(const char* text, std::size_t capacity) noexcept {
    return text == nullptr ? std::string_view{} : std::string_view(text, ::strnlen(text, capacity));
}

bool is_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        const auto size = character_size(text, at);
        if (size == 0) {
            return false;
        }
        at += size;
    }
    return true;
}

bool is_line(std::string_view text) noexcept {
    return is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

void make_printable(std::span<char> text) noexcept {
    const std::string_view view(text.data(), text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto size = character_size(view, at);
        if (size == 0) {
            text[at] = '?';
        } else if (is_control(text[at])) {
            text[at] = ' ';
        }
        at += std::max<std::size_t>(size, 1);
    }
}

std::string printable(std::string_view text, std::size_t limit) {
    std::string out(text.substr(0, limit));
    make_printable(out);
    return out;
}

std::optional<nlohmann::json> parse_json(std::string_view text, int depth) {
    bool too_deep = false;
    const auto watch = [&too_deep, depth](int level, nlohmann::json::parse_event_t /*event*/,
                                          const nlohmann::json& /*value*/) {
        too_deep = too_deep || level > depth;
        return !too_deep;
    };
    auto parsed = nlohmann::json::parse(text.begin(), text.end(), watch, false);
    if (parsed.is_discarded() || too_deep) {
        return std::nullopt;
    }
    return parsed;
}

std::string differs(std::string_view field, std::string_view wanted, std::string_view found) {
    std::string out(field);
    out.append(": wanted ").append(wanted).append(", found ").append(found);
    return out;
}

} // namespace noa::plugin
