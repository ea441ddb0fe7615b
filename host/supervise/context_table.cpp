#include "supervise/context_table.hpp"

#include "supervise/generation.hpp"

namespace noa::supervise {

namespace {

thread_local Generation* own_generation = nullptr;

constexpr std::uint64_t users_mask = 0xffff;

} // namespace

void set_generation_of_this_thread(Generation* generation) noexcept {
    own_generation = generation;
}

ContextTable::ContextTable() {
    free_.reserve(slots);
    for (std::size_t i = slots; i-- > 0;) {
        free_.push_back(static_cast<std::uint16_t>(i));
    }
}

noa_context ContextTable::issue(Generation& generation) {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) {
        return 0;
    }
    const auto index = free_.back();
    free_.pop_back();
    const auto serial = ++last_serial_;
    table_[index].generation.store(&generation, std::memory_order_relaxed);
    // Late callers of the slot's former owner may still be counting in and out.
    table_[index].state.fetch_add(serial << user_bits, std::memory_order_release);
    return (serial << slot_bits) | index;
}

void ContextTable::revoke(noa_context context) {
    if (context == 0) {
        return;
    }
    const auto index = context & (slots - 1);
    auto& state = table_[index].state;
    state.fetch_and(users_mask, std::memory_order_acq_rel);
    for (auto seen = state.load(std::memory_order_acquire); seen != 0;
         seen = state.load(std::memory_order_acquire)) {
        state.wait(seen, std::memory_order_acquire);
    }
    const std::lock_guard lock(mutex_);
    free_.push_back(static_cast<std::uint16_t>(index));
}

Generation* ContextTable::enter(noa_context context) noexcept {
    auto& slot = table_[context & (slots - 1)];
    const auto before = slot.state.fetch_add(1, std::memory_order_acquire);
    const auto serial = before >> user_bits;
    if (serial == 0 || serial != context >> slot_bits) {
        leave(context);
        return nullptr;
    }
    return slot.generation.load(std::memory_order_relaxed);
}

void ContextTable::leave(noa_context context) noexcept {
    auto& state = table_[context & (slots - 1)].state;
    if (state.fetch_sub(1, std::memory_order_release) >> user_bits == 0) {
        state.notify_all();
    }
}

Entered::Entered(ContextTable& table, noa_context context) noexcept
    : table_(table), context_(context) {
    if (own_generation != nullptr && own_generation->context() == context) {
        generation_ = own_generation;
        return;
    }
    generation_ = table.enter(context);
    counted_ = generation_ != nullptr;
}

Entered::~Entered() {
    if (counted_) {
        table_.leave(context_);
    }
}

} // namespace noa::supervise
