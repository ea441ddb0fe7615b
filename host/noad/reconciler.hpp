// Carries out hints, and what time brings, one at a time, off the main loop.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "base/log.hpp"
#include "supervise/supervisor.hpp"

namespace noa {

// Hints that come while one is carried out are one more round, however many they are.
class Reconciler {
public:
    // `after` runs on the reconciler's thread when a round is over.
    Reconciler(supervise::Supervisor& supervisor, Log& log, std::function<void()> after);
    ~Reconciler() { stop(); }
    Reconciler(const Reconciler&) = delete;
    Reconciler& operator=(const Reconciler&) = delete;

    void hint(); // [any thread]
    void wake(); // [any thread] the supervisor has something to do
    void stop(); // joins, after the round that is under way

private:
    void run();

    supervise::Supervisor& supervisor_;
    Log& log_;
    const std::function<void()> after_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool hinted_ = false;   // under mutex_
    bool woken_ = true;     // under mutex_: the first time, to hear what is due
    bool stopping_ = false; // under mutex_
    std::thread thread_;
};

} // namespace noa
