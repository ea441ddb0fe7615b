#include "supervise/restart_policy.hpp"

#include <algorithm>

#include "supervise/time.hpp"

namespace noa::supervise {

namespace {

// Of the n-th restart in a row, from 1.
std::int64_t backoff_ns(const config::RestartConfig& limits, std::uint32_t n, double dice) {
    if (n < 2) {
        return 0;
    }
    const auto most = ns_of(limits.backoff_max);
    auto whole = std::min(ns_of(limits.backoff), most);
    for (std::uint32_t i = 2; i < n && whole < most; ++i) {
        whole = whole > most / 2 ? most : whole * 2;
    }
    const auto half = whole / 2;
    return half + static_cast<std::int64_t>(static_cast<double>(whole - half) *
                                            std::clamp(dice, 0.0, 1.0));
}

} // namespace

RestartPolicy::Decision RestartPolicy::ended(const config::RestartConfig& limits,
                                             std::int64_t now_ns, double dice) {
    const auto lived_ns = started_ns_ < 0 ? 0 : now_ns - started_ns_;
    if (started_ns_ >= 0 && lived_ns >= ns_of(limits.reset)) {
        forget();
    } else if (started_ns_ >= 0 && lived_ns >= ns_of(limits.cooldown)) {
        settle();
    }
    started_ns_ = -1;
    while (!restarts_.empty() && now_ns - restarts_.front() >= ns_of(limits.window)) {
        restarts_.pop_front();
    }
    if (!exhausted_ && in_a_row_ < limits.in_a_row && restarts_.size() < limits.max) {
        restarts_.push_back(now_ns);
        ++in_a_row_;
        return {Step::restart, now_ns + backoff_ns(limits, in_a_row_, dice), in_a_row_,
                static_cast<std::uint32_t>(restarts_.size())};
    }
    exhausted_ = true;
    const auto in_window = static_cast<std::uint32_t>(restarts_.size());
    if (!fell_back_ && limits.max != 0) {
        fell_back_ = true;
        return {Step::last_known_good, now_ns, 0, in_window};
    }
    return {Step::probe, now_ns + ns_of(limits.cooldown), 0, in_window};
}

std::int64_t RestartPolicy::settles_ns(const config::RestartConfig& limits) const noexcept {
    return started_ns_ < 0 || (in_a_row_ == 0 && !exhausted_)
               ? never
               : started_ns_ + ns_of(limits.cooldown);
}

void RestartPolicy::settle() noexcept {
    in_a_row_ = 0;
    exhausted_ = false;
    fell_back_ = false;
}

} // namespace noa::supervise
