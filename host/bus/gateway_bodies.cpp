#include "bus/gateway_bodies.hpp"

#include <algorithm>

namespace noa::bus {

namespace {

constexpr std::size_t looks_per_add = 4;
constexpr std::int64_t between_sweeps_ns = 20'000'000; // while over the limit
constexpr std::int64_t first_pause_ns = 1'000'000'000;
constexpr std::int64_t longest_pause_ns = 60'000'000'000;

} // namespace

bool HeldBodies::release_if_unused(std::size_t index) noexcept {
    if (held_[index].body->refs.load(std::memory_order_acquire) != 1) {
        return false;
    }
    bytes_ -= held_[index].bytes;
    std::swap(held_[index], held_.back());
    held_.pop_back();
    return true;
}

bool HeldBodies::has_room(std::uint64_t bytes, std::int64_t now_ns) {
    if (bytes_ + bytes <= limit_) {
        return true;
    }
    if (now_ns - swept_ns_ >= between_sweeps_ns) {
        sweep(now_ns);
    }
    return bytes_ + bytes <= limit_;
}

void HeldBodies::add(BlockRef&& body, std::uint64_t bytes, std::int64_t now_ns) {
    for (std::size_t i = 0; i < looks_per_add && !held_.empty(); ++i) {
        cursor_ = cursor_ >= held_.size() ? 0 : cursor_;
        if (!release_if_unused(cursor_)) {
            ++cursor_;
        }
    }
    if (held_.empty()) {
        pause_ns_ = first_pause_ns;
        due_ns_ = now_ns + pause_ns_;
    }
    bytes_ += bytes;
    held_.push_back({std::move(body), bytes});
}

void HeldBodies::sweep(std::int64_t now_ns) {
    const auto before = held_.size();
    for (std::size_t index = 0; index < held_.size();) {
        index += release_if_unused(index) ? 0 : 1;
    }
    swept_ns_ = now_ns;
    // What stays may stay for long: ask ever less often.
    pause_ns_ = held_.size() < before ? first_pause_ns : std::min(2 * pause_ns_, longest_pause_ns);
    due_ns_ = now_ns + pause_ns_;
    if (held_.empty()) {
        held_.shrink_to_fit();
    }
}

} // namespace noa::bus
