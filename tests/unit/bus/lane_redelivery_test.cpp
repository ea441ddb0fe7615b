// Messages that come again, and those that are given up.
#include <atomic>

#include <nlohmann/json.hpp>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

using LaneRedeliveryTest = BusTest;

LaneOptions giving_up_after(std::uint32_t deliveries) {
    LaneOptions options;
    options.max_deliveries = deliveries;
    return options;
}

TEST_F(LaneRedeliveryTest, retry_has_the_message_delivered_again_flagged_and_later) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker");
    std::atomic<std::int64_t> first_at{0};
    std::atomic<std::int64_t> second_at{0};
    worker.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        if (message.attempt == 1) {
            first_at = monotonic_ns();
            EXPECT_EQ(worker.lane().settle(delivery, NOA_E_RETRY, {}, 20), NOA_OK);
        } else {
            second_at = monotonic_ns();
        }
        return NOA_OK;
    };
    asker.start();
    worker.start();
    ASSERT_EQ(asker.request("worker", "op", 1, "body"), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    const auto mail = worker.script.mail.all();
    EXPECT_EQ(mail[0].head.attempt, 1U);
    EXPECT_FALSE(mail[0].is_redelivered());
    EXPECT_EQ(mail[1].head.attempt, 2U);
    EXPECT_TRUE(mail[1].is_redelivered());
    EXPECT_EQ(mail[1].body, "body");
    EXPECT_EQ(std::memcmp(&mail[0].head.id, &mail[1].head.id, sizeof(noa_id)), 0);
    EXPECT_GE(second_at - first_at, 20'000'000);
    worker.wait_until_empty();
    EXPECT_EQ(worker.inbox().counters().redelivered.get(), 1U);
}

TEST_F(LaneRedeliveryTest, what_handle_returns_may_ask_for_a_retry_too) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker");
    worker.script.on_message = [](const noa_message& message, noa_delivery, noa_error&) {
        return message.attempt < 2 ? NOA_E_RETRY : NOA_OK;
    };
    asker.start();
    worker.start();
    ASSERT_EQ(asker.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.script.answers.at(0).status, NOA_OK);
}

TEST_F(LaneRedeliveryTest, others_are_not_held_up_by_one_that_waits_for_its_retry) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker");
    worker.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        return view(message.subject) == "later"
                   ? worker.lane().settle(delivery, NOA_E_RETRY, {}, 3'600'000)
                   : NOA_OK;
    };
    asker.start();
    worker.start();
    ASSERT_EQ(asker.request("worker", "later", 1), NOA_OK);
    ASSERT_EQ(asker.request("worker", "now", 2), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.script.answers.at(0).tag, 2U);
    on_lane(worker.lane(), [] {}); // the answer is sent before the lane counts it
    on_lane(worker.lane(), [] {});
    EXPECT_EQ(worker.depth(), 1U) << "the one that waits is unsettled";
}

TEST_F(LaneRedeliveryTest, a_deferred_one_can_be_sent_round_again_by_another_thread) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker");
    worker.script.on_message = [](const noa_message& message, noa_delivery, noa_error&) {
        return message.attempt == 1 ? NOA_DEFERRED : NOA_OK;
    };
    asker.start();
    worker.start();
    ASSERT_EQ(asker.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    on_lane(worker.lane(), [] {});
    ASSERT_EQ(worker.lane().settle(worker.script.mail.at(0).delivery, NOA_E_RETRY, {}, 1), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    EXPECT_EQ(worker.script.mail.at(1).head.attempt, 2U);
    EXPECT_TRUE(worker.script.mail.at(1).is_redelivered());
    worker.wait_until_empty();
    EXPECT_EQ(worker.inbox().counters().redelivered.get(), 1U);
}

TEST_F(LaneRedeliveryTest, after_max_deliveries_the_asker_and_the_operator_are_told) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker", giving_up_after(3));
    Agent watcher(*bus_, "watcher");
    worker.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        return worker.lane().settle(delivery, NOA_E_RETRY, {}, 1);
    };
    asker.start();
    worker.start();
    watcher.start();
    watcher.subscribe("host.dead_letter.*");
    ASSERT_EQ(asker.request("worker", "hopeless.case", 5), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.script.answers.at(0).status, NOA_E_DEAD);
    EXPECT_EQ(worker.script.mail.size(), 3U);
    ASSERT_TRUE(watcher.script.mail.wait_for(1));
    const auto letter = watcher.script.mail.at(0);
    EXPECT_EQ(letter.head.kind, NOA_MESSAGE_EVENT);
    EXPECT_EQ(letter.from, "host");
    EXPECT_EQ(letter.subject, "host.dead_letter.worker");
    const auto json = nlohmann::json::parse(letter.body, nullptr, false);
    ASSERT_TRUE(json.is_object()) << letter.body;
    EXPECT_EQ(json.value("agent", ""), "worker");
    EXPECT_EQ(json.value("from", ""), "asker");
    EXPECT_EQ(json.value("subject", ""), "hopeless.case");
    EXPECT_EQ(json.value("attempts", 0), 3);
    worker.wait_until_empty();
    EXPECT_EQ(worker.inbox().counters().dead.get(), 1U);
    EXPECT_EQ(worker.inbox().counters().redelivered.get(), 2U);
}

