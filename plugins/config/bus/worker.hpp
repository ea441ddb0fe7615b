// The thread that waits for the disk.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "../store/store.hpp"
#include "noa/sdk.hpp"

namespace config {

// Jobs run in order, one at a time; the ends of those that ran are taken on the lane.
class Worker {
public:
    using Work = noa::sdk::Function<void(Store&)>;
    using Done = noa::sdk::Function<void()>;

    // `ring` has take_done called on the lane, soon.  [any]
    Worker(Store store, noa::sdk::Function<void()> ring);
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() { finish(); }

    void run(Work work, Done done); // [lane]
    // Of the jobs that ran until now, in order.  [lane]
    [[nodiscard]] std::vector<Done> take_done();
    // Runs what is left and closes the store; nothing runs after it.  [lane]
    void finish() noexcept;

private:
    struct Job {
        Work work;
        Done done;
    };
    void loop();

    Store store_; // of the thread, while it runs
    noa::sdk::Function<void()> ring_;
    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<Job> jobs_;   // guarded by mutex_
    std::vector<Done> done_; // guarded by mutex_
    bool ending_ = false;    // guarded by mutex_
    std::thread thread_;
};

} // namespace config
