#include "bus/inbox.hpp"

#include <utility>

namespace noa::bus {

namespace {

constexpr std::uint32_t worth_sharing = 8; // records of a pack that may be held as a whole

} // namespace

Result<void> Inbox::open_pipe(void* context, const std::string& address) {
    const std::lock_guard lock(pipe_.mutex());
    if (pipe_.is_open()) {
        return {};
    }
    return pipe_.open(context, address);
}

std::uint64_t Inbox::depth() const noexcept {
    const auto settled = settled_.load(std::memory_order_seq_cst);
    const auto accepted = accepted_.load(std::memory_order_relaxed);
    return accepted > settled ? static_cast<std::uint64_t>(accepted - settled) : 0;
}

Admission Inbox::accept(const Draft& draft) noexcept {
    const std::lock_guard lock(pipe_.mutex());
    const State state = state_.load(std::memory_order_relaxed);
    if (state != State::open) {
        return {state == State::absent ? NOA_E_NO_AGENT : NOA_E_UNAVAILABLE, 0};
    }
    const auto depth = this->depth();
    const auto limit = limit_.load(std::memory_order_relaxed);
    if (depth >= (draft.head.hops > 0 ? 2 * limit : limit)) {
        counters_.refused.add();
        return {NOA_E_BUSY, depth};
    }
    accepted_.store(accepted_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (draft.head.priority != NOA_PRIORITY_HIGH) {
        pipe_.push(draft);
        return {NOA_OK, depth + 1};
    }
    Item item;
    item.block = draft.to_block();
    item.record = item.block->first();
    urgent_.push_back(std::move(item));
    urgent_count_.fetch_add(1, std::memory_order_release);
    pipe_.ring();
    return {NOA_OK, depth + 1};
}

Admission Inbox::accept_control(const Draft& draft) noexcept {
    const std::lock_guard lock(pipe_.mutex());
    if (state_.load(std::memory_order_relaxed) != State::open) {
        return {state() == State::absent ? NOA_E_NO_AGENT : NOA_E_UNAVAILABLE, 0};
    }
    if (control_waiting_ >= control_limit) {
        counters_.refused.add();
        return {NOA_E_BUSY, control_waiting_};
    }
    Item item;
    item.control = true;
    item.block = draft.to_block();
    item.record = item.block->first();
    urgent_.push_back(std::move(item));
    ++control_waiting_;
    urgent_count_.fetch_add(1, std::memory_order_release);
    pipe_.ring();
    return {NOA_OK, depth()};
}

noa_status Inbox::accept_answer(const Draft& draft) noexcept {
    const std::lock_guard lock(pipe_.mutex());
    if (!pipe_.is_open() || state_.load(std::memory_order_relaxed) == State::absent) {
        return NOA_E_NO_AGENT;
    }
    pipe_.push(draft);
    return NOA_OK;
}

void Inbox::nudge() noexcept {
    const std::lock_guard lock(pipe_.mutex());
    nudged_.store(true, std::memory_order_release);
    if (pipe_.is_open()) {
        pipe_.ring();
    }
}

void Inbox::set_state(State state) noexcept {
    const std::lock_guard lock(pipe_.mutex());
    state_.store(state, std::memory_order_relaxed);
}

namespace {

bool pop(std::deque<Item>& queue, Item& item) noexcept {
    if (queue.empty()) {
        return false;
    }
    item = std::move(queue.front());
    queue.pop_front();
    return true;
}

} // namespace

bool Inbox::take_urgent(Item& item, Gate gate) noexcept {
    if (pop_queue(item, NOA_PRIORITY_HIGH, gate) ||
        (gate != Gate::draining && pop(held_urgent_, item))) {
        return true;
    }
    if (!has_urgent()) {
        return false;
    }
    const std::lock_guard lock(pipe_.mutex());
    if (!pop(urgent_, item)) {
        return false;
    }
    if (item.control) {
        --control_waiting_;
    }
    urgent_count_.fetch_sub(1, std::memory_order_relaxed);
    return true;
}

bool Inbox::next(Item& item, Gate gate) noexcept {
    if (pop_queue(item, NOA_PRIORITY_NORMAL, gate) ||
        (gate != Gate::draining && pop(held_, item))) {
        return true;
    }
    while (advance(item)) {
        if (item.record->priority == NOA_PRIORITY_LOW && !item.record->is_answer()) {
            keep(item);
            low_.push_back(std::move(item));
            item = Item{};
        } else {
            return true;
        }
    }
    return pop_queue(item, NOA_PRIORITY_LOW, gate) || (gate >= Gate::nested && pop(low_, item));
}

// The next record of the current pack, or of the next frame.
bool Inbox::advance(Item& item) noexcept {
    if (left_ == 0) {
        current_ = pipe_.pull();
        if (!current_) {
            return false;
        }
        cursor_ = current_->data();
        left_ = current_->count;
    }
    auto* record = reinterpret_cast<Record*>(cursor_);
    cursor_ += record->total_bytes;
    --left_;
    item.record = record;
    item.attempt = 1;
    return true;
}

void Inbox::keep(Item& item) noexcept {
    if (item.block) {
        return;
    }
    if (current_->pool == nullptr) {
        item.block = current_.share();
        return;
    }
    BlockRef copy(Block::make_copy(*item.record));
    item.record = copy->first();
    item.block = std::move(copy);
}

void Inbox::hold(Item&& item) noexcept {
    if (!item.block && current_->count < worth_sharing) {
        keep(item);
    } else if (!item.block) {
        item.block = current_.share();
    }
    auto& queue = item.record->priority == NOA_PRIORITY_HIGH ? held_urgent_ : held_;
    queue.push_back(std::move(item));
}

SenderQueues& Inbox::queues() noexcept {
    if (!queues_) {
        queues_ = std::make_unique<SenderQueues>();
    }
    return *queues_;
}

// Each by itself: what waits for its sender may wait for long, and would keep a whole pack.
void Inbox::park(Item&& item) noexcept {
    keep(item);
    queues().push(std::move(item));
}

void Inbox::put_back(std::vector<Item>&& items) noexcept {
    if (!items.empty()) {
        queues().put_back(std::move(items));
    }
}

void Inbox::readmit(std::vector<Item>&& items) noexcept {
    {
        const std::lock_guard lock(pipe_.mutex());
        accepted_.fetch_add(static_cast<std::int64_t>(items.size()), std::memory_order_relaxed);
    }
    put_back(std::move(items));
}

void Inbox::set_ordered(bool ordered) noexcept {
    if (ordered == std::exchange(ordered_, ordered)) {
        return;
    }
    if (ordered) {
        deliveries_.each([this](Item& item) { claim(item); });
    } else {
        end_claims();
    }
}

void Inbox::end_claims() noexcept {
    if (queues_) {
        queues_->end_claims();
    }
}

void Inbox::wait() noexcept {
    if (left_ == 0) {
        current_.reset();
    }
    if (has_urgent() || nudged_.load(std::memory_order_relaxed)) {
        return; // its bell was swallowed while the reader looked for frames
    }
    if (auto block = pipe_.wait()) {
        current_ = std::move(block);
        cursor_ = current_->data();
        left_ = current_->count;
    }
}

} // namespace noa::bus
