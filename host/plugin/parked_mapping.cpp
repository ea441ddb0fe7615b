#include "plugin/parked_mapping.hpp"

#include <sys/mman.h>

namespace noa::plugin {

namespace {

constexpr std::uint64_t table_bytes = std::uint64_t{2} * 1024 * 1024; // that one page table maps

// Of linux/mman.h, from 5.7; of shared mappings from 5.13.
constexpr int dont_unmap = 4;

} // namespace

std::byte* reserve_addresses(std::uint64_t size) noexcept {
    const auto whole = size + table_bytes;
    void* got =
        ::mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (got == MAP_FAILED) {
        return nullptr;
    }
    auto* first = static_cast<std::byte*>(got);
    const auto before =
        (table_bytes - reinterpret_cast<std::uintptr_t>(first) % table_bytes) % table_bytes;
    if (before != 0) {
        ::munmap(first, before);
    }
    ::munmap(first + before + size, table_bytes - before);
    return first + before;
}

ParkedMapping::~ParkedMapping() {
    if (base_ != nullptr) {
        ::munmap(base_, size_);
    }
}

// No hole between: another thread could be given its addresses.
ParkedMapping ParkedMapping::park(std::byte* base, std::uint64_t size) noexcept {
    ParkedMapping parked;
    auto* place = reserve_addresses(size);
    // A kernel that cannot may have let go of `place` first: it is never given back.
    if (place != nullptr && ::mremap(base, size, size, MREMAP_MAYMOVE | MREMAP_FIXED | dont_unmap,
                                     place) != MAP_FAILED) {
        parked.base_ = place;
        parked.size_ = size;
    }
    return parked;
}

bool ParkedMapping::move_to(std::byte* base) noexcept {
    if (::mremap(base_, size_, size_, MREMAP_MAYMOVE | MREMAP_FIXED, base) == MAP_FAILED) {
        return false;
    }
    base_ = nullptr;
    size_ = 0;
    return true;
}

} // namespace noa::plugin
