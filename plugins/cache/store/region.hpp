// The memory that a store lives in: handed from generation to generation, mapped anywhere. What
// lies in it is found by offset; there is no pointer in it and no address of code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "noa/sdk.hpp"

namespace cache {

inline constexpr std::uint64_t page_bytes = 4096;

// Thread  the store's, whoever that is at the time: one at a time.
class Region {
public:
    Region() = default;
    Region(const Region&) = delete;
    Region& operator=(const Region&) = delete;
    virtual ~Region() = default;

    // Aligned to a page; stays until grow.
    [[nodiscard]] std::byte* base() const noexcept { return base_; }
    // Whole pages; never less than it was. Memory that nobody wrote yet is zeroes, and costs
    // nothing.
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    // Makes it at least `size` bytes, new ones zeroes; `base` may be another afterwards. What fails
    // changes nothing.
    virtual noa::Status grow(std::uint64_t size) = 0;
    // Gives whole pages back; they read as zeroes from then on. False: not now, and they are as
    // they were.
    virtual bool release(std::uint64_t offset, std::uint64_t size) noexcept = 0;

protected:
    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
};

// Memory of this process's own.
class PrivateRegion final : public Region {
public:
    static noa::Result<std::unique_ptr<Region>> map(std::uint64_t size);
    ~PrivateRegion() override;

    noa::Status grow(std::uint64_t size) override;
    bool release(std::uint64_t offset, std::uint64_t size) noexcept override;

private:
    PrivateRegion() = default;
};

} // namespace cache
