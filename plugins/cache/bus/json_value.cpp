#include "json_value.hpp"

namespace cache {

namespace {

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        // Most of all text is ASCII.
        std::size_t plain = 0;
        while (plain < text.size() && static_cast<unsigned char>(text[plain]) < 0x80U) {
            ++plain;
        }
        text.remove_prefix(plain);
        const std::size_t size = noa::sdk::utf8_sequence(text);
        if (!text.empty() && size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

void append_base64(std::string& out, std::string_view bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        for (std::size_t next = 0; next < 3; ++next) {
            group = group << 8U |
                    (at + next < bytes.size() ? static_cast<unsigned char>(bytes[at + next]) : 0U);
        }
        for (std::size_t digit = 0; digit < 4; ++digit) {
            out += at + digit > bytes.size() ? '=' : digits[group >> (18U - 6U * digit) & 63U];
        }
    }
}

} // namespace

Encoded encode(const noa::Json& value) {
    return value.is_string() ? Encoded{value.get_ref<const std::string&>(), Type::string}
                             : Encoded{noa::json_text(value), Type::json};
}

void append_text(std::string& out, std::string_view bytes) {
    if (is_utf8(bytes)) {
        noa::sdk::append_json(out, bytes);
        return;
    }
    out += R"({"base64":")";
    append_base64(out, bytes);
    out += "\"}";
}

bool append_value(std::string& out, const Value& value) {
    switch (value.type) {
    case Type::json: out += value.bytes; return true;
    case Type::string: append_text(out, value.bytes); return true;
    default: return false;
    }
}

std::string_view name_of(Type type) noexcept {
    switch (type) {
    case Type::string: return "string";
    case Type::json: return "json";
    case Type::hash: return "hash";
    case Type::list: return "list";
    case Type::set: return "set";
    }
    return "unknown";
}

} // namespace cache
