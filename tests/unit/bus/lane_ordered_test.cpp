// An ordered inbox: one unsettled message a sender, in order, redeliveries too.
#include <nlohmann/json.hpp>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

LaneOptions ordered() {
    LaneOptions options;
    options.ordered = true;
    return options;
}

class LaneOrderedTest : public BusTest {
protected:
    void SetUp() override {
        a_.start();
        b_.start();
    }
    // Has everything deferred but what is asked to be retried.
    static void defer(Agent& worker) {
        worker.script.on_message = [&worker](const noa_message& message, noa_delivery delivery,
                                             noa_error&) -> noa_status {
            if (view(message.subject) == "retry" && message.attempt == 1) {
                return worker.lane().settle(delivery, NOA_E_RETRY, {}, 1);
            }
            return NOA_DEFERRED;
        };
    }
    // What came, in order, after everything that is on its way was looked at.
    static std::vector<std::string> bodies(Agent& worker) {
        std::vector<std::string> list;
        on_lane(worker.lane(), [] {});
        for (const auto& mail : worker.script.mail.all()) {
            list.push_back(mail.body);
        }
        return list;
    }
    static void settle(Agent& worker, std::size_t index) {
        const auto delivery = worker.script.mail.at(index).delivery;
        ASSERT_EQ(worker.lane().settle(delivery, NOA_OK, {}, 0), NOA_OK);
    }
    using Bodies = std::vector<std::string>;
    Agent a_{*bus_, "a"};
    Agent b_{*bus_, "b"};
};

TEST_F(LaneOrderedTest, a_sender_has_one_message_open_and_others_go_on) {
    Agent worker(*bus_, "worker", ordered());
    defer(worker);
    worker.start();
    for (const auto* body : {"a1", "a2", "a3"}) {
        ASSERT_EQ(a_.send("worker", "op", body), NOA_OK);
    }
    ASSERT_EQ(b_.send("worker", "op", "b1"), NOA_OK);
    ASSERT_EQ(b_.send("worker", "op", "b2"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "b1"}));
    EXPECT_EQ(worker.depth(), 5U) << "what waits is unsettled";
    settle(worker, 1); // b1, the later one, first
    ASSERT_TRUE(worker.script.mail.wait_for(3));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "b1", "b2"}));
    settle(worker, 0);
    ASSERT_TRUE(worker.script.mail.wait_for(4));
    on_lane(worker.lane(), [&] { settle(worker, 3); }); // a2, by the lane itself
    ASSERT_TRUE(worker.script.mail.wait_for(5));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "b1", "b2", "a2", "a3"}));
    settle(worker, 2);
    settle(worker, 4);
    worker.wait_until_empty();
    ASSERT_EQ(a_.send("worker", "op", "a4"), NOA_OK) << "nothing of it stays behind";
    ASSERT_TRUE(worker.script.mail.wait_for(6));
}

TEST_F(LaneOrderedTest, without_it_all_are_open_at_once) {
    Agent worker(*bus_, "worker");
    defer(worker);
    worker.start();
    ASSERT_EQ(a_.send("worker", "op", "a1"), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "a2"), NOA_OK);
    EXPECT_TRUE(worker.script.mail.wait_for(2));
}

TEST_F(LaneOrderedTest, a_retry_comes_before_what_its_sender_sent_after_it) {
    Agent worker(*bus_, "worker", ordered());
    defer(worker);
    worker.start();
    ASSERT_EQ(a_.send("worker", "retry", "a1"), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "a2"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "a1"}));
    EXPECT_TRUE(worker.script.mail.at(1).is_redelivered());
    // Once more, asked for by another thread.
    ASSERT_EQ(worker.lane().settle(worker.script.mail.at(1).delivery, NOA_E_RETRY, {}, 1), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(3));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "a1", "a1"}));
    settle(worker, 2);
    ASSERT_TRUE(worker.script.mail.wait_for(4));
    EXPECT_EQ(worker.script.mail.at(3).body, "a2");
}

TEST_F(LaneOrderedTest, one_that_waits_for_its_retry_holds_its_sender_only) {
    Agent worker(*bus_, "worker", ordered());
    worker.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        return view(message.subject) == "later"
                   ? worker.lane().settle(delivery, NOA_E_RETRY, {}, 3'600'000)
                   : NOA_OK;
    };
    worker.start();
    ASSERT_EQ(a_.send("worker", "later", "a1"), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "a2"), NOA_OK);
    ASSERT_EQ(b_.send("worker", "op", "b1"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "b1"}));
    on_lane(worker.lane(), [] {}); // it counts b1 when its handler has returned
    EXPECT_EQ(worker.depth(), 2U);
}

