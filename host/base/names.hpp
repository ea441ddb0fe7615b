// What names may look like (see noa/message.h).
#pragma once

#include <algorithm>
#include <string_view>

#include "noa/message.h"

namespace noa {

namespace detail {
constexpr bool is_lower_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
constexpr bool is_token_char(char c) noexcept {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '-';
}
} // namespace detail

// An agent's name: [a-z0-9], then [a-z0-9_-], at most 63 bytes.
constexpr bool is_agent_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= NOA_AGENT_NAME_MAX &&
           detail::is_lower_or_digit(text.front()) &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return detail::is_lower_or_digit(c) || c == '_' || c == '-'; });
}

// What the host watches but did not load: "service:" and a name like an agent's.
inline constexpr std::string_view service_prefix = "service:";
constexpr bool is_service(std::string_view target) noexcept {
    return target.starts_with(service_prefix) &&
           is_agent_name(target.substr(service_prefix.size()));
}

// Tokens of [A-Za-z0-9_-] separated by single dots, at most 255 bytes.
constexpr bool is_subject(std::string_view text) noexcept {
    if (text.empty() || text.size() > NOA_SUBJECT_MAX) {
        return false;
    }
    bool in_token = false;
    for (const char c : text) {
        if (c == '.') {
            if (!in_token) {
                return false;
            }
            in_token = false;
        } else if (detail::is_token_char(c)) {
            in_token = true;
        } else {
            return false;
        }
    }
    return in_token;
}

// A subject in which whole tokens may be "*", and the last one ">".
constexpr bool is_pattern(std::string_view text) noexcept {
    if (text.empty() || text.size() > NOA_SUBJECT_MAX) {
        return false;
    }
    while (true) {
        const auto dot = text.find('.');
        const auto token = text.substr(0, dot);
        const bool last = dot == std::string_view::npos;
        const bool plain =
            !token.empty() && std::all_of(token.begin(), token.end(), detail::is_token_char);
        if (!plain && token != "*" && !(token == ">" && last)) {
            return false;
        }
        if (last) {
            return true;
        }
        text.remove_prefix(dot + 1);
    }
}

} // namespace noa
