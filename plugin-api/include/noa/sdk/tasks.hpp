// Work that takes long runs off the lane: at most so many at a time, the rest queued within a
// bound, each with a deadline, its result delivered back on the lane.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "noa/sdk/host.hpp"
#include "noa/sdk/posts.hpp"
#include "noa/sdk/task_job.hpp"
#include "noa/sdk/timers.hpp"

namespace noa::sdk {

struct TaskLimits {
    std::size_t concurrency = 1;
    std::size_t queue = 1024; // beyond it, run answers NOA_E_BUSY
    Duration timeout{0};      // for tasks that bring none; 0: none
};

struct TaskOptions {
    Priority priority = Priority::normal;
    Duration timeout{0}; // from now, the time in the queue included
};

struct TaskFigures {
    std::uint64_t completed = 0; // with a value
    std::uint64_t failed = 0;    // with an error
    std::uint64_t expired = 0;
    Duration busy{0}; // spent in work, of all that ended
};

class Tasks {
public:
    Tasks(const Host& host, Timers& timers) : host_(&host), timers_(&timers) {}
    ~Tasks() { join(); }
    Tasks(const Tasks&) = delete;
    Tasks& operator=(const Tasks&) = delete;

    void limit(TaskLimits limits) {
        limits_ = limits;
        limits_.concurrency = std::max<std::size_t>(limits_.concurrency, 1);
    }

    // `work` runs on a thread of its own and may look at the std::stop_token that it can take:
    // stop is asked for at the deadline and when the agent stops. It returns nothing, a value
    // or a Result. `done(Result<T>)` follows on the lane, once: with that; with NOA_E_EXPIRED
    // at the deadline even though work still runs; or with NOA_E_BUSY, before this returns,
    // when too much waits already.
    // When the agent stops, what has not begun, and what ends in an error because it was asked
    // to stop, is dropped without a call: the requests behind it go to the next generation.
    // [lane & running]
    template <class Work, class Done>
    void run(Work work, Done done, TaskOptions options = {}) {
        std::unique_ptr<Job> job =
            std::make_unique<TypedJob<Work, Done>>(std::move(work), std::move(done));
        if (Status accepted = enqueue(job, options); !accepted) {
            job->refuse(std::move(accepted).error());
        }
    }

    // Called after a wake.  [lane]
    template <class Guard>
    void deliver(Guard&& guard) {
        for (std::unique_ptr<Job>& job : take_finished()) {
            timers_->cancel(job->timer);
            count(*job);
            if (job->interrupted && job->failed()) {
                continue;
            }
            guard([&job] { job->deliver(); });
        }
    }

    // Joins every thread. NOA_E_EXPIRED when a task does not end in time: nothing was joined,
    // resume() takes up again.  [lane]
    Status quiesce(Time deadline) {
        std::deque<std::unique_ptr<Job>> dropped;
        {
            std::unique_lock lock(mutex_);
            stopping_ = true;
            dropped.swap(queue_);
            for (Job* job : running_) {
                job->interrupted = true;
                job->stop.request_stop();
            }
            const auto patience =
                std::clamp<Duration>(deadline - host_->now(), Duration::zero(), longest_wait);
            if (!idle_.wait_for(lock, patience, [this] { return running_.empty(); })) {
                return Error{NOA_E_EXPIRED, "a background task did not stop in time"};
            }
        }
        for (const std::unique_ptr<Job>& job : dropped) {
            timers_->cancel(job->timer);
        }
        join();
        return {};
    }
    void resume() {
        const std::lock_guard lock(mutex_);
        stopping_ = false;
    }

    // Waits for every thread, however long it takes.  [lane]
    void join() noexcept {
        std::deque<std::unique_ptr<Job>> dropped;
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            leaving_ = true;
            dropped.swap(queue_);
            for (Job* job : running_) {
                job->stop.request_stop();
            }
        }
        work_.notify_all();
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
        leaving_ = false;
    }