TEST_F(LaneOrderedTest, given_up_or_expired_it_makes_way_for_the_next) {
    auto options = ordered();
    options.max_deliveries = 2;
    Agent worker(*bus_, "worker", options);
    worker.script.on_message = [](const noa_message& message, noa_delivery, noa_error&) {
        return view(message.subject) == "hopeless" ? NOA_E_RETRY : NOA_OK;
    };
    worker.start();
    ASSERT_EQ(a_.request("worker", "hopeless", 1), NOA_OK);
    ASSERT_EQ(a_.request("worker", "op", 2), NOA_OK);
    ASSERT_TRUE(a_.script.answers.wait_for(2));
    EXPECT_EQ(a_.script.answers.at(0).status, NOA_E_DEAD);
    EXPECT_EQ(a_.script.answers.at(1).status, NOA_OK);
    worker.wait_until_empty();
}

TEST_F(LaneOrderedTest, what_expires_while_it_waits_is_not_handled) {
    Agent worker(*bus_, "worker", ordered());
    defer(worker);
    worker.start();
    ASSERT_EQ(a_.send("worker", "op", "a1"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    auto brief = outgoing("worker", "op", "a2");
    brief.deadline_ns = monotonic_ns() + 1;
    ASSERT_EQ(a_.lane().send(brief, nullptr), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "a3"), NOA_OK);
    settle(worker, 0);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "a3"}));
    EXPECT_EQ(worker.inbox().counters().expired.get(), 1U);
}

TEST_F(LaneOrderedTest, priority_decides_among_what_waits_for_one_sender) {
    Agent worker(*bus_, "worker", ordered());
    defer(worker);
    worker.start();
    ASSERT_EQ(a_.send("worker", "op", "first"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    ASSERT_EQ(a_.send("worker", "op", "low", NOA_PRIORITY_LOW), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "normal"), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "high", NOA_PRIORITY_HIGH), NOA_OK);
    EXPECT_EQ(bodies(worker), Bodies{"first"});
    for (std::size_t i = 0; i < 3; ++i) {
        settle(worker, i);
        ASSERT_TRUE(worker.script.mail.wait_for(i + 2));
    }
    EXPECT_EQ(bodies(worker), (Bodies{"first", "high", "normal", "low"}));
}

TEST_F(LaneOrderedTest, control_operations_and_answers_are_not_held) {
    Agent worker(*bus_, "worker", ordered());
    worker.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        EXPECT_EQ(worker.request("a", "op", delivery), NOA_OK); // asks back the one it holds
        return NOA_DEFERRED;
    };
    worker.script.on_answer = [&](std::uint64_t tag, noa_status, const noa_message*) {
        EXPECT_EQ(worker.reply(tag, "done"), NOA_OK);
    };
    worker.start();
    ASSERT_EQ(a_.request("worker", "op", 1), NOA_OK);
    ASSERT_EQ(a_.request("worker", "health", 2), NOA_OK);
    ASSERT_EQ(a_.request("worker", "op", 3), NOA_OK);
    ASSERT_TRUE(a_.script.answers.wait_for(3));
    for (const auto& answer : a_.script.answers.all()) {
        EXPECT_EQ(answer.status, NOA_OK);
    }
}

