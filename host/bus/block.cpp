#include "bus/block.hpp"

#include <cstring>
#include <new>

namespace noa::bus {

namespace {

Block* make_block(std::size_t bytes, BlockPool* pool) {
    void* memory = ::operator new(sizeof(Block) + bytes);
    auto* block = new (memory) Block;
    block->capacity = static_cast<std::uint32_t>(bytes);
    block->pool = pool;
    return block;
}

void free_block(Block* block) noexcept {
    block->~Block();
    ::operator delete(static_cast<void*>(block));
}

} // namespace

Block* Block::make_single(std::size_t body_bytes) {
    return make_block(record_bytes(body_bytes, max_record_strings), nullptr);
}

Block* Block::make_copy(const Record& record) {
    Block* block = make_block(record.total_bytes, nullptr);
    std::memcpy(block->data(), &record, record.total_bytes);
    block->count = 1;
    block->used = record.total_bytes;
    return block;
}

void Block::drop() noexcept {
    if (refs.fetch_sub(1, std::memory_order_acq_rel) != 1) {
        return;
    }
    if (pool != nullptr) {
        pool->give_back(this);
    } else {
        free_block(this);
    }
}

Block* BlockPool::take() {
    Block* block = pop();
    if (block == nullptr) {
        return make_block(block_bytes, this);
    }
    block->refs.store(1, std::memory_order_relaxed);
    block->count = 0;
    block->used = 0;
    return block;
}

Block* BlockPool::pop() noexcept {
    Block* top = top_.load(std::memory_order_acquire);
    while (top != nullptr &&
           !top_.compare_exchange_weak(top, top->next, std::memory_order_acquire)) {}
    if (top != nullptr) {
        kept_.fetch_sub(1, std::memory_order_relaxed);
    }
    return top;
}

void BlockPool::give_back(Block* block) noexcept {
    if (kept_.fetch_add(1, std::memory_order_relaxed) >= max_kept) {
        kept_.fetch_sub(1, std::memory_order_relaxed);
        free_block(block);
        return;
    }
    block->next = top_.load(std::memory_order_relaxed);
    while (!top_.compare_exchange_weak(block->next, block, std::memory_order_release,
                                       std::memory_order_relaxed)) {}
}

void BlockPool::trim(std::int32_t keep) noexcept {
    while (kept_.load(std::memory_order_relaxed) > keep) {
        Block* block = pop();
        if (block == nullptr) {
            return;
        }
        free_block(block);
    }
}

} // namespace noa::bus
