// A circuit breaker: whoever fails again and again is left alone for a while.
#pragma once

#include <chrono>
#include <cstdint>

#include "noa/sdk/message.hpp"

namespace noa::sdk {

struct BreakerLimits {
    unsigned failures = 5;                    // in a row, that open it
    Duration open = std::chrono::seconds(30); // until a probe may pass
};

enum class Circuit : std::uint8_t {
    closed,    // everything passes
    open,      // nothing does
    half_open, // one probe does; what becomes of it decides
};

// The peer is not there, does not keep up, or is broken. Any answer of its own, an error too,
// says that it works.
[[nodiscard]] constexpr bool is_failure_of_peer(noa_status status) noexcept {
    return status == NOA_E_BUSY || status == NOA_E_UNAVAILABLE || status == NOA_E_NO_AGENT ||
           status == NOA_E_EXPIRED || status == NOA_E_INTERNAL || status == NOA_E_DEAD;
}

// One for each peer, a member of the agent: request(…).breaker(breaker_). It has no clock of its
// own.  [lane] every function.
class CircuitBreaker {
public:
    explicit CircuitBreaker(BreakerLimits limits = {}) noexcept : limits_(limits) {}

    // Lets one request pass, whose end goes to `leave` with this ticket; 0: not now.
    using Ticket = std::uint32_t;
    [[nodiscard]] Ticket enter(Time now) noexcept {
        if (state_ == Circuit::open && now >= until_) {
            change(Circuit::half_open);
        }
        if (state_ == Circuit::closed) {
            return turn_;
        }
        if (now < until_) {
            return 0;
        }
        until_ = now + limits_.open; // for a probe of which nothing is heard
        return turn_;
    }
    // What began before the last change of state says nothing of this one.
    void leave(Ticket ticket, noa_status status, Time now) noexcept {
        if (ticket != turn_) {
            return;
        }
        if (!is_failure_of_peer(status)) {
            failures_ = 0;
            if (state_ != Circuit::closed) {
                change(Circuit::closed);
            }
        } else if (state_ == Circuit::half_open || ++failures_ >= limits_.failures) {
            change(Circuit::open);
            until_ = now + limits_.open;
        }
    }

    // It was never sent, for reasons of our own.
    void withdraw(Ticket ticket) noexcept {
        if (ticket == turn_ && state_ == Circuit::half_open) {
            until_ = Time();
        }
    }

    [[nodiscard]] Circuit state(Time now) const noexcept {
        return state_ == Circuit::open && now >= until_ ? Circuit::half_open : state_;
    }
    [[nodiscard]] const BreakerLimits& limits() const noexcept { return limits_; }

private:
    void change(Circuit state) noexcept {
        state_ = state;
        failures_ = 0;
        until_ = Time();
        turn_ = turn_ == UINT32_MAX ? 1 : turn_ + 1;
    }

    BreakerLimits limits_;
    Circuit state_ = Circuit::closed;
    unsigned failures_ = 0;
    Time until_{}; // open: when a probe may pass; half open: when another may
    Ticket turn_ = 1;
};

} // namespace noa::sdk
