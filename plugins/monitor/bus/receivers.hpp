// What is common to all who are sent something and may be down.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "noa/sdk/json.hpp"

namespace monitor {

inline constexpr std::uint32_t failing = 3; // in a row: it is told as this agent's health

// Before the next attempt, after so many in a row, 1 at least, that failed.
[[nodiscard]] inline noa::Duration rest_after(std::uint32_t failures) {
    constexpr noa::Duration longest = std::chrono::minutes(1);
    constexpr std::uint32_t most_doublings = 6;
    const auto factor = std::int64_t{1} << std::min(failures - 1, most_doublings);
    return std::min<noa::Duration>(std::chrono::seconds(factor), longest);
}

// Of the machine, as receivers are told it.
[[nodiscard]] inline std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "noa";
}

} // namespace monitor
