// How often each key was seen lately, about: a count-min sketch of 4-bit counters, four of one
// cache line to a key, all halved after a while.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pages.hpp"

namespace cache {

class Sketch {
public:
    Sketch(Memory memory, Pages& pages) noexcept : memory_(memory), pages_(&pages) {}

    bool format() noexcept;

    void count(std::uint64_t hash) noexcept {
        SketchHead& sketch = head();
        if (sketch.larger != 0) {
            move(at_a_time);
        } else if (sketch.ageing < blocks()) {
            age(at_a_time);
        }
        std::uint64_t* block = block_of(hash);
        bool counted = false;
        for (unsigned row = 0; row < 4; ++row) {
            const unsigned shift = shift_of(hash, row);
            std::uint64_t& word = block[word_of(hash, row)];
            if ((word >> shift & 15U) < 15U) {
                word += std::uint64_t{1} << shift;
                counted = true;
            }
        }
        sketch.additions += counted ? 1 : 0;
        if (sketch.additions >= blocks() * entries_of_block * period && sketch.larger == 0) {
            sketch.additions /= 2;
            sketch.ageing = 0;
        }
    }
    void prefetch(std::uint64_t hash) const noexcept { __builtin_prefetch(block_of(hash), 1); }
    // 0 … 15.
    [[nodiscard]] unsigned frequency(std::uint64_t hash) const noexcept {
        const std::uint64_t* block = block_of(hash);
        unsigned least = 15;
        for (unsigned row = 0; row < 4; ++row) {
            const std::uint64_t word = block[word_of(hash, row)];
            least = std::min(least, static_cast<unsigned>(word >> shift_of(hash, row) & 15U));
        }
        return least;
    }
    // For so many entries; keeps what is counted, and moves it bit by bit.
    void fit(std::uint64_t entries) noexcept {
        if (entries > blocks() * entries_of_block && head().larger == 0) {
            grow();
        }
    }

private:
    static constexpr std::uint64_t entries_of_block = 16; // 8 counters each
    static constexpr std::uint64_t period = 10;           // of its entries, from ageing to ageing
    static constexpr std::size_t words = 8;               // of a block
    static constexpr std::uint64_t at_a_time = 16;        // blocks, with each count

    [[nodiscard]] SketchHead& head() const noexcept { return memory_.header().sketch; }
    [[nodiscard]] std::uint64_t blocks() const noexcept {
        return std::uint64_t{1} << head().block_bits;
    }
    // The index uses the first and the last bits of a hash; these are others.
    static std::uint64_t mixed(std::uint64_t hash) noexcept {
        hash *= 0x9e3779b97f4a7c15U;
        return hash ^ hash >> 32U;
    }
    [[nodiscard]] std::uint64_t* block_of(std::uint64_t hash) const noexcept {
        const SketchHead& sketch = head();
        const std::uint64_t mix = mixed(hash);
        std::uint64_t block = mix & (blocks() - 1);
        PageNumber table = sketch.table;
        if (block < sketch.moved) {
            block = mix & (2 * blocks() - 1);
            table = sketch.larger;
        }
        return memory_.page_data<std::uint64_t>(table) + block * words;
    }
    // Each row has two words of the block.
    static std::size_t word_of(std::uint64_t hash, unsigned row) noexcept {
        return std::size_t{row} * 2 + (hash >> (16U + row * 5U) & 1U);
    }
    static unsigned shift_of(std::uint64_t hash, unsigned row) noexcept {
        return static_cast<unsigned>(hash >> (17U + row * 5U) & 15U) * 4;
    }

    void age(std::uint64_t count) noexcept;
    void grow() noexcept;
    void move(std::uint64_t count) noexcept;

    Memory memory_;
    Pages* pages_;
};

} // namespace cache
