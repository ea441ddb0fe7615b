// What a body may not say, because two readers would not agree on it: one key twice, and integers
// that would lose digits.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <nlohmann/json.hpp>

namespace noa::sdk {

// Seen in a text before it is parsed; right for one that is JSON.
struct JsonSeen {
    std::size_t members = 0;    // of all objects, those that come twice as well
    std::string_view too_large; // the first integer beyond 64 bits
};

[[nodiscard]] inline bool fits_64_bits(std::string_view integer) noexcept {
    std::int64_t negative = 0;
    std::uint64_t positive = 0;
    const char* end = integer.data() + integer.size();
    return (integer.front() == '-'
                ? std::from_chars(integer.data(), end, negative).ec
                : std::from_chars(integer.data(), end, positive).ec) == std::errc();
}

[[nodiscard]] inline JsonSeen look_at_json(std::string_view text) noexcept {
    constexpr std::size_t never_too_long = 18; // digits and sign
    JsonSeen seen;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char letter = text[at];
        if (letter == '"') {
            while (++at < text.size() && text[at] != '"') {
                at += text[at] == '\\' ? 1U : 0U;
            }
        } else if (letter == ':') {
            ++seen.members;
        } else if (letter == '-' || (letter >= '0' && letter <= '9')) {
            const std::string_view number =
                text.substr(at, text.find_first_not_of("+-.0123456789Ee", at) - at);
            at += number.size() - 1;
            if (number.size() > never_too_long && seen.too_large.empty() &&
                number.find_first_of(".eE") == std::string_view::npos && !fits_64_bits(number)) {
                seen.too_large = number;
            }
        }
    }
    return seen;
}

[[nodiscard]] inline std::size_t count_members(const nlohmann::json& value) {
    std::size_t count = value.is_object() ? value.size() : 0;
    if (value.is_structured()) {
        for (const auto& child : value) {
            count += count_members(child);
        }
    }
    return count;
}

// The first key that comes twice in an object of `text`, which is JSON.
[[nodiscard]] inline std::string twice_in(std::string_view text) {
    using nlohmann::json;
    std::vector<std::set<std::string>> open;
    std::string found;
    const json::parser_callback_t look = [&](int /*depth*/, json::parse_event_t event,
                                             json& parsed) {
        if (event == json::parse_event_t::object_start) {
            open.emplace_back();
        } else if (event == json::parse_event_t::object_end) {
            open.pop_back();
        } else if (event == json::parse_event_t::key) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!open.back().insert(key).second && found.empty()) {
                found = key;
            }
        }
        return true;
    };
    [[maybe_unused]] const json whole = json::parse(text, look, false);
    return found;
}

} // namespace noa::sdk