    [[nodiscard]] const TaskFigures& figures() const noexcept { return figures_; }
    [[nodiscard]] bool used() const noexcept { return next_id_ > 1; }
    [[nodiscard]] std::size_t waiting() const {
        const std::lock_guard lock(mutex_);
        return queue_.size();
    }
    [[nodiscard]] std::size_t running() const {
        const std::lock_guard lock(mutex_);
        return running_.size();
    }

private:
    // Takes the job only when it is accepted.
    Status enqueue(std::unique_ptr<Job>& job, TaskOptions options) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) {
                return Error{NOA_E_STATE, "the agent is stopping"};
            }
            if (queue_.size() >= limits_.queue) {
                return busy(std::to_string(queue_.size()) + " tasks wait already");
            }
        }
        job->id = next_id_++;
        job->priority = options.priority;
        if (const Duration timeout =
                options.timeout > Duration::zero() ? options.timeout : limits_.timeout;
            timeout > Duration::zero()) {
            Result<TimerId> timer = timers_->after(timeout, [this, id = job->id] { expire(id); });
            if (!timer) {
                return std::move(timer).error();
            }
            job->timer = *timer;
        }
        const std::lock_guard lock(mutex_);
        if (!ensure_thread()) {
            timers_->cancel(job->timer);
            return busy("the system has no thread to spare");
        }
        place(std::move(job));
        work_.notify_one();
        return {};
    }

    // REQUIRES: mutex_. False when there is none to serve the queue at all.
    bool ensure_thread() {
        if (idle_threads_ > queue_.size() || threads_.size() >= limits_.concurrency) {
            return true;
        }
        try {
            threads_.emplace_back([this] { serve(); });
        } catch (const std::system_error&) {
            return !threads_.empty();
        }
        return true;
    }

    // Behind the last one of its own or a higher priority.
    void place(std::unique_ptr<Job> job) {
        auto at = queue_.end();
        while (at != queue_.begin() && rank((*std::prev(at))->priority) > rank(job->priority)) {
            --at;
        }
        queue_.insert(at, std::move(job));
    }
    static int rank(Priority priority) noexcept {
        return priority == Priority::high ? 0 : priority == Priority::normal ? 1 : 2;
    }

    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            ++idle_threads_;
            work_.wait(lock, [this] { return leaving_ || !queue_.empty(); });
            --idle_threads_;
            if (queue_.empty()) {
                return;
            }
            std::unique_ptr<Job> job = std::move(queue_.front());
            queue_.pop_front();
            running_.push_back(job.get());
            lock.unlock();
            const Time begin = host_->now();
            job->work();
            job->spent = host_->now() - begin;
            lock.lock();
            std::erase(running_, job.get());
            finish(std::move(job));
        }
    }

    // REQUIRES: mutex_.
    void finish(std::unique_ptr<Job> job) {
        const bool first = finished_.empty();
        finished_.push_back(std::move(job));
        if (first) {
            host_->table().wake(host_->context(), tasks_wake);
        }
        if (running_.empty()) {
            idle_.notify_all();
        }
    }

    void expire(std::uint64_t id) {
        std::unique_ptr<Job> queued;
        Job* running = nullptr;
        {
            const std::lock_guard lock(mutex_);
            for (auto at = queue_.begin(); at != queue_.end(); ++at) {
                if ((*at)->id == id) {
                    queued = std::move(*at);
                    queue_.erase(at);
                    break;
                }
            }
            for (Job* job : running_) {
                running = job->id == id ? job : running;
            }
            if (running != nullptr) {
                // Only the lane deletes jobs, so it stays valid beyond the lock.
                running->stop.request_stop();
            }
        }
        if (Job* job = queued ? queued.get() : running; job != nullptr) {
            ++figures_.expired;
            job->expired = true;
            job->refuse({NOA_E_EXPIRED, "the task did not end in time"});
        }
    }

    void count(const Job& job) noexcept {
        figures_.busy += job.spent;
        if (!job.expired) {
            ++(job.failed() ? figures_.failed : figures_.completed);
        }
    }

    std::vector<std::unique_ptr<Job>> take_finished() {
        const std::lock_guard lock(mutex_);
        return std::exchange(finished_, {});
    }

    static constexpr Duration longest_wait = std::chrono::hours(1);

    const Host* host_;
    Timers* timers_;
    TaskLimits limits_;
    TaskFigures figures_;              // lane only
    std::uint64_t next_id_ = 1;        // lane only
    std::vector<std::thread> threads_; // lane only

    mutable std::mutex mutex_; // guards what follows
    std::condition_variable work_;
    std::condition_variable idle_;
    std::deque<std::unique_ptr<Job>> queue_;
    std::vector<Job*> running_;
    std::vector<std::unique_ptr<Job>> finished_; // not empty: a wake is under way
    std::size_t idle_threads_ = 0;
    bool stopping_ = false;
    bool leaving_ = false;
};

} // namespace noa::sdk
