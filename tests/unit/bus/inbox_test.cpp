#include "bus/inbox.hpp"

#include <string>

#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

// The test is the sender and the reader.
class InboxTest : public BusTest {
protected:
    void SetUp() override {
        must(bus_->open_inbox(endpoint_));
        inbox_.set_state(Inbox::State::open);
    }
    Draft draft(std::string_view body, std::uint8_t priority = NOA_PRIORITY_NORMAL) {
        Draft made;
        made.head.kind = NOA_MESSAGE_REQUEST;
        made.head.priority = priority;
        made.head.from = &endpoint_;
        made.subject = "work";
        made.body = body;
        return made;
    }
    noa_status accept(std::string_view body, std::uint8_t priority = NOA_PRIORITY_NORMAL) {
        return inbox_.accept(draft(body, priority)).status;
    }
    // The next one's body, or "-".
    std::string next(Gate gate = Gate::open) {
        Item item;
        if (!inbox_.next_urgent(item, gate) && !inbox_.next(item, gate)) {
            return "-";
        }
        return std::string(item.record->body_text());
    }
    Endpoint& endpoint_ = *bus_->routes().resolve("one");
    Inbox& inbox_ = endpoint_.inbox();
};

TEST_F(InboxTest, the_state_decides_who_may_send) {
    inbox_.set_state(Inbox::State::absent);
    EXPECT_EQ(accept("x"), NOA_E_NO_AGENT);
    EXPECT_EQ(inbox_.accept_control(draft("x")).status, NOA_E_NO_AGENT);
    EXPECT_EQ(inbox_.accept_answer(draft("x")), NOA_E_NO_AGENT);
    inbox_.set_state(Inbox::State::stopped);
    EXPECT_EQ(accept("x"), NOA_E_UNAVAILABLE);
    EXPECT_EQ(inbox_.accept_control(draft("x")).status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(inbox_.accept_answer(draft("answer")), NOA_OK);
    inbox_.set_state(Inbox::State::open);
    EXPECT_EQ(accept("x"), NOA_OK);
    EXPECT_EQ(next(), "answer");
    EXPECT_EQ(next(), "x");
}

TEST_F(InboxTest, high_comes_first_and_low_last_each_in_order) {
    ASSERT_EQ(accept("low1", NOA_PRIORITY_LOW), NOA_OK);
    ASSERT_EQ(accept("normal1"), NOA_OK);
    ASSERT_EQ(accept("low2", NOA_PRIORITY_LOW), NOA_OK);
    ASSERT_EQ(accept("high1", NOA_PRIORITY_HIGH), NOA_OK);
    ASSERT_EQ(accept("normal2"), NOA_OK);
    ASSERT_EQ(accept("high2", NOA_PRIORITY_HIGH), NOA_OK);
    for (const auto* expected : {"high1", "high2", "normal1", "normal2", "low1", "low2", "-"}) {
        EXPECT_EQ(next(), expected);
    }
}

TEST_F(InboxTest, held_work_comes_back_in_order_and_before_what_came_later) {
    for (const auto* body : {"a", "b", "c"}) {
        ASSERT_EQ(accept(body), NOA_OK);
    }
    Item item;
    while (inbox_.next(item, Gate::draining)) {
        inbox_.hold(std::move(item));
        item = Item{};
    }
    ASSERT_EQ(accept("d"), NOA_OK);
    for (const auto* expected : {"a", "b", "c", "d", "-"}) {
        EXPECT_EQ(next(), expected);
    }
}

TEST_F(InboxTest, held_high_work_is_not_overtaken_by_later_high_work) {
    ASSERT_EQ(accept("high1", NOA_PRIORITY_HIGH), NOA_OK);
    Item item;
    ASSERT_TRUE(inbox_.next_urgent(item, Gate::draining));
    inbox_.hold(std::move(item));
    ASSERT_EQ(accept("normal"), NOA_OK);
    ASSERT_EQ(accept("high2", NOA_PRIORITY_HIGH), NOA_OK);
    for (const auto* expected : {"high1", "high2", "normal", "-"}) {
        EXPECT_EQ(next(), expected);
    }
}

TEST_F(InboxTest, what_was_put_back_comes_before_everything_else) {
    ASSERT_EQ(accept("a"), NOA_OK);
    ASSERT_EQ(accept("b"), NOA_OK);
    ASSERT_EQ(accept("c"), NOA_OK);
    std::vector<Item> taken;
    for (int i = 0; i < 2; ++i) {
        Item item;
        ASSERT_TRUE(inbox_.next(item));
        inbox_.keep(item);
        taken.push_back(std::move(item));
    }
    inbox_.put_back(std::move(taken));
    EXPECT_EQ(next(Gate::draining), "c") << "only what is new in the pipe";
    EXPECT_EQ(next(), "a");
    EXPECT_EQ(next(), "b");
    EXPECT_EQ(next(), "-");
}

TEST_F(InboxTest, a_kept_item_survives_its_pack) {
    std::vector<Item> kept;
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(accept("body " + std::to_string(i)), NOA_OK);
    }
    for (Item item; inbox_.next(item); item = Item{}) {
        inbox_.keep(item);
        kept.push_back(std::move(item));
    }
    for (int i = 0; i < 500; ++i) { // the pool's blocks are written again
        ASSERT_EQ(accept("other"), NOA_OK);
    }
    ASSERT_EQ(kept.size(), 500U);
    for (std::size_t i = 0; i < kept.size(); ++i) {
        EXPECT_EQ(kept[i].record->body_text(), "body " + std::to_string(i));
        EXPECT_EQ(kept[i].record->subject(), "work");
    }
}

