#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.hpp"

namespace noa {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(log_threads, lines_of_many_threads_are_whole_and_numbered_without_gaps) {
    constexpr int threads = 4;
    constexpr int each = 200;
    CaptureStderr();
    Log log(LogFormat::text, false);
    std::vector<std::thread> running;
    running.reserve(threads);
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&log, t] {
            for (int i = 0; i < each; ++i) {
                log.write(Level::info, "n", {{"thread", t}, {"i", i}});
                log.set_agent_level("a", i % 2 == 0 ? Level::debug : Level::error);
            }
        });
    }
    for (auto& thread : running) {
        thread.join();
    }
    const auto out = GetCapturedStderr();
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), threads * each);
    const auto lines = log.tail(std::size_t{threads} * each);
    ASSERT_EQ(lines.size(), static_cast<std::size_t>(threads * each));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        ASSERT_EQ(lines[i].sequence, i + 1);
    }
}

TEST(log_threads, a_waiter_sees_a_newer_line) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    std::thread waiter([&log] {
        log.wait_newer(0, [] { return false; });
        EXPECT_EQ(log.tail(10).size(), 1U);
    });
    log.write(Level::info, "e", {});
    waiter.join();
    (void)GetCapturedStderr();
}

TEST(log_threads, a_waiter_is_stopped_by_a_wake) {
    Log log(LogFormat::text, false);
    std::atomic<bool> stop{false};
    std::atomic<int> asked{0};
    std::thread waiter([&] {
        log.wait_newer(0, [&] {
            (void)log.tail(1); // may use the log
            const bool said = stop.load();
            ++asked;
            asked.notify_all();
            return said;
        });
    });
    asked.wait(0);
    stop = true;
    log.wake();
    waiter.join();
    EXPECT_EQ(asked.load(), 2);
}

} // namespace
} // namespace noa
