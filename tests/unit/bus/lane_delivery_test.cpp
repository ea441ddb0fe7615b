// One message: handled, answered, deferred, settled.
#include <atomic>
#include <cstring>
#include <deque>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

class LaneDeliveryTest : public BusTest {
protected:
    void SetUp() override {
        asker_.start();
        worker_.start();
    }
    Agent asker_{*bus_, "asker"};
    Agent worker_{*bus_, "worker"};
};

TEST_F(LaneDeliveryTest, a_message_arrives_with_all_that_was_said) {
    auto message = outgoing("worker", "do.it", "the body");
    message.content_type = to_str("text/plain");
    message.traceparent = to_str("00-trace-01");
    message.priority = NOA_PRIORITY_HIGH;
    message.deadline_ns = monotonic_ns() + one_hour_ns;
    auto receipt = empty_receipt();
    const auto before = unix_ns();
    ASSERT_EQ(asker_.lane().send(message, &receipt), NOA_OK);
    EXPECT_EQ(receipt.accepted, 1U);
    EXPECT_EQ(receipt.refused, 0U);
    EXPECT_EQ(receipt.depth, 1U);
    ASSERT_TRUE(worker_.script.mail.wait_for(1));
    const auto mail = worker_.script.mail.at(0);
    EXPECT_EQ(mail.head.struct_size, sizeof(noa_message));
    EXPECT_EQ(mail.head.kind, NOA_MESSAGE_REQUEST);
    EXPECT_EQ(mail.head.flags, NOA_MESSAGE_NO_REPLY);
    EXPECT_EQ(mail.head.priority, NOA_PRIORITY_HIGH);
    EXPECT_EQ(mail.from, "asker");
    EXPECT_EQ(mail.to, "worker");
    EXPECT_EQ(mail.subject, "do.it");
    EXPECT_EQ(mail.body, "the body");
    EXPECT_EQ(mail.content_type, "text/plain");
    EXPECT_EQ(mail.traceparent, "00-trace-01");
    EXPECT_EQ(mail.head.deadline_ns, message.deadline_ns);
    EXPECT_EQ(mail.head.attempt, 1U);
    EXPECT_EQ(mail.head.hops, 0U);
    EXPECT_NEAR(static_cast<double>(mail.head.sent_unix_ns), static_cast<double>(before), 60e9);
}

TEST_F(LaneDeliveryTest, handle_s_word_is_the_answer_when_it_did_not_reply) {
    worker_.script.on_message = [](const noa_message& message, noa_delivery, noa_error& error) {
        if (view(message.subject) == "fine") {
            return NOA_OK;
        }
        if (view(message.subject) == "explained") {
            std::strncpy(error.text, "because", sizeof error.text);
        }
        return NOA_E_FAILED;
    };
    ASSERT_EQ(asker_.request("worker", "fine", 1), NOA_OK);
    ASSERT_EQ(asker_.request("worker", "explained", 2), NOA_OK);
    ASSERT_EQ(asker_.request("worker", "bare", 3), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(3));
    const auto answers = asker_.script.answers.all();
    EXPECT_EQ(answers[0].status, NOA_OK);
    EXPECT_EQ(answers[0].body, "");
    EXPECT_EQ(answers[0].from, "worker");
    EXPECT_EQ(answers[1].status, NOA_E_FAILED);
    EXPECT_EQ(answers[1].body, "because");
    EXPECT_EQ(answers[2].status, NOA_E_FAILED);
    EXPECT_FALSE(answers[2].body.empty()) << "says in words what the number means";
    worker_.wait_until_empty(); // it counts after it has answered
    EXPECT_EQ(worker_.inbox().counters().failed.get(), 2U);
}

