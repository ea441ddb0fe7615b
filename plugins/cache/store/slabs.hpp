// Slots of a size class, from slabs of whole pages; runs of pages for what is larger.
#pragma once

#include <cstdint>

#include "pages.hpp"

namespace cache {

class Slabs {
public:
    Slabs(Memory memory, Pages& pages) noexcept : memory_(memory), pages_(&pages) {}

    // Room for `bytes`; 0 when there is none without others going.
    Loc take(std::uint32_t bytes) noexcept;
    void put(Loc loc) noexcept;

    // Bytes of the slot or run that starts at `loc`.
    [[nodiscard]] std::uint32_t slot_bytes(Loc loc) const noexcept;
    [[nodiscard]] std::size_t class_at(Loc loc) const noexcept; // size_classes: a run of pages
    // What `take` makes of so many bytes.
    [[nodiscard]] static std::uint32_t slot_bytes_for(std::uint32_t bytes) noexcept;

    // Whether a class has so many free slots that one of its slabs can be emptied into the others:
    // with `eager` as soon as that is possible, otherwise when it is worth the work.
    [[nodiscard]] bool sparse(std::size_t size_class, bool eager) const noexcept;
    // Empties the least used slab of a class into the others: `move(from, to)` is told of each
    // entry, whose bytes lie at `to` already. REQUIRES: sparse.
    template <class Move>
    void compact(std::size_t size_class, Move&& move) noexcept {
        const PageNumber slab = sparsest(size_class);
        if (slab == 0) {
            return;
        }
        set_aside(slab);
        for (std::uint32_t slot = 0; slot < fresh(slab); ++slot) {
            const Loc from = loc_of(slab, slot);
            if (!is_free(from)) {
                move(from, take_again(size_class, from));
            }
        }
        drop(slab);
    }

private:
    // A slab's extent: 1 + the first free slot, and the number of slots that were ever used.
    [[nodiscard]] std::uint32_t fresh(PageNumber slab) const noexcept {
        return memory_.page(slab).extent >> 16U;
    }
    [[nodiscard]] ClassHead& head(std::size_t size_class) const noexcept {
        return memory_.header().classes[size_class];
    }
    [[nodiscard]] Loc loc_of(PageNumber slab, std::uint32_t slot) const noexcept;
    [[nodiscard]] bool is_free(Loc loc) const noexcept;
    [[nodiscard]] PageNumber slab_at(Loc loc) const noexcept;
    [[nodiscard]] PageNumber sparsest(std::size_t size_class) const noexcept;

    Loc take_slot(std::size_t size_class) noexcept;
    Loc take_again(std::size_t size_class, Loc from) noexcept;
    PageNumber make(std::size_t size_class) noexcept;
    void drop(PageNumber slab) noexcept;
    void set_aside(PageNumber slab) noexcept;
    void link(PageNumber slab) noexcept;
    void unlink(PageNumber slab, std::size_t quarter) noexcept;

    Memory memory_;
    Pages* pages_;
};

} // namespace cache