TEST_F(LaneOrderedTest, a_full_inbox_bounds_what_waits) {
    Agent worker(*bus_, "worker", ordered());
    defer(worker);
    worker.inbox().set_limit(10);
    worker.start();
    std::size_t accepted = 0;
    while (a_.send("worker", "op") == NOA_OK) {
        ASSERT_LE(++accepted, 10U);
    }
    EXPECT_EQ(accepted, 10U);
    EXPECT_EQ(b_.send("worker", "op"), NOA_E_BUSY);
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    on_lane(worker.lane(), [] {}); // open, no longer in hand
    settle(worker, 0);
    EXPECT_EQ(b_.send("worker", "op", "b1"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(3));
    EXPECT_EQ(worker.depth(), 10U);
}

TEST_F(LaneOrderedTest, the_order_is_kept_across_a_switch_with_open_deliveries) {
    Agent former(*bus_, "worker", ordered());
    Agent next(*bus_, "worker", ordered());
    defer(former);
    defer(next);
    former.start();
    for (const auto* body : {"a1", "a2"}) {
        ASSERT_EQ(a_.send("worker", "op", body), NOA_OK);
    }
    ASSERT_EQ(b_.send("worker", "op", "b1"), NOA_OK);
    ASSERT_TRUE(former.script.mail.wait_for(2));
    former.detach();
    ASSERT_EQ(a_.send("worker", "op", "a3"), NOA_OK);
    EXPECT_EQ(former.lane().settle(former.script.mail.at(0).delivery, NOA_OK, {}, 0),
              NOA_E_RETIRED);
    next.attach();
    ASSERT_TRUE(next.script.mail.wait_for(2));
    EXPECT_EQ(bodies(next), (Bodies{"a1", "b1"}));
    EXPECT_TRUE(next.script.mail.at(0).is_redelivered());
    settle(next, 0);
    ASSERT_TRUE(next.script.mail.wait_for(3));
    EXPECT_FALSE(next.script.mail.at(2).is_redelivered());
    settle(next, 2);
    ASSERT_TRUE(next.script.mail.wait_for(4));
    EXPECT_EQ(bodies(next), (Bodies{"a1", "b1", "a2", "a3"}));
}

TEST_F(LaneOrderedTest, a_retry_that_waits_across_a_switch_still_holds_its_sender) {
    Agent former(*bus_, "worker", ordered());
    Agent next(*bus_, "worker", ordered());
    former.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        return former.lane().settle(delivery, NOA_E_RETRY, {}, 50);
    };
    former.start();
    ASSERT_EQ(a_.send("worker", "op", "a1"), NOA_OK);
    ASSERT_TRUE(former.script.mail.wait_for(1));
    former.detach();
    ASSERT_EQ(a_.send("worker", "op", "a2"), NOA_OK);
    next.attach();
    ASSERT_TRUE(next.script.mail.wait_for(2));
    EXPECT_EQ(bodies(next), (Bodies{"a1", "a2"}));
}

TEST_F(LaneOrderedTest, stopping_gives_up_what_is_left_in_order) {
    Agent worker(*bus_, "worker", ordered());
    Agent watcher(*bus_, "watcher");
    defer(worker);
    worker.start();
    watcher.start();
    watcher.subscribe("host.dead_letter.worker");
    for (const auto* subject : {"n0", "n1", "n2"}) {
        ASSERT_EQ(a_.send("worker", subject), NOA_OK);
    }
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    worker.detach();
    ASSERT_EQ(a_.send("worker", "n3"), NOA_OK);
    worker.inbox().set_state(Inbox::State::stopped);
    on_lane(worker.lane(), [&] { worker.lane().abandon(); });
    ASSERT_TRUE(watcher.script.mail.wait_for(4));
    for (std::size_t i = 0; i < 4; ++i) {
        const auto letter = nlohmann::json::parse(watcher.script.mail.at(i).body, nullptr, false);
        EXPECT_EQ(letter.value("subject", ""), "n" + std::to_string(i));
    }
    EXPECT_EQ(worker.depth(), 0U);
}

TEST_F(LaneOrderedTest, it_can_be_turned_on_and_off_while_it_runs) {
    Agent worker(*bus_, "worker");
    defer(worker);
    worker.start();
    ASSERT_EQ(a_.send("worker", "op", "a1"), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "a2"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    on_lane(worker.lane(), [&] { worker.lane().retune(ordered()); });
    ASSERT_EQ(a_.send("worker", "op", "a3"), NOA_OK);
    settle(worker, 1);
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "a2"})) << "a1 was open before, and still is";
    settle(worker, 0);
    ASSERT_TRUE(worker.script.mail.wait_for(3));
    ASSERT_EQ(a_.send("worker", "op", "a4"), NOA_OK);
    ASSERT_EQ(a_.send("worker", "op", "a5"), NOA_OK);
    EXPECT_EQ(bodies(worker).size(), 3U);
    on_lane(worker.lane(), [&] { worker.lane().retune({}); });
    ASSERT_TRUE(worker.script.mail.wait_for(5));
    EXPECT_EQ(bodies(worker), (Bodies{"a1", "a2", "a3", "a4", "a5"}));
    for (std::size_t i = 2; i < 5; ++i) {
        settle(worker, i);
    }
    worker.wait_until_empty();
}

} // namespace
} // namespace noa::bus::testing
