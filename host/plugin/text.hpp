// Text and JSON that a plugin or a file hands over: bounded, valid UTF-8, never trusted.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace noa::plugin {

// Levels of nesting that JSON from a plugin may have: what is deeper would overflow the stack
// of whoever prints it.
inline constexpr int json_depth_max = 64;

// The bytes before the terminator, at most `capacity`; empty for a null pointer.
[[nodiscard]] std::string_view bounded(const char* text, std::size_t capacity) noexcept;

[[nodiscard]] bool is_utf8(std::string_view text) noexcept;
// UTF-8 on one line, without control characters.
[[nodiscard]] bool is_line(std::string_view text) noexcept;

// Replaces, in place, each byte that is not UTF-8 by '?' and each control character by ' '.
void make_printable(std::span<char> text) noexcept;
// The same for a copy, cut to `limit` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit);

// Nothing when the text is no JSON or nested deeper than `depth`.
[[nodiscard]] std::optional<nlohmann::json> parse_json(std::string_view text,
                                                       int depth = json_depth_max);

// "field: wanted W, found F"
[[nodiscard]] std::string differs(std::string_view field, std::string_view wanted,
                                  std::string_view found);

} // namespace noa::plugin
