#include "text.hpp"

#include <algorithm>

#include "noa/sdk/json_text.hpp"

namespace drafting {

namespace {

bool is_tail(char byte) noexcept {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}
bool is_pair(char lead) noexcept {
    return static_cast<unsigned char>(lead) >= 0xF0U;
}

} // namespace

Position units_of(std::string_view utf8) noexcept {
    Position units = 0;
    for (const char byte : utf8) {
        units += (is_tail(byte) ? 0U : 1U) + (is_pair(byte) ? 1U : 0U);
    }
    return units;
}

std::size_t byte_at(std::string_view utf8, Position units) noexcept {
    std::size_t at = 0;
    while (units > 0) {
        if (at >= utf8.size() || (units == 1 && is_pair(utf8[at]))) {
            return std::string_view::npos;
        }
        units -= is_pair(utf8[at]) ? 2 : 1;
        ++at;
        while (at < utf8.size() && is_tail(utf8[at])) {
            ++at;
        }
    }
    return at;
}

bool is_utf8(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const std::size_t size = noa::sdk::utf8_sequence(bytes);
        if (size == 0) {
            return false;
        }
        bytes.remove_prefix(size);
    }
    return true;
}

std::string with_plain_breaks(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '\r') {
            out += text[at];
        } else {
            out += '\n';
            at += at + 1 < text.size() && text[at + 1] == '\n' ? 1U : 0U;
        }
    }
    return out;
}

noa::sdk::Result<Text> Text::of(std::string_view utf8) {
    if (!is_utf8(utf8)) {
        return noa::sdk::invalid("not UTF-8");
    }
    if (utf8.find('\r') != std::string_view::npos) {
        return noa::sdk::invalid("a line break other than \\n");
    }
    TextBuilder builder;
    builder.add(utf8);
    return builder.finish();
}

std::string Text::str() const {
    std::string out;
    out.reserve(bytes_);
    for (const Piece& piece : pieces_) {
        out += *piece.bytes;
    }
    return out;
}

noa::sdk::Result<std::string> Text::slice(Position from, Position to) const {
    std::string out;
    TextCursor cursor(*this);
    const auto nothing = [](const auto&) {};
    const bool good = from <= to && to <= units_ && cursor.forward(from, nothing, nothing) &&
                      cursor.forward(
                          to - from, [&out](const Piece& piece) { out += *piece.bytes; },
                          [&out](std::string_view part) { out += part; });
    if (!good) {
        return noa::sdk::invalid("from " + std::to_string(from) + " to " + std::to_string(to) +
                                 ": not in the text, or between the halves of a pair");
    }
    return out;
}

Position Text::whole(Position position) const noexcept {
    position = std::min(position, units_);
    Position at = 0;
    for (const Piece& piece : pieces_) {
        if (position < at + piece.units) {
            const bool cut = byte_at(*piece.bytes, position - at) == std::string_view::npos;
            return cut ? position - 1 : position;
        }
        at += piece.units;
    }
    return units_;
}

void TextBuilder::add_whole(const Text::Piece& piece) {
    if (!pending_.empty() && (pending_.size() < small || piece.bytes->size() < small)) {
        add(*piece.bytes);
        return;
    }
    flush();
    if (piece.bytes->size() < small) {
        pending_ = *piece.bytes;
    } else {
        push(piece);
    }
}

void TextBuilder::push(Text::Piece piece) {
    text_.units_ += piece.units;
    text_.bytes_ += piece.bytes->size();
    text_.breaks_ += piece.breaks;
    text_.pieces_.push_back(std::move(piece));
}

void TextBuilder::flush() {
    std::string_view rest = pending_;
    while (!rest.empty()) {
        // All of nearly the same size, so that none is left over that is small.
        const std::size_t parts = (rest.size() + piece_size - 1) / piece_size;
        std::size_t size = (rest.size() + parts - 1) / parts;
        while (size < rest.size() && is_tail(rest[size])) {
            ++size;
        }
        const std::string_view part = rest.substr(0, size);
        push({std::shared_ptr<const std::string>(new std::string(part)),
              static_cast<std::uint32_t>(units_of(part)),
              static_cast<std::uint32_t>(std::count(part.begin(), part.end(), '\n'))});
        rest.remove_prefix(size);
    }
    pending_.clear();
}

} // namespace drafting
