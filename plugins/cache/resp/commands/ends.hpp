// Ends of life as arguments say them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "../call.hpp"

namespace cache::resp {

// How a number is to be read: EX, PX, EXAT, PXAT.
struct EndForm {
    std::int64_t unit_ms;
    bool absolute; // Unix time
};
inline constexpr EndForm in_seconds{1000, false};
inline constexpr EndForm in_milliseconds{1, false};
inline constexpr EndForm at_seconds{1000, true};
inline constexpr EndForm at_milliseconds{1, true};

[[nodiscard]] std::optional<EndForm> end_form(std::string_view word) noexcept;
// In Unix time, ms; nothing when it overflows.
[[nodiscard]] std::optional<std::int64_t> wall_end(const Clock& clock, std::int64_t number,
                                                   EndForm form) noexcept;
// Of SET and the like, where it must lie above 0; nothing, and the client has been told.
std::optional<Instant> end_argument(Call& call, std::size_t at, EndForm form);
void invalid_end(Call& call);

} // namespace cache::resp
