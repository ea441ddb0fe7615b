#include <stdexcept>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;
using Timers = Scene;

TEST_F(Timers, FireOnce) {
    int fired = 0;
    plan.start = [&](TestAgent& self) {
        return self.after(2s, [&] { ++fired; }) ? noa::Status() : noa::failed("no timer");
    };
    run({});
    agent.advance(1s);
    EXPECT_EQ(fired, 0);
    agent.advance(10s);
    EXPECT_EQ(fired, 1);
    EXPECT_EQ(agent.timers(), 0U);
}

TEST_F(Timers, FireEveryPeriodFromStartToQuiesce) {
    int fired = 0;
    run([&](TestAgent&, noa::Setup& setup) { setup.every(10s, [&] { ++fired; }); });
    agent.advance(35s);
    EXPECT_EQ(fired, 3);
    ASSERT_TRUE(agent.quiesce());
    agent.advance(100s);
    EXPECT_EQ(fired, 3);
    ASSERT_TRUE(agent.start()); // the quiesce is undone
    agent.advance(10s);
    EXPECT_EQ(fired, 4);
}

TEST_F(Timers, AreNotDoubledByAStartAfterAFailedQuiesce) {
    int fired = 0;
    plan.start = [&](TestAgent& self) {
        (void)*self.every(10s, [&] { ++fired; });
        return noa::Status();
    };
    plan.quiesce = [](TestAgent&) -> noa::Status { return noa::failed("not now"); };
    run([&](TestAgent&, noa::Setup& setup) { setup.every(10s, [&] { ++fired; }); });
    ASSERT_FALSE(agent.quiesce());
    ASSERT_TRUE(agent.start());
    EXPECT_EQ(agent.timers(), 2U);
    agent.advance(10s);
    EXPECT_EQ(fired, 2);
}

TEST_F(Timers, CancelThemselves) {
    int fired = 0;
    noa::TimerId timer = 0;
    plan.start = [&](TestAgent& self) {
        timer = *self.every(1s, [&] {
            if (++fired == 2) {
                EXPECT_TRUE(self.cancel(timer));
            }
        });
        return noa::Status();
    };
    run({});
    agent.advance(10s);
    EXPECT_EQ(fired, 2);
}

TEST_F(Timers, ArmOthers) {
    int fired = 0;
    plan.start = [&](TestAgent& self) {
        (void)*self.after(1s, [&] { (void)*self.after(1s, [&] { ++fired; }); });
        return noa::Status();
    };
    run({});
    agent.advance(1s);
    EXPECT_EQ(fired, 0);
    agent.advance(1s);
    EXPECT_EQ(fired, 1);
}

TEST_F(Timers, ThatThrowAreLoggedAndGoOn) {
    int fired = 0;
    run([&](TestAgent&, noa::Setup& setup) {
        setup.every(1s, [&] {
            ++fired;
            throw std::runtime_error("tick");
        });
    });
    agent.advance(2s);
    EXPECT_EQ(fired, 2);
    ASSERT_EQ(agent.logs().size(), 2U);
    EXPECT_EQ(agent.logs()[0].text, "tick");
}

TEST_F(Timers, BeyondTheHostsLimitAreRefused) {
    plan.start = [](TestAgent& self) -> noa::Status {
        for (int count = 0; count < 4'096; ++count) {
            if (!self.after(1h, [] {})) {
                return noa::failed("too early");
            }
        }
        return self.after(1h, [] {}) ? noa::failed("one too many") : noa::Status();
    };
    run({});
}

} // namespace
} // namespace noa::test
