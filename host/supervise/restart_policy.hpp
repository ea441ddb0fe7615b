// When an agent that ended is started again: pure, on a clock and a dice of the caller's.
//
// A row       ends of which none followed a life of `cooldown` or more.
// First       restart of a row at once, the others after backoff, doubled each time up to
//             backoff_max, with jitter: between half of it and all of it.
// Exhausted   after `in_a_row` restarts in a row, or `max` within `window`: the last known good
//             version is tried once, at once; after that, one probe each `cooldown`, for ever.
//             A life of `cooldown` ends that, one of `reset` forgets all there was.
#pragma once

#include <cstdint>
#include <deque>

#include "config/supervision.hpp"

namespace noa::supervise {

class RestartPolicy {
public:
    enum class Step : std::uint8_t {
        restart,
        last_known_good, // the same when there is none: say so by another ended()
        probe,           // degraded: what ran, once more
    };
    struct Decision {
        Step step = Step::restart;
        std::int64_t due_ns = 0;
        std::uint32_t in_a_row = 0;  // this restart's number in its row; 0: none of it
        std::uint32_t in_window = 0; // restarts within the window, this one included
    };

    // It serves.
    void started(std::int64_t now_ns) noexcept { started_ns_ = now_ns; }
    // It ended, or did not start. `dice`: from 0 to 1.
    [[nodiscard]] Decision ended(const config::RestartConfig& limits, std::int64_t now_ns,
                                 double dice);
    // It has been told to: nothing counts any more.
    void forget() { *this = {}; }

    // Restarts did not help, and no life has lasted for `cooldown` since.
    [[nodiscard]] bool exhausted() const noexcept { return exhausted_; }
    // When a life that goes on ends the row; INT64_MAX when there is none to end.
    [[nodiscard]] std::int64_t settles_ns(const config::RestartConfig& limits) const noexcept;
    // The life that goes on has lasted for `cooldown`.
    void settle() noexcept;

private:
    std::int64_t started_ns_ = -1;      // -1: it does not serve
    std::deque<std::int64_t> restarts_; // when, within the window; at most limits.max
    std::uint32_t in_a_row_ = 0;
    bool exhausted_ = false;
    bool fell_back_ = false;
};

} // namespace noa::supervise
