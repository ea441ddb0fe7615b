#include "bus/requests.hpp"

#include <algorithm>
#include <utility>

namespace noa::bus {

namespace {

constexpr unsigned slot_bits = 20;
constexpr unsigned serial_bits = 28;
constexpr std::uint64_t slot_mask = (std::uint64_t{1} << slot_bits) - 1;
constexpr std::uint32_t serial_mask = (1U << serial_bits) - 1;

} // namespace

std::uint64_t Requests::add(Waiting&& waiting, std::size_t limit) {
    const std::lock_guard lock(mutex_);
    if (count_ >= std::min<std::size_t>(limit, slot_mask)) {
        return 0;
    }
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(slots_.size()));
        slots_.emplace_back();
    }
    const auto index = free_.back();
    free_.pop_back();
    auto& slot = slots_[index];
    slot.serial = (slot.serial + 1) & serial_mask;
    slot.serial += slot.serial == 0 ? 1 : 0;
    slot.used = true;
    slot.waiting = std::move(waiting);
    earliest_ =
        count_ == 0 ? slot.waiting.deadline_ns : std::min(earliest_, slot.waiting.deadline_ns);
    ++count_;
    return (std::uint64_t{generation_} << (slot_bits + serial_bits)) |
           (std::uint64_t{slot.serial} << slot_bits) | index;
}

std::optional<Waiting> Requests::take(std::uint64_t token) {
    const auto index = token & slot_mask;
    const auto serial = static_cast<std::uint32_t>(token >> slot_bits) & serial_mask;
    const std::lock_guard lock(mutex_);
    if (token >> (slot_bits + serial_bits) != generation_ || index >= slots_.size() ||
        !slots_[index].used || slots_[index].serial != serial) {
        return std::nullopt;
    }
    slots_[index].used = false;
    free_.push_back(static_cast<std::uint32_t>(index));
    --count_;
    return std::move(slots_[index].waiting);
}

std::vector<Waiting> Requests::take_expired(std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    std::vector<Waiting> expired;
    if (count_ == 0 || earliest_ > now_ns) {
        return expired;
    }
    earliest_ = never;
    for (std::uint32_t index = 0; index < slots_.size(); ++index) {
        auto& slot = slots_[index];
        if (!slot.used) {
            continue;
        }
        if (slot.waiting.deadline_ns > now_ns) {
            earliest_ = std::min(earliest_, slot.waiting.deadline_ns);
            continue;
        }
        slot.used = false;
        free_.push_back(index);
        --count_;
        expired.push_back(std::move(slot.waiting));
    }
    return expired;
}

std::vector<Waiting> Requests::take_all() {
    return take_expired(never);
}

std::int64_t Requests::earliest() const noexcept {
    const std::lock_guard lock(mutex_);
    return count_ == 0 ? never : earliest_;
}

std::size_t Requests::count() const noexcept {
    const std::lock_guard lock(mutex_);
    return count_;
}

} // namespace noa::bus
