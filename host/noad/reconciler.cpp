#include "reconciler.hpp"

#include <pthread.h>

#include <chrono>
#include <limits>
#include <utility>

namespace noa {

Reconciler::Reconciler(supervise::Supervisor& supervisor, Log& log, std::function<void()> after)
    : supervisor_(supervisor), log_(log), after_(std::move(after)), thread_([this] { run(); }) {
    pthread_setname_np(thread_.native_handle(), "noa-reconcile");
}

void Reconciler::hint() {
    {
        const std::lock_guard lock(mutex_);
        hinted_ = true;
    }
    changed_.notify_one();
}

void Reconciler::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Reconciler::wake() {
    {
        const std::lock_guard lock(mutex_);
        woken_ = true;
    }
    changed_.notify_one();
}

void Reconciler::run() {
    constexpr auto never = std::numeric_limits<std::int64_t>::max();
    const auto called = [this] { return hinted_ || woken_ || stopping_; };
    auto due_ns = never;
    std::unique_lock lock(mutex_);
    while (true) {
        if (due_ns == never) {
            changed_.wait(lock, called);
        } else {
            using Clock = std::chrono::steady_clock; // the monotonic clock of run_due
            changed_.wait_until(lock, Clock::time_point(std::chrono::nanoseconds(due_ns)), called);
        }
        if (stopping_) {
            return;
        }
        const bool hinted = std::exchange(hinted_, false);
        woken_ = false;
        lock.unlock();
        if (hinted) {
            if (auto outcomes = supervisor_.apply({}); !outcomes) {
                log_.error("config.refused", outcomes.error());
            }
            after_();
        }
        due_ns = supervisor_.run_due();
        lock.lock();
    }
}

} // namespace noa
