#include "bus/alarm.hpp"

#include <atomic>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

// Inboxes with open pipes, and an alarm that runs.
class AlarmTest : public BusTest {
protected:
    Inbox& inbox(const std::string& name) {
        auto& endpoint = *bus_->routes().resolve(name);
        must(bus_->open_inbox(endpoint));
        return endpoint.inbox();
    }
    void SetUp() override { must(alarm_.start()); }
    // The test's own time-out bounds it.
    static void wait_for_nudge(Inbox& inbox) {
        while (!inbox.take_nudge()) {
            inbox.wait();
        }
    }
    Alarm alarm_; // before the bus goes: see TearDown
    void TearDown() override { alarm_.stop(); }
};

TEST_F(AlarmTest, nudges_when_it_is_due_and_not_before) {
    auto& one = inbox("one");
    const auto due = monotonic_ns() + 5'000'000;
    alarm_.set(one, due);
    EXPECT_EQ(one.alarm_at(), due);
    wait_for_nudge(one);
    EXPECT_GE(monotonic_ns(), due);
    EXPECT_EQ(one.alarm_at(), Inbox::no_alarm);
}

TEST_F(AlarmTest, an_earlier_time_replaces_a_later_one_and_not_the_other_way_round) {
    auto& one = inbox("one");
    const auto later = monotonic_ns() + one_hour_ns;
    alarm_.set(one, later);
    alarm_.set(one, later + 1);
    EXPECT_EQ(one.alarm_at(), later);
    alarm_.set(one, monotonic_ns());
    wait_for_nudge(one);
    EXPECT_EQ(one.alarm_at(), Inbox::no_alarm);
    alarm_.set(one, later);
    EXPECT_EQ(one.alarm_at(), later);
}

TEST_F(AlarmTest, each_inbox_is_nudged_at_its_own_time) {
    auto& one = inbox("one");
    auto& two = inbox("two");
    auto& three = inbox("three");
    alarm_.set(three, monotonic_ns() + one_hour_ns);
    alarm_.set(one, monotonic_ns() + 2'000'000);
    alarm_.set(two, monotonic_ns() + 1'000'000);
    wait_for_nudge(one);
    wait_for_nudge(two);
    EXPECT_FALSE(three.take_nudge());
}

TEST_F(AlarmTest, a_time_that_has_passed_nudges_at_once) {
    auto& one = inbox("one");
    alarm_.set(one, 0);
    wait_for_nudge(one);
}

TEST_F(AlarmTest, far_times_set_again_and_again_stay_one_alarm) {
    auto& one = inbox("one");
    const auto far = monotonic_ns() + one_hour_ns;
    for (int round = 0; round < 200; ++round) {
        alarm_.set(one, far);
        alarm_.set(one, monotonic_ns());
        wait_for_nudge(one);
    }
    EXPECT_EQ(alarm_.count(), 0U);
    alarm_.set(one, far);
    EXPECT_EQ(alarm_.count(), 1U);
}

TEST_F(AlarmTest, several_threads_may_set_it) {
    auto& one = inbox("one");
    auto& two = inbox("two");
    std::vector<std::thread> threads;
    threads.reserve(3);
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 1000; ++round) {
                alarm_.set(one, monotonic_ns() + 1000 + round % 7);
                alarm_.set(two, monotonic_ns() + one_hour_ns - round);
            }
        });
    }
    for (auto& thread : threads) {
        thread.join();
    }
    wait_for_nudge(one);
    EXPECT_LE(alarm_.count(), 2U);
}

} // namespace
} // namespace noa::bus::testing
