#include "noa/sdk/retry.hpp"

#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(Pauses, DoubleUpToTheLongestAndAreInFullChance) {
    const noa::RetryPolicy policy{.first_pause = 100ms, .longest_pause = 1s};
    const auto most = [&](unsigned made) { return sdk::pause_after(made, policy, 1.0); };
    EXPECT_EQ(most(1), 100ms);
    EXPECT_EQ(most(2), 200ms);
    EXPECT_EQ(most(4), 800ms);
    EXPECT_EQ(most(5), 1s);
    EXPECT_EQ(most(4'000'000'000U), 1s) << "no overflow, no long loop";
    EXPECT_EQ(sdk::pause_after(3, policy, 0.25), 100ms);
    EXPECT_EQ(sdk::pause_after(3, policy, 0.0), 0ms);
}

TEST(Jitters, OfOneSeedAreTheSameAndSpreadEvenly) {
    noa::Jitter one(1);
    noa::Jitter same(1);
    noa::Jitter other(2);
    EXPECT_NE(noa::Jitter(1).next(), other.next());
    double sum = 0;
    for (int turn = 0; turn < 10'000; ++turn) {
        const double fraction = one.next();
        EXPECT_EQ(fraction, same.next());
        ASSERT_GE(fraction, 0);
        ASSERT_LT(fraction, 1);
        sum += fraction;
    }
    EXPECT_NEAR(sum / 10'000, 0.5, 0.02);
}

class Retries : public Scene {
protected:
    Retries() {
        policy.jitter = &jitter;
        agent.on_request("other", "op", [this](const testing::Sent& sent) {
            seen.push_back(sent);
            at.push_back(std::chrono::nanoseconds(agent.now_ns()) - begin);
            const noa_status status = statuses.empty() ? NOA_OK : statuses.front();
            if (!statuses.empty()) {
                statuses.erase(statuses.begin());
            }
            return testing::Scripted{status, status == NOA_OK ? "done" : "failed", ""};
        });
    }
    // "go" asks other.op with retries and passes on what comes of it.
    void run_it(noa::Duration timeout = 0s) {
        run([this, timeout](TestAgent& self, noa::Setup& setup) {
            setup.operation("go", [&self, this, timeout](const noa::Request& request,
                                                         noa::Responder r) {
                self.request("other", "op", request.body())
                    .timeout(timeout)
                    .retry(policy)
                    .then([r = std::move(r)](const noa::Reply& reply) mutable { r.reply(reply); });
            });
        });
        begin = std::chrono::nanoseconds(agent.now_ns());
    }
    testing::Answer last() { return agent.answer(agent.last_delivery()); }

    noa::Jitter jitter = noa::Jitter::fixed(1.0); // the longest pauses
    noa::RetryPolicy policy{.attempts = 4, .first_pause = 1s, .longest_pause = 3s};
    std::vector<noa_status> statuses; // of the next answers, then NOA_OK
    std::vector<testing::Sent> seen;
    std::vector<std::chrono::nanoseconds> at;
    std::chrono::nanoseconds begin{0};
};

TEST_F(Retries, GoOnUntilOneWorks) {
    statuses = {NOA_E_BUSY, NOA_E_UNAVAILABLE, NOA_E_NO_AGENT};
    run_it();
    EXPECT_FALSE(agent.call("go", "body", {.traceparent = "trace"}).settled);
    agent.advance(10s);
    EXPECT_EQ(last().body, "done");
    EXPECT_THAT(at, ElementsAre(0s, 1s, 3s, 6s));
    for (const testing::Sent& sent : seen) {
        EXPECT_EQ(sent.body, "body");
        EXPECT_EQ(sent.traceparent, "trace");
    }
}

TEST_F(Retries, EndWithTheLastErrorWhenTheAttemptsAreUsedUp) {
    statuses = {NOA_E_BUSY, NOA_E_BUSY, NOA_E_BUSY, NOA_E_UNAVAILABLE, NOA_OK};
    run_it();
    agent.call("go");
    agent.advance(30s);
    EXPECT_EQ(last().status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(seen.size(), 4U);
}

TEST_F(Retries, AreNotMadeOfWhatWillNotPass) {
    run_it();
    for (const noa_status status : {NOA_E_INVALID, NOA_E_FAILED, NOA_E_INTERNAL, NOA_E_DENIED}) {
        seen.clear();
        statuses = {status};
        EXPECT_EQ(agent.call("go").status, status);
        EXPECT_EQ(seen.size(), 1U);
    }
}

TEST_F(Retries, NeverGoPastTheTimeout) {
    statuses.assign(10, NOA_E_BUSY);
    run_it(3s);
    agent.call("go");
    agent.advance(2s);
    EXPECT_EQ(last().status, NOA_E_BUSY) << "the pause of 2 s would end at the time-out";
    EXPECT_THAT(at, ElementsAre(0s, 1s));
    EXPECT_EQ(seen[1].deadline_ns, (begin + 3s).count());
}

TEST_F(Retries, NeverGoPastTheDeadlineOfTheMessageAtHand) {
    statuses.assign(10, NOA_E_BUSY);
    run_it();
    agent.call("go", "", {.timeout = 2s});
    agent.advance(10s);
    EXPECT_EQ(last().status, NOA_E_BUSY);
    EXPECT_THAT(at, ElementsAre(0s, 1s));
    EXPECT_EQ(seen[1].deadline_ns, (begin + 2s).count());
}

TEST_F(Retries, NeverGoPastTheDeadlineThatAContinuationInherits) {
    statuses.assign(10, NOA_E_BUSY);
    run([this](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&self, this](const noa::Request&, noa::Responder r) {
            self.request("first", "op").then([&self, this, r = std::move(r)](auto&) mutable {
                self.request("other", "op")
                    .retry(policy)
                    .then([r = std::move(r)](const noa::Reply& reply) mutable { r.reply(reply); });
            });
        });
    });
    begin = std::chrono::nanoseconds(agent.now_ns());
    agent.call("go", "", {.timeout = 5s});
    agent.advance(1s);
    agent.answer_request(agent.open_requests().at(0).tag, {NOA_OK, "", ""});
    agent.advance(10s);
    EXPECT_THAT(at, ElementsAre(1s, 2s, 4s));
    EXPECT_EQ(last().status, NOA_E_BUSY);
}

TEST_F(Retries, OfAnAttemptThatExpiresFollowWithinTheWhole) {
    policy.attempt_timeout = 2s;
    run([this](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&self, this](const noa::Request&, noa::Responder r) {
            self.request("silent", "op")
                .timeout(6s)
                .retry(policy)
                .then([r = std::move(r)](const noa::Reply& reply) mutable { r.reply(reply); });
        });
    });
    agent.call("go");
    EXPECT_EQ(agent.open_requests().at(0).deadline_ns, agent.now_ns() + 2'000'000'000);
    agent.advance(4s); // 2 s, a pause of 1 s, and 1 s of the second attempt
    EXPECT_EQ(agent.open_requests().size(), 1U);
    EXPECT_FALSE(last().settled);
    agent.advance(2s);
    EXPECT_EQ(last().status, NOA_E_EXPIRED);
    EXPECT_EQ(agent.open_requests().size(), 0U);
}

