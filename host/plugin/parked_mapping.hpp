// Memory that stays mapped where nobody looks for it, until it is moved to where it is wanted.
//
// What is unmapped and mapped again has to be faulted in page by page, which for a large arena
// takes longer than all the rest of a reload. Page tables move in no time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace noa::plugin {

// Addresses for `size` bytes, without access, aligned so that page tables can be moved whole; null
// when there are none.
[[nodiscard]] std::byte* reserve_addresses(std::uint64_t size) noexcept;

class ParkedMapping {
public:
    ParkedMapping() = default;
    ParkedMapping(ParkedMapping&& other) noexcept
        : base_(std::exchange(other.base_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    ParkedMapping& operator=(ParkedMapping&& other) noexcept {
        std::swap(base_, other.base_);
        std::swap(size_, other.size_);
        return *this;
    }
    ParkedMapping(const ParkedMapping&) = delete;
    ParkedMapping& operator=(const ParkedMapping&) = delete;
    ~ParkedMapping(); // unmaps

    // What is mapped at `base` from a file, shared; that stays mapped, but not faulted in. Empty
    // when the system cannot.
    [[nodiscard]] static ParkedMapping park(std::byte* base, std::uint64_t size) noexcept;
    // In the place of what is mapped at `base`. When it fails, nothing may be mapped there any
    // more.
    [[nodiscard]] bool move_to(std::byte* base) noexcept;

    [[nodiscard]] std::uint64_t size() const noexcept { return size_; } // 0: empty

private:
    std::byte* base_ = nullptr;
    std::uint64_t size_ = 0;
};

} // namespace noa::plugin
