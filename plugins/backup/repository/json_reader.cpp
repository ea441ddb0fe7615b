#include "json_reader.hpp"

#include <array>
#include <charconv>

namespace backup {

void JsonReader::space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) {
        ++at_;
    }
}

char JsonReader::peek() noexcept {
    space();
    return ok_ && at_ != end_ ? *at_ : '\0';
}

bool JsonReader::take(char wanted) noexcept {
    if (peek() != wanted) {
        return fail();
    }
    ++at_;
    return true;
}

bool JsonReader::enter(char bracket) noexcept {
    return take(bracket) && (++depth_ <= deepest || fail());
}

// True at the end, or after a failure; else a comma was taken where one belongs.
bool JsonReader::leave(char bracket, bool first) noexcept {
    if (!ok_) {
        return true;
    }
    if (peek() == bracket) {
        ++at_;
        --depth_;
        return true;
    }
    return !first && !take(',');
}

bool JsonReader::literal(std::string_view word) noexcept {
    space();
    if (!ok_ || !std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) {
        return false;
    }
    at_ += word.size();
    return true;
}

bool JsonReader::null() {
    return literal("null");
}

bool JsonReader::boolean(bool& out) {
    out = literal("true");
    return out || literal("false") || fail();
}

bool JsonReader::number(std::uint64_t& out) {
    space();
    const auto [end, error] = std::from_chars(at_, end_, out);
    if (!ok_ || error != std::errc() ||
        (end != end_ && (*end == '.' || *end == 'e' || *end == 'E'))) {
        return fail();
    }
    at_ = end;
    return true;
}

bool JsonReader::signed_number(std::int64_t& out) {
    space();
    const auto [end, error] = std::from_chars(at_, end_, out);
    if (!ok_ || error != std::errc() ||
        (end != end_ && (*end == '.' || *end == 'e' || *end == 'E'))) {
        return fail();
    }
    at_ = end;
    return true;
}

bool JsonReader::hex4(std::uint32_t& out) noexcept {
    if (end_ - at_ < 4) {
        return fail();
    }
    const auto [end, error] = std::from_chars(at_, at_ + 4, out, 16);
    if (error != std::errc() || end != at_ + 4) {
        return fail();
    }
    at_ = end;
    return true;
}

bool JsonReader::escape(std::string& out) {
    if (at_ == end_) {
        return fail();
    }
    switch (*at_++) {
    case '"': out += '"'; return true;
    case '\\': out += '\\'; return true;
    case '/': out += '/'; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'u': break;
    default: return fail();
    }
    std::uint32_t code = 0;
    if (!hex4(code)) {
        return false;
    }
    if (code >= 0xD800 && code < 0xDC00 && end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u') {
        at_ += 2;
        std::uint32_t low = 0;
        if (!hex4(low)) {
            return false;
        }
        if (low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10U) + (low - 0xDC00);
        } else {
            append_utf8(out, 0xFFFD);
            code = low;
        }
    }
    append_utf8(out, code >= 0xD800 && code < 0xE000 ? 0xFFFD : code);
    return true;
}

bool JsonReader::text(std::string& out) {
    if (!take('"')) {
        return false;
    }
    out.clear();
    const char* plain = at_;
    for (; at_ != end_; ++at_) {
        if (*at_ == '"') {
            out.append(plain, at_++);
            return true;
        }
        if (static_cast<unsigned char>(*at_) < ' ') {
            return fail();
        }
        if (*at_ == '\\') {
            out.append(plain, at_++);
            if (!escape(out)) {
                return false;
            }
            plain = at_--;
        }
    }
    return fail();
}

bool JsonReader::skip() {
    std::string text_;
    switch (peek()) {
    case '{': return object([this](std::string_view) { return skip(); });
    case '[': return array([this] { return skip(); });
    case '"': return text(text_);
    case 't':
    case 'f': {
        bool value = false;
        return boolean(value);
    }
    case 'n': return null() || fail();
    default: break;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(at_, end_, value);
    if (!ok_ || error != std::errc() || end == at_) {
        return fail();
    }
    at_ = end;
    return true;
}

bool JsonReader::finished() {
    space();
    return ok_ && at_ == end_;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0U | code >> 6U);
        add(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        add(0xE0U | code >> 12U);
        add(0x80U | (code >> 6U & 0x3FU));
        add(0x80U | (code & 0x3FU));
    } else {
        add(0xF0U | code >> 18U);
        add(0x80U | (code >> 12U & 0x3FU));
        add(0x80U | (code >> 6U & 0x3FU));
        add(0x80U | (code & 0x3FU));
    }
}

std::size_t utf8_size(std::string_view text) noexcept {
    const auto byte = [text](std::size_t at) {
        return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
    };
    const auto follows = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return text.empty() ? 0 : 1;
    }
    if (first >= 0xC2 && first < 0xE0) {
        return follows(1) ? 2 : 0;
    }
    if (first >= 0xE0 && first < 0xF0) {
        const bool shortest = first != 0xE0 || byte(1) >= 0xA0;
        const bool surrogate = first == 0xED && byte(1) >= 0xA0;
        return shortest && !surrogate && follows(1) && follows(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first < 0xF5) {
        const bool shortest = first != 0xF0 || byte(1) >= 0x90;
        const bool beyond = first == 0xF4 && byte(1) >= 0x90;
        return shortest && !beyond && follows(1) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

void append_json_text(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        const auto letter = static_cast<unsigned char>(text.front());
        if (size == 0) {
            out += "\\ufffd";
        } else if (letter == '"' || letter == '\\') {
            out += '\\';
            out += text.front();
        } else if (letter == '\n') {
            out += "\\n";
        } else if (letter == '\r') {
            out += "\\r";
        } else if (letter == '\t') {
            out += "\\t";
        } else if (letter < ' ' || letter == '<' || letter == '>' || letter == '&') {
            out += "\\u00";
            out += digits[letter >> 4U];
            out += digits[letter & 0xFU];
        } else if (text.starts_with("\u2028") || text.starts_with("\u2029")) {
            out += text.starts_with("\u2028") ? "\\u2028" : "\\u2029";
        } else {
            out.append(text, 0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out += '"';
}

} // namespace backup
