#include "worker.hpp"

#include <utility>

namespace config {

Worker::Worker(Store store, noa::sdk::Function<void()> ring)
    : store_(std::move(store)), ring_(std::move(ring)), thread_([this] { loop(); }) {}

void Worker::run(Work work, Done done) {
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back({std::move(work), std::move(done)});
    }
    more_.notify_one();
}

std::vector<Worker::Done> Worker::take_done() {
    const std::lock_guard lock(mutex_);
    return std::exchange(done_, {});
}

void Worker::finish() noexcept {
    if (!thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    more_.notify_one();
    thread_.join();
    store_.close();
}

void Worker::loop() {
    std::unique_lock lock(mutex_);
    for (;;) {
        more_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
        if (jobs_.empty()) {
            return;
        }
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job.work(store_);
        lock.lock();
        const bool first = done_.empty();
        done_.push_back(std::move(job.done));
        if (first) {
            lock.unlock();
            ring_();
            lock.lock();
        }
    }
}

} // namespace config
