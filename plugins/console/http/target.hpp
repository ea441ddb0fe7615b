// The target of a request: its path and its query.
#pragma once

#include <optional>
#include <string_view>

#include "message.hpp"

namespace console::http {

inline constexpr std::size_t longest_target = 2048;
inline constexpr std::size_t most_parameters = 32;

// Of "/path?name=value&…". None for what two readers might understand differently: other forms,
// "." and ".." and empty parts of a path, broken %-sequences, control characters, NUL, a '/' or '\'
// that was encoded, what is not UTF-8.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

// Whether they are the same but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view one, std::string_view other) noexcept;

// Whether a page of `host`, the Host header, may be trusted: numeric loopback or "localhost" with
// any port, or one of `others`, names without port. Stops DNS rebinding.
[[nodiscard]] bool is_own_host(std::string_view host, const std::vector<std::string>& others);

// Whether it has the form of W3C Trace Context, version 00; what it says is the host's to judge.
[[nodiscard]] bool is_traceparent(std::string_view text) noexcept;

// Whether an Origin header names the very host that is asked.
[[nodiscard]] bool is_own_origin(std::string_view origin, std::string_view host) noexcept;

} // namespace console::http
