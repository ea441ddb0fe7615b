// A circuit breaker for one recipient: opened by failures in a row, by the share of failures, or by
// the share of slow calls, within a window.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "noa/sdk.hpp"

namespace communication {

using noa::sdk::Circuit;

struct BreakerTerms {
    std::uint32_t failures = 5; // in a row; 0: whatever their number
    // Of at least so many calls in the window; a share over 1 never opens it.
    std::uint32_t calls = 100;
    double failure_share = 0.5;
    double slow_share = 1.1;
    noa::Duration slow = std::chrono::seconds(5); // a call that takes longer is slow
    noa::Duration window = std::chrono::seconds(30);
    noa::Duration open = std::chrono::seconds(30); // until probes may pass
    std::uint32_t probes = 1;                      // that have to succeed, one after the other
};

// How many breakers are not closed: no more than a share of all open by themselves, for when nearly
// all seem to fail, what is wrong is here. One always may.
struct Ejections {
    double most = 1; // share of `all`
    std::size_t all = 0;
    std::size_t open = 0;

    [[nodiscard]] bool room() const noexcept {
        return open == 0 || static_cast<double>(open + 1) <= most * static_cast<double>(all);
    }
};

// Pure: time is handed in, and does not go back.
class Breaker {
public:
    // `ejections`: of all that share it, and outlives them; null: none is counted.
    explicit Breaker(const BreakerTerms& terms, Ejections* ejections = nullptr) noexcept
        : terms_(terms), ejections_(ejections) {}

    // Whether a call may begin now; it is under way then, until `leave`. Its turn, 0: it may not.
    [[nodiscard]] std::uint64_t enter(noa::sdk::Time now) noexcept;
    // A call that began in an earlier turn says nothing of this one.
    void leave(std::uint64_t turn, bool failed, noa::Duration took, noa::sdk::Time now) noexcept;
    // It never began, for reasons of our own.
    void withdraw(std::uint64_t turn) noexcept;

    // By hand: open until closed by hand.
    void force_open() noexcept;
    void force_closed() noexcept;

    // When `enter` is worth trying again; now where it is at once.
    [[nodiscard]] noa::sdk::Time next_try(noa::sdk::Time now) const noexcept;
    [[nodiscard]] Circuit state(noa::sdk::Time now) const noexcept;
    [[nodiscard]] bool forced() const noexcept { return forced_; }
    [[nodiscard]] std::uint32_t failures_in_a_row() const noexcept { return in_a_row_; }
    [[nodiscard]] std::uint64_t times_opened() const noexcept { return opened_; }

private:
    static constexpr std::size_t slices = 10;
    struct Slice {
        std::int64_t number = -1;
        std::uint32_t calls = 0;
        std::uint32_t failed = 0;
        std::uint32_t slow = 0;
    };

    void count(bool failed, bool slow, noa::sdk::Time now) noexcept;
    [[nodiscard]] bool too_many(noa::sdk::Time now) const noexcept;
    void change(Circuit state) noexcept;
    void trip(noa::sdk::Time now) noexcept;

    BreakerTerms terms_;
    Ejections* ejections_;
    Circuit state_ = Circuit::closed;
    bool forced_ = false;
    bool probing_ = false; // half open: one is under way
    std::uint32_t in_a_row_ = 0;
    std::uint32_t succeeded_ = 0; // half open: probes
    std::uint64_t opened_ = 0;
    std::uint64_t turn_ = 1;
    noa::sdk::Time until_{}; // open: when a probe may pass; half open: when another may
    std::array<Slice, slices> slices_;
};

} // namespace communication
