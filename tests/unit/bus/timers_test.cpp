#include "bus/timers.hpp"

#include <gtest/gtest.h>

namespace noa::bus {
namespace {

TEST(Timers, one_that_has_no_period_fires_once) {
    Timers timers;
    ASSERT_EQ(timers.arm(7, 100, 0), NOA_OK);
    EXPECT_EQ(timers.earliest(), 100);
    EXPECT_FALSE(timers.take_due(99).has_value());
    EXPECT_EQ(timers.take_due(100), 7U);
    EXPECT_FALSE(timers.take_due(1000).has_value());
    EXPECT_EQ(timers.count(), 0U);
    EXPECT_EQ(timers.earliest(), Timers::never);
}

TEST(Timers, they_fire_in_the_order_of_their_due_times) {
    Timers timers;
    ASSERT_EQ(timers.arm(3, 30, 0), NOA_OK);
    ASSERT_EQ(timers.arm(1, 10, 0), NOA_OK);
    ASSERT_EQ(timers.arm(2, 20, 0), NOA_OK);
    EXPECT_EQ(timers.take_due(100), 1U);
    EXPECT_EQ(timers.take_due(100), 2U);
    EXPECT_EQ(timers.take_due(100), 3U);
}

TEST(Timers, late_periods_are_skipped_and_the_rhythm_is_kept) {
    Timers timers;
    ASSERT_EQ(timers.arm(1, 100, 10), NOA_OK);
    EXPECT_EQ(timers.take_due(135), 1U);
    EXPECT_FALSE(timers.take_due(135).has_value()) << "once, not four times";
    EXPECT_EQ(timers.earliest(), 140);
    EXPECT_EQ(timers.take_due(140), 1U);
    EXPECT_EQ(timers.earliest(), 150);
}

TEST(Timers, arming_again_replaces) {
    Timers timers;
    ASSERT_EQ(timers.arm(1, 100, 10), NOA_OK);
    ASSERT_EQ(timers.arm(1, 500, 0), NOA_OK);
    EXPECT_EQ(timers.count(), 1U);
    EXPECT_FALSE(timers.take_due(499).has_value());
    EXPECT_EQ(timers.take_due(500), 1U);
    EXPECT_EQ(timers.count(), 0U);
}

TEST(Timers, a_cancelled_one_does_not_fire) {
    Timers timers;
    ASSERT_EQ(timers.arm(1, 100, 10), NOA_OK);
    EXPECT_EQ(timers.cancel(1), NOA_OK);
    EXPECT_EQ(timers.cancel(1), NOA_E_NOT_FOUND);
    EXPECT_FALSE(timers.take_due(1000).has_value());
    ASSERT_EQ(timers.arm(1, 2000, 0), NOA_OK);
    EXPECT_EQ(timers.earliest(), 2000);
}

TEST(Timers, a_limit_bounds_them) {
    Timers timers;
    for (std::uint64_t tag = 0; tag < Timers::limit; ++tag) {
        ASSERT_EQ(timers.arm(tag, 100, 0), NOA_OK);
    }
    EXPECT_EQ(timers.arm(Timers::limit, 100, 0), NOA_E_TOO_LARGE);
    EXPECT_EQ(timers.arm(0, 200, 0), NOA_OK) << "armed already: no room needed";
    EXPECT_EQ(timers.cancel(0), NOA_OK);
    EXPECT_EQ(timers.arm(Timers::limit, 100, 0), NOA_OK);
}

TEST(Timers, arming_again_and_again_forgets_none_of_the_others) {
    Timers timers;
    ASSERT_EQ(timers.arm(1, 5000, 0), NOA_OK);
    for (std::int64_t due = 0; due < 10'000; ++due) {
        ASSERT_EQ(timers.arm(2, 100'000 - due, 0), NOA_OK);
    }
    EXPECT_EQ(timers.take_due(100'000), 1U);
    EXPECT_EQ(timers.take_due(100'000), 2U);
    EXPECT_FALSE(timers.take_due(100'000).has_value());
}

TEST(Timers, clear_disarms_all) {
    Timers timers;
    ASSERT_EQ(timers.arm(1, 1, 1), NOA_OK);
    timers.clear();
    EXPECT_FALSE(timers.take_due(100).has_value());
    EXPECT_EQ(timers.earliest(), Timers::never);
}

TEST(Timers, the_longest_period_does_not_overflow) {
    Timers timers;
    ASSERT_EQ(timers.arm(1, 100, Timers::never), NOA_OK);
    EXPECT_EQ(timers.take_due(200), 1U);
    EXPECT_FALSE(timers.take_due(1'000'000'000).has_value());
    EXPECT_EQ(timers.count(), 1U);
}

} // namespace
} // namespace noa::bus
