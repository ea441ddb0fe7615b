// Writes JSON (RFC 8259) without a library: enough for health, metrics and describe.
#pragma once

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace noa::sdk {

// Length of the well-formed UTF-8 sequence at the front of `text`, 0 when there is none.
[[nodiscard]] constexpr std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto tail = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
    if (text.empty()) {
        return 0;
    }
    const unsigned char lead = byte(0);
    if (lead < 0x80U) {
        return 1;
    }
    const std::size_t size = lead < 0xC2U   ? 0
                             : lead < 0xE0U ? 2
                             : lead < 0xF0U ? 3
                             : lead < 0xF5U ? 4
                                            : 0;
    if (size == 0 || text.size() < size) {
        return 0;
    }
    for (std::size_t at = 1; at < size; ++at) {
        if (!tail(at)) {
            return 0;
        }
    }
    const bool overlong = (lead == 0xE0U && byte(1) < 0xA0U) || (lead == 0xF0U && byte(1) < 0x90U);
    const bool surrogate = lead == 0xEDU && byte(1) >= 0xA0U;
    const bool beyond = lead == 0xF4U && byte(1) >= 0x90U;
    return overlong || surrogate || beyond ? 0 : size;
}

// How much of the front of `text` stands in a string as it is, so far as ASCII goes.
[[nodiscard]] constexpr std::size_t plain_json(std::string_view text) noexcept {
    std::size_t size = 0;
    for (; size < text.size(); ++size) {
        const auto letter = static_cast<unsigned char>(text[size]);
        if (letter < 0x20U || letter >= 0x80U || letter == '"' || letter == '\\') {
            break;
        }
    }
    return size;
}

// A quoted string; bytes that are not UTF-8 become U+FFFD.
inline void append_json(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (;;) {
        const std::size_t plain = plain_json(text);
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const auto letter = static_cast<unsigned char>(text.front());
        const std::size_t size = utf8_sequence(text);
        if (letter == '"' || letter == '\\') {
            out += '\\';
            out += text.front();
        } else if (letter < 0x20U) {
            out += "\\u00";
            out += digits[letter >> 4U];
            out += digits[letter & 0xFU];
        } else {
            out += size == 0 ? std::string_view("\uFFFD") : text.substr(0, size);
        }
        text.remove_prefix(size == 0 ? 1 : size);
    }
    out += '"';
}
inline void append_json(std::string& out, const char* text) {
    append_json(out, std::string_view(text));
}
inline void append_json(std::string& out, bool value) {
    out += value ? "true" : "false";
}
// What JSON cannot say (infinity, not a number) becomes null.
inline void append_json(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}
template <std::integral T>
void append_json(std::string& out, T value) {
    out += std::to_string(value);
}

// Commas and braces of one object or array; what stands between is appended by the caller.
class JsonList {
public:
    JsonList(std::string& out, char open, char close) : out_(&out), close_(close) { out += open; }
    JsonList(const JsonList&) = delete;
    JsonList& operator=(const JsonList&) = delete;
    ~JsonList() { *out_ += close_; }

    std::string& item() {
        if (!first_) {
            *out_ += ',';
        }
        first_ = false;
        return *out_;
    }

private:
    std::string* out_;
    char close_;
    bool first_ = true;
};

class JsonArray : public JsonList {
public:
    explicit JsonArray(std::string& out) : JsonList(out, '[', ']') {}
};

class JsonObject : public JsonList {
public:
    explicit JsonObject(std::string& out) : JsonList(out, '{', '}') {}

    std::string& member(std::string_view name) {
        std::string& out = item();
        append_json(out, name);
        out += ':';
        return out;
    }
    template <class T>
    void add(std::string_view name, const T& value) {
        append_json(member(name), value);
    }
};

} // namespace noa::sdk
