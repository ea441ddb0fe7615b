#include "bus/buffers.hpp"

#include "base/ids.hpp"
#include "bus/hand_out.hpp"

namespace noa::bus {

namespace {

std::uint32_t index_of(std::uint64_t handle) noexcept {
    return static_cast<std::uint32_t>(handle) - 1U;
}

} // namespace

Buffers::Buffers() : first_serial_(static_cast<std::uint32_t>(random_u64())) {}

Buffers::~Buffers() {
    for (const auto& slot : slots_) {
        if (slot.block != nullptr) {
            slot.block->drop();
        }
    }
}

noa_status Buffers::alloc(std::uint64_t size, noa_buffer& ret_buffer) {
    BlockRef block(Block::make_single(static_cast<std::size_t>(size)));
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
        if (slots_.size() >= limit) {
            return NOA_E_BUSY;
        }
        slots_.emplace_back().serial = first_serial_;
        free_.reserve(slots_.capacity()); // so that giving back never allocates
        free_.push_back(static_cast<std::uint32_t>(slots_.size() - 1));
    }
    const auto index = free_.back();
    free_.pop_back();
    auto& slot = slots_[index];
    slot.block = block.release();
    slot.capacity = size;
    ++slot.serial;
    hand_out({0, 0, slot.block->first()->body(), size,
              (std::uint64_t{slot.serial} << 32U) | (index + 1U)},
             ret_buffer);
    return NOA_OK;
}

Buffers::Slot* Buffers::find(std::uint64_t handle) noexcept {
    const auto index = index_of(handle);
    if (index >= slots_.size() || slots_[index].serial != handle >> 32U ||
        slots_[index].block == nullptr) {
        return nullptr;
    }
    return &slots_[index];
}

noa_status Buffers::free(std::uint64_t handle) noexcept {
    BlockRef block;
    const std::lock_guard lock(mutex_);
    Slot* slot = find(handle);
    if (slot == nullptr) {
        return NOA_E_INVALID;
    }
    block = BlockRef(std::exchange(slot->block, nullptr));
    free_.push_back(index_of(handle));
    return NOA_OK;
}

std::size_t Buffers::count() const noexcept {
    const std::lock_guard lock(mutex_);
    return slots_.size() - free_.size();
}

Buffers::Loan Buffers::lend(std::uint64_t handle) noexcept {
    Loan loan;
    const std::lock_guard lock(mutex_);
    if (Slot* slot = find(handle)) {
        loan.buffers_ = this;
        loan.handle_ = handle;
        loan.block_ = std::exchange(slot->block, nullptr);
        loan.capacity_ = slot->capacity;
    }
    return loan;
}

void Buffers::end(std::uint64_t handle, Block* block, bool consumed) noexcept {
    const BlockRef own(consumed ? block : nullptr);
    const std::lock_guard lock(mutex_);
    if (consumed) {
        free_.push_back(index_of(handle));
    } else {
        slots_[index_of(handle)].block = block;
    }
}

} // namespace noa::bus
