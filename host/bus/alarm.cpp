#include "bus/alarm.hpp"

#include <pthread.h>

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
        due_.erase({inbox.alarm_at(), &inbox});
        inbox.set_alarm_at(due_ns);
        const auto at = due_.emplace(due_ns, &inbox).first;
        first = at == due_.begin();
    }
    if (first) {
        changed_.notify_one();
    }
}

void Alarm::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (due_.empty()) {
            changed_.wait(lock);
            continue;
        }
        const auto due = due_.begin()->first;
        if (due > monotonic_ns()) {
            const std::chrono::steady_clock::time_point at{std::chrono::nanoseconds(due)};
            changed_.wait_until(lock, at);
            continue;
        }
        fire(lock);
    }
}

void Alarm::fire(std::unique_lock<std::mutex>& lock) {
    Inbox& inbox = *due_.begin()->second;
    due_.erase(due_.begin());
    inbox.set_alarm_at(Inbox::no_alarm);
    lock.unlock();
    inbox.nudge();
    lock.lock();
}

std::size_t Alarm::count() const {
    const std::lock_guard lock(mutex_);
    return due_.size();
}

} // namespace noa::bus
