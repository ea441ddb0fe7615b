// Where a file is cut: by what it holds, so that an insertion moves the cuts with it.
#pragma once

#include <array>
#include <cstdint>

#include "bytes.hpp"

namespace backup {

inline constexpr std::size_t smallest_chunk = std::size_t{512} << 10U;
inline constexpr std::size_t largest_chunk = std::size_t{8} << 20U;

// A chunk ends at the first place, smallest_chunk bytes in or later, at which the Rabin fingerprint
// of the 64 bytes before it has 20 low bits of zero; after largest_chunk bytes in any case.
class Chunker {
public:
    // REQUIRES: is_irreducible(polynomial).
    explicit Chunker(std::uint64_t polynomial, unsigned mask_bits = 20,
                     std::size_t smallest = smallest_chunk, std::size_t largest = largest_chunk);

    // `data` begins where a chunk does. Its length; 0 when more data has to decide. What was
    // `scanned` for nothing, the size of `data` of the call before, is not looked at again.  [any]
    [[nodiscard]] std::size_t cut(View data, std::size_t scanned = 0) const noexcept;

private:
    [[nodiscard]] std::uint64_t fingerprint(const std::uint8_t* end) const noexcept;
    [[nodiscard]] std::uint64_t roll(std::uint64_t digest, std::uint8_t out,
                                     std::uint8_t in) const noexcept {
        digest ^= out_[out];
        return ((digest << 8U) | in) ^ mod_[digest >> top_shift];
    }
    [[nodiscard]] std::size_t scan(const std::uint8_t* data, std::size_t from,
                                   std::size_t to) const noexcept;
    [[nodiscard]] std::size_t scan_lanes(const std::uint8_t* data, std::size_t from) const noexcept;

    static constexpr unsigned top_shift = 53 - 8;
    static constexpr std::size_t window = 64;
    // A step has to wait for the one before it: four at a time, a lane each, fill the waiting.
    static constexpr std::size_t lanes = 4;
    static constexpr std::size_t lane_bytes = 4096;

    std::array<std::uint64_t, 256> out_{}; // what a byte is worth that leaves the window
    std::array<std::uint64_t, 256> mod_{}; // what reduces a digest with these 8 bits on top
    std::uint64_t mask_;
    std::size_t smallest_;
    std::size_t largest_;
};

} // namespace backup
