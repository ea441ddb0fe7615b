// Ends of lives: a hierarchical timing wheel of five levels of 64 slots, the finest 128 ms each,
// the coarsest 25 days. Setting, changing and dropping an end take the same short time however
// many there are.
#pragma once

#include <optional>

#include "entries.hpp"

namespace cache {

// Times are milliseconds since the store was made.
class Wheel {
public:
    Wheel(Memory memory, const Entries& entries) noexcept : memory_(memory), entries_(&entries) {}

    // REQUIRES: the entry has a timer part, whose end is set.
    void add(Loc loc) noexcept;
    void remove(Loc loc) noexcept;
    // The entry lies at `to` now, its links copied.
    void moved(Loc to) noexcept;

    // The next entry whose end has come, at most one slot late; it is to be removed before the next
    // call. 0: none, or `budget` ran out, which each entry looked at takes one of.
    Loc next_ended(std::uint64_t now, std::size_t& budget) noexcept;
    // When there may be one; nullopt: there are no ends.
    [[nodiscard]] std::optional<std::uint64_t> next_due() const noexcept;

private:
    [[nodiscard]] WheelHead& head() const noexcept { return memory_.header().wheel; }
    void place(Loc loc) noexcept;

    Memory memory_;
    const Entries* entries_;
};

} // namespace cache
