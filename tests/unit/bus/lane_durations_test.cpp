// How long messages take, as the lane counts it.
#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

constexpr std::int64_t tick_ns = 16 * ns_per_ms; // more than one of any kernel's

class LaneDurationsTest : public BusTest {
protected:
    void SetUp() override { asker_.start(); }

    // Without a sleep: until a clock that ticks has gone on by that much.
    static void pass(std::int64_t ns) {
        const auto until = read_clock(CLOCK_MONOTONIC_COARSE) + ns;
        while (read_clock(CLOCK_MONOTONIC_COARSE) < until) {
            std::this_thread::yield();
        }
    }
    // Two messages are taken up at once and settled one after the other, an age later.
    Durations::Counts of_two(Agent& worker, std::int64_t& between_ns) {
        worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
            return NOA_DEFERRED;
        };
        worker.start();
        EXPECT_EQ(asker_.request("worker", "op", 1), NOA_OK);
        EXPECT_EQ(asker_.request("worker", "op", 2), NOA_OK);
        EXPECT_TRUE(worker.script.mail.wait_for(2));
        on_lane(worker.lane(), [] {});
        pass(10 * tick_ns);
        const auto begun_ns = monotonic_ns();
        EXPECT_EQ(worker.reply(worker.script.mail.at(0).delivery, "one"), NOA_OK);
        EXPECT_EQ(worker.reply(worker.script.mail.at(1).delivery, "two"), NOA_OK);
        between_ns = monotonic_ns() - begun_ns;
        return worker.inbox().counters().took.counts();
    }
    Agent asker_{*bus_, "asker"};
};

TEST_F(LaneDurationsTest, whatever_is_handled_counts_once_however_it_ends) {
    Agent worker(*bus_, "worker");
    worker.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        const auto how = view(message.subject);
        if (how == "reply") {
            return worker.reply(delivery, "here");
        }
        return how == "fail" ? NOA_E_FAILED : how == "defer" ? NOA_DEFERRED : NOA_OK;
    };
    worker.start();
    for (const auto* how : {"reply", "fail", "nothing", "defer"}) {
        ASSERT_EQ(asker_.request("worker", how, 1), NOA_OK);
    }
    ASSERT_TRUE(worker.script.mail.wait_for(4));
    on_lane(worker.lane(), [] {});
    EXPECT_EQ(percentile(worker.inbox().counters().took.counts(), {}, 95).total, 3U);
    ASSERT_EQ(worker.reply(worker.script.mail.at(3).delivery, "later"), NOA_OK);
    EXPECT_EQ(percentile(worker.inbox().counters().took.counts(), {}, 95).total, 4U);
}

TEST_F(LaneDurationsTest, a_call_takes_as_long_as_it_does) {
    Agent worker(*bus_, "worker");
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        pass(10 * tick_ns);
        return NOA_OK;
    };
    worker.start();
    ASSERT_EQ(asker_.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    on_lane(worker.lane(), [] {});
    EXPECT_GE(percentile(worker.inbox().counters().took.counts(), {}, 95).ms, 9 * 16);
}

TEST_F(LaneDurationsTest, what_is_deferred_takes_until_it_is_settled) {
    Agent worker(*bus_, "worker");
    std::int64_t between_ns = 0;
    const auto took = of_two(worker, between_ns);
    EXPECT_EQ(percentile(took, {}, 95).total, 2U);
    EXPECT_GE(percentile(took, {}, 1).ms, 9 * 16); // both
}

TEST_F(LaneDurationsTest, what_was_handed_over_does_not_take_the_time_of_what_was_before_it) {
    LaneOptions options;
    options.hands_over = true;
    Agent worker(*bus_, "worker", options);
    std::int64_t between_ns = 0;
    const auto took = of_two(worker, between_ns);
    EXPECT_GE(percentile(took, {}, 95).ms, 9 * 16);
    EXPECT_LE(percentile(took, {}, 1).ms * ns_per_ms, between_ns + tick_ns);
}

} // namespace
} // namespace noa::bus::testing
