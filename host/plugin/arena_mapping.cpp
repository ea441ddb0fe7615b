#include "plugin/arena_mapping.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

namespace noa::plugin {

namespace {

constexpr int reserving = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

std::uint64_t page_size() noexcept {
    static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

} // namespace

std::uint64_t whole_pages(std::uint64_t size) noexcept {
    const auto page = page_size();
    return size > PTRDIFF_MAX ? 0 : (std::max<std::uint64_t>(size, 1) + page - 1) / page * page;
}

ArenaMapping::~ArenaMapping() {
    for (const auto& range : reserved_) {
        ::munmap(range.base, range.size);
    }
}

bool ArenaMapping::open(UniqueFd memory, std::uint64_t size, std::uint64_t room) {
    if (!make_room(std::max(size, room)) && !make_room(size)) {
        return false;
    }
    memory_ = std::move(memory);
    if (!map(reserved_.back().base, 0, size)) {
        memory_.reset();
        return false;
    }
    base_ = reserved_.back().base;
    size_ = size;
    return true;
}

bool ArenaMapping::make_room(std::uint64_t size) {
    return (!reserved_.empty() && reserved_.back().size >= size) || reserve(size);
}

bool ArenaMapping::reserve(std::uint64_t size) {
    reserved_.reserve(reserved_.size() + 1);
    auto* base = reserve_addresses(size);
    if (base != nullptr) {
        reserved_.push_back({base, size});
    }
    return base != nullptr;
}

bool ArenaMapping::map(std::byte* base, std::uint64_t from, std::uint64_t to) noexcept {
    const int protection = writable_ ? PROT_READ | PROT_WRITE : PROT_READ;
    if (::mmap(base + from, to - from, protection, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
               memory_.get(), static_cast<off_t>(from)) != MAP_FAILED) {
        return true;
    }
    unmap(base + from, to - from); // it may have taken the reservation away first
    return false;
}

void ArenaMapping::unmap(std::byte* base, std::uint64_t size) noexcept {
    if (::mmap(base, size, PROT_NONE, reserving | MAP_FIXED, -1, 0) != MAP_FAILED) {
        return;
    }
    // Never given back, and never used again: nobody knows what of it is still ours.
    ::mprotect(base, size, PROT_NONE);
    std::erase_if(reserved_, [&](const Range& range) {
        return base >= range.base && base < range.base + range.size;
    });
}

bool ArenaMapping::grow(std::uint64_t size) {
    if (size <= size_) {
        return true;
    }
    if (!make_room(size)) {
        return false;
    }
    auto* base = reserved_.back().base;
    if (!map(base, base == base_ ? size_ : 0, size)) {
        return false;
    }
    if (base != base_) {
        unmap(base_, size_);
    }
    base_ = base;
    size_ = size;
    return true;
}

bool ArenaMapping::allow_writing(ParkedMapping parked) {
    if (writable_) {
        return true;
    }
    const auto known = parked.size();
    if (known == 0 || known > size_) {
        writable_ = ::mprotect(base_, size_, PROT_READ | PROT_WRITE) == 0;
        return writable_;
    }
    writable_ = true;
    writable_ = (parked.move_to(base_) && (known == size_ || map(base_, known, size_))) ||
                map(base_, 0, size_);
    return writable_;
}

noa_status ArenaMapping::release(std::uint64_t offset, std::uint64_t size) {
    if (!is_writable()) {
        return NOA_E_STATE;
    }
    const auto page = page_size();
    if (offset % page != 0 || size % page != 0 || offset > size_ || size > size_ - offset) {
        return NOA_E_INVALID;
    }
    return ::madvise(base_ + offset, size, MADV_REMOVE) == 0 ? NOA_OK : NOA_E_FAILED;
}

ParkedMapping ArenaMapping::close() noexcept {
    if (!is_open()) {
        return {};
    }
    auto parked = writable_ ? ParkedMapping::park(base_, size_) : ParkedMapping();
    unmap(base_, size_);
    memory_.reset();
    writable_ = false;
    base_ = nullptr;
    size_ = 0;
    return parked;
}

} // namespace noa::plugin
