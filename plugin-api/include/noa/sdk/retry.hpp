// When and how often a request is made again: exponential backoff with full jitter.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "noa/sdk/message.hpp"

namespace noa::sdk {

// Fractions in [0, 1), spread evenly; the same for the same seed. Not for secrets.
class Jitter {
public:
    explicit Jitter(std::uint64_t seed) noexcept : state_(seed) {}
    // Always the same: for tests.
    [[nodiscard]] static Jitter fixed(double fraction) noexcept {
        Jitter jitter(0);
        jitter.fixed_ = fraction;
        return jitter;
    }

    [[nodiscard]] double next() noexcept { // SplitMix64
        if (fixed_ >= 0) {
            return fixed_;
        }
        std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15U;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return static_cast<double>((mixed ^ (mixed >> 31U)) >> 11U) * 0x1p-53;
    }

private:
    std::uint64_t state_;
    double fixed_ = -1;
};

// The recipient could not take it, or did not answer in time: another attempt may fare better.
// What it answered by itself is final.
[[nodiscard]] constexpr bool is_retryable(noa_status status) noexcept {
    return status == NOA_E_BUSY || status == NOA_E_UNAVAILABLE || status == NOA_E_NO_AGENT ||
           status == NOA_E_EXPIRED;
}

struct RetryPolicy {
    unsigned attempts = 5; // in all
    // The most that the first pause lasts; each further one twice as much, up to the longest. How
    // much of it is chance, so that those who failed together do not come back together.
    Duration first_pause = std::chrono::milliseconds(100);
    Duration longest_pause = std::chrono::seconds(10);
    Duration attempt_timeout{0}; // of each; 0: all that is left
    bool (*retryable)(noa_status) = is_retryable;
    Jitter* jitter = nullptr; // a test's; else the agent's own
};

// The pause after `made` attempts.
[[nodiscard]] inline Duration pause_after(unsigned made, const RetryPolicy& policy,
                                          double fraction) noexcept {
    Duration most = policy.first_pause;
    for (unsigned turn = 1; turn < made && most < policy.longest_pause; ++turn) {
        most *= 2;
    }
    most = std::min(most, policy.longest_pause);
    return Duration(static_cast<Duration::rep>(static_cast<double>(most.count()) * fraction));
}

} // namespace noa::sdk
