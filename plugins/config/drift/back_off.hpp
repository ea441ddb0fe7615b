// When what was healed may be healed again.
#pragma once

#include <algorithm>
#include <chrono>

#include "noa/sdk.hpp"

namespace config {

// The first time at once. Whoever has to be healed again and again has another writer: a pause of a
// second, each time twice as long, five minutes at most; after ten quiet minutes as at first.
class BackOff {
public:
    [[nodiscard]] noa::Time due(noa::Time now) const noexcept {
        return times_ == 0 || now - last_ >= calm ? now : last_ + pause();
    }
    void healed(noa::Time now) noexcept {
        times_ = times_ > 0 && now - last_ >= calm ? 1 : times_ + 1;
        last_ = now;
    }
    // In a row.
    [[nodiscard]] unsigned times() const noexcept { return times_; }
    [[nodiscard]] bool fought(noa::Time now) const noexcept {
        return times_ >= 3 && now - last_ < calm;
    }

private:
    static constexpr noa::Duration calm = std::chrono::minutes(10);
    static constexpr noa::Duration longest = std::chrono::minutes(5);

    [[nodiscard]] noa::Duration pause() const noexcept {
        const unsigned doublings = std::min(times_ - 1, 16U);
        return std::min<noa::Duration>(std::chrono::seconds(1) * (1U << doublings), longest);
    }

    noa::Time last_{};
    unsigned times_ = 0;
};

} // namespace config