TEST_F(LaneDeliveryTest, a_reply_in_handle_settles_and_a_second_one_is_late) {
    std::atomic<noa_status> second{NOA_OK};
    std::atomic<noa_status> third{NOA_OK};
    worker_.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        const auto status = worker_.reply(delivery, "re: " + text_of(message.body));
        second = worker_.reply(delivery, "again");
        third = worker_.lane().settle(delivery, NOA_E_FAILED, "no", 0);
        return status;
    };
    ASSERT_EQ(asker_.request("worker", "op", 7, "hello"), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(asker_.script.answers.at(0).tag, 7U);
    EXPECT_EQ(asker_.script.answers.at(0).body, "re: hello");
    worker_.wait_until_empty();
    EXPECT_EQ(second, NOA_E_RETIRED);
    EXPECT_EQ(third, NOA_E_RETIRED);
    EXPECT_EQ(asker_.script.answers.size(), 1U);
}

TEST_F(LaneDeliveryTest, a_settlement_in_handle_counts_more_than_what_handle_returns) {
    worker_.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        EXPECT_EQ(worker_.lane().settle(delivery, NOA_E_DENIED, "not you", 0), NOA_OK);
        return NOA_OK;
    };
    ASSERT_EQ(asker_.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(asker_.script.answers.at(0).status, NOA_E_DENIED);
    EXPECT_EQ(asker_.script.answers.at(0).body, "not you");
}

TEST_F(LaneDeliveryTest, a_deferred_request_is_answered_later_from_another_thread) {
    worker_.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    ASSERT_EQ(asker_.request("worker", "op", 1), NOA_OK);
    ASSERT_EQ(asker_.request("worker", "op", 2), NOA_OK);
    ASSERT_TRUE(worker_.script.mail.wait_for(2));
    on_lane(worker_.lane(), [] {}); // handle has returned
    EXPECT_EQ(worker_.inbox().deliveries().count(), 2U);
    EXPECT_EQ(worker_.depth(), 2U) << "deferred is unsettled";
    const auto first = worker_.script.mail.at(0).delivery;
    const auto second = worker_.script.mail.at(1).delivery;
    EXPECT_EQ(worker_.lane().settle(second, NOA_E_FAILED, "late, but said", 0), NOA_OK);
    EXPECT_EQ(worker_.reply(first, "done"), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(2));
    EXPECT_EQ(asker_.script.answers.at(0).tag, 2U);
    EXPECT_EQ(asker_.script.answers.at(0).body, "late, but said");
    EXPECT_EQ(asker_.script.answers.at(1).tag, 1U);
    EXPECT_EQ(asker_.script.answers.at(1).body, "done");
    EXPECT_EQ(worker_.reply(first, "again"), NOA_E_RETIRED);
    EXPECT_EQ(worker_.lane().settle(second, NOA_OK, {}, 0), NOA_E_RETIRED);
    EXPECT_EQ(worker_.inbox().counters().late.load(), 2U);
    EXPECT_EQ(worker_.depth(), 0U);
}

TEST_F(LaneDeliveryTest, a_worker_thread_may_reply_before_handle_has_returned) {
    worker_.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        std::thread other([&] {
            EXPECT_EQ(worker_.reply(delivery, "early"), NOA_OK);
            EXPECT_EQ(worker_.reply(delivery, "twice"), NOA_E_RETIRED);
        });
        other.join();
        return NOA_DEFERRED;
    };
    ASSERT_EQ(asker_.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(asker_.script.answers.at(0).body, "early");
    worker_.wait_until_empty();
    EXPECT_EQ(worker_.inbox().deliveries().count(), 0U);
}

