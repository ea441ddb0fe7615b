// Work for a few threads, no more of it waiting than a bound on its bytes.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace backup {

template <class Job>
class JobQueue {
public:
    explicit JobQueue(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    // Waits for room; one job always has room. False once it is closed.
    bool push(Job job, std::size_t bytes) {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] {
            return closed_ || bytes_ == 0 ||
                   (bytes_ + bytes <= most_bytes_ && jobs_.size() < most_jobs);
        });
        if (closed_) {
            return false;
        }
        bytes_ += bytes;
        jobs_.push_back({std::move(job), bytes});
        const bool wanted = waiting_ > 0;
        lock.unlock();
        if (wanted) {
            more_.notify_one();
        }
        return true;
    }
    // What is left first, then nothing once it is closed. The bytes count until `done`.
    std::optional<Job> pop(std::size_t& ret_bytes) {
        std::unique_lock lock(mutex_);
        ++waiting_;
        more_.wait(lock, [&] { return closed_ || !jobs_.empty(); });
        --waiting_;
        if (jobs_.empty()) {
            return std::nullopt;
        }
        Entry entry = std::move(jobs_.front());
        jobs_.pop_front();
        ret_bytes = entry.bytes;
        return std::move(entry.job);
    }
    void done(std::size_t bytes) {
        {
            const std::lock_guard lock(mutex_);
            bytes_ -= bytes;
        }
        room_.notify_one();
    }
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        more_.notify_all();
        room_.notify_all();
    }
    // Nothing that waits is done any more, either.
    void abandon() {
        {
            const std::lock_guard lock(mutex_);
            jobs_.clear();
        }
        close();
    }

private:
    static constexpr std::size_t most_jobs = 512;
    struct Entry {
        Job job;
        std::size_t bytes;
    };

    const std::size_t most_bytes_;
    std::mutex mutex_; // guards what follows
    std::condition_variable more_;
    std::condition_variable room_;
    std::deque<Entry> jobs_;
    std::size_t bytes_ = 0; // waiting or being worked on
    std::size_t waiting_ = 0;
    bool closed_ = false;
};

} // namespace backup
