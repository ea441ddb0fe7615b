// A text in pieces. Positions are in UTF-16 units, as editors have them; a line break is "\n".
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/result.hpp"

namespace drafting {

// In a text without end: more than any has.
using Position = std::uint64_t;

// UTF-16 units of UTF-8 that is well-formed.
[[nodiscard]] Position units_of(std::string_view utf8) noexcept;
// Where that many units end, in bytes; npos: beyond the end, or between the halves of a pair.
[[nodiscard]] std::size_t byte_at(std::string_view utf8, Position units) noexcept;
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;
// "\r\n" and "\r" as "\n".
[[nodiscard]] std::string with_plain_breaks(std::string_view text);

// A value: a copy shares the pieces, which never change, so that another thread may read it.
class Text {
public:
    Text() = default;
    // INVALID where it is not UTF-8, or has a "\r".
    [[nodiscard]] static noa::sdk::Result<Text> of(std::string_view utf8);

    [[nodiscard]] Position units() const noexcept { return units_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t breaks() const noexcept { return breaks_; }

    [[nodiscard]] std::string str() const;
    // INVALID where the range is not in the text, or cuts a pair.
    [[nodiscard]] noa::sdk::Result<std::string> slice(Position from, Position to) const;
    // The position nearest to `position` that cuts no pair, at the end at most.
    [[nodiscard]] Position whole(Position position) const noexcept;

private:
    friend class TextBuilder;
    friend class TextCursor;
    struct Piece {
        // Owned by every text that has it; read on any thread.
        std::shared_ptr<const std::string> bytes;
        std::uint32_t units = 0;
        std::uint32_t breaks = 0;
    };

    std::vector<Piece> pieces_;
    Position units_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t breaks_ = 0;
};

// Goes through a text once, from its beginning.
class TextCursor {
public:
    explicit TextCursor(const Text& text) noexcept : text_(&text) {}

    // `take(piece)` for all that is in the next `units`: a whole piece of the text, or a
    // string_view of a part of one. False where the text ends before, or a pair is cut.
    template <class Whole, class Part>
    [[nodiscard]] bool forward(Position units, Whole whole, Part part);

private:
    const Text* text_;
    std::size_t piece_ = 0;
    std::size_t offset_ = 0; // in it, bytes
    Position done_ = 0;      // of its units
};

// Puts a text together, of pieces that others have and of new ones.
class TextBuilder {
public:
    void add(std::string_view utf8) {
        pending_ += utf8;
        if (pending_.size() >= 2 * piece_size) {
            flush();
        }
    }
    // The next `units` of the text that `from` goes through. False as TextCursor::forward.
    [[nodiscard]] bool add(TextCursor& from, Position units) {
        return from.forward(
            units, [this](const Text::Piece& piece) { add_whole(piece); },
            [this](std::string_view part) { add(part); });
    }
    [[nodiscard]] Text finish() {
        flush();
        return std::move(text_);
    }

private:
    static constexpr std::size_t piece_size = 4096;
    static constexpr std::size_t small = 1024; // not worth a piece of its own

    void add_whole(const Text::Piece& piece);
    void push(Text::Piece piece);
    void flush();

    Text text_;
    std::string pending_;
};

template <class Whole, class Part>
bool TextCursor::forward(Position units, Whole whole, Part part) {
    while (units > 0) {
        if (piece_ >= text_->pieces_.size()) {
            return false;
        }
        const Text::Piece& piece = text_->pieces_[piece_];
        const Position left = piece.units - done_;
        if (units >= left) {
            if (offset_ == 0) {
                whole(piece);
            } else {
                part(std::string_view(*piece.bytes).substr(offset_));
            }
            units -= left;
            ++piece_;
            offset_ = 0;
            done_ = 0;
            continue;
        }
        const std::string_view rest = std::string_view(*piece.bytes).substr(offset_);
        const std::size_t size = piece.units == piece.bytes->size()
                                     ? static_cast<std::size_t>(units)
                                     : byte_at(rest, units);
        if (size == std::string_view::npos) {
            return false;
        }
        part(rest.substr(0, size));
        offset_ += size;
        done_ += units;
        units = 0;
    }
    return true;
}

} // namespace drafting
