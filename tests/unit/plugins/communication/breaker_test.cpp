#include "delivery/breaker.hpp"

#include <gtest/gtest.h>

#include "delivery/bucket.hpp"

namespace communication {
namespace {

using namespace std::chrono_literals;

class BreakerTest : public ::testing::Test {
protected:
    noa::Time at{1h};
    BreakerTerms terms;
    Breaker breaker{terms};

    void begin(const BreakerTerms& wanted) { breaker = Breaker(wanted); }
    void call(bool failed, noa::Duration took = 1ms) {
        const auto turn = breaker.enter(at);
        ASSERT_NE(turn, 0U);
        breaker.leave(turn, failed, took, at);
    }
};

TEST_F(BreakerTest, OpensAfterFailuresInARow) {
    for (int turn = 0; turn < 4; ++turn) {
        call(true);
    }
    call(false);
    for (int turn = 0; turn < 5; ++turn) {
        EXPECT_EQ(breaker.state(at), Circuit::closed);
        call(true);
    }
    EXPECT_EQ(breaker.state(at), Circuit::open);
    EXPECT_EQ(breaker.enter(at), 0U);
    EXPECT_EQ(breaker.next_try(at), at + 30s);
    EXPECT_EQ(breaker.times_opened(), 1U);
}

TEST_F(BreakerTest, LetsOneProbePassAndGoesByIt) {
    for (int turn = 0; turn < 5; ++turn) {
        call(true);
    }
    at += 30s;
    const auto probe = breaker.enter(at);
    EXPECT_NE(probe, 0U);
    EXPECT_EQ(breaker.enter(at), 0U);
    breaker.leave(probe, true, 1ms, at);
    EXPECT_EQ(breaker.state(at), Circuit::open);
    at += 30s;
    call(false);
    EXPECT_EQ(breaker.state(at), Circuit::closed);
}

TEST_F(BreakerTest, ClosesAfterAsManyProbesAsAreWanted) {
    begin({.failures = 1, .probes = 2});
    call(true);
    at += 30s;
    call(false);
    EXPECT_EQ(breaker.state(at), Circuit::half_open);
    call(false);
    EXPECT_EQ(breaker.state(at), Circuit::closed);
}

TEST_F(BreakerTest, SaysNothingOfCallsThatBeganBefore) {
    const auto early = breaker.enter(at);
    for (int turn = 0; turn < 5; ++turn) {
        call(true);
    }
    breaker.leave(early, false, 1ms, at);
    EXPECT_EQ(breaker.state(at), Circuit::open);
}

TEST_F(BreakerTest, OpensByTheShareOfFailures) {
    begin({.failures = 0, .calls = 10, .failure_share = 0.5});
    for (int turn = 0; turn < 9; ++turn) {
        call(turn % 2 == 0);
    }
    EXPECT_EQ(breaker.state(at), Circuit::closed);
    call(true);
    EXPECT_EQ(breaker.state(at), Circuit::open);
}

TEST_F(BreakerTest, OpensByTheShareOfSlowCalls) {
    begin({.failures = 0, .calls = 4, .slow_share = 0.5, .slow = 1s});
    call(false, 2s);
    call(false);
    call(false);
    EXPECT_EQ(breaker.state(at), Circuit::closed);
    call(false, 2s);
    EXPECT_EQ(breaker.state(at), Circuit::open);
}

TEST_F(BreakerTest, ForgetsWhatIsOlderThanTheWindow) {
    begin({.failures = 0, .calls = 4, .failure_share = 0.5, .window = 10s});
    call(true);
    call(true);
    at += 11s;
    call(false);
    call(false);
    call(false);
    EXPECT_EQ(breaker.state(at), Circuit::closed);
    call(true);
    EXPECT_EQ(breaker.state(at), Circuit::closed) << "1 of 4, not 3 of 6";
}

TEST_F(BreakerTest, OpensNoMoreThanAShareOfAll) {
    Ejections ejections{.most = 0.5, .all = 4, .open = 0};
    const BreakerTerms terms{.failures = 1, .open = 30s};
    std::vector<Breaker> all(4, Breaker(terms, &ejections));
    const noa::Time now{1h};
    for (Breaker& one : all) {
        one.leave(one.enter(now), true, 1ms, now);
    }
    EXPECT_EQ(ejections.open, 2);
    EXPECT_EQ(all[1].state(now), Circuit::open);
    EXPECT_EQ(all[2].state(now), Circuit::closed);
    const noa::Time later = now + 31s;
    all[0].leave(all[0].enter(later), false, 1ms, later);
    EXPECT_EQ(ejections.open, 1);
    all[2].leave(all[2].enter(later), true, 1ms, later);
    EXPECT_EQ(all[2].state(later), Circuit::open);
    ejections = {.most = 0, .all = 1, .open = 0};
    EXPECT_TRUE(ejections.room()) << "one always may";
}

TEST_F(BreakerTest, IsOpenedAndClosedByHand) {
    breaker.force_open();
    EXPECT_EQ(breaker.enter(at + 24h), 0U);
    EXPECT_EQ(breaker.next_try(at), noa::Time::max());
    EXPECT_TRUE(breaker.forced());
    breaker.force_closed();
    call(false);
    EXPECT_FALSE(breaker.forced());
}

TEST_F(BreakerTest, TakesAProbeBackThatNeverBegan) {
    begin({.failures = 1});
    call(true);
    at += 30s;
    breaker.withdraw(breaker.enter(at));
    EXPECT_NE(breaker.enter(at), 0U);
}

TEST(BucketTest, LetsABurstPassAndThenTheRate) {
    noa::Time at{1h};
    Bucket bucket({.per_second = 10, .burst = 3}, at);
    for (int turn = 0; turn < 3; ++turn) {
        EXPECT_TRUE(bucket.take(1, at));
    }
    EXPECT_FALSE(bucket.take(1, at));
    EXPECT_NEAR(static_cast<double>(bucket.wait(1, at).count()), 1e8, 10);
    EXPECT_TRUE(bucket.take(1, at + bucket.wait(1, at)));
    EXPECT_TRUE(bucket.full(at + 10s));
}

TEST(BucketTest, LetsAllPassWithoutARate) {
    Bucket bucket({}, noa::Time());
    for (int turn = 0; turn < 1000; ++turn) {
        EXPECT_TRUE(bucket.take(1, noa::Time()));
    }
    EXPECT_EQ(bucket.wait(1, noa::Time()), noa::Duration::zero());
}

TEST(BucketTest, TakesNoHarmWhenTimeStandsOrGoesBack) {
    noa::Time at{1h};
    Bucket bucket({.per_second = 1, .burst = 1}, at);
    EXPECT_TRUE(bucket.take(1, at));
    EXPECT_FALSE(bucket.take(1, at - 10min));
    EXPECT_TRUE(bucket.take(1, at + 1s));
}

TEST(RetryBudgetTest, IsAShareOfFirstAttemptsAndAFloor) {
    noa::Time at{1h};
    RetryBudget budget(0.5, 1);
    int allowed = 0;
    while (budget.retry(at)) {
        ++allowed;
    }
    EXPECT_EQ(allowed, 100);
    budget.first_attempt();
    EXPECT_FALSE(budget.retry(at));
    budget.first_attempt();
    EXPECT_TRUE(budget.retry(at));
    EXPECT_TRUE(budget.retry(at + 1s));
    EXPECT_FALSE(budget.retry(at + 1s));
}

} // namespace
} // namespace communication