// The worker settles around the very moment in which handle returns: whichever comes first,
// the first settlement is taken.
TEST_F(LaneDeliveryTest, the_lane_s_settlement_in_handle_comes_before_that_of_a_thread) {
    std::atomic<int> late{0};
    worker_.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        if (view(message.subject) == "reply") {
            EXPECT_EQ(worker_.reply(delivery, "lane"), NOA_OK);
        } else {
            EXPECT_EQ(worker_.lane().settle(delivery, NOA_E_DENIED, "lane", 0), NOA_OK);
        }
        std::thread other([&] {
            late += worker_.reply(delivery, "thread") == NOA_E_RETIRED ? 1 : 0;
            late += worker_.lane().settle(delivery, NOA_OK, {}, 0) == NOA_E_RETIRED ? 1 : 0;
        });
        other.join();
        return NOA_DEFERRED;
    };
    ASSERT_EQ(asker_.request("worker", "reply", 1), NOA_OK);
    ASSERT_EQ(asker_.request("worker", "settle", 2), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(2));
    EXPECT_EQ(asker_.script.answers.at(0).body, "lane");
    EXPECT_EQ(asker_.script.answers.at(1).body, "lane");
    worker_.wait_until_empty();
    EXPECT_EQ(late, 4);
    EXPECT_EQ(worker_.inbox().deliveries().count(), 0U);
}

TEST_F(LaneDeliveryTest, a_thread_s_settlement_in_handle_comes_before_that_of_the_lane) {
    std::atomic<int> late{0};
    worker_.script.on_message = [&](const noa_message& message, noa_delivery delivery,
                                    noa_error&) -> noa_status {
        std::thread other([&] { EXPECT_EQ(worker_.reply(delivery, "thread"), NOA_OK); });
        other.join();
        const auto how = view(message.subject);
        if (how == "reply") {
            late += worker_.reply(delivery, "lane") == NOA_E_RETIRED ? 1 : 0;
        } else if (how == "settle") {
            late += worker_.lane().settle(delivery, NOA_E_FAILED, {}, 0) == NOA_E_RETIRED ? 1 : 0;
        }
        return how == "fail" ? NOA_E_FAILED : NOA_OK; // and not NOA_DEFERRED, as it should be
    };
    for (const auto* how : {"reply", "settle", "return", "fail"}) {
        ASSERT_EQ(asker_.request("worker", how, 1), NOA_OK);
    }
    ASSERT_TRUE(asker_.script.answers.wait_for(4));
    for (const auto& answer : asker_.script.answers.all()) {
        EXPECT_EQ(answer.status, NOA_OK);
        EXPECT_EQ(answer.body, "thread");
    }
    worker_.wait_until_empty();
    EXPECT_EQ(late, 2);
    EXPECT_EQ(worker_.inbox().counters().failed.get(), 0U);
}

TEST_F(LaneDeliveryTest, no_settlement_is_lost_at_the_moment_handle_returns) {
    constexpr int rounds = 5000;
    std::atomic<noa_delivery> hand{0};
    std::atomic<int> refused{0};
    worker_.script.keeps_mail = false;
    worker_.script.on_message = [&](const noa_message&, noa_delivery delivery, noa_error&) {
        while (hand.load(std::memory_order_relaxed) != 0) { // the one before is not taken yet
            std::this_thread::yield();
        }
        hand.store(delivery, std::memory_order_release);
        return NOA_DEFERRED;
    };
    std::thread other([&] {
        for (int round = 0; round < rounds;) {
            const auto delivery = hand.exchange(0, std::memory_order_acquire);
            if (delivery == 0) {
                std::this_thread::yield();
                continue;
            }
            refused += worker_.reply(delivery, "ok") == NOA_OK ? 0 : 1;
            ++round;
        }
    });
    for (int round = 0; round < rounds; ++round) {
        auto message = outgoing("worker", "op");
        message.deadline_ns = monotonic_ns() + one_hour_ns; // not one may expire unhandled
        ASSERT_EQ(asker_.lane().request(message, 1, nullptr), NOA_OK);
    }
    other.join();
    EXPECT_TRUE(asker_.script.answers.wait_for(rounds));
    EXPECT_EQ(refused, 0);
}

TEST_F(LaneDeliveryTest, deliveries_that_never_were_cannot_be_settled) {
    for (const noa_delivery made_up : {noa_delivery{0}, noa_delivery{12345}, ~noa_delivery{0}}) {
        EXPECT_EQ(worker_.reply(made_up, "x"), NOA_E_RETIRED);
        EXPECT_EQ(worker_.lane().settle(made_up, NOA_OK, {}, 0), NOA_E_RETIRED);
    }
    EXPECT_EQ(worker_.lane().settle(1, NOA_DEFERRED, {}, 0), NOA_E_INVALID);
}

