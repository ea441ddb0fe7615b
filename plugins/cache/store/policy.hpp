// Who goes when room is needed: W-TinyLFU in each domain. What is new enters a window; what
// leaves the window stays only when it was seen more often than what would go for it; what is used
// again is guarded. The window's part of the whole moves to where more is hit.
#pragma once

#include "entries.hpp"
#include "sketch.hpp"

namespace cache {

class Policy {
public:
    Policy(Memory memory, const Entries& entries, Sketch& sketch) noexcept
        : memory_(memory), entries_(&entries), sketch_(&sketch) {}

    // REQUIRES: the entry's slot and domain are set.
    void add(Loc loc, std::uint64_t hash) noexcept;
    void remove(Loc loc) noexcept;
    void use(Loc loc, std::uint64_t hash) noexcept;
    void miss(Domain domain) noexcept;
    // The entry lies at `to` now, its links copied.
    void moved(Loc to) noexcept;
    // Took the place of another, in a slot of another size.
    void replaced(Loc to, std::uint32_t bytes_before) noexcept;

    // Who should go of a domain so that `incoming` bytes may come; 0: it is empty. Whoever was
    // compared and stays may have moved up.
    Loc victim(Domain domain, std::uint32_t incoming) noexcept;
    // Of the domains in use, the one whose next victim is missed least; nothing when all are
    // empty.
    [[nodiscard]] std::optional<Domain> poorest() const noexcept;

    void format(Domain domain) noexcept;
    [[nodiscard]] std::uint64_t bytes(Domain domain) const noexcept;
    [[nodiscard]] std::uint64_t entries(Domain domain) const noexcept;

private:
    [[nodiscard]] DomainHead& domain(Domain number) const noexcept {
        return memory_.header().domains[number];
    }
    [[nodiscard]] List& list_of(Loc loc) const noexcept {
        const EntryHead& head = entries_->head(loc);
        return domain(head.domain).lists[static_cast<std::size_t>(segment_of(head))];
    }
    void push(Loc loc, Segment segment) noexcept;
    void unlink(Loc loc) noexcept;
    void touch(Loc loc) noexcept;
    void guard(DomainHead& of, Loc loc) noexcept;
    void drain(DomainHead& of) noexcept;
    void climb(DomainHead& of) noexcept;
    [[nodiscard]] static Loc settled(const DomainHead& of) noexcept;
    bool admits(Loc candidate, Loc victim) noexcept;

    Memory memory_;
    const Entries* entries_;
    Sketch* sketch_;
};

} // namespace cache
