#include "noa/sdk/breaker.hpp"

#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;

class Breaker : public ::testing::Test {
protected:
    // One request through it; false when it does not let it pass.
    bool one(noa_status status) {
        const auto ticket = breaker.enter(now);
        if (ticket != 0) {
            breaker.leave(ticket, status, now);
        }
        return ticket != 0;
    }
    void open() {
        for (int failure = 0; failure < 3; ++failure) {
            EXPECT_TRUE(one(NOA_E_UNAVAILABLE));
        }
    }
    noa::CircuitBreaker breaker{{.failures = 3, .open = 10s}};
    noa::Time now{1h};
};

TEST_F(Breaker, OpensAfterFailuresInARow) {
    EXPECT_TRUE(one(NOA_E_BUSY));
    EXPECT_TRUE(one(NOA_E_EXPIRED));
    EXPECT_TRUE(one(NOA_OK)); // breaks the row
    EXPECT_TRUE(one(NOA_E_BUSY));
    EXPECT_TRUE(one(NOA_E_INTERNAL));
    EXPECT_TRUE(one(NOA_E_NOT_FOUND)); // an answer, too
    EXPECT_EQ(breaker.state(now), noa::Circuit::closed);
    open();
    EXPECT_EQ(breaker.state(now), noa::Circuit::open);
    EXPECT_FALSE(one(NOA_OK));
    now += 10s - 1ns;
    EXPECT_FALSE(one(NOA_OK));
}

TEST_F(Breaker, HalfOpenLetsOneProbePassAndClosesWhenThatWorks) {
    open();
    now += 10s;
    EXPECT_EQ(breaker.state(now), noa::Circuit::half_open);
    const auto probe = breaker.enter(now);
    ASSERT_NE(probe, 0U);
    EXPECT_EQ(breaker.enter(now), 0U) << "one at a time";
    breaker.leave(probe, NOA_OK, now);
    EXPECT_EQ(breaker.state(now), noa::Circuit::closed);
    EXPECT_TRUE(one(NOA_E_BUSY));
    EXPECT_TRUE(one(NOA_E_BUSY)) << "counts from nothing";
}

TEST_F(Breaker, HalfOpenOpensAgainWhenTheProbeFails) {
    open();
    now += 10s;
    EXPECT_TRUE(one(NOA_E_EXPIRED));
    EXPECT_EQ(breaker.state(now), noa::Circuit::open);
    now += 9s;
    EXPECT_FALSE(one(NOA_OK));
    now += 1s;
    EXPECT_TRUE(one(NOA_OK));
}

TEST_F(Breaker, EndsOfBeforeTheLastChangeSayNothing) {
    const auto early = breaker.enter(now);
    const auto earlier = breaker.enter(now);
    open();
    breaker.leave(early, NOA_OK, now);
    EXPECT_EQ(breaker.state(now), noa::Circuit::open);
    now += 10s;
    const auto probe = breaker.enter(now);
    breaker.leave(earlier, NOA_E_BUSY, now);
    EXPECT_EQ(breaker.state(now), noa::Circuit::half_open);
    breaker.leave(probe, NOA_OK, now);
    EXPECT_EQ(breaker.state(now), noa::Circuit::closed);
}

TEST_F(Breaker, AProbeOfWhichNothingIsHeardOrThatWasNeverSentMakesRoomForAnother) {
    open();
    now += 10s;
    EXPECT_NE(breaker.enter(now), 0U);
    now += 10s;
    const auto probe = breaker.enter(now);
    ASSERT_NE(probe, 0U);
    EXPECT_EQ(breaker.enter(now), 0U);
    breaker.withdraw(probe);
    EXPECT_NE(breaker.enter(now), 0U);
}

class BreakerOfRequests : public Scene {
protected:
    noa::CircuitBreaker breaker{{.failures = 2, .open = 10s}};
    std::vector<noa_status> ends;

    void run_it() {
        run([this](TestAgent& self, noa::Setup& setup) {
            setup.operation("go", [&self, this] {
                self.request("other", "op")
                    .timeout(1s)
                    .breaker(breaker)
                    .then([this](const noa::Reply& reply) {
                        ends.push_back(reply.status());
                        text = reply.text();
                    });
            });
        });
    }
    std::string text;
};

TEST_F(BreakerOfRequests, AreNotSentWhileItIsOpen) {
    run_it();
    for (int turn = 0; turn < 2; ++turn) {
        agent.call("go");
        agent.advance(1s);
    }
    agent.call("go");
    EXPECT_EQ(agent.open_requests().size(), 0U);
    EXPECT_THAT(ends, ::testing::ElementsAre(NOA_E_EXPIRED, NOA_E_EXPIRED, NOA_E_UNAVAILABLE));
    EXPECT_EQ(text, "op was not sent: the circuit is open");
    agent.advance(10s);
    agent.on_request("other", "op", [](const testing::Sent&) { return testing::Scripted{}; });
    agent.call("go");
    EXPECT_EQ(ends.back(), NOA_OK);
    EXPECT_EQ(breaker.state(noa::Time(noa::Duration(agent.now_ns()))), noa::Circuit::closed);
}

TEST_F(BreakerOfRequests, RefusedForReasonsOfOurOwnSayNothingOfThePeer) {
    run_it();
    for (int turn = 0; turn < 3; ++turn) {
        agent.refuse_next(NOA_E_LOOP);
        agent.call("go");
    }
    EXPECT_EQ(breaker.state(noa::Time(noa::Duration(agent.now_ns()))), noa::Circuit::closed);
    for (int turn = 0; turn < 2; ++turn) {
        agent.refuse_next(NOA_E_BUSY);
        agent.call("go");
    }
    EXPECT_EQ(breaker.state(noa::Time(noa::Duration(agent.now_ns()))), noa::Circuit::open);
    agent.advance(10s);
    agent.refuse_next(NOA_E_LOOP);
    agent.call("go");
    agent.call("go"); // the probe was not used up
    EXPECT_EQ(agent.open_requests().size(), 1U);
}

} // namespace
} // namespace noa::test
