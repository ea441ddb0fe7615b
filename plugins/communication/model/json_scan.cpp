#include "json_scan.hpp"

#include <array>

namespace communication {

namespace {

constexpr unsigned deepest = 64;

bool is_digit(char letter) {
    return letter >= '0' && letter <= '9';
}

int hex_value(char letter) {
    return is_digit(letter)                 ? letter - '0'
           : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
           : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                            : -1;
}

unsigned code_unit(std::string_view four) {
    unsigned unit = 0;
    for (const char letter : four) {
        unit = unit * 16 + static_cast<unsigned>(hex_value(letter));
    }
    return unit;
}

void append_utf8(std::string& out, unsigned code) {
    const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | code >> 6U);
        put(0x80 | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0 | code >> 12U);
        put(0x80 | (code >> 6U & 0x3FU));
        put(0x80 | (code & 0x3FU));
    } else {
        put(0xF0 | code >> 18U);
        put(0x80 | (code >> 12U & 0x3FU));
        put(0x80 | (code >> 6U & 0x3FU));
        put(0x80 | (code & 0x3FU));
    }
}

bool is_high(unsigned unit) {
    return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(unsigned unit) {
    return unit >= 0xDC00 && unit < 0xE000;
}

// Bytes that a text may have as they are, and that are one letter each.
constexpr auto plain_bytes = [] {
    std::array<bool, 256> plain{};
    for (unsigned byte = 0x20; byte < 0x80; ++byte) {
        plain[byte] = byte != '"' && byte != '\\';
    }
    return plain;
}();

} // namespace

noa::Result<JsonSpan> JsonScan::value() {
    skip_space();
    const std::size_t begin = at_;
    JsonSpan span;
    if (!skip_value(0, span.type)) {
        return broken();
    }
    span.text = text_.substr(begin, at_ - begin);
    return span;
}

noa::Status JsonScan::end() {
    skip_space();
    return at_ == text_.size() ? noa::Status() : noa::Status(broken());
}

bool JsonScan::next_is(char wanted) noexcept {
    skip_space();
    if (at_ < text_.size() && text_[at_] == wanted) {
        ++at_;
        return true;
    }
    return false;
}

void JsonScan::skip_space() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) {
        ++at_;
    }
}

noa::sdk::Error JsonScan::broken() const {
    return noa::invalid("body: not JSON at byte " + std::to_string(at_ + 1));
}

bool JsonScan::skip_value(unsigned depth, JsonType& ret_type) {
    if (at_ >= text_.size() || depth > deepest) {
        return false;
    }
    switch (text_[at_]) {
    case '{': ret_type = JsonType::object; return skip_container(depth, '}');
    case '[': ret_type = JsonType::array; return skip_container(depth, ']');
    case '"': ret_type = JsonType::text; return skip_text();
    case 't': ret_type = JsonType::boolean; return skip_word("true");
    case 'f': ret_type = JsonType::boolean; return skip_word("false");
    case 'n': ret_type = JsonType::null; return skip_word("null");
    default: ret_type = JsonType::number; return skip_number();
    }
}

bool JsonScan::skip_container(unsigned depth, char close) {
    ++at_;
    if (next_is(close)) {
        return true;
    }
    do {
        skip_space();
        if (close == '}') {
            if (at_ >= text_.size() || text_[at_] != '"' || !skip_text() || !next_is(':')) {
                return false;
            }
            skip_space();
        }
        JsonType type{};
        if (!skip_value(depth + 1, type)) {
            return false;
        }
    } while (next_is(','));
    return next_is(close);
}

bool JsonScan::skip_text() {
    ++at_;
    while (at_ < text_.size()) {
        const auto byte = static_cast<unsigned char>(text_[at_]);
        if (plain_bytes[byte]) {
            ++at_;
        } else if (byte == '"') {
            ++at_;
            return true;
        } else if (!(byte == '\\' ? skip_escape() : skip_utf8())) {
            return false;
        }
    }
    return false;
}

bool JsonScan::skip_escape() {
    if (at_ + 1 >= text_.size()) {
        return false;
    }
    if (text_[at_ + 1] != 'u') {
        const bool known =
            std::string_view("\"\\/bfnrt").find(text_[at_ + 1]) != std::string_view::npos;
        at_ += 2;
        return known;
    }
    if (at_ + 6 > text_.size()) {
        return false;
    }
    for (const char letter : text_.substr(at_ + 2, 4)) {
        if (hex_value(letter) < 0) {
            return false;
        }
    }
    const unsigned unit = code_unit(text_.substr(at_ + 2, 4));
    at_ += 6;
    if (!is_high(unit)) {
        return !is_low(unit);
    }
    // Its other half has to follow.
    if (text_.substr(at_, 2) != "\\u" || at_ + 6 > text_.size()) {
        return false;
    }
    for (const char letter : text_.substr(at_ + 2, 4)) {
        if (hex_value(letter) < 0) {
            return false;
        }
    }
    const bool paired = is_low(code_unit(text_.substr(at_ + 2, 4)));
    at_ += 6;
    return paired;
}

// One letter of more than one byte: not overlong, no surrogate, within Unicode.
bool JsonScan::skip_utf8() {
    const auto byte = [this](std::size_t offset) {
        return at_ + offset < text_.size() ? static_cast<unsigned char>(text_[at_ + offset]) : 0U;
    };
    const unsigned lead = byte(0);
    const unsigned size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4) {
        return false;
    }
    for (unsigned offset = 1; offset < size; ++offset) {
        if ((byte(offset) & 0xC0U) != 0x80) {
            return false;
        }
    }
    const unsigned second = byte(1);
    const bool off = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    at_ += size;
    return !off;
}

bool JsonScan::skip_number() {
    const auto digits = [this] {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_digit(text_[at_])) {
            ++at_;
        }
        return at_ > begin;
    };
    const auto here = [this](char letter) { return at_ < text_.size() && text_[at_] == letter; };
    at_ += here('-') ? 1 : 0;
    const bool zero = here('0');
    if (zero) {
        ++at_;
    } else if (!digits()) {
        return false;
    }
    if (here('.')) {
        ++at_;
        if (!digits()) {
            return false;
        }
    }
    if (here('e') || here('E')) {
        ++at_;
        at_ += here('+') || here('-') ? 1 : 0;
        return digits();
    }
    return true;
}

bool JsonScan::skip_word(std::string_view word) noexcept {
    const bool found = text_.substr(at_, word.size()) == word;
    at_ += found ? word.size() : 0;
    return found;
}

std::string JsonScan::unescaped(std::string_view quoted) {
    std::string out;
    const std::string_view text = quoted.substr(1, quoted.size() - 2);
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] != '\\') {
            const std::size_t next = std::min(text.find('\\', at), text.size());
            out.append(text.substr(at, next - at));
            at = next;
            continue;
        }
        const char letter = text[at + 1];
        if (letter != 'u') {
            out += letter == 'b'   ? '\b'
                   : letter == 'f' ? '\f'
                   : letter == 'n' ? '\n'
                   : letter == 'r' ? '\r'
                   : letter == 't' ? '\t'
                                   : letter;
            at += 2;
            continue;
        }
        unsigned code = code_unit(text.substr(at + 2, 4));
        at += 6;
        if (is_high(code)) {
            code = 0x10000 + ((code - 0xD800) << 10U) + code_unit(text.substr(at + 2, 4)) - 0xDC00;
            at += 6;
        }
        append_utf8(out, code);
    }
    return out;
}

} // namespace communication
