// Descriptors to watch, and waiting for what is told of them.
#pragma once

#include <sys/socket.h>

#include <array>

#include "base/unique_fd.hpp"
#include "bus/readiness.hpp"
#include "bus_fixture.hpp"
#include "noa/ext/listener.h"

namespace noa::bus::testing {

// A connected pair.
struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()),
                  0);
        near = UniqueFd(ends[0]);
        far = UniqueFd(ends[1]);
    }
    void say_something() const { ASSERT_EQ(::write(far.get(), "x", 1), 1); }
    void take_it() const {
        char byte = 0;
        ASSERT_EQ(::read(near.get(), &byte, 1), 1);
    }
    UniqueFd near;
    UniqueFd far;
};

class CountingWatcher final : public Readiness::Watcher {
public:
    // Waits for the next one.
    [[nodiscard]] Readiness::Ready next(Readiness& readiness) {
        while (true) {
            if (const auto ready = readiness.next(*this)) {
                return *ready;
            }
            std::unique_lock lock(mutex_);
            if (!changed_.wait_for(lock, patience, [this] { return called_; })) {
                ADD_FAILURE() << "nothing became ready";
                return {};
            }
            called_ = false;
        }
    }

private:
    void has_ready() noexcept override {
        const std::lock_guard lock(mutex_);
        called_ = true;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool called_ = false;
};

// What is ready now has been told of when a later one has: one thread tells, in order.
inline void let_it_look(Readiness& readiness) {
    const Pair later;
    CountingWatcher last;
    ASSERT_EQ(readiness.watch(last, later.near.get(), NOA_READY_WRITE, 0), NOA_OK);
    static_cast<void>(last.next(readiness));
}

} // namespace noa::bus::testing