TEST_F(LaneRedeliveryTest, open_deliveries_go_to_the_next_lane_flagged_and_first) {
    Agent asker(*bus_, "asker");
    Agent former(*bus_, "worker");
    Agent next(*bus_, "worker");
    former.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    asker.start();
    former.start();
    for (std::uint64_t tag = 1; tag <= 3; ++tag) {
        ASSERT_EQ(asker.request("worker", "op", tag, "old"), NOA_OK);
    }
    ASSERT_TRUE(former.script.mail.wait_for(3));
    former.detach();
    ASSERT_EQ(asker.request("worker", "op", 4, "new"), NOA_OK);
    EXPECT_EQ(former.depth(), 4U) << "accepted while no lane is attached";
    EXPECT_EQ(former.reply(former.script.mail.at(0).delivery, "too late"), NOA_E_RETIRED);
    next.attach();
    ASSERT_TRUE(asker.script.answers.wait_for(4));
    const auto mail = next.script.mail.all();
    ASSERT_EQ(mail.size(), 4U);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(mail[i].is_redelivered());
        EXPECT_EQ(mail[i].head.attempt, 2U);
        EXPECT_EQ(mail[i].body, "old");
        EXPECT_NE(mail[i].delivery, former.script.mail.at(i).delivery);
    }
    EXPECT_FALSE(mail[3].is_redelivered());
    EXPECT_EQ(mail[3].body, "new");
}

TEST_F(LaneRedeliveryTest, a_retry_that_waits_goes_to_the_next_lane) {
    Agent asker(*bus_, "asker");
    Agent former(*bus_, "worker");
    Agent next(*bus_, "worker");
    former.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        return former.lane().settle(delivery, NOA_E_RETRY, {}, 30);
    };
    asker.start();
    former.start();
    ASSERT_EQ(asker.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(former.script.mail.wait_for(1));
    former.detach();
    next.attach();
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    ASSERT_EQ(next.script.mail.size(), 1U);
    EXPECT_EQ(next.script.mail.at(0).head.attempt, 2U);
    EXPECT_TRUE(next.script.mail.at(0).is_redelivered());
}

// Hands the inbox of `worker` on to itself, as a reload does.
void switch_over(Agent& worker, Revoked why = Revoked::at_switch) {
    on_lane(worker.lane(), [&] { worker.lane().detach(why); });
    worker.attach();
}

TEST_F(LaneRedeliveryTest, what_reloads_end_is_flagged_and_does_not_count_as_a_delivery) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker", giving_up_after(2));
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    asker.start();
    worker.start();
    ASSERT_EQ(asker.request("worker", "long", 1), NOA_OK);
    constexpr std::size_t reloads = 10;
    for (std::size_t i = 1; i <= reloads; ++i) {
        ASSERT_TRUE(worker.script.mail.wait_for(i));
        switch_over(worker);
    }
    ASSERT_TRUE(worker.script.mail.wait_for(reloads + 1));
    const auto last = worker.script.mail.at(reloads);
    EXPECT_EQ(last.head.attempt, reloads + 1);
    EXPECT_TRUE(last.is_redelivered());
    // One retry of its own is left to it, and only one.
    ASSERT_EQ(worker.lane().settle(last.delivery, NOA_E_RETRY, {}, 1), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(reloads + 2));
    on_lane(worker.lane(), [] {});
    ASSERT_EQ(worker.lane().settle(worker.script.mail.at(reloads + 1).delivery, NOA_E_RETRY, {}, 1),
              NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.script.answers.at(0).status, NOA_E_DEAD);
    EXPECT_EQ(worker.script.mail.size(), reloads + 2);
}

TEST_F(LaneRedeliveryTest, a_message_that_never_outlives_a_reload_is_given_up_in_the_end) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker", giving_up_after(5));
    Agent watcher(*bus_, "watcher");
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    asker.start();
    worker.start();
    watcher.start();
    watcher.subscribe("host.dead_letter.worker");
    ASSERT_EQ(asker.request("worker", "reload.me", 1), NOA_OK);
    const auto limit = LaneOptions{}.max_revocations;
    for (std::size_t i = 1; i <= limit; ++i) {
        ASSERT_TRUE(worker.script.mail.wait_for(i)) << i;
        switch_over(worker);
    }
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.script.answers.at(0).status, NOA_E_DEAD);
    EXPECT_NE(asker.script.answers.at(0).body.find("32 reloads"), std::string::npos);
    ASSERT_TRUE(watcher.script.mail.wait_for(1));
    const auto letter = nlohmann::json::parse(watcher.script.mail.at(0).body, nullptr, false);
    EXPECT_EQ(letter.value("reloads", 0U), limit);
    EXPECT_NE(letter.value("reason", "").find("32 reloads"), std::string::npos);
    EXPECT_EQ(worker.script.mail.size(), limit);
}

