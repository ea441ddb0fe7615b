// Full inboxes, priorities, the limit of open deliveries, hops.
#include <array>
#include <atomic>
#include <mutex>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

using LaneLimitsTest = BusTest;

TEST_F(LaneLimitsTest, a_full_inbox_refuses_with_its_depth_and_loses_nothing) {
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker");
    Blockade blockade(worker);
    worker.inbox().set_limit(10);
    sender.start();
    worker.start();
    blockade.close(sender, "worker");
    std::size_t accepted = 1;
    auto receipt = empty_receipt();
    noa_status status = NOA_OK;
    while ((status = sender.lane().send(outgoing("worker", "op"), &receipt)) == NOA_OK) {
        ++accepted;
    }
    EXPECT_EQ(status, NOA_E_BUSY);
    EXPECT_EQ(accepted, 10U);
    EXPECT_EQ(receipt.depth, 10U);
    EXPECT_EQ(receipt.refused, 1U);
    EXPECT_GT(receipt.retry_after_ms, 0U);
    EXPECT_EQ(sender.request("worker", "op", 1), NOA_E_BUSY);
    blockade.release();
    ASSERT_TRUE(worker.script.mail.wait_for(10));
    worker.wait_until_empty();
    EXPECT_EQ(sender.send("worker", "op"), NOA_OK);
    EXPECT_EQ(worker.inbox().counters().refused.get(), 2U);
    EXPECT_TRUE(sender.script.answers.all().empty()) << "a refused request has no other end";
}

TEST_F(LaneLimitsTest, a_small_inbox_counts_a_settled_message_at_once) {
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker");
    Blockade blockade(worker);
    worker.inbox().set_limit(4);
    sender.start();
    worker.inbox().set_state(Inbox::State::open);
    for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(sender.send("worker", "op"), NOA_OK);
    }
    std::thread attaching([&] { worker.attach(); });
    blockade.close(sender, "worker");
    attaching.join();
    EXPECT_EQ(worker.depth(), 1U) << "three are handled, one is in hand";
}

TEST_F(LaneLimitsTest, send_many_stops_at_the_first_refusal) {
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker");
    Blockade blockade(worker);
    worker.inbox().set_limit(5);
    sender.start();
    worker.start();
    blockade.close(sender, "worker");
    std::array<noa_outgoing, 8> messages{};
    messages.fill(outgoing("worker", "op", "x"));
    auto receipt = empty_receipt();
    EXPECT_EQ(sender.lane().send_many(messages.data(), sizeof messages[0], 3, &receipt), NOA_OK);
    EXPECT_EQ(receipt.accepted, 3U);
    EXPECT_EQ(sender.lane().send_many(messages.data(), sizeof messages[0], 8, &receipt),
              NOA_E_BUSY);
    EXPECT_EQ(receipt.accepted, 1U);
    EXPECT_EQ(receipt.refused, 1U);
    EXPECT_EQ(receipt.depth, 5U);
    EXPECT_EQ(sender.lane().send_many(messages.data(), 8, 1, &receipt), NOA_E_INVALID);
    blockade.release();
    EXPECT_TRUE(worker.script.mail.wait_for(5));
}

TEST_F(LaneLimitsTest, high_priority_overtakes_thousands_and_low_waits_for_all) {
    constexpr std::size_t queued = 5000;
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker");
    Blockade blockade(worker);
    sender.start();
    worker.start();
    blockade.close(sender, "worker");
    ASSERT_EQ(sender.send("worker", "low", "first", NOA_PRIORITY_LOW), NOA_OK);
    ASSERT_EQ(sender.send("worker", "low", "second", NOA_PRIORITY_LOW), NOA_OK);
    for (std::size_t i = 0; i < queued; ++i) {
        ASSERT_EQ(sender.send("worker", "normal"), NOA_OK);
    }
    ASSERT_EQ(sender.send("worker", "high", "first", NOA_PRIORITY_HIGH), NOA_OK);
    ASSERT_EQ(sender.send("worker", "high", "second", NOA_PRIORITY_HIGH), NOA_OK);
    blockade.release();
    ASSERT_TRUE(worker.script.mail.wait_for(queued + 5));
    const auto mail = worker.script.mail.all();
    EXPECT_EQ(mail[1].subject + mail[1].body, "highfirst");
    EXPECT_EQ(mail[2].subject + mail[2].body, "highsecond");
    for (std::size_t i = 3; i < queued + 3; ++i) {
        ASSERT_EQ(mail[i].subject, "normal") << i;
    }
    EXPECT_EQ(mail[queued + 3].subject + mail[queued + 3].body, "lowfirst");
    EXPECT_EQ(mail[queued + 4].subject + mail[queued + 4].body, "lowsecond");
}

