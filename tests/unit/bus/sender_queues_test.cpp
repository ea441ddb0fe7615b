#include "bus/sender_queues.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "bus/draft.hpp"
#include "bus/route_table.hpp"

namespace noa::bus {
namespace {

class SenderQueuesTest : public ::testing::Test {
protected:
    Item item(const char* from, const std::string& body, std::uint32_t priority = 0,
              bool nested = false) {
        Draft draft;
        draft.head.kind = NOA_MESSAGE_REQUEST;
        draft.head.from = routes_.resolve(from);
        draft.head.priority = static_cast<std::uint8_t>(priority);
        draft.head.hops = nested ? 1 : 0;
        draft.subject = "work";
        draft.body = body;
        Item made;
        made.block = draft.to_block();
        made.record = made.block->first();
        return made;
    }
    void push(const char* from, const std::string& body, std::uint32_t priority = 0,
              bool nested = false) {
        queues_.push(item(from, body, priority, nested));
    }
    void put_back(Item&& put) {
        std::vector<Item> items;
        items.push_back(std::move(put));
        queues_.put_back(std::move(items));
    }
    // The next one's body, or "-".
    std::string pop(std::uint32_t priority = 0, bool only_what_passes = false) {
        Item next;
        if (!queues_.pop(next, priority, only_what_passes)) {
            return "-";
        }
        EXPECT_TRUE(next.is_next);
        return std::string(next.record->body_text());
    }
    std::string passing() { return pop(0, true); }

