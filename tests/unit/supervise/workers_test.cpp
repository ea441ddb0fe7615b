#include "supervise/workers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <future>

namespace noa::supervise {
namespace {

TEST(workers, run_what_is_posted_side_by_side) {
    // Each waits for the other: one thread alone would hang.
    std::promise<void> first;
    std::promise<void> second;
    std::promise<void> done;
    Workers workers(2); // gone before what its jobs use
    workers.post([&] {
        first.set_value();
        second.get_future().wait();
    });
    workers.post([&] {
        first.get_future().wait();
        second.set_value();
        done.set_value();
    });
    done.get_future().wait();
}

TEST(workers, are_never_more_than_allowed) {
    std::promise<void> done;
    std::atomic<int> inside = 0;
    std::atomic<int> most = 0;
    std::atomic<int> left = 200;
    Workers workers(3);
    for (int i = 0; i < 200; ++i) {
        workers.post([&] {
            const int now = ++inside;
            int seen = most;
            while (now > seen && !most.compare_exchange_weak(seen, now)) {}
            --inside;
            if (--left == 0) {
                done.set_value();
            }
        });
    }
    done.get_future().wait();
    workers.stop();
    EXPECT_LE(most, 3);
}

TEST(workers, told_to_stop_finish_what_has_begun_and_drop_the_rest) {
    std::promise<void> begun;
    std::promise<void> go_on;
    std::atomic<int> ran = 0;
    Workers workers(1);
    workers.post([&] {
        begun.set_value();
        go_on.get_future().wait();
        ++ran;
    });
    begun.get_future().wait();
    workers.post([&] { ran += 10; });
    std::thread stopper([&] { workers.stop(); });
    workers.post([] {}); // whether before or after the stop: no harm
    go_on.set_value();
    stopper.join();
    EXPECT_EQ(ran % 10, 1);
    workers.post([&] { ran += 100; });
    workers.stop();
    EXPECT_LT(ran, 100);
}

TEST(workers, start_again_after_they_had_nothing_to_do) {
    std::array<std::promise<void>, 100> done;
    Workers workers(4);
    for (auto& each : done) {
        workers.post([&] { each.set_value(); });
        each.get_future().wait();
    }
}

} // namespace
} // namespace noa::supervise
