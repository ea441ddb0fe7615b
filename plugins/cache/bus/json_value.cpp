#include "json_value.hpp"

#include <cstring>

namespace cache {

namespace {

// Eight at a time: whether all are ASCII that a JSON string shows as it is.
bool plain(std::uint64_t letters) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101U;
    constexpr std::uint64_t tops = ones * 0x80U;
    const auto has_zero = [](std::uint64_t word) { return (word - ones) & ~word & tops; };
    const std::uint64_t below_space = (letters - ones * 0x20U) & ~letters & tops;
    return ((letters & tops) | below_space | has_zero(letters ^ ones * '"') |
            has_zero(letters ^ ones * '\\')) == 0;
}

std::size_t plain_front(std::string_view text) noexcept {
    std::size_t size = 0;
    for (; size + 8 <= text.size(); size += 8) {
        std::uint64_t letters; // NOLINT(cppcoreguidelines-init-variables)
        std::memcpy(&letters, text.data() + size, sizeof letters);
        if (!plain(letters)) {
            break;
        }
    }
    return size;
}

// A quoted string; false, and nothing added, when it is not UTF-8.
bool append_utf8(std::string& out, std::string_view text) {
    const std::size_t before = out.size();
    out += '"';
    while (!text.empty()) {
        const std::size_t as_is = plain_front(text);
        out.append(text.substr(0, as_is));
        text.remove_prefix(as_is);
        // Letter by letter, to where it may be plain again.
        for (unsigned letters = 0; letters < 8 && !text.empty(); ++letters) {
            const std::size_t size = noa::sdk::utf8_sequence(text);
            if (size == 0) {
                out.resize(before);
                return false;
            }
            std::string one;
            noa::sdk::append_json(one, text.substr(0, size));
            out.append(one, 1, one.size() - 2);
            text.remove_prefix(size);
        }
    }
    out += '"';
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
    if (append_utf8(out, bytes)) {
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
