// Reference-counted memory that holds one or more records, and the pool it comes from.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "bus/record.hpp"

namespace noa::bus {

class BlockPool;

struct Block {
    std::atomic<std::uint32_t> refs{1};
    std::uint32_t count = 0;    // records
    std::uint32_t used = 0;     // bytes of them
    std::uint32_t capacity = 0; // bytes of data
    BlockPool* pool = nullptr;  // where it returns to; outlives it; null: freed
    Block* next = nullptr;      // while in the pool

    [[nodiscard]] std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] Record* first() noexcept { return reinterpret_cast<Record*>(data()); }

    // Room for one record of that body and the longest strings.
    [[nodiscard]] static Block* make_single(std::size_t body_bytes);
    [[nodiscard]] static Block* make_copy(const Record& record);
    void drop() noexcept;
};

// One counted reference.
class BlockRef {
public:
    BlockRef() = default;
    // Takes over a reference that the caller holds.
    explicit BlockRef(Block* block) noexcept : block_(block) {}
    BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    BlockRef& operator=(BlockRef&& other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    BlockRef(const BlockRef&) = delete;
    BlockRef& operator=(const BlockRef&) = delete;
    ~BlockRef() { reset(); }

    [[nodiscard]] BlockRef share() const noexcept {
        block_->refs.fetch_add(1, std::memory_order_relaxed);
        return BlockRef(block_);
    }
    void reset() noexcept {
        if (block_ != nullptr) {
            std::exchange(block_, nullptr)->drop();
        }
    }
    [[nodiscard]] Block* get() const noexcept { return block_; }
    [[nodiscard]] Block* release() noexcept { return std::exchange(block_, nullptr); }
    Block* operator->() const noexcept { return block_; }
    [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }

private:
    Block* block_ = nullptr;
};

// Blocks for packs. One thread at a time may take (the pipe's mutex sees to it), any thread
// gives back: with a single taker a stack of that kind has no ABA problem.
class BlockPool {
public:
    static constexpr std::uint32_t block_bytes = 16U * 1024U;
    static constexpr std::int32_t max_kept = 256;

    BlockPool() = default;
    BlockPool(const BlockPool&) = delete;
    BlockPool& operator=(const BlockPool&) = delete;
    ~BlockPool() { trim(0); }

    [[nodiscard]] Block* take();
    void give_back(Block* block) noexcept;
    // Frees all but `keep`; the caller is the taker.
    void trim(std::int32_t keep) noexcept;

private:
    [[nodiscard]] Block* pop() noexcept;
    std::atomic<Block*> top_{nullptr};
    std::atomic<std::int32_t> kept_{0};
};

} // namespace noa::bus
