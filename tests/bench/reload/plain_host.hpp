// A host as small as they come: a plugin, a queue, a thread. What a switch looks like where the
// queue belongs to what is switched.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "noa/plugin.h"
#include "reload/ledger.hpp"

namespace noa::bench {

class PlainHost {
public:
    explicit PlainHost(std::string settings) : settings_(std::move(settings)) {}
    PlainHost(const PlainHost&) = delete;
    PlainHost& operator=(const PlainHost&) = delete;
    ~PlainHost() { stop(); }

    // dlopen, create, configure, start; from then on messages are taken.
    [[nodiscard]] Result<void> start(const std::filesystem::path& plugin);
    // Nothing is taken any more; what waits is dropped. quiesce, destroy, dlclose.
    void stop();

    // [any thread] False: refused.
    bool send(const Numbered& message);
    // [any thread] Until nothing waits.
    void wait_empty();

private:
    void work();
    [[nodiscard]] Result<void> load(const std::filesystem::path& plugin);

    std::string settings_;
    void* library_ = nullptr;
    const noa_plugin* table_ = nullptr;
    noa_agent* agent_ = nullptr;
    std::thread worker_;

    std::mutex mutex_;
    // under mutex_
    std::condition_variable changed_;
    std::deque<Numbered> queue_;
    bool open_ = false;
    bool working_ = false;
};

} // namespace noa::bench
