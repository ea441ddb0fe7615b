// How many connections an agent may hold. Optional.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstdint>

namespace noa::sdk {

// Of `wanted`, as many as the process has descriptors for, one at least: a connection has two of
// them while generations change, and 128 are left to everything else.  [any]
[[nodiscard]] inline std::uint32_t within_descriptors(std::uint32_t wanted) noexcept {
    constexpr std::uint64_t others = 128;
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY) {
        return wanted;
    }
    const std::uint64_t most = files.rlim_cur > others + 2 ? (files.rlim_cur - others) / 2 : 1;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, most));
}

} // namespace noa::sdk
