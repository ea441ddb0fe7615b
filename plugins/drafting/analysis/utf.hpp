// Places in a text: bytes within, UTF-16 units and lines outwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace drafting::prose {

// The character at `at`, which goes to the next; -1 and on by the bytes that are no character.
[[nodiscard]] std::int32_t decode(std::string_view text, std::size_t& at) noexcept;

// As decode(); most texts are of ASCII.
[[nodiscard]] inline std::int32_t next_character(std::string_view text, std::size_t& at) noexcept {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x80U) {
        ++at;
        return byte;
    }
    return decode(text, at);
}

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

// The same length: each byte that is part of no character, and each NUL, becomes '?'.
[[nodiscard]] std::string mended(std::string text);

[[nodiscard]] std::size_t utf16_length(std::string_view utf8) noexcept;

// Lower case of every letter, as Unicode has it without a locale. At most as many characters.
[[nodiscard]] std::string lower(std::string_view utf8);

// Upper case of the first character.
[[nodiscard]] std::string capitalised(std::string_view utf8);

struct Position {
    std::size_t line = 1;   // from 1
    std::size_t column = 1; // from 1, in characters
};

// Translates offsets of one text, which must outlive it. Costs 16 bytes for 128 of the text.
class Places {
public:
    explicit Places(std::string_view text);

    // Offsets past the end count as the end.
    [[nodiscard]] std::size_t utf16(std::size_t byte) const noexcept;
    [[nodiscard]] Position position(std::size_t byte) const noexcept;
    // Characters of two units between the line's begin and this place.
    [[nodiscard]] std::size_t wide_before(std::size_t byte) const noexcept;
    // Of a place between the halves of a character: before it.
    [[nodiscard]] std::size_t byte(std::size_t utf16) const noexcept;
    [[nodiscard]] std::size_t utf16_size() const noexcept { return size_; }

private:
    struct Mark {
        std::size_t utf16 = 0;
        std::uint32_t line = 0;
    };
    static constexpr std::size_t stride = 128;

    std::string_view text_;
    std::vector<Mark> marks_;
    std::size_t size_ = 0;
};

} // namespace drafting::prose
