#include "base/log_render.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

#include "base/utf8.hpp"

namespace noa {

namespace {

using nlohmann::ordered_json;

constexpr auto bad_utf8 = ordered_json::error_handler_t::replace;

std::string timestamp(std::int64_t unix_ns) {
    const std::time_t seconds = unix_ns / 1'000'000'000;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    const auto milliseconds = unix_ns / 1'000'000 % 1000;
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(milliseconds));
    return std::string(text.data(), length) + fraction.data();
}

// What a terminal obeys rather than shows: control codes, line breaks, bidirectional overrides.
bool must_escape(char32_t c) noexcept {
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 ||
           (c >= 0x200E && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

void append_escaped(std::string& out, char32_t c) {
    switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
    }
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(c));
    out += text.data();
}

std::string quote(std::string_view text) {
    std::string out = "\"";
    bool plain = !text.empty();
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point.valid || must_escape(point.value)) {
            append_escaped(out, point.value);
            plain = false;
        } else {
            if (point.value == '"' || point.value == '\\') {
                out += '\\';
            }
            plain = plain && point.value != '"' && point.value != '\\' && point.value != ' ' &&
                    point.value != '=';
            out += text.substr(0, point.bytes);
        }
        text.remove_prefix(point.bytes);
    }
    return plain ? out.substr(1) : out + '"';
}

std::string_view padded_name(Level level) noexcept {
    switch (level) {
    case Level::debug: return "DEBUG ";
    case Level::info: return "INFO  ";
    case Level::warning: return "WARN  ";
    case Level::error: return "ERROR ";
    }
    return "ERROR ";
}

std::string render_json(const LogLine& line) {
    ordered_json out = {
        {"time", timestamp(line.unix_ns)}, {"level", name_of(line.level)}, {"event", line.event}};
    for (const auto& [key, value] : line.fields.items()) {
        out[key] = value;
    }
    return out.dump(-1, ' ', true, bad_utf8);
}

} // namespace

std::string render_text(const LogLine& line, bool with_time) {
    std::string out = with_time ? timestamp(line.unix_ns) + ' ' : std::string();
    out.append(padded_name(line.level)).append("event=").append(quote(line.event));
    for (const auto& [key, value] : line.fields.items()) {
        out.append(1, ' ').append(key).append(1, '=');
        if (value.is_string()) {
            out += quote(value.get_ref<const std::string&>());
        } else {
            const auto dumped = value.dump(-1, ' ', false, bad_utf8);
            out += value.is_primitive() ? dumped : quote(dumped);
        }
    }
    return out;
}

std::string_view journal_prefix(Level level) noexcept {
    switch (level) {
    case Level::debug: return "<7>";
    case Level::info: return "<6>";
    case Level::warning: return "<4>";
    case Level::error: return "<3>";
    }
    return "<3>";
}

std::string_view name_of(Level level) noexcept {
    switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
    }
    return "error";
}

std::optional<Level> parse_level(std::string_view text) noexcept {
    const auto is = [text](std::string_view name) {
        return std::equal(text.begin(), text.end(), name.begin(), name.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    };
    if (is("warn")) {
        return Level::warning;
    }
    for (const auto level : {Level::debug, Level::info, Level::warning, Level::error}) {
        if (is(name_of(level))) {
            return level;
        }
    }
    return std::nullopt;
}

std::string Log::render(const LogLine& line, LogFormat format) {
    return format == LogFormat::json ? render_json(line) : render_text(line, true);
}

} // namespace noa
