#include "utf.hpp"

#include <algorithm>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace drafting::prose {

namespace {

bool begins(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

// UTF-16 units that the character of this first byte takes; of other bytes: none.
unsigned units(char byte) noexcept {
    const auto value = static_cast<unsigned char>(byte);
    return (value & 0xC0U) == 0x80U ? 0U : value >= 0xF0U ? 2U : 1U;
}

void append(std::string& out, UChar32 character) {
    const auto put = [&out](std::int32_t lead, std::int32_t bits) {
        out += static_cast<char>(static_cast<unsigned char>(lead | bits));
    };
    if (character < 0x80) {
        put(0, character);
        return;
    }
    if (character < 0x800) {
        put(0xC0, character >> 6);
    } else {
        if (character < 0x10000) {
            put(0xE0, character >> 12);
        } else {
            put(0xF0, character >> 18);
            put(0x80, (character >> 12) & 0x3F);
        }
        put(0x80, (character >> 6) & 0x3F);
    }
    put(0x80, character & 0x3F);
}

} // namespace

// ICU's macros narrow on their way.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
std::int32_t decode(std::string_view text, std::size_t& at) noexcept {
    auto place = static_cast<std::int64_t>(at);
    UChar32 character = 0;
    U8_NEXT(text.data(), place, static_cast<std::int64_t>(text.size()), character);
    at = static_cast<std::size_t>(place);
    return character;
}
#pragma GCC diagnostic pop

bool is_utf8(std::string_view text) noexcept {
    for (std::size_t at = 0; at < text.size();) {
        if (next_character(text, at) <= 0) {
            return false;
        }
    }
    return true;
}

std::string mended(std::string text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        if (next_character(text, at) <= 0) {
            std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(begin), at - begin, '?');
        }
    }
    return text;
}

std::size_t utf16_length(std::string_view utf8) noexcept {
    std::size_t length = 0;
    for (const char byte : utf8) {
        length += units(byte);
    }
    return length;
}

std::string lower(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    for (std::size_t at = 0; at < utf8.size();) {
        const std::int32_t character = next_character(utf8, at);
        if (character < 0x80) {
            out += static_cast<char>(character >= 'A' && character <= 'Z' ? character + 32
                                                                          : character);
        } else {
            append(out, character < 0 ? 0xFFFD : u_tolower(character));
        }
    }
    return out;
}

std::string capitalised(std::string_view utf8) {
    std::string out;
    std::size_t at = 0;
    if (!utf8.empty()) {
        const std::int32_t character = next_character(utf8, at);
        append(out, character < 0 ? 0xFFFD : u_toupper(character));
    }
    return out.append(utf8.substr(at));
}

Places::Places(std::string_view text) : text_(text) {
    marks_.reserve(text.size() / stride + 1);
    std::uint32_t line = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (at % stride == 0) {
            marks_.push_back({size_, line});
        }
        size_ += units(text[at]);
        line += text[at] == '\n' ? 1U : 0U;
    }
    if (marks_.empty()) {
        marks_.push_back({});
    }
}

std::size_t Places::utf16(std::size_t byte) const noexcept {
    byte = std::min(byte, text_.size());
    const std::size_t mark = std::min(byte / stride, marks_.size() - 1);
    return marks_[mark].utf16 + utf16_length(text_.substr(mark * stride, byte - mark * stride));
}

Position Places::position(std::size_t byte) const noexcept {
    byte = std::min(byte, text_.size());
    const std::size_t mark = std::min(byte / stride, marks_.size() - 1);
    const auto passed = text_.substr(mark * stride, byte - mark * stride);
    const auto lines = static_cast<std::size_t>(std::count(passed.begin(), passed.end(), '\n'));
    const std::size_t newline = byte == 0 ? std::string_view::npos : text_.rfind('\n', byte - 1);
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const auto before = text_.substr(begin, byte - begin);
    return {marks_[mark].line + lines + 1,
            static_cast<std::size_t>(std::count_if(before.begin(), before.end(), begins)) + 1};
}

std::size_t Places::wide_before(std::size_t byte) const noexcept {
    byte = std::min(byte, text_.size());
    const std::size_t newline = byte == 0 ? std::string_view::npos : text_.rfind('\n', byte - 1);
    const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const auto before = text_.substr(begin, byte - begin);
    return static_cast<std::size_t>(
        std::ranges::count_if(before, [](char one) { return units(one) == 2; }));
}

std::size_t Places::byte(std::size_t utf16) const noexcept {
    const auto after =
        std::upper_bound(marks_.begin(), marks_.end(), utf16,
                         [](std::size_t wanted, const Mark& mark) { return wanted < mark.utf16; });
    const auto mark = static_cast<std::size_t>(after - marks_.begin()) - 1;
    std::size_t at = mark * stride;
    std::size_t passed = marks_[mark].utf16;
    while (at < text_.size()) {
        const unsigned width = units(text_[at]);
        if (width > 0 && passed + width > utf16) {
            break;
        }
        passed += width;
        ++at;
    }
    return std::min(at, text_.size());
}

} // namespace drafting::prose
