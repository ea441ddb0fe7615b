// Numbers as Redis reads and writes them: no spaces, no leading zeroes or plus signs in whole ones.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cache::resp {

[[nodiscard]] inline std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
    const bool negative = !text.empty() && text.front() == '-';
    const std::string_view digits = text.substr(negative ? 1 : 0);
    if (digits.empty() || digits.size() > 19 || digits.front() < '0' || digits.front() > '9' ||
        (digits.front() == '0' && (digits.size() > 1 || negative))) {
        return std::nullopt;
    }
    if (digits.size() < 19) { // cannot overflow
        std::int64_t value = 0;
        for (const char digit : digits) {
            if (digit < '0' || digit > '9') {
                return std::nullopt;
            }
            value = value * 10 + (digit - '0');
        }
        return negative ? -value : value;
    }
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    return fault == std::errc{} && end == text.data() + text.size() ? std::optional(value)
                                                                    : std::nullopt;
}

// Infinities are numbers; nan is none.
[[nodiscard]] std::optional<long double> real_number(std::string_view text);
// 17 digits behind the point at most, without zeroes at the end: what INCRBYFLOAT stores.
[[nodiscard]] std::string human_text(long double value);
// 17 significant digits: "0.10000000000000001", "inf".
[[nodiscard]] std::string exact_text(double value);

} // namespace cache::resp
