#include "cache/wire.hpp"

#include <charconv>
#include <cstdio>
#include <cstring>

namespace noa::bench {

namespace {

constexpr std::string_view line_end = "\r\n";

std::string counted(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

std::size_t number_in(std::string_view text) {
    std::size_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

// `line` has been read; `size` bytes and the end of a line are to follow, then `tail`.
std::optional<CacheReply> with_value(std::string_view bytes, std::size_t line, std::size_t size,
                                     std::string_view tail) {
    const std::size_t begin = line + line_end.size();
    const std::size_t whole = begin + size + line_end.size() + tail.size();
    if (bytes.size() < whole) {
        return std::nullopt;
    }
    return CacheReply{CacheReply::Kind::value, bytes.substr(begin, size), whole};
}

std::optional<CacheReply> read_resp(std::string_view bytes, std::size_t line) {
    const std::string_view text = bytes.substr(1, line - 1);
    if (bytes.front() == '$' && text != "-1") {
        return with_value(bytes, line, number_in(text), "");
    }
    const auto kind = bytes.front() == '$'   ? CacheReply::Kind::absent
                      : bytes.front() == '+' ? CacheReply::Kind::stored
                                             : CacheReply::Kind::error;
    return CacheReply{kind, text, line + line_end.size()};
}

std::optional<CacheReply> read_memcached(std::string_view bytes, std::size_t line) {
    const std::string_view text = bytes.substr(0, line);
    if (text.starts_with("VALUE ")) { // VALUE key flags bytes
        return with_value(bytes, line, number_in(text.substr(text.rfind(' ') + 1)), "END\r\n");
    }
    const auto kind = text == "STORED" ? CacheReply::Kind::stored
                      : text == "END"  ? CacheReply::Kind::absent
                                       : CacheReply::Kind::error;
    return CacheReply{kind, text, line + line_end.size()};
}

} // namespace

std::string key_of(unsigned number) {
    char text[24];
    std::snprintf(text, sizeof text, "key:%012u", number);
    return {text, key_bytes};
}

std::string value_of(unsigned number, std::size_t size) {
    std::string value = key_of(number);
    value.resize(size, 'v');
    return value;
}

void append_set(std::string& out, Wire wire, unsigned number, std::size_t size, long end_ms) {
    const std::string value = value_of(number, size);
    if (wire == Wire::memcached) {
        out += "set " + key_of(number) + " 0 " + std::to_string(end_ms / 1000) + " " +
               std::to_string(size) + "\r\n" + value + "\r\n";
        return;
    }
    out += end_ms > 0 ? "*5\r\n" : "*3\r\n";
    out += counted("SET") + counted(key_of(number)) + counted(value);
    if (end_ms > 0) {
        out += counted("PXAT") + counted(std::to_string(end_ms));
    }
}

void append_get(std::string& out, Wire wire, unsigned number) {
    out += wire == Wire::memcached ? "get " + key_of(number) + "\r\n"
                                   : "*2\r\n$3\r\nGET\r\n" + counted(key_of(number));
}

std::optional<CacheReply> read_reply(Wire wire, std::string_view bytes) {
    const std::size_t line = bytes.find(line_end);
    if (line == std::string_view::npos || line == 0) {
        return std::nullopt;
    }
    return wire == Wire::resp ? read_resp(bytes, line) : read_memcached(bytes, line);
}

} // namespace noa::bench