TEST_F(InboxTest, the_limit_counts_what_is_unsettled_wherever_it_is) {
    inbox_.set_limit(3);
    ASSERT_EQ(accept("a"), NOA_OK);
    ASSERT_EQ(accept("b", NOA_PRIORITY_HIGH), NOA_OK);
    ASSERT_EQ(accept("c", NOA_PRIORITY_LOW), NOA_OK);
    for (int i = 0; i < 3; ++i) {
        static_cast<void>(next());
    }
    const auto refused = inbox_.accept(draft("d"));
    EXPECT_EQ(refused.status, NOA_E_BUSY) << "taken, but not settled";
    EXPECT_EQ(refused.depth, 3U);
    EXPECT_EQ(inbox_.counters().refused.get(), 1U);
    inbox_.settled();
    EXPECT_EQ(accept("d"), NOA_OK);
}

TEST_F(InboxTest, answers_and_control_need_no_room) {
    inbox_.set_limit(1);
    ASSERT_EQ(accept("a"), NOA_OK);
    EXPECT_EQ(accept("b"), NOA_E_BUSY);
    EXPECT_EQ(inbox_.accept_control(draft("control")).status, NOA_OK);
    auto answer = draft("answer");
    answer.head.kind = NOA_MESSAGE_REPLY;
    EXPECT_EQ(inbox_.accept_answer(answer), NOA_OK);
    EXPECT_EQ(next(), "control");
    EXPECT_EQ(next(), "a");
    EXPECT_EQ(next(), "answer");
}

TEST_F(InboxTest, the_control_queue_has_a_bound_of_its_own) {
    for (std::size_t i = 0; i < Inbox::control_limit; ++i) {
        ASSERT_EQ(inbox_.accept_control(draft("c")).status, NOA_OK);
    }
    const auto refused = inbox_.accept_control(draft("c"));
    EXPECT_EQ(refused.status, NOA_E_BUSY);
    EXPECT_EQ(refused.depth, Inbox::control_limit);
    EXPECT_EQ(next(), "c");
    EXPECT_EQ(inbox_.accept_control(draft("c")).status, NOA_OK);
}

TEST_F(InboxTest, a_bell_that_was_swallowed_on_the_way_does_not_let_the_reader_sleep) {
    EXPECT_EQ(next(), "-");
    inbox_.nudge();
    Item item;
    EXPECT_FALSE(inbox_.next(item)) << "swallows the bell";
    inbox_.wait(); // must not sleep: the nudge has not been taken
    EXPECT_TRUE(inbox_.take_nudge());
    ASSERT_EQ(accept("high", NOA_PRIORITY_HIGH), NOA_OK);
    EXPECT_FALSE(inbox_.next(item));
    inbox_.wait();
    EXPECT_EQ(next(), "high");
}

} // namespace
} // namespace noa::bus::testing
