// The sizes of slots: at most 1/16 of a slot is lost to its size, but for the smallest, and at
// most 1/16 of a slab to its last slot.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace cache {

inline constexpr std::uint32_t smallest_slot = 24;
inline constexpr std::uint32_t largest_slot = 32U << 10U; // what is larger takes whole pages
inline constexpr std::size_t size_classes = 14 + 8 * 16;
inline constexpr std::uint32_t most_slab_pages = 64;

struct SizeClass {
    std::uint32_t slot;  // bytes, a multiple of 8
    std::uint32_t slots; // in a slab, 256 at most
    std::uint32_t pages; // of a slab
};

constexpr SizeClass slab_of(std::uint32_t slot) {
    for (std::uint32_t pages = 1; pages < most_slab_pages; ++pages) {
        const std::uint32_t bytes = pages * 4096;
        if (bytes / slot >= 4 && bytes % slot <= bytes / 32) {
            return {slot, bytes / slot, pages};
        }
    }
    return {slot, most_slab_pages * 4096 / slot, most_slab_pages};
}

// 24, 32 … 128 by 8; then sixteen to each doubling.
constexpr std::array<SizeClass, size_classes> make_size_classes() {
    std::array<SizeClass, size_classes> all{};
    std::size_t at = 0;
    for (std::uint32_t slot = smallest_slot; slot <= 128; slot += 8) {
        all[at++] = slab_of(slot);
    }
    for (std::uint32_t low = 128; low < largest_slot; low *= 2) {
        for (std::uint32_t step = 1; step <= 16; ++step) {
            all[at++] = slab_of(low + low / 16 * step);
        }
    }
    return all;
}
inline constexpr std::array<SizeClass, size_classes> classes = make_size_classes();
static_assert(classes.back().slot == largest_slot);

// REQUIRES: bytes <= largest_slot.
constexpr std::size_t class_of(std::uint32_t bytes) {
    if (bytes <= smallest_slot) {
        return 0;
    }
    if (bytes <= 128) {
        return (bytes - smallest_slot + 7) / 8;
    }
    const auto doubling = static_cast<std::uint32_t>(std::bit_width(bytes - 1)) - 8; // of 128
    const std::uint32_t low = 128U << doubling;
    const std::uint32_t step = low / 16;
    return 14 + std::size_t{doubling} * 16 + (bytes - low + step - 1) / step - 1;
}
static_assert(classes[class_of(128)].slot == 128 && classes[class_of(129)].slot == 136 &&
              classes[class_of(256)].slot == 256 && classes[class_of(257)].slot == 272 &&
              class_of(largest_slot) == size_classes - 1);

} // namespace cache
