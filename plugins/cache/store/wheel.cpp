#include "wheel.hpp"

#include <algorithm>
#include <bit>

namespace cache {

namespace {

constexpr unsigned tick_bits = 7; // 128 ms
constexpr unsigned slot_bits = 6;

unsigned shift_of(unsigned level) noexcept {
    return level * slot_bits;
}

} // namespace

void Wheel::add(Loc loc) noexcept {
    ++head().entries;
    place(loc);
}

// In the slot whose whole time is over when the wheel comes to it. What is beyond the last level
// waits in its last slot, and is placed again.
void Wheel::place(Loc loc) noexcept {
    WheelHead& wheel = head();
    TimerPart& timer = entries_->timer(loc);
    const std::uint64_t due = std::max((timer.end() >> tick_bits) + 1, wheel.tick);
    unsigned level = 0;
    while (level + 1 < wheel_levels &&
           (due >> shift_of(level)) - (wheel.tick >> shift_of(level)) >= wheel_slots) {
        ++level;
    }
    const std::uint64_t turn =
        std::min((due >> shift_of(level)), (wheel.tick >> shift_of(level)) + wheel_slots - 1);
    const auto slot = static_cast<unsigned>(turn % wheel_slots);
    Loc& first = wheel.slots[level][slot];
    timer.prev = first_in_slot | (level * wheel_slots + slot);
    timer.next = first;
    if (first != 0) {
        entries_->timer(first).prev = loc;
    }
    first = loc;
    wheel.occupied[level] |= std::uint64_t{1} << slot;
}

void Wheel::remove(Loc loc) noexcept {
    WheelHead& wheel = head();
    const TimerPart& timer = entries_->timer(loc);
    if ((timer.prev & first_in_slot) != 0) {
        const unsigned number = timer.prev & ~first_in_slot;
        Loc& first = wheel.slots[number / wheel_slots][number % wheel_slots];
        first = timer.next;
        if (first == 0) {
            wheel.occupied[number / wheel_slots] &= ~(std::uint64_t{1} << (number % wheel_slots));
        }
    } else {
        entries_->timer(timer.prev).next = timer.next;
    }
    if (timer.next != 0) {
        entries_->timer(timer.next).prev = timer.prev;
    }
    --wheel.entries;
}

void Wheel::moved(Loc to) noexcept {
    const TimerPart& timer = entries_->timer(to);
    if ((timer.prev & first_in_slot) != 0) {
        const unsigned number = timer.prev & ~first_in_slot;
        head().slots[number / wheel_slots][number % wheel_slots] = to;
    } else {
        entries_->timer(timer.prev).next = to;
    }
    if (timer.next != 0) {
        entries_->timer(timer.next).prev = to;
    }
}

Loc Wheel::next_ended(std::uint64_t now, std::size_t& budget) noexcept {
    WheelHead& wheel = head();
    const std::uint64_t until = now >> tick_bits;
    while (wheel.tick <= until && budget > 0) {
        // Coarser slots that begin with this tick are dealt out first.
        for (unsigned level = wheel_levels - 1; level > 0; --level) {
            if (wheel.tick % (std::uint64_t{1} << shift_of(level)) != 0) {
                continue;
            }
            const auto slot = static_cast<unsigned>((wheel.tick >> shift_of(level)) % wheel_slots);
            while (wheel.slots[level][slot] != 0 && budget > 0) {
                const Loc loc = wheel.slots[level][slot];
                remove(loc);
                add(loc);
                --budget;
            }
        }
        if (budget == 0) {
            return 0;
        }
        if (const Loc loc = wheel.slots[0][wheel.tick % wheel_slots]; loc != 0) {
            --budget;
            return loc;
        }
        if (const auto due = next_due(); due) {
            wheel.tick = std::clamp(*due >> tick_bits, wheel.tick + 1, until + 1);
        } else {
            wheel.tick = until + 1;
        }
    }
    return 0;
}

std::optional<std::uint64_t> Wheel::next_due() const noexcept {
    const WheelHead& wheel = head();
    std::optional<std::uint64_t> first;
    for (unsigned level = 0; level < wheel_levels; ++level) {
        if (wheel.occupied[level] == 0) {
            continue;
        }
        const std::uint64_t turn = wheel.tick >> shift_of(level);
        const auto ahead = static_cast<unsigned>(std::countr_zero(
            std::rotr(wheel.occupied[level], static_cast<int>(turn % wheel_slots))));
        const std::uint64_t due = (turn + ahead) << shift_of(level);
        first = std::min(first.value_or(UINT64_MAX), std::max(due, wheel.tick));
    }
    return first ? std::optional(*first << tick_bits) : first;
}

} // namespace cache
