// How many may pass: a token bucket. Pure: time is handed in.
#pragma once

#include <algorithm>
#include <chrono>

#include "noa/sdk.hpp"

namespace communication {

struct Rate {
    double per_second = 0; // 0: no limit
    double burst = 0;      // at once; 0: what comes in a second
    friend bool operator==(const Rate&, const Rate&) = default;
};

class Bucket {
public:
    Bucket() = default;
    Bucket(const Rate& rate, noa::sdk::Time now) noexcept : rate_(rate), level_(room()), at_(now) {}

    // True: they may pass, and are counted.
    bool take(double count, noa::sdk::Time now) noexcept {
        if (rate_.per_second <= 0) {
            return true;
        }
        refill(now);
        // More than there is ever room for passes when it is full.
        if (level_ + 1e-9 < std::min(count, room())) {
            return false;
        }
        level_ -= count;
        return true;
    }
    // How long until they may.
    [[nodiscard]] noa::Duration wait(double count, noa::sdk::Time now) noexcept {
        refill(now);
        const double missing = std::min(count, room()) - level_;
        if (rate_.per_second <= 0 || missing <= 0) {
            return noa::Duration::zero();
        }
        return std::chrono::duration_cast<noa::Duration>(
                   std::chrono::duration<double>(missing / rate_.per_second)) +
               noa::Duration(1);
    }
    [[nodiscard]] bool full(noa::sdk::Time now) noexcept {
        refill(now);
        return level_ >= room();
    }

private:
    [[nodiscard]] double room() const noexcept {
        return std::max(rate_.burst > 0 ? rate_.burst : rate_.per_second, 1.0);
    }
    void refill(noa::sdk::Time now) noexcept {
        if (now > at_) {
            level_ =
                std::min(room(), level_ + rate_.per_second *
                                              std::chrono::duration<double>(now - at_).count());
            at_ = now;
        }
    }

    Rate rate_;
    double level_ = 0;
    noa::sdk::Time at_{};
};

// Retries of a recipient, so that they are no storm of their own: so many for each first attempt,
// and a few whatever comes.
class RetryBudget {
public:
    RetryBudget(double share, double least) noexcept
        : share_(share), most_(std::max(least * 10, 100.0)), level_(most_), floor_(least) {}
    void first_attempt() noexcept { level_ = std::min(most_, level_ + share_); }
    // A retry may be made; else not before the floor has let one more in.
    bool retry(noa::sdk::Time now) noexcept {
        if (share_ <= 0) {
            return true;
        }
        if (now > at_) {
            level_ = std::min(
                most_, level_ + floor_ * std::chrono::duration<double>(
                                             at_ == noa::sdk::Time() ? noa::Duration() : now - at_)
                                             .count());
            at_ = now;
        }
        if (level_ < 1) {
            return false;
        }
        level_ -= 1;
        return true;
    }

private:
    double share_;
    double most_;
    double level_;
    double floor_; // a second
    noa::sdk::Time at_{};
};

} // namespace communication
