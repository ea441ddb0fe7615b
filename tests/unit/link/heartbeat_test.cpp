#include "link/heartbeat.hpp"

#include <gtest/gtest.h>

namespace noa::link {
namespace {

constexpr std::int64_t limit = 400;

class HeartbeatTest : public ::testing::Test {
protected:
    // Looks when it is due, answering while `now` is before `stops`: when it is missed.
    std::int64_t missed_after(std::int64_t stops) {
        for (std::int64_t now = 0; now < 100 * limit; now = heart_.due_ns(now)) {
            if (heart_.is_missed(now)) {
                return now;
            }
            if (const auto asked = heart_.ask(now); asked && now < stops) {
                EXPECT_TRUE(heart_.answer(*asked));
            }
        }
        return -1;
    }
    Heartbeat heart_{limit};
};

TEST_F(HeartbeatTest, IsMissedNoLaterThanTheLimitAfterItStoppedAndNotMuchEarlier) {
    for (std::int64_t stops = 1; stops < 3 * limit; ++stops) {
        heart_ = Heartbeat(limit);
        const auto missed = missed_after(stops);
        EXPECT_LE(missed, stops + limit);
        EXPECT_GE(missed, stops + limit * 3 / 4);
    }
}

TEST_F(HeartbeatTest, IsNotMissedWhileItAnswers) {
    EXPECT_EQ(missed_after(1000 * limit), -1);
}

TEST_F(HeartbeatTest, ItIsAskedOneQuestionAtATime) {
    EXPECT_EQ(heart_.ask(0), 1U);
    EXPECT_FALSE(heart_.ask(100));
    EXPECT_TRUE(heart_.answer(1));
    EXPECT_EQ(heart_.ask(100), 2U);
}

TEST_F(HeartbeatTest, AnAnswerThatWasNotAskedForIsNone) {
    EXPECT_FALSE(heart_.answer(1));
}

TEST_F(HeartbeatTest, WhatIsBusyIsWaitedForFromThenOn) {
    static_cast<void>(heart_.ask(0));
    heart_.excuse(1000);
    EXPECT_FALSE(heart_.is_missed(1000 + limit / 2));
    EXPECT_EQ(heart_.due_ns(1000), 1000 + limit / 4);
    EXPECT_TRUE(heart_.is_missed(1000 + limit));
}

} // namespace
} // namespace noa::link