TEST_F(LaneLimitsTest, control_operations_are_answered_with_a_full_inbox) {
    LaneOptions options;
    options.concurrency = 1;
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker", options);
    worker.inbox().set_limit(3);
    worker.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    worker.script.inspected = [](std::string_view operation) -> Result<std::string> {
        if (operation == "metrics") {
            return fail(Errc::internal, "read metrics", "worker", "none today");
        }
        return R"({"asked":")" + std::string(operation) + R"("})";
    };
    asker.start();
    worker.start();
    while (asker.send("worker", "op") == NOA_OK) {}
    ASSERT_EQ(asker.request("worker", "op", 1), NOA_E_BUSY);
    ASSERT_EQ(asker.request("worker", "health", 2), NOA_OK);
    ASSERT_EQ(asker.request("worker", "describe", 3), NOA_OK);
    ASSERT_EQ(asker.request("worker", "metrics", 4), NOA_OK);
    ASSERT_TRUE(asker.script.answers.wait_for(3));
    const auto answers = asker.script.answers.all();
    EXPECT_EQ(answers[0].body, R"({"asked":"health"})");
    EXPECT_EQ(answers[1].body, R"({"asked":"describe"})");
    EXPECT_EQ(answers[2].status, NOA_E_FAILED);
    EXPECT_NE(answers[2].body.find("none today"), std::string::npos);
    EXPECT_EQ(worker.depth(), 3U);
}

TEST_F(LaneLimitsTest, no_more_than_the_allowed_number_is_open_at_once) {
    LaneOptions options;
    options.concurrency = 3;
    Agent asker(*bus_, "asker");
    Agent worker(*bus_, "worker", options);
    std::atomic<std::size_t> most{0};
    worker.script.on_message = [&](const noa_message&, noa_delivery, noa_error&) {
        most = std::max(most.load(), worker.inbox().deliveries().count() + 1);
        return NOA_DEFERRED;
    };
    asker.start();
    worker.start();
    constexpr std::size_t count = 40;
    for (std::uint64_t tag = 0; tag < count; ++tag) {
        ASSERT_EQ(asker.request("worker", "op", tag, std::to_string(tag)), NOA_OK);
    }
    for (std::size_t i = 0; i < count; ++i) {
        ASSERT_TRUE(worker.script.mail.wait_for(i + 1));
        EXPECT_EQ(worker.script.mail.at(i).body, std::to_string(i));
        ASSERT_EQ(worker.reply(worker.script.mail.at(i).delivery, "ok"), NOA_OK);
    }
    ASSERT_TRUE(asker.script.answers.wait_for(count));
    EXPECT_LE(most, 3U);
}

TEST_F(LaneLimitsTest, high_priority_keeps_its_order_behind_a_closed_gate) {
    LaneOptions options;
    options.concurrency = 1;
    Agent sender(*bus_, "sender");
    Agent worker(*bus_, "worker", options);
    worker.script.on_message = [](const noa_message& message, noa_delivery, noa_error&) {
        return view(message.subject) == "open" ? NOA_DEFERRED : NOA_OK;
    };
    sender.start();
    worker.start();
    ASSERT_EQ(sender.send("worker", "open"), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(sender.send("worker", "h", std::to_string(i), NOA_PRIORITY_HIGH), NOA_OK);
        on_lane(worker.lane(), [] {}); // the lane has looked, and put it aside
    }
    ASSERT_EQ(worker.script.mail.size(), 1U);
    on_lane(worker.lane(), [&] { // the gate opens while more is on its way
        ASSERT_EQ(sender.send("worker", "h", "50", NOA_PRIORITY_HIGH), NOA_OK);
        ASSERT_EQ(worker.reply(worker.script.mail.at(0).delivery, {}), NOA_OK);
    });
    ASSERT_TRUE(worker.script.mail.wait_for(52));
    for (std::size_t i = 1; i < 52; ++i) {
        EXPECT_EQ(worker.script.mail.at(i).body, std::to_string(i - 1));
    }
}

TEST(LaneHops, the_hop_limit_ends_a_loop) {
    BusOptions options;
    options.max_hops = 8;
    const auto bus = open_bus(options);
    Agent one(*bus, "one");
    Agent two(*bus, "two");
    Event ended;
    const auto pass_on = [&](Agent& self, const char* to) {
        return [&self, to, &ended](const noa_message&, noa_delivery, noa_error&) {
            if (self.send(to, "round") == NOA_E_LOOP) {
                ended.set();
            }
            return NOA_OK;
        };
    };
    one.script.on_message = pass_on(one, "two");
    two.script.on_message = pass_on(two, "one");
    one.start();
    two.start();
    ASSERT_EQ(one.send("two", "round"), NOA_OK);
    ASSERT_TRUE(ended.wait());
    one.wait_until_empty();
    two.wait_until_empty();
    EXPECT_EQ(one.script.mail.size() + two.script.mail.size(), 9U);
}

} // namespace
} // namespace noa::bus::testing