TEST_F(LaneDeliveryTest, settling_nothing_in_on_reply_does_not_touch_the_next_message) {
    std::atomic<noa_status> settled{NOA_OK};
    std::atomic<noa_status> replied{NOA_OK};
    asker_.script.on_answer = [&](std::uint64_t, noa_status, const noa_message*) {
        settled = asker_.lane().settle(0, NOA_E_FAILED, "wrong", 0);
        replied = asker_.reply(0, "wrong");
    };
    ASSERT_EQ(asker_.request("worker", "op", 1), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(settled, NOA_E_RETIRED);
    EXPECT_EQ(replied, NOA_E_RETIRED);
    ASSERT_EQ(worker_.request("asker", "op", 2), NOA_OK);
    ASSERT_TRUE(worker_.script.answers.wait_for(1));
    EXPECT_EQ(worker_.script.answers.at(0).status, NOA_OK);
}

TEST_F(LaneDeliveryTest, work_past_its_deadline_is_not_started_and_the_asker_is_told) {
    Blockade blockade(worker_);
    blockade.close(asker_, "worker");
    auto message = outgoing("worker", "too-late");
    message.deadline_ns = monotonic_ns();
    ASSERT_EQ(asker_.lane().request(message, 9, nullptr), NOA_OK);
    blockade.release();
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(asker_.script.answers.at(0).tag, 9U);
    EXPECT_EQ(asker_.script.answers.at(0).status, NOA_E_EXPIRED);
    worker_.wait_until_empty();
    EXPECT_EQ(worker_.script.mail.size(), 1U) << "only the one that blocked";
    EXPECT_EQ(worker_.inbox().counters().expired.get(), 1U);
    EXPECT_EQ(asker_.script.answers.size(), 1U) << "exactly one end";
}

TEST_F(LaneDeliveryTest, a_request_that_is_never_answered_ends_at_its_deadline) {
    worker_.script.on_message = [](const noa_message&, noa_delivery, noa_error&) {
        return NOA_DEFERRED;
    };
    auto message = outgoing("worker", "op");
    message.deadline_ns = monotonic_ns() + 20'000'000;
    ASSERT_EQ(asker_.lane().request(message, 4, nullptr), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_GE(monotonic_ns(), message.deadline_ns);
    EXPECT_EQ(asker_.script.answers.at(0).status, NOA_E_EXPIRED);
    EXPECT_FALSE(asker_.script.answers.at(0).has_message);
}

TEST_F(LaneDeliveryTest, the_deadline_and_the_trace_go_on_to_what_handling_causes) {
    Agent third(*bus_, "third");
    third.start();
    worker_.script.on_message = [&](const noa_message&, noa_delivery, noa_error&) {
        EXPECT_EQ(worker_.request("third", "inner", 1), NOA_OK);
        EXPECT_EQ(worker_.send("third", "aside"), NOA_OK);
        return NOA_OK;
    };
    auto message = outgoing("worker", "outer");
    message.traceparent = to_str("00-abc-01");
    message.deadline_ns = monotonic_ns() + one_hour_ns;
    ASSERT_EQ(asker_.lane().request(message, 1, nullptr), NOA_OK);
    ASSERT_TRUE(third.script.mail.wait_for(2));
    const auto inner = third.script.mail.at(0);
    EXPECT_EQ(inner.head.deadline_ns, message.deadline_ns);
    EXPECT_EQ(inner.traceparent, "00-abc-01");
    EXPECT_EQ(inner.head.hops, 1U);
    EXPECT_EQ(third.script.mail.at(1).head.deadline_ns, 0) << "nobody waits for it";
    EXPECT_EQ(third.script.mail.at(1).traceparent, "00-abc-01");
}

} // namespace
} // namespace noa::bus::testing
