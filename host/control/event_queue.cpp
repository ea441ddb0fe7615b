#include "control/event_queue.hpp"

#include <sys/eventfd.h>

#include <cerrno>
#include <utility>

namespace noa::control {

EventQueue::EventQueue(Limits limits, UniqueFd ready) noexcept
    : limits_(limits), ready_(std::move(ready)) {}

EventQueue::EventQueue(EventQueue&& other) noexcept
    : limits_(other.limits_), ready_(std::move(other.ready_)), items_(std::move(other.items_)),
      bytes_(other.bytes_), lost_(other.lost_), closed_(other.closed_) {}

Result<EventQueue> EventQueue::open(Limits limits) {
    UniqueFd ready(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!ready) {
        return fail_errno("open event queue", "eventfd", errno);
    }
    return EventQueue(limits, std::move(ready));
}

void EventQueue::signal() const {
    // Fails only when the counter is at its end, and then the descriptor is readable anyway.
    static_cast<void>(::eventfd_write(ready_.get(), 1));
}

void EventQueue::push(nlohmann::json item, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (closed_) {
        return;
    }
    const bool was_empty = items_.empty();
    items_.push_back({std::move(item), bytes});
    bytes_ += bytes;
    while (items_.size() > limits_.items || (bytes_ > limits_.bytes && items_.size() > 1)) {
        bytes_ -= items_.front().bytes;
        items_.pop_front();
        ++lost_;
    }
    if (was_empty) {
        signal();
    }
}

void EventQueue::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    signal();
}

EventQueue::Batch EventQueue::pop() {
    const std::lock_guard lock(mutex_);
    eventfd_t count = 0;
    static_cast<void>(::eventfd_read(ready_.get(), &count));
    Batch batch;
    batch.lost = std::exchange(lost_, 0);
    batch.closed = closed_;
    batch.items.reserve(items_.size());
    for (auto& item : items_) {
        batch.items.push_back(std::move(item.value));
    }
    items_.clear();
    bytes_ = 0;
    return batch;
}

} // namespace noa::control
