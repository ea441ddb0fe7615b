// What one generation leaves to the next, as the host holds it in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.hpp"

namespace noa::plugin {

// Bytes in pieces, so that a large state is never copied to grow, with a checksum over them
// (XXH3, https://xxhash.com): a stray write of any plugin in between is found, not restored.
class SavedState {
public:
    static constexpr std::size_t piece_bytes = std::size_t{256} * 1024;

    SavedState() = default;
    explicit SavedState(std::uint32_t schema) noexcept : schema_(schema) {}

    // 0: nothing was saved.
    [[nodiscard]] std::uint32_t schema() const noexcept { return schema_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

    // May throw std::bad_alloc.
    void append(std::span<const std::byte> bytes);
    // No more is appended; takes the checksum.
    void seal() noexcept { checksum_ = sum(); }
    // Of what was sealed: the other end of a link compares.
    [[nodiscard]] std::uint64_t checksum() const noexcept { return checksum_; }
    // Known last, when the state comes in pieces.
    void set_schema(std::uint32_t schema) noexcept { schema_ = schema; }
    // Errc::internal when the bytes are not those that were sealed.
    [[nodiscard]] Result<void> verify() const;
    // Copies from `offset`; how many bytes, 0 at the end.
    [[nodiscard]] std::uint64_t read(std::uint64_t offset,
                                     std::span<std::byte> buffer) const noexcept;

private:
    friend class SavedStateTest;
    [[nodiscard]] std::uint64_t sum() const noexcept;

    std::uint32_t schema_ = 0;
    std::uint64_t size_ = 0;
    std::uint64_t checksum_ = 0;
    std::vector<std::unique_ptr<std::byte[]>> pieces_; // NOLINT(modernize-avoid-c-arrays)
};

} // namespace noa::plugin
