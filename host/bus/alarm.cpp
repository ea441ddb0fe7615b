#include "bus/alarm.hpp"

#include <pthread.h>

#include <algorithm>
#include <system_error>

#include "base/clock.hpp"

namespace noa::bus {

Result<void> Alarm::start() {
    try {
        thread_ = std::thread([this] { run(); });
    } catch (const std::system_error& error) {
        return fail(Errc::system, "start alarm thread", "bus", error.what());
    }
    pthread_setname_np(thread_.native_handle(), "noa-alarm");
    return {};
}

void Alarm::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Alarm::insert(Inbox& inbox, std::int64_t due_ns) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (due_ns >= inbox.alarm_at()) {
            return;
        }
        // A later entry of the same inbox stays: an idle nudge at worst, and never many, since
        // each insertion is earlier than the one before.
        inbox.set_alarm_at(due_ns);
        heap_.push_back({due_ns, &inbox});
        std::push_heap(heap_.begin(), heap_.end());
        first = heap_.front().due_ns == due_ns;
    }
    if (first) {
        changed_.notify_one();
    }
}

void Alarm::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (heap_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto due = heap_.front().due_ns;
        if (due > monotonic_ns()) {
            const std::chrono::steady_clock::time_point at{std::chrono::nanoseconds(due)};
            changed_.wait_until(lock, at);
            continue;
        }
        fire(lock);
    }
}

void Alarm::fire(std::unique_lock<std::mutex>& lock) {
    std::pop_heap(heap_.begin(), heap_.end());
    const Entry entry = heap_.back();
    heap_.pop_back();
    if (entry.inbox->alarm_at() == entry.due_ns) {
        entry.inbox->set_alarm_at(Inbox::no_alarm);
    }
    lock.unlock();
    entry.inbox->nudge();
    lock.lock();
}

} // namespace noa::bus
