#include "supervise/workers.hpp"

#include <pthread.h>

#include <system_error>
#include <utility>

namespace noa::supervise {

void Workers::post(Job job) {
    std::list<Worker> ended; // joined outside the lock
    {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
            return;
        }
        reap(ended);
        jobs_.push_back(std::move(job));
        if (running_ < most_) {
            auto& worker = workers_.emplace_back();
            try {
                worker.thread = std::thread([this, &worker] { run(worker); });
                pthread_setname_np(worker.thread.native_handle(), "noa-heal");
                ++running_;
            } catch (const std::system_error&) { // a later job tries again
                workers_.pop_back();
            }
        }
    }
    for (auto& worker : ended) {
        worker.thread.join();
    }
}

void Workers::reap(std::list<Worker>& ended) {
    for (auto at = workers_.begin(); at != workers_.end();) {
        const auto next = std::next(at);
        if (at->ended) {
            ended.splice(ended.end(), workers_, at);
        }
        at = next;
    }
}

void Workers::run(Worker& self) {
    std::unique_lock lock(mutex_);
    while (!jobs_.empty()) {
        auto job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        job();
        job = nullptr;
        lock.lock();
    }
    --running_;
    self.ended = true;
}

void Workers::stop() {
    std::list<Worker> all;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        jobs_.clear();
        all.swap(workers_); // each keeps its place in memory
    }
    for (auto& worker : all) {
        worker.thread.join();
    }
}

} // namespace noa::supervise
