// The body of a form: "name=value&…", application/x-www-form-urlencoded.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace console::http {

inline constexpr std::size_t most_fields = 64;

// None for broken %-sequences, more than 64 fields, a name twice, and what is not UTF-8.
[[nodiscard]] std::optional<std::map<std::string, std::string>> parse_form(std::string_view body);

} // namespace console::http