    RouteTable routes_;
    SenderQueues queues_;
};

TEST_F(SenderQueuesTest, each_senders_order_is_kept_and_senders_take_turns) {
    for (const auto* body : {"a1", "a2", "a3"}) {
        push("a", body);
    }
    push("b", "b1");
    push("b", "b2");
    EXPECT_EQ(queues_.count(), 5U);
    for (const auto* expected : {"a1", "b1", "a2", "b2", "a3", "-"}) {
        EXPECT_EQ(pop(), expected);
    }
    EXPECT_TRUE(queues_.empty());
}

TEST_F(SenderQueuesTest, a_message_is_blocked_by_what_its_sender_has_of_the_same_priority) {
    const auto normal = item("a", "x");
    const auto high = item("a", "x", NOA_PRIORITY_HIGH);
    const auto other = item("b", "x");
    EXPECT_FALSE(queues_.blocks(*normal.record));
    push("a", "a1");
    EXPECT_TRUE(queues_.blocks(*normal.record));
    EXPECT_FALSE(queues_.blocks(*high.record));
    EXPECT_FALSE(queues_.blocks(*other.record));
    EXPECT_EQ(pop(), "a1");
    EXPECT_FALSE(queues_.blocks(*normal.record));
}

TEST_F(SenderQueuesTest, a_claim_holds_back_every_priority_of_its_sender_until_its_release) {
    auto open = item("a", "open");
    queues_.claim(open);
    EXPECT_TRUE(queues_.blocks(*item("a", "x", NOA_PRIORITY_HIGH).record));
    EXPECT_FALSE(queues_.blocks(*item("b", "x").record));
    push("a", "low", NOA_PRIORITY_LOW);
    push("a", "normal");
    push("a", "high", NOA_PRIORITY_HIGH);
    push("b", "b1");
    EXPECT_EQ(pop(), "b1");
    for (std::uint32_t priority = 0; priority < 3; ++priority) {
        EXPECT_EQ(pop(priority), "-");
    }
    queues_.release(open);
    EXPECT_EQ(pop(NOA_PRIORITY_HIGH), "high");
    EXPECT_EQ(pop(), "normal");
    EXPECT_EQ(pop(NOA_PRIORITY_LOW), "low");
    EXPECT_FALSE(queues_.blocks(*open.record));
}

TEST_F(SenderQueuesTest, what_is_put_back_comes_first_and_gives_its_claim_up) {
    auto open = item("a", "again");
    queues_.claim(open);
    push("a", "later");
    put_back(std::move(open));
    EXPECT_EQ(pop(), "again");
    EXPECT_EQ(pop(), "later");
    EXPECT_FALSE(queues_.blocks(*item("a", "x").record));
}

TEST_F(SenderQueuesTest, what_is_put_back_keeps_its_order_of_senders_and_messages) {
    std::vector<Item> items;
    for (const auto& [from, body] :
         {std::pair{"b", "b1"}, std::pair{"a", "a1"}, std::pair{"c", "c1"}, std::pair{"a", "a2"}}) {
        items.push_back(item(from, body));
        queues_.claim(items.back());
    }
    push("a", "a3");
    push("b", "b2");
    push("a", "high", NOA_PRIORITY_HIGH);
    queues_.put_back(std::move(items));
    EXPECT_EQ(pop(NOA_PRIORITY_HIGH), "high");
    std::vector<std::string> order;
    for (auto body = pop(); body != "-"; body = pop()) {
        order.push_back(body);
    }
    EXPECT_EQ(order, (std::vector<std::string>{"b1", "a1", "c1", "b2", "a2", "a3"}));
}

TEST_F(SenderQueuesTest, several_claims_of_one_sender_all_have_to_end) {
    std::array<Item, 2> open{item("a", "1"), item("a", "2")};
    queues_.claim(open[0]);
    queues_.claim(open[1]);
    queues_.claim(open[1]); // has it already
    push("a", "waits");
    queues_.release(open[1]);
    EXPECT_EQ(pop(), "-");
    queues_.release(open[0]);
    EXPECT_EQ(pop(), "waits");
}

TEST_F(SenderQueuesTest, claims_that_were_ended_are_not_ended_again_by_their_release) {
    auto former = item("a", "former");
    queues_.claim(former);
    push("a", "waits");
    queues_.end_claims();
    EXPECT_EQ(pop(), "waits");
    auto open = item("a", "open");
    queues_.claim(open);
    push("a", "next");
    queues_.release(former);
    EXPECT_EQ(pop(), "-") << "the release of an ended claim is no release of this one";
    queues_.release(open);
    EXPECT_EQ(pop(), "next");
}

TEST_F(SenderQueuesTest, nested_requests_pass_after_what_their_senders_sent_before) {
    push("a", "a1");
    push("b", "b1");
    EXPECT_EQ(passing(), "-");
    push("a", "a2 nested", 0, true);
    push("a", "a3");
    push("a", "a4 low", NOA_PRIORITY_LOW);
    EXPECT_EQ(passing(), "a1");
    EXPECT_EQ(passing(), "a2 nested");
    EXPECT_EQ(passing(), "-");
    EXPECT_EQ(pop(), "b1");
    EXPECT_EQ(pop(), "a3");
    EXPECT_EQ(pop(NOA_PRIORITY_LOW, true), "-");
}

TEST_F(SenderQueuesTest, what_was_put_back_before_a_nested_request_passes_with_it) {
    push("a", "nested", 0, true);
    put_back(item("a", "again"));
    EXPECT_EQ(passing(), "again");
    EXPECT_EQ(passing(), "nested");
    put_back(item("a", "nested again", 0, true));
    push("a", "later");
    EXPECT_EQ(passing(), "nested again");
    EXPECT_EQ(passing(), "-");
    EXPECT_EQ(pop(), "later");
}

TEST_F(SenderQueuesTest, a_nested_request_does_not_pass_a_claim) {
    auto open = item("a", "open");
    queues_.claim(open);
    push("a", "nested", 0, true);
    push("b", "nested too", 0, true);
    EXPECT_EQ(passing(), "nested too");
    EXPECT_EQ(passing(), "-");
    queues_.release(open);
    EXPECT_EQ(passing(), "nested");
}

TEST_F(SenderQueuesTest, a_sender_with_nothing_left_is_forgotten) {
    for (int i = 0; i < 1000; ++i) {
        const auto name = "s" + std::to_string(i);
        push(name.c_str(), "x");
        auto open = item(name.c_str(), "open");
        queues_.claim(open);
        queues_.release(open);
    }
    for (int i = 0; i < 1000; ++i) {
        EXPECT_EQ(pop(), "x");
    }
    EXPECT_EQ(pop(), "-");
    EXPECT_EQ(queues_.senders(), 0U);
}

} // namespace
} // namespace noa::bus
