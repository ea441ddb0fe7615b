// A few threads for work that may take long, so that what is due elsewhere does not wait for it.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace noa::supervise {

// Threads start when there is work and end when there is none.  [any thread]
class Workers {
public:
    using Job = std::function<void()>; // must not throw

    explicit Workers(std::size_t most) : most_(most) {}
    ~Workers() { stop(); }
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;

    // Runs `job` as soon as a thread is free; never, once told to stop.
    void post(Job job);
    // Drops what has not begun, and waits for what has. Not from a job.
    void stop();

private:
    struct Worker {
        std::thread thread;
        bool ended = false; // under mutex_
    };
    void run(Worker& self);
    void reap(std::list<Worker>& ended);

    const std::size_t most_;
    std::mutex mutex_;
    // under mutex_
    std::deque<Job> jobs_;
    std::list<Worker> workers_;
    std::size_t running_ = 0;
    bool stopping_ = false;
};

} // namespace noa::supervise
