#include "noactl/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"

namespace noa::noactl {

namespace {

struct Range {
    char32_t first;
    char32_t last;
};

template <std::size_t N>
bool in_ranges(char32_t point, const std::array<Range, N>& ranges) noexcept {
    return std::any_of(ranges.begin(), ranges.end(), [point](const Range& range) {
        return point >= range.first && point <= range.last;
    });
}

// Characters that move the cursor, change the terminal or turn the direction of text.
bool acts_on_terminal(char32_t point) noexcept {
    constexpr std::array<Range, 5> ranges{
        {{0x00, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}}};
    return in_ranges(point, ranges) || point == 0x061C || point == 0xFEFF;
}

std::size_t columns_of(char32_t point) noexcept {
    constexpr std::array<Range, 6> none{{{0x0300, 0x036F},
                                         {0x1AB0, 0x1AFF},
                                         {0x200B, 0x200D},
                                         {0x20D0, 0x20FF},
                                         {0xFE00, 0xFE0F},
                                         {0xFE20, 0xFE2F}}};
    constexpr std::array<Range, 10> two{{{0x1100, 0x115F},
                                         {0x2E80, 0x303E},
                                         {0x3041, 0xA4CF},
                                         {0xAC00, 0xD7A3},
                                         {0xF900, 0xFAFF},
                                         {0xFE30, 0xFE6F},
                                         {0xFF00, 0xFF60},
                                         {0xFFE0, 0xFFE6},
                                         {0x1F300, 0x1FAFF},
                                         {0x20000, 0x3FFFD}}};
    if (point < 0x300) {
        return 1;
    }
    return in_ranges(point, none) ? 0 : in_ranges(point, two) ? 2 : 1;
}

std::string hexadecimal(char32_t number, std::size_t least_digits) {
    std::array<char, 8> out{};
    const auto end =
        std::to_chars(out.data(), out.data() + out.size(), static_cast<std::uint32_t>(number), 16);
    const std::string digits(out.data(), end.ptr);
    return std::string(least_digits - std::min(least_digits, digits.size()), '0') + digits;
}

std::string decimal(double number, int places) {
    std::array<char, 64> out{};
    const auto end = std::to_chars(out.data(), out.data() + out.size(), number,
                                   std::chars_format::fixed, places);
    return {out.data(), end.ptr};
}

std::string escaped(char32_t point) {
    switch (point) {
    case '\n': return "\\n";
    case '\t': return "\\t";
    case '\r': return "\\r";
    default: break;
    }
    return point < 0x100 ? "\\x" + hexadecimal(point, 2) : "\\u" + hexadecimal(point, 4);
}

template <class Keep, class Escape>
std::string rewrite(std::string_view text, Keep keep, Escape escape) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point.valid) {
            out += "\xEF\xBF\xBD";
        } else if (acts_on_terminal(point.value) && !keep(point.value)) {
            out += escape(point.value);
        } else {
            out += text.substr(0, point.bytes);
        }
        text.remove_prefix(point.bytes);
    }
    return out;
}

} // namespace

std::string escape_text(std::string_view text) {
    return rewrite(
        text, [](char32_t) { return false; }, escaped);
}

std::string escape_lines(std::string_view text) {
    return rewrite(
        text, [](char32_t point) { return point == '\n' || point == '\t'; }, escaped);
}

std::size_t display_width(std::string_view text) noexcept {
    std::size_t width = 0;
    while (!text.empty()) {
        const auto point = first_code_point(text);
        width += columns_of(point.value);
        text.remove_prefix(point.bytes);
    }
    return width;
}

std::string cut_to(std::string_view text, std::size_t width) {
    if (display_width(text) <= width) {
        return std::string(text);
    }
    if (width == 0) {
        return {};
    }
    std::size_t used = 0;
    std::size_t bytes = 0;
    while (bytes < text.size()) {
        const auto point = first_code_point(text.substr(bytes));
        if (used + columns_of(point.value) > width - 1) {
            break;
        }
        used += columns_of(point.value);
        bytes += point.bytes;
    }
    return std::string(text.substr(0, bytes)) + "…";
}

std::string json_text(const nlohmann::json& value, bool compact) {
    const std::string text =
        value.dump(compact ? -1 : 2, ' ', false, nlohmann::json::error_handler_t::replace);
    // What is left of them is inside strings, where \u stands for itself.
    return rewrite(
        text, [](char32_t point) { return point == '\n'; },
        [](char32_t point) { return "\\u" + hexadecimal(point, 4); });
}

std::string duration_text(std::int64_t ns) {
    const std::int64_t ms = std::max<std::int64_t>(ns, 0) / 1'000'000;
    const std::int64_t s = ms / 1000;
    const auto parts = [](std::int64_t more, const char* unit, std::int64_t less,
                          const char* small_unit) {
        return std::to_string(more) + unit + std::to_string(less) + small_unit;
    };
    if (ms == 0 && ns > 0) {
        return decimal(static_cast<double>(ns) / 1e6, 2) + " ms";
    }
    if (s == 0) {
        return std::to_string(ms) + " ms";
    }
    if (s < 60) {
        return std::to_string(s) + " s";
    }
    if (s < 3600) {
        return parts(s / 60, " min ", s % 60, " s");
    }
    if (s < 86'400) {
        return parts(s / 3600, " h ", s / 60 % 60, " min");
    }
    return parts(s / 86'400, " d ", s / 3600 % 24, " h");
}

std::string bytes_text(std::uint64_t bytes) {
    constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    const bool whole = unit == 0 || value >= 10;
    return decimal(value, whole ? 0 : 1) + " " + units.at(unit);
}

} // namespace noa::noactl
