// Times as the supervisor reckons with them: nanoseconds on the monotonic clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace noa::supervise {

inline constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

[[nodiscard]] inline std::int64_t ns_of(std::chrono::milliseconds time) {
    return std::chrono::nanoseconds(time).count();
}

// The next multiple of the interval: what is due as often is due at the same time.
[[nodiscard]] inline std::int64_t next_due(std::int64_t now_ns,
                                           std::chrono::milliseconds interval) {
    return (now_ns / ns_of(interval) + 1) * ns_of(interval);
}

} // namespace noa::supervise
