// Bodies that a plugin writes in place, from msg_alloc to the send or msg_free that ends them.
//
// A handle names a slot and its serial: one that was used before, was made up, or belongs to
// another generation is refused, and no number that a plugin gives is ever followed. Where the
// bytes lie and how many there are is known here, whatever the plugin's struct says.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include "bus/block.hpp"
#include "noa/message.h"

namespace noa::bus {

// [any thread], its own mutex.
class Buffers {
public:
    static constexpr std::size_t limit = 65'536; // of one generation

    Buffers();
    Buffers(const Buffers&) = delete;
    Buffers& operator=(const Buffers&) = delete;
    ~Buffers();

    // NOA_E_BUSY when the plugin has `limit` already.
    [[nodiscard]] noa_status alloc(std::uint64_t size, noa_buffer& ret_buffer);
    [[nodiscard]] noa_status free(std::uint64_t handle) noexcept;
    [[nodiscard]] std::size_t count() const noexcept;

    // A buffer on its way into a message: nobody else can use it meanwhile. It goes back to the
    // plugin unless it was consumed.
    class Loan {
    public:
        Loan() = default;
        Loan(Loan&& other) noexcept { *this = std::move(other); }
        Loan& operator=(Loan&& other) noexcept {
            std::swap(buffers_, other.buffers_);
            std::swap(handle_, other.handle_);
            std::swap(block_, other.block_);
            std::swap(capacity_, other.capacity_);
            return *this;
        }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        ~Loan() {
            if (block_ != nullptr) {
                buffers_->end(handle_, block_, false);
            }
        }
        [[nodiscard]] Block* block() const noexcept { return block_; }
        [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
        void consume() noexcept {
            if (block_ != nullptr) {
                buffers_->end(handle_, std::exchange(block_, nullptr), true);
            }
        }

    private:
        friend class Buffers;
        Buffers* buffers_ = nullptr;
        std::uint64_t handle_ = 0;
        Block* block_ = nullptr;
        std::uint64_t capacity_ = 0;
    };
    // Empty when the plugin has no such buffer.
    [[nodiscard]] Loan lend(std::uint64_t handle) noexcept;

private:
    struct Slot {
        Block* block = nullptr; // null: free, or lent
        std::uint64_t capacity = 0;
        std::uint32_t serial = 0;
    };
    [[nodiscard]] Slot* find(std::uint64_t handle) noexcept;
    void end(std::uint64_t handle, Block* block, bool consumed) noexcept;

    const std::uint32_t first_serial_; // random, so that others' handles do not fit
    mutable std::mutex mutex_;
    // under mutex_
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
};

} // namespace noa::bus
