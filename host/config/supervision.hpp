// How an agent is watched over, as values.
#pragma once

#include <chrono>
#include <cstdint>

namespace noa::config {

// How soon and how often an agent that ended is started again; see supervise/restart_policy.hpp.
struct RestartConfig {
    std::chrono::milliseconds backoff{100}; // before the second in a row; the first is at once
    std::chrono::milliseconds backoff_max{60'000};
    std::uint32_t max = 5;                     // within `window`; 0: only probed
    std::uint32_t in_a_row = 3;                // none of which lasted for `cooldown`
    std::chrono::milliseconds window{600'000}; // 10 min
    std::chrono::milliseconds reset{600'000};  // a life so long forgets all restarts
    std::chrono::milliseconds cooldown{60'000};
    friend bool operator==(const RestartConfig&, const RestartConfig&) = default;
};

} // namespace noa::config
