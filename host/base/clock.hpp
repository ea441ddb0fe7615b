// The two clocks. Deadlines and timers are on the monotonic one.
#pragma once

#include <cstdint>
#include <ctime>

namespace noa {

inline constexpr std::int64_t ns_per_ms = 1'000'000;

inline std::int64_t read_clock(clockid_t id) noexcept {
    timespec now{};
    ::clock_gettime(id, &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

inline std::int64_t monotonic_ns() noexcept {
    return read_clock(CLOCK_MONOTONIC);
}
inline std::int64_t unix_ns() noexcept {
    return read_clock(CLOCK_REALTIME);
}

// To about 4 ms, for a quarter of the price: stamps on messages.
inline std::int64_t coarse_unix_ns() noexcept {
    return read_clock(CLOCK_REALTIME_COARSE);
}

} // namespace noa
