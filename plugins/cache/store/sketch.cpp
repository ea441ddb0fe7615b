#include "sketch.hpp"

#include <cstring>

namespace cache {

namespace {

constexpr unsigned first_bits = 6; // a page
constexpr unsigned most_bits = 22;

std::uint32_t table_pages(unsigned bits) noexcept {
    return 1U << (bits - first_bits);
}

} // namespace

bool Sketch::format() noexcept {
    const auto table = pages_->take(1);
    if (!table) {
        return false;
    }
    std::memset(memory_.page_data<std::byte>(*table), 0, page_bytes);
    head() = {*table, first_bits, 0, std::uint64_t{1} << first_bits, 0, 0, 0};
    return true;
}

void Sketch::age(std::uint64_t count) noexcept {
    const std::uint64_t end = std::min(head().ageing + count, blocks());
    auto* word = memory_.page_data<std::uint64_t>(head().table) + head().ageing * words;
    auto* last = memory_.page_data<std::uint64_t>(head().table) + end * words;
    for (; word != last; ++word) {
        *word = *word >> 1U & 0x7777777777777777U;
    }
    head().ageing = end;
}

void Sketch::grow() noexcept {
    const unsigned bits = head().block_bits;
    if (bits == most_bits) {
        return;
    }
    if (const auto table = pages_->take(table_pages(bits + 1))) {
        age(blocks());
        head().larger = *table;
        head().moved = 0;
    }
}

// Which of two blocks a key has from now on, its next bit tells: both know what one knew.
void Sketch::move(std::uint64_t count) noexcept {
    SketchHead& sketch = head();
    const std::uint64_t end = std::min(sketch.moved + count, blocks());
    const auto* from = memory_.page_data<std::uint64_t>(sketch.table);
    auto* into = memory_.page_data<std::uint64_t>(sketch.larger);
    const std::uint64_t first = sketch.moved * words;
    const std::uint64_t bytes = (end - sketch.moved) * words * sizeof(std::uint64_t);
    std::memcpy(into + first, from + first, bytes);
    std::memcpy(into + blocks() * words + first, from + first, bytes);
    sketch.moved = end;
    if (end == blocks()) {
        pages_->put(sketch.table, table_pages(sketch.block_bits));
        sketch.table = sketch.larger;
        ++sketch.block_bits;
        sketch.ageing = blocks();
        sketch.larger = 0;
        sketch.moved = 0;
    }
}

} // namespace cache
