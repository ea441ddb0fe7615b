// Wakes sleeping lanes at their due times.
//
// A time-out on the lane's own receive would arm and disarm a kernel timer for every message
// (1 µs a hop, measured); most due times are far deadlines that are never reached. So lanes
// sleep without one, and this thread, which sleeps until the earliest due time of all, nudges.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/result.hpp"
#include "bus/inbox.hpp"

namespace noa::bus {

class Alarm {
public:
    Alarm() = default;
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm() { stop(); }

    [[nodiscard]] Result<void> start();
    void stop(); // joins

    // Nudges `inbox` at `due_ns`, unless it has an earlier alarm: whoever is nudged looks at
    // what is due and sets the next one. Costs one atomic load in the usual case.  [any thread]
    void set(Inbox& inbox, std::int64_t due_ns) {
        if (due_ns < inbox.alarm_at()) {
            insert(inbox, due_ns);
        }
    }

    // How many inboxes wait for theirs.  [any thread]
    [[nodiscard]] std::size_t count() const;

private:
    void insert(Inbox& inbox, std::int64_t due_ns);
    void run();
    void fire(std::unique_lock<std::mutex>& lock);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // under mutex_
    std::set<std::pair<std::int64_t, Inbox*>> due_; // an inbox once; it outlives the alarm
    bool stopping_ = false;

    std::thread thread_;
};

} // namespace noa::bus