TEST_F(LaneRedeliveryTest, what_a_lost_holder_had_counts_as_a_delivery) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker", giving_up_after(2));
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    asker.start();
    worker.start();
    ASSERT_EQ(asker.request("worker", "poison", 1), NOA_OK);
    for (std::size_t i = 1; i <= 2; ++i) {
        ASSERT_TRUE(worker.script.mail.wait_for(i));
        switch_over(worker, Revoked::by_loss);
    }
    ASSERT_TRUE(asker.script.answers.wait_for(1));
    EXPECT_EQ(asker.script.answers.at(0).status, NOA_E_DEAD);
    EXPECT_EQ(worker.script.mail.size(), 2U);
}

TEST_F(LaneRedeliveryTest, who_cannot_take_dead_letters_makes_no_further_ones) {
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker", giving_up_after(1));
    Agent mourner(*bus_, "mourner", giving_up_after(2)); // takes every letter and fails
    Agent watcher(*bus_, "watcher");
    for (auto* agent : {&worker, &mourner}) {
        agent->script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
            return NOA_E_RETRY;
        };
    }
    sender.start();
    worker.start();
    mourner.start();
    watcher.start();
    mourner.subscribe("host.dead_letter.>");
    watcher.subscribe("host.dead_letter.>");
    ASSERT_EQ(sender.send("worker", "op"), NOA_OK);
    worker.wait_until_empty();
    mourner.wait_until_empty();
    ASSERT_EQ(sender.send("watcher", "last"), NOA_OK);
    ASSERT_TRUE(watcher.script.mail.wait_for(2));
    EXPECT_EQ(watcher.script.mail.at(0).subject, "host.dead_letter.worker");
    EXPECT_EQ(watcher.script.mail.at(1).subject, "last") << "no letter about the letter";
    EXPECT_EQ(mourner.inbox().counters().dead.get(), 1U);
    EXPECT_EQ(mourner.inbox().counters().dead_unannounced.get(), 1U);
    EXPECT_EQ(worker.inbox().counters().dead_unannounced.get(), 0U);
}

// It sends what fails for each letter: a loop like any other.
TEST_F(LaneRedeliveryTest, letters_that_bring_about_letters_end_by_the_hop_limit) {
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker", giving_up_after(1));
    Agent stubborn(*bus_, "stubborn");
    Event ended;
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_E_RETRY;
    };
    stubborn.script.on_message = [&](const noa_message&, noa_delivery, noa_error&) {
        if (stubborn.send("worker", "again") == NOA_E_LOOP) {
            ended.set();
        }
        return NOA_OK;
    };
    sender.start();
    worker.start();
    stubborn.start();
    stubborn.subscribe("host.dead_letter.worker");
    ASSERT_EQ(sender.send("worker", "op"), NOA_OK);
    EXPECT_TRUE(ended.wait());
}

TEST_F(LaneRedeliveryTest, abandoning_answers_and_settles_everything_wherever_it_is) {
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker");
    Agent watcher(*bus_, "watcher");
    worker.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        return view(message.subject) == "retry"
                   ? worker.lane().settle(delivery, NOA_E_RETRY, {}, 3'600'000)
                   : NOA_DEFERRED;
    };
    asker.start();
    worker.start();
    watcher.start();
    watcher.subscribe("host.dead_letter.worker");
    ASSERT_EQ(asker.request("worker", "defer", 1), NOA_OK);
    ASSERT_EQ(asker.request("worker", "retry", 2), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(2));
    worker.detach();
    ASSERT_EQ(asker.request("worker", "queued", 3), NOA_OK);
    auto urgent = outgoing("worker", "urgent");
    urgent.priority = NOA_PRIORITY_HIGH;
    ASSERT_EQ(asker.lane().request(urgent, 4, nullptr), NOA_OK);
    auto low = outgoing("worker", "low");
    low.priority = NOA_PRIORITY_LOW;
    ASSERT_EQ(asker.lane().request(low, 5, nullptr), NOA_OK);
    ASSERT_EQ(asker.request("worker", "health", 6), NOA_OK);
    worker.inbox().set_state(Inbox::State::stopped);
    on_lane(worker.lane(), [&] { worker.lane().abandon(); });
    ASSERT_TRUE(asker.script.answers.wait_for(6));
    std::uint64_t tags = 0;
    for (const auto& answer : asker.script.answers.all()) {
        EXPECT_EQ(answer.status, NOA_E_UNAVAILABLE);
        tags |= std::uint64_t{1} << answer.tag;
    }
    EXPECT_EQ(tags, 0b1111110U);
    EXPECT_EQ(worker.depth(), 0U);
    ASSERT_TRUE(watcher.script.mail.wait_for(5)) << "health is no letter";
    EXPECT_EQ(worker.inbox().counters().dead.get(), 5U);
    EXPECT_EQ(asker.request("worker", "op", 7), NOA_E_UNAVAILABLE);
}

} // namespace
} // namespace noa::bus::testing
