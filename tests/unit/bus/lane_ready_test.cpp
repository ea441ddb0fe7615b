// Descriptors that a lane watches: told on the lane, among its other calls.
#include "readiness_fixture.hpp"

namespace noa::bus::testing {
namespace {

struct Told {
    std::uint64_t tag = 0;
    std::uint32_t events = 0;
    bool on_lane = false;
};

class LaneReadyTest : public BusTest {
protected:
    LaneReadyTest() {
        agent_.script.ready = [this](std::uint64_t tag, std::uint32_t events) {
            told_.add({tag, events, agent_.lane().on_lane()});
        };
    }
    ~LaneReadyTest() override { agent_.stop(); }

    void on_lane(const std::function<void()>& task) { testing::on_lane(agent_.lane(), task); }
    // [lane]
    void watch(const Pair& pair, std::uint64_t tag, std::uint32_t events = NOA_READY_READ) {
        EXPECT_EQ(agent_.lane().watch(pair.near.get(), events, tag), NOA_OK);
    }
    // What is ready by now has been told once this returns.
    void let_it_tell() {
        let_it_look(bus_->readiness());
        on_lane([] {}); // behind the nudge
        on_lane([] {}); // after what that had the lane do
    }

    Pair pair_;
    Gathered<Told> told_;
    Agent agent_{*bus_, "one"};
};

TEST_F(LaneReadyTest, is_told_on_the_lane) {
    agent_.start();
    on_lane([&] { watch(pair_, 5); });
    pair_.say_something();
    ASSERT_TRUE(told_.wait_for(1));
    EXPECT_EQ(told_.at(0).tag, 5U);
    EXPECT_EQ(told_.at(0).events, NOA_READY_READ);
    EXPECT_TRUE(told_.at(0).on_lane);
}

TEST_F(LaneReadyTest, what_became_ready_before_attach_is_told_after_it) {
    on_lane([&] { watch(pair_, 5, NOA_READY_WRITE); });
    let_it_tell();
    EXPECT_EQ(told_.size(), 0U);
    agent_.start();
    ASSERT_TRUE(told_.wait_for(1));
    EXPECT_EQ(told_.at(0).tag, 5U);
}

TEST_F(LaneReadyTest, what_is_unwatched_in_the_same_call_is_not_told) {
    agent_.start();
    on_lane([&] {
        watch(pair_, 1);
        pair_.say_something();
        let_it_look(bus_->readiness()); // seen, and waits for the lane
        EXPECT_EQ(agent_.lane().unwatch(pair_.near.get()), NOA_OK);
        EXPECT_EQ(agent_.lane().unwatch(pair_.near.get()), NOA_E_NOT_FOUND);
    });
    let_it_tell();
    EXPECT_EQ(told_.size(), 0U);
}

TEST_F(LaneReadyTest, one_that_is_told_may_unwatch_the_next) {
    const Pair next;
    agent_.script.ready = [&](std::uint64_t tag, std::uint32_t) {
        told_.add({tag, 0, true});
        EXPECT_EQ(agent_.lane().unwatch(next.near.get()), NOA_OK);
    };
    agent_.start();
    on_lane([&] {
        watch(pair_, 1);
        watch(next, 2);
        pair_.say_something();
        let_it_look(bus_->readiness());
        next.say_something();
        let_it_look(bus_->readiness());
    });
    let_it_tell();
    ASSERT_EQ(told_.size(), 1U);
    EXPECT_EQ(told_.at(0).tag, 1U);
}

TEST_F(LaneReadyTest, detach_and_forget_end_all_watches) {
    agent_.start();
    on_lane([&] {
        watch(pair_, 1);
        pair_.say_something();
        let_it_look(bus_->readiness());
        agent_.lane().detach();
    });
    agent_.attach();
    let_it_tell();
    on_lane([&] {
        watch(pair_, 2);
        agent_.lane().forget();
        EXPECT_EQ(agent_.lane().unwatch(pair_.near.get()), NOA_E_NOT_FOUND);
    });
    let_it_tell();
    EXPECT_EQ(told_.size(), 0U);
}

TEST_F(LaneReadyTest, a_lane_that_drains_is_still_told) {
    agent_.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    agent_.start();
    ASSERT_EQ(agent_.send("one", "wait"), NOA_OK);
    ASSERT_TRUE(agent_.script.mail.wait_for(1));
    Event drained;
    on_lane([&] {
        agent_.lane().drain(monotonic_ns() + one_hour_ns, [&](bool) { drained.set(); });
        watch(pair_, 1);
    });
    pair_.say_something();
    ASSERT_TRUE(told_.wait_for(1));
    ASSERT_EQ(agent_.lane().settle(agent_.script.mail.at(0).delivery, NOA_OK, {}, 0), NOA_OK);
    ASSERT_TRUE(drained.wait());
}

// However many descriptors are ready all the time, a message waits for a few of them only.
TEST_F(LaneReadyTest, messages_have_their_turn_between_what_is_ready) {
    std::array<Pair, 200> pairs;
    std::uint64_t told = 0;
    std::uint64_t told_at_message = 0;
    agent_.script.ready = [&](std::uint64_t tag, std::uint32_t) {
        ++told;
        watch(pairs.at(tag), tag); // ready at once
    };
    agent_.script.on_message = [&](const noa_message&, noa_delivery, noa_error&) {
        told_at_message = told;
        return NOA_OK;
    };
    agent_.start();
    on_lane([&] {
        for (std::uint64_t tag = 0; tag < pairs.size(); ++tag) {
            pairs.at(tag).say_something();
            watch(pairs.at(tag), tag);
        }
        let_it_look(bus_->readiness());
        EXPECT_EQ(agent_.send("one", "message"), NOA_OK);
    });
    ASSERT_TRUE(agent_.script.mail.wait_for(1));
    EXPECT_GT(told_at_message, 0U);
    EXPECT_LT(told_at_message, pairs.size());
    on_lane([&] { agent_.lane().drop_watches(); });
}

TEST_F(LaneReadyTest, a_lane_that_ends_takes_its_watches_along) {
    {
        Agent gone(*bus_, "gone");
        testing::on_lane(gone.lane(), [&] {
            EXPECT_EQ(gone.lane().watch(pair_.near.get(), NOA_READY_READ, 1), NOA_OK);
        });
        gone.lane().join();
    }
    pair_.say_something();
    let_it_look(bus_->readiness());
    agent_.start();
    on_lane([&] { watch(pair_, 2); });
    ASSERT_TRUE(told_.wait_for(1));
    EXPECT_EQ(told_.at(0).tag, 2U);
}

} // namespace
} // namespace noa::bus::testing
