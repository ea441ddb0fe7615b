#include "breaker.hpp"

namespace communication {

std::uint64_t Breaker::enter(noa::sdk::Time now) noexcept {
    if (forced_) {
        return state_ == Circuit::closed ? turn_ : 0;
    }
    if (state_ == Circuit::open && now >= until_) {
        change(Circuit::half_open);
    }
    if (state_ == Circuit::closed) {
        return turn_;
    }
    if (state_ == Circuit::open || (probing_ && now < until_)) {
        return 0;
    }
    probing_ = true;
    until_ = now + terms_.open; // for a probe of which nothing is heard
    return turn_;
}

void Breaker::leave(std::uint64_t turn, bool failed, noa::Duration took,
                    noa::sdk::Time now) noexcept {
    if (turn != turn_ || forced_) {
        return;
    }
    const bool slow = took > terms_.slow;
    if (state_ == Circuit::half_open) {
        probing_ = false;
        if (failed || (slow && terms_.slow_share <= 1)) {
            trip(now);
        } else if (++succeeded_ >= terms_.probes) {
            change(Circuit::closed);
        }
        return;
    }
    in_a_row_ = failed ? in_a_row_ + 1 : 0;
    count(failed, slow, now);
    const bool wanted = (terms_.failures > 0 && in_a_row_ >= terms_.failures) || too_many(now);
    if (wanted && (ejections_ == nullptr || ejections_->room())) {
        trip(now);
    }
}

void Breaker::withdraw(std::uint64_t turn) noexcept {
    if (turn == turn_ && state_ == Circuit::half_open) {
        probing_ = false;
    }
}

void Breaker::force_open() noexcept {
    change(Circuit::open);
    forced_ = true;
}

void Breaker::force_closed() noexcept {
    change(Circuit::closed);
    forced_ = false;
}

noa::sdk::Time Breaker::next_try(noa::sdk::Time now) const noexcept {
    if (forced_) {
        return state_ == Circuit::closed ? now : noa::sdk::Time::max();
    }
    const bool waits = state_ == Circuit::open || (state_ == Circuit::half_open && probing_);
    return waits && until_ > now ? until_ : now;
}

Circuit Breaker::state(noa::sdk::Time now) const noexcept {
    return state_ == Circuit::open && !forced_ && now >= until_ ? Circuit::half_open : state_;
}

void Breaker::count(bool failed, bool slow, noa::sdk::Time now) noexcept {
    const std::int64_t width = std::max<std::int64_t>(terms_.window.count() / slices, 1);
    const std::int64_t number = now.time_since_epoch().count() / width;
    Slice& slice = slices_[static_cast<std::size_t>(number) % slices];
    if (slice.number != number) {
        slice = {number, 0, 0, 0};
    }
    ++slice.calls;
    slice.failed += failed ? 1 : 0;
    slice.slow += slow ? 1 : 0;
}

bool Breaker::too_many(noa::sdk::Time now) const noexcept {
    const std::int64_t width = std::max<std::int64_t>(terms_.window.count() / slices, 1);
    const std::int64_t number = now.time_since_epoch().count() / width;
    Slice sum;
    for (const Slice& slice : slices_) {
        if (slice.number > number - static_cast<std::int64_t>(slices)) {
            sum.calls += slice.calls;
            sum.failed += slice.failed;
            sum.slow += slice.slow;
        }
    }
    const auto share = [&sum](std::uint32_t part) {
        return static_cast<double>(part) / static_cast<double>(sum.calls);
    };
    return sum.calls >= std::max(terms_.calls, 1U) &&
           (share(sum.failed) >= terms_.failure_share || share(sum.slow) >= terms_.slow_share);
}

void Breaker::change(Circuit state) noexcept {
    if (ejections_ != nullptr) {
        ejections_->open -= state_ != Circuit::closed ? 1 : 0;
        ejections_->open += state != Circuit::closed ? 1 : 0;
    }
    state_ = state;
    probing_ = false;
    in_a_row_ = 0;
    succeeded_ = 0;
    until_ = noa::sdk::Time();
    slices_ = {};
    ++turn_;
}

void Breaker::trip(noa::sdk::Time now) noexcept {
    change(Circuit::open);
    until_ = now + terms_.open;
    ++opened_;
}

} // namespace communication