TEST_F(Retries, WaitAtLeastAsLongAsTheHostSays) {
    jitter = noa::Jitter::fixed(0);
    run_it();
    agent.refuse_next(NOA_E_BUSY); // with a hint of 10 ms
    EXPECT_FALSE(agent.call("go").settled);
    agent.advance(9ms);
    EXPECT_FALSE(last().settled);
    agent.advance(1ms);
    EXPECT_EQ(last().body, "done");
}

TEST_F(Retries, CountWhatTheBreakerStops) {
    noa::CircuitBreaker breaker{{.failures = 1, .open = 2500ms}};
    statuses = {NOA_E_BUSY};
    run([&](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&](const noa::Request&, noa::Responder r) {
            self.request("other", "op")
                .retry(policy)
                .breaker(breaker)
                .then([r = std::move(r)](const noa::Reply& reply) mutable { r.reply(reply); });
        });
    });
    begin = std::chrono::nanoseconds(agent.now_ns());
    agent.call("go");
    agent.advance(10s);
    EXPECT_EQ(last().body, "done");
    EXPECT_THAT(at, ElementsAre(0s, 3s)) << "the attempt at 1 s was not sent";
}

TEST_F(Retries, InAPauseGoOnAfterAQuiesceThatIsUndone) {
    statuses = {NOA_E_BUSY};
    int ends = 0;
    run([&](TestAgent& self, noa::Setup& setup) {
        setup.operation("go", [&] {
            self.request("other", "op").retry(policy).then([&](const noa::Reply& reply) {
                EXPECT_TRUE(reply.ok());
                ++ends;
            });
        });
    });
    agent.call("go");
    ASSERT_TRUE(agent.quiesce());
    agent.advance(10s);
    EXPECT_EQ(ends, 0);
    ASSERT_TRUE(agent.start());
    agent.advance(0s);
    EXPECT_EQ(ends, 1);
}

TEST_F(Retries, InAPauseAreDroppedWithTheirGeneration) {
    statuses = {NOA_E_BUSY};
    run_it();
    agent.call("go");
    ASSERT_TRUE(agent.quiesce());
    EXPECT_EQ(agent.taken_back(), 1U);
    agent.destroy();
    EXPECT_FALSE(last().settled) << "left to the next generation";
}

TEST_F(Retries, AreMadeByThemselvesWhileTheHostPreparesForQuiesce) {
    run([](TestAgent& self, noa::Setup& setup) { // no retry is asked for
        setup.operation("go", [&self](const noa::Request& request, noa::Responder r) {
            self.request("other", "op", request.body())
                .timeout(1s)
                .then([r = std::move(r)](const noa::Reply& reply) mutable { r.reply(reply); });
        });
    });
    agent.host().quiesced = true;
    EXPECT_FALSE(agent.call("go", "body").settled) << "no error to the asker";
    agent.advance(100ms);
    EXPECT_FALSE(last().settled);
    agent.host().quiesced = false; // called off
    agent.advance(20ms);
    EXPECT_EQ(last().body, "done");
    EXPECT_EQ(seen.at(0).body, "body");
    agent.host().quiesced = true;
    agent.call("go");
    agent.advance(1s);
    EXPECT_EQ(last().status, NOA_E_EXPIRED);
}

} // namespace
} // namespace noa::test
