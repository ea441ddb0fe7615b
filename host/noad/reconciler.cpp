#include "reconciler.hpp"

#include <pthread.h>

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

void Reconciler::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return hinted_ || stopping_; });
        if (stopping_) {
            return;
        }
        hinted_ = false;
        lock.unlock();
        if (auto outcomes = supervisor_.apply({}); !outcomes) {
            log_.error("config.refused", outcomes.error());
        }
        after_();
        lock.lock();
    }
}

} // namespace noa
