// The time of a turn: the store's clock, and the wall's for what clients say in Unix time.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../store/store.hpp"

namespace cache::resp {

class Clock {
public:
    // `wall_ms` is Unix time, rounded up: no life is longer than it was told. That the wall fell
    // behind is taken over when it is more than a few milliseconds: what is told in Unix time is
    // shown again as it was told.
    void set(Instant now, std::int64_t wall_ms) noexcept {
        now_ = now;
        const std::int64_t offset = wall_ms - now.count();
        if (offset > offset_ || offset_ - offset > slack_ms) {
            offset_ = offset;
        }
    }
    [[nodiscard]] Instant now() const noexcept { return now_; }
    [[nodiscard]] std::int64_t wall_ms() const noexcept { return now_.count() + offset_; }
    [[nodiscard]] std::int64_t to_wall_ms(Instant instant) const noexcept {
        return instant.count() + offset_;
    }
    // Any number; what lies further ahead than the store can tell ends then.
    [[nodiscard]] Instant from_wall_ms(std::int64_t wall) const noexcept {
        const std::int64_t most = now_.count() + offset_ + furthest_ms;
        return Instant(std::max<std::int64_t>(std::min(wall, most), 0) - offset_);
    }

private:
    static constexpr std::int64_t slack_ms = 5;
    static constexpr std::int64_t furthest_ms = std::int64_t{34} * 365 * 86'400'000;

    Instant now_{0};
    std::int64_t offset_ = 0;
};

} // namespace cache::resp
