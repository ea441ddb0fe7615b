// Memory that nobody can change any more: how large bodies pass between processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

// A copy of `bytes`, sealed against writing, growing and shrinking.
[[nodiscard]] Result<UniqueFd> seal(std::string_view bytes);

// Whether `fd` is memory of exactly `size` bytes with those seals. What is not may be cut short
// or rewritten while it is read.
[[nodiscard]] bool is_sealed(int fd, std::uint64_t size) noexcept;

// Copies all of it to `out`. Never a mapping: reading one that the other side has not filled may
// end in SIGBUS. REQUIRES is_sealed.
[[nodiscard]] bool read_sealed(int fd, void* out, std::uint64_t size) noexcept;

// Sealed memory from whom one trusts, mapped for reading.
class SealedView {
public:
    SealedView() = default;
    SealedView(SealedView&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    SealedView& operator=(SealedView&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    SealedView(const SealedView&) = delete;
    SealedView& operator=(const SealedView&) = delete;
    ~SealedView();

    // All of it.
    [[nodiscard]] static Result<SealedView> open(int fd);
    [[nodiscard]] std::string_view bytes() const noexcept {
        return {static_cast<const char*>(data_), size_};
    }

private:
    void* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace noa::link
