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

} // namespace noa::supervise
