// A thread that owns what must not hold up the lane: a store, which waits for the disk.
//
//     std::optional<noa::Worker<Store>> worker_; // in start:
//     worker_.emplace(*std::move(store), [this] { static_cast<void>(post([this] { take(); })); });
//     worker_->run([](Store& store) { … }, [this] { … }); // the second on the lane, in take():
//     for (auto& done : worker_->take_done()) done();
//
// Unlike Agent::task, jobs run in order, one at a time, and all of them: finish() in quiesce.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "noa/sdk/function.hpp"

namespace noa::sdk {

// Owned is moved in, used on the thread alone, and destroyed by finish, on the lane.
template <class Owned>
class Worker {
public:
    using Work = Function<void(Owned&)>; // does not throw
    using Done = Function<void()>;

    // `ring` has take_done called on the lane, soon.  [any] on which it is called
    Worker(Owned owned, Function<void()> ring)
        : owned_(std::move(owned)), ring_(std::move(ring)), thread_([this] { loop(); }) {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() { finish(); }

    // Not after finish.  [lane]
    void run(Work work, Done done) {
        {
            const std::lock_guard lock(mutex_);
            jobs_.push_back({std::move(work), std::move(done)});
        }
        more_.notify_one();
    }
    // Of the jobs that ran until now, in order.  [lane]
    [[nodiscard]] std::vector<Done> take_done() {
        const std::lock_guard lock(mutex_);
        return std::exchange(done_, {});
    }
    // Runs what is left and gives up what is owned; nothing runs after it.  [lane]
    void finish() noexcept {
        if (!thread_.joinable()) {
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        more_.notify_one();
        thread_.join();
        owned_.reset();
    }

private:
    struct Job {
        Work work;
        Done done;
    };

    void loop() {
        std::unique_lock lock(mutex_);
        for (;;) {
            more_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
            if (jobs_.empty()) {
                return;
            }
            Job job = std::move(jobs_.front());
            jobs_.pop_front();
            lock.unlock();
            job.work(*owned_);
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

    std::optional<Owned> owned_; // of the thread, while it runs
    Function<void()> ring_;
    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<Job> jobs_;   // guarded by mutex_
    std::vector<Done> done_; // guarded by mutex_; not empty: a ring is under way
    bool ending_ = false;    // guarded by mutex_
    std::thread thread_;
};

} // namespace noa::sdk

namespace noa {

using sdk::Worker;

} // namespace noa
