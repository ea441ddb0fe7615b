#include "region.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <memory>
#include <string>
#include <system_error>

namespace cache {

namespace {

std::uint64_t whole_pages(std::uint64_t size) {
    return (size + page_bytes - 1) / page_bytes * page_bytes;
}

noa::Error no_memory(std::uint64_t size) {
    return noa::failed("map " + std::to_string(size) +
                       " bytes: " + std::generic_category().message(errno));
}

} // namespace

noa::Result<std::unique_ptr<Region>> PrivateRegion::map(std::uint64_t size) {
    std::unique_ptr<PrivateRegion> region(new PrivateRegion);
    if (noa::Status grown = region->grow(size); !grown) {
        return std::move(grown).error();
    }
    return std::unique_ptr<Region>(std::move(region));
}

PrivateRegion::~PrivateRegion() {
    if (base_ != nullptr) {
        ::munmap(base_, size_);
    }
}

noa::Status PrivateRegion::grow(std::uint64_t size) {
    const std::uint64_t wanted = whole_pages(size);
    if (wanted <= size_) {
        return {};
    }
    void* base = base_ == nullptr ? ::mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                                  : ::mremap(base_, size_, wanted, MREMAP_MAYMOVE);
    if (base == MAP_FAILED) {
        return no_memory(wanted);
    }
    base_ = static_cast<std::byte*>(base);
    size_ = wanted;
    return {};
}

bool PrivateRegion::release(std::uint64_t offset, std::uint64_t size) noexcept {
    return ::madvise(base_ + offset, size, MADV_DONTNEED) == 0;
}

} // namespace cache
