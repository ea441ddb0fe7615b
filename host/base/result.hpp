// Errors as values. A module returns them; programs and the supervisor log them, once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace noa {

enum class Errc : std::uint8_t {
    invalid,     // an input breaks its contract
    not_found,   // no such file, agent, operation
    refused,     // examined and turned down; retrying the same thing is pointless
    busy,        // no room now
    timed_out,   // a deadline passed
    unavailable, // the other side is stopped or gone
    denied,      // not permitted
    system,      // the operating system said no
    internal,    // a defect of noa or of a plugin
};

[[nodiscard]] std::string_view name_of(Errc code) noexcept;

// What was attempted, on what, why it failed, and what to do about it.
struct Error {
    Errc code = Errc::internal;
    std::string attempt; // "load plugin"
    std::string object;  // "/usr/lib/noa/plugins/cache.so", "configs/noa.toml:12:5"
    std::string reason;  // "abi_major: wanted 1, found 2"
    std::string advice;  // "rebuild it against this host's header"; may be empty

    // "load plugin: /usr/…/cache.so: abi_major: wanted 1, found 2 (rebuild it …)"
    [[nodiscard]] std::string text() const;
};

template <class T = void>
using Result = tl::expected<T, Error>;
using Failure = tl::unexpected<Error>;

[[nodiscard]] inline Failure fail(Errc code, std::string attempt, std::string object,
                                  std::string reason, std::string advice = {}) {
    return Failure(
        Error{code, std::move(attempt), std::move(object), std::move(reason), std::move(advice)});
}

// The same with the text of an errno value as the reason.
[[nodiscard]] Failure fail_errno(std::string attempt, std::string object, int error_number,
                                 std::string advice = {});

} // namespace noa
