#include "slabs.hpp"

#include <cstring>

#include "entry.hpp"

namespace cache {

namespace {

constexpr unsigned slabs_compared = 8; // for the least used one

// Of a slab that has a free slot.
std::size_t quarter_of(const PageInfo& slab) noexcept {
    return slab.used * 4U / classes[slab.size_class].slots;
}

std::uint32_t pages_for(std::uint32_t bytes) noexcept {
    return static_cast<std::uint32_t>((bytes + page_bytes - 1) / page_bytes);
}

} // namespace

Loc Slabs::take(std::uint32_t bytes) noexcept {
    if (bytes <= largest_slot) {
        return take_slot(class_of(bytes));
    }
    const auto run = pages_->take(pages_for(bytes));
    return run ? loc_of_page(*run) : 0;
}

void Slabs::put(Loc loc) noexcept {
    const PageNumber first = page_of(loc);
    if (memory_.page(first).kind == PageKind::run) {
        pages_->put(first, memory_.page(first).extent);
        return;
    }
    const PageNumber slab = slab_at(loc);
    PageInfo& info = memory_.page(slab);
    const SizeClass& size = classes[info.size_class];
    const bool was_full = info.used == size.slots;
    const std::size_t quarter = was_full ? 0 : quarter_of(info);
    std::byte* slot = memory_.place(loc);
    const auto before = static_cast<std::uint16_t>(info.extent);
    std::memcpy(slot, &before, sizeof before);
    head_of(slot).flags = free_slot;
    const auto number = static_cast<std::uint32_t>((loc - loc_of_page(slab)) * granule / size.slot);
    info.extent = (info.extent & 0xffff0000U) | (number + 1);
    --info.used;
    ++head(info.size_class).free_slots;
    if (info.used == 0) {
        if (!was_full) {
            unlink(slab, quarter);
        }
        drop(slab);
    } else if (was_full) {
        link(slab);
    } else if (quarter_of(info) != quarter) {
        unlink(slab, quarter);
        link(slab);
    }
}

std::uint32_t Slabs::slot_bytes(Loc loc) const noexcept {
    const PageInfo& info = memory_.page(page_of(loc));
    if (info.kind == PageKind::run) {
        return static_cast<std::uint32_t>(info.extent * page_bytes);
    }
    return classes[memory_.page(slab_at(loc)).size_class].slot;
}

std::size_t Slabs::class_at(Loc loc) const noexcept {
    const bool run = memory_.page(page_of(loc)).kind == PageKind::run;
    return run ? size_classes : memory_.page(slab_at(loc)).size_class;
}

std::uint32_t Slabs::slot_bytes_for(std::uint32_t bytes) noexcept {
    return bytes <= largest_slot ? classes[class_of(bytes)].slot
                                 : static_cast<std::uint32_t>(pages_for(bytes) * page_bytes);
}

bool Slabs::sparse(std::size_t size_class, bool eager) const noexcept {
    const ClassHead& all = head(size_class);
    const std::uint32_t slab = classes[size_class].slots;
    if (eager) {
        return all.free_slots > slab;
    }
    return all.free_slots > 2 * slab && all.free_slots > all.slots / 4;
}

Loc Slabs::loc_of(PageNumber slab, std::uint32_t slot) const noexcept {
    const std::uint32_t bytes = classes[memory_.page(slab).size_class].slot;
    return loc_of_page(slab) + static_cast<Loc>(std::uint64_t{slot} * bytes / granule);
}

bool Slabs::is_free(Loc loc) const noexcept {
    return head_of(memory_.place(loc)).flags == free_slot;
}

PageNumber Slabs::slab_at(Loc loc) const noexcept {
    const PageNumber page = page_of(loc);
    const PageInfo& info = memory_.page(page);
    return info.kind == PageKind::inner ? info.extent : page;
}

PageNumber Slabs::sparsest(std::size_t size_class) const noexcept {
    for (const PageNumber first : head(size_class).slabs) {
        PageNumber best = first;
        PageNumber slab = first;
        for (unsigned looked = 0; slab != 0 && looked < slabs_compared; ++looked) {
            if (memory_.page(slab).used < memory_.page(best).used) {
                best = slab;
            }
            slab = memory_.page(slab).next;
        }
        if (best != 0) {
            return best;
        }
    }
    return 0;
}

Loc Slabs::take_slot(std::size_t size_class) noexcept {
    ClassHead& all = head(size_class);
    PageNumber slab = 0;
    for (std::size_t quarter = 4; quarter-- > 0 && slab == 0;) { // the fuller ones first
        slab = all.slabs[quarter];
    }
    if (slab == 0) {
        slab = make(size_class);
        if (slab == 0) {
            return 0;
        }
    }
    PageInfo& info = memory_.page(slab);
    const std::size_t quarter = quarter_of(info);
    std::uint32_t slot = info.extent & 0xffffU;
    if (slot != 0) {
        --slot;
        std::uint16_t next = 0;
        std::memcpy(&next, memory_.place(loc_of(slab, slot)), sizeof next);
        info.extent = (info.extent & 0xffff0000U) | next;
    } else {
        slot = info.extent >> 16U;
        info.extent += 1U << 16U;
    }
    ++info.used;
    --all.free_slots;
    if (info.used == classes[size_class].slots) {
        unlink(slab, quarter);
    } else if (quarter_of(info) != quarter) {
        unlink(slab, quarter);
        link(slab);
    }
    return loc_of(slab, slot);
}

Loc Slabs::take_again(std::size_t size_class, Loc from) noexcept {
    const Loc to = take_slot(size_class);
    std::memcpy(memory_.place(to), memory_.place(from), classes[size_class].slot);
    return to;
}

PageNumber Slabs::make(std::size_t size_class) noexcept {
    const SizeClass& size = classes[size_class];
    const auto first = pages_->take(size.pages);
    if (!first) {
        return 0;
    }
    for (std::uint32_t page = 1; page < size.pages; ++page) {
        PageInfo& inner = memory_.page(*first + page);
        inner.kind = PageKind::inner;
        inner.extent = *first;
    }
    PageInfo& info = memory_.page(*first);
    info = {};
    info.kind = PageKind::slab;
    info.size_class = static_cast<std::uint8_t>(size_class);
    head(size_class).free_slots += size.slots;
    head(size_class).slots += size.slots;
    link(*first);
    return *first;
}

// REQUIRES: in no list.
void Slabs::drop(PageNumber slab) noexcept {
    const PageInfo info = memory_.page(slab);
    const SizeClass& size = classes[info.size_class];
    head(info.size_class).free_slots -= size.slots - info.used;
    head(info.size_class).slots -= size.slots;
    memory_.page(slab).kind = PageKind::none;
    pages_->put(slab, size.pages);
}

// Nothing is taken from it any more; its free slots do not count.
void Slabs::set_aside(PageNumber slab) noexcept {
    PageInfo& info = memory_.page(slab);
    unlink(slab, quarter_of(info));
    head(info.size_class).free_slots -= classes[info.size_class].slots - info.used;
    info.used = static_cast<std::uint16_t>(classes[info.size_class].slots);
}

void Slabs::link(PageNumber slab) noexcept {
    PageInfo& info = memory_.page(slab);
    PageNumber& list = head(info.size_class).slabs[quarter_of(info)];
    info.prev = 0;
    info.next = list;
    if (list != 0) {
        memory_.page(list).prev = slab;
    }
    list = slab;
}

void Slabs::unlink(PageNumber slab, std::size_t quarter) noexcept {
    const PageInfo& info = memory_.page(slab);
    if (info.prev != 0) {
        memory_.page(info.prev).next = info.next;
    } else {
        head(info.size_class).slabs[quarter] = info.next;
    }
    if (info.next != 0) {
        memory_.page(info.next).prev = info.prev;
    }
}

} // namespace cache
