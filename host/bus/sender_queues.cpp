#include "bus/sender_queues.hpp"

#include <algorithm>
#include <utility>

namespace noa::bus {

namespace {

bool passes(const Record& record) noexcept {
    return record.hops > 0 && record.wants_answer();
}

} // namespace

bool SenderQueues::Sender::idle() const noexcept {
    return claims == 0 && std::all_of(waiting.begin(), waiting.end(),
                                      [](const auto& queue) { return queue.empty(); });
}

bool SenderQueues::blocks(const Record& record) noexcept {
    take_released();
    if (senders_.empty()) {
        return false;
    }
    const auto found = senders_.find(record.from);
    return found != senders_.end() &&
           (found->second.claims != 0 || !found->second.waiting[record.priority].empty());
}

SenderQueues::Sender& SenderQueues::sender_of(const Record& record) {
    auto& sender = senders_[record.from];
    sender.endpoint = record.from;
    return sender;
}

void SenderQueues::list(Sender& sender, std::size_t priority) {
    if (sender.claims == 0 && !sender.waiting[priority].empty() &&
        !std::exchange(sender.listed[priority], true)) {
        ready_[priority].push_back(&sender);
    }
}

void SenderQueues::list_all(Sender& sender) {
    for (std::size_t priority = 0; priority < priorities; ++priority) {
        list(sender, priority);
    }
}

void SenderQueues::let_pass(Sender& sender, std::size_t priority, std::size_t count) noexcept {
    passing_[priority] += count - sender.passing[priority];
    sender.passing[priority] = count;
}

void SenderQueues::push(Item&& item) {
    const Record& record = *item.record;
    auto& sender = sender_of(record);
    auto& queue = sender.waiting[record.priority];
    queue.push_back(std::move(item));
    ++waiting_;
    if (passes(record)) {
        let_pass(sender, record.priority, queue.size());
    }
    list(sender, record.priority);
}

void SenderQueues::put_back(std::vector<Item>&& items) {
    take_released();
    std::vector<Sender*> concerned;
    concerned.reserve(items.size());
    for (const auto& item : items) {
        concerned.push_back(&sender_of(*item.record));
    }
    for (auto at = items.rbegin(); at != items.rend(); ++at) {
        push_front(std::move(*at));
    }
    for (Sender* sender : concerned) { // the oldest one's turn comes first
        list_all(*sender);
    }
}

void SenderQueues::push_front(Item&& item) {
    const Record& record = *item.record;
    auto& sender = sender_of(record);
    if (std::exchange(item.claim, 0) == epoch_) {
        --sender.claims;
    }
    sender.waiting[record.priority].push_front(std::move(item));
    ++waiting_;
    const auto passing = sender.passing[record.priority];
    if (passing != 0 || passes(record)) {
        let_pass(sender, record.priority, passing + 1);
    }
}

bool SenderQueues::pop(Item& item, std::uint32_t priority, bool only_what_passes) noexcept {
    take_released();
    auto& ready = ready_[priority];
    if (!only_what_passes) {
        while (!ready.empty()) {
            Sender& sender = *ready.front();
            ready.pop_front();
            sender.listed[priority] = false;
            if (sender.claims == 0) {
                take(sender, priority, item);
                return true;
            }
        }
        return false;
    }
    if (passing_[priority] == 0) {
        return false;
    }
    const auto found = std::find_if(ready.begin(), ready.end(), [&](const Sender* sender) {
        return sender->claims == 0 && sender->passing[priority] != 0;
    });
    if (found == ready.end()) {
        return false;
    }
    Sender& sender = **found;
    ready.erase(found);
    sender.listed[priority] = false;
    take(sender, priority, item);
    return true;
}

void SenderQueues::take(Sender& sender, std::size_t priority, Item& item) noexcept {
    auto& queue = sender.waiting[priority];
    item = std::move(queue.front());
    item.is_next = true;
    queue.pop_front();
    --waiting_;
    if (sender.passing[priority] != 0) {
        let_pass(sender, priority, sender.passing[priority] - 1);
    }
    list(sender, priority);
    if (sender.idle()) {
        senders_.erase(sender.endpoint);
    }
}

void SenderQueues::claim(Item& item) {
    if (item.claim != epoch_) {
        item.claim = epoch_;
        ++sender_of(*item.record).claims;
    }
}

void SenderQueues::release(const Item& item) {
    const std::lock_guard lock(mutex_);
    released_.push_back({item.record->from, item.claim});
    has_released_.store(true, std::memory_order_release);
}

void SenderQueues::end_claim(Sender& sender) {
    if (--sender.claims == 0) {
        list_all(sender);
    }
}

void SenderQueues::take_released() noexcept {
    if (!has_released_.load(std::memory_order_acquire)) {
        return;
    }
    std::vector<Released> released;
    {
        const std::lock_guard lock(mutex_);
        released.swap(released_);
        has_released_.store(false, std::memory_order_relaxed);
    }
    for (const auto& each : released) {
        const auto found = senders_.find(each.sender);
        if (each.claim != epoch_ || found == senders_.end()) {
            continue;
        }
        end_claim(found->second);
        if (found->second.idle()) {
            senders_.erase(found);
        }
    }
}

void SenderQueues::end_claims() {
    ++epoch_;
    epoch_ += epoch_ == 0 ? 1 : 0;
    for (auto at = senders_.begin(); at != senders_.end();) {
        auto& sender = at->second;
        sender.claims = 0;
        list_all(sender);
        at = sender.idle() ? senders_.erase(at) : std::next(at);
    }
}

} // namespace noa::bus
