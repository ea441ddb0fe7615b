#include "delivery/deliveries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace communication {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Everything is recorded; time stands until it is moved.
class Scene : public ::testing::Test, public Port {
protected:
    void attempt(Message& message) override {
        begun.push_back(message.seq);
        if (at_once) {
            deliveries.finished(message.seq, message.turn, *at_once);
        }
    }
    void write_down(Attempt attempt) override { attempts.push_back(std::move(attempt)); }
    void write_down(Settlement settlement, const Message&) override {
        settlements.push_back(std::move(settlement));
    }
    void tick_at(noa::Time time) override { next = time; }
    noa::Time now() const override { return at; }
    Millis wall() const override {
        return date +
               std::chrono::duration_cast<std::chrono::milliseconds>(at - noa::Time(1h)).count();
    }
    double fraction() override { return 1; }

    Message& add(Terms given = {}) {
        auto message = std::make_unique<Message>();
        given.sender = given.sender.empty() ? "s" : given.sender;
        given.recipient = given.recipient.empty() ? "r" : given.recipient;
        given.attempts = given.attempts > 0 ? given.attempts : 5;
        message->terms = std::move(given);
        message->seq = ++last;
        message->body = "{}";
        Message& added = *message;
        deliveries.add(std::move(message));
        return added;
    }
    Terms in(std::string conversation) {
        Terms ordered;
        ordered.conversation = std::move(conversation);
        ordered.ordered = true;
        return ordered;
    }
    void end(Seq seq, noa_status status, noa::Duration retry_after = {}) {
        const Message* message = deliveries.find(seq);
        ASSERT_NE(message, nullptr) << seq;
        deliveries.finished(seq, message->turn, {status, "why", retry_after});
        deliveries.pump();
    }
    void advance(noa::Duration by) {
        const noa::Time until = at + by;
        while (next <= until) {
            at = std::max(at, next);
            next = noa::Time::max();
            deliveries.tick();
            deliveries.pump();
        }
        at = until;
    }
    std::vector<Seq> take_begun() { return std::exchange(begun, {}); }
    std::vector<State> states() const {
        std::vector<State> all;
        for (const Settlement& one : settlements) {
            all.push_back(one.state);
        }
        return all;
    }

    noa::Time at{1h};
    Millis date = 1'700'000'000'000;
    Seq last = 0;
    noa::Time next = noa::Time::max();
    std::optional<Outcome> at_once;
    std::vector<Seq> begun;
    std::vector<Attempt> attempts;
    std::vector<Settlement> settlements;
    DeliveryTerms terms{.recipient = {.window = 2,
                                      .queue = 10,
                                      .breaker = {.failures = 100},
                                      .rate = {},
                                      .retry_share = 0},
                        .queue = 20};
    Deliveries deliveries{*this, terms, 0};
};

TEST_F(Scene, DeliversWithinTheWindowAndSettles) {
    add();
    add();
    add();
    deliveries.pump();
    EXPECT_THAT(take_begun(), ElementsAre(1, 2));
    end(1, NOA_OK);
    EXPECT_THAT(take_begun(), ElementsAre(3));
    EXPECT_THAT(states(), ElementsAre(State::acked));
    EXPECT_EQ(settlements[0].made, 1U);
    EXPECT_EQ(deliveries.size(), 2U);
    EXPECT_THAT(attempts, IsEmpty());
}

TEST_F(Scene, TriesAgainTwiceAsLateEachTimeAndGivesUp) {
    add();
    deliveries.pump();
    const std::vector<noa::Duration> pauses{1s, 2s, 4s, 8s};
    for (const noa::Duration pause : pauses) {
        EXPECT_THAT(take_begun(), ElementsAre(1));
        end(1, NOA_E_UNAVAILABLE);
        advance(pause - 1ms);
        EXPECT_THAT(begun, IsEmpty());
        advance(1ms);
    }
    EXPECT_THAT(take_begun(), ElementsAre(1));
    end(1, NOA_E_UNAVAILABLE);
    EXPECT_THAT(states(), ElementsAre(State::failed, State::failed, State::failed, State::failed,
                                      State::dead));
    ASSERT_EQ(attempts.size(), 5U);
    EXPECT_EQ(attempts[4].number, 5U);
    EXPECT_EQ(attempts[4].text, "why");
    EXPECT_EQ(deliveries.size(), 0U);
}

TEST_F(Scene, GivesUpAtOnceWhatTheRecipientRefuses) {
    add();
    deliveries.pump();
    end(1, NOA_E_INVALID);
    EXPECT_THAT(states(), ElementsAre(State::dead));
    EXPECT_EQ(settlements[0].error, "why");
}

TEST_F(Scene, BindsAnEndToItsAttempt) {
    Message& message = add();
    deliveries.pump();
    const auto first = message.turn;
    end(1, NOA_E_EXPIRED);
    advance(1s);
    EXPECT_THAT(take_begun(), ElementsAre(1, 1));
    deliveries.finished(1, first, {NOA_OK, {}, {}});
    EXPECT_EQ(deliveries.figures().late, 1U);
    EXPECT_EQ(deliveries.size(), 1U) << "the second attempt is still under way";
    end(1, NOA_OK);
    EXPECT_EQ(settlements.back().state, State::acked);
    EXPECT_EQ(settlements.back().made, 2U);
}

TEST_F(Scene, CountsNoAttemptThatAFullInboxRefused) {
    at_once = Outcome{NOA_E_BUSY, "full", 20ms};
    Message& message = add();
    deliveries.pump();
    EXPECT_EQ(message.made, 0U);
    at_once.reset();
    advance(50ms);
    EXPECT_THAT(begun, ElementsAre(1, 1));
    end(1, NOA_OK);
    EXPECT_EQ(settlements.back().made, 1U);
}

TEST_F(Scene, KeepsTheOrderOfAConversation) {
    add(in("a"));
    add(in("a"));
    add(in("b"));
    add(in("a"));
    deliveries.pump();
    EXPECT_THAT(take_begun(), ElementsAre(1, 3));
    end(1, NOA_E_UNAVAILABLE);
    EXPECT_THAT(take_begun(), IsEmpty()) << "the second waits for the first, retries and all";
    advance(1s);
    EXPECT_THAT(take_begun(), ElementsAre(1));
    end(1, NOA_OK);
    EXPECT_THAT(take_begun(), ElementsAre(2));
    end(2, NOA_E_INVALID);
    EXPECT_THAT(take_begun(), ElementsAre(4)) << "what was given up holds up nobody";
}

TEST_F(Scene, ExpiresWhatWaitsAndWhatIsRetried) {
    Terms short_lived;
    short_lived.deadline = date + 5000;
    add(short_lived);
    deliveries.pump();
    end(1, NOA_E_UNAVAILABLE);
    advance(1s);
    end(1, NOA_E_UNAVAILABLE);
    advance(2s);
    end(1, NOA_E_UNAVAILABLE);
    advance(2s);
    EXPECT_EQ(settlements.back().state, State::expired);
    EXPECT_EQ(deliveries.size(), 0U);
    EXPECT_EQ(deliveries.figures().expired, 1U);
}

TEST_F(Scene, DeliversAtItsDate) {
    Terms later;
    later.due = date + 60'000;
    add(later);
    deliveries.pump();
    advance(59s);
    EXPECT_THAT(begun, IsEmpty());
    advance(1s);
    EXPECT_THAT(begun, ElementsAre(1));
}

TEST_F(Scene, CancelsWhatWaits) {
    Terms later;
    later.due = date + 60'000;
    add(later);
    add(in("a"));
    add(in("a"));
    add(in("a"));
    deliveries.pump();
    EXPECT_FALSE(deliveries.cancel(2)) << "it is being delivered";
    EXPECT_TRUE(deliveries.cancel(1));
    EXPECT_TRUE(deliveries.cancel(3));
    EXPECT_FALSE(deliveries.cancel(3));
    end(2, NOA_OK);
    EXPECT_THAT(begun, ElementsAre(2, 4));
    advance(2min);
    EXPECT_THAT(begun, ElementsAre(2, 4));
}

TEST_F(Scene, OpensTheBreakerAndLeavesOthersAlone) {
    terms.recipient.breaker = {.failures = 2, .open = 10s};
    Deliveries small(*this, terms, 0);
    for (int turn = 0; turn < 4; ++turn) {
        auto message = std::make_unique<Message>();
        message->terms.recipient = turn < 3 ? "broken" : "good";
        message->terms.attempts = 5;
        message->seq = ++last;
        small.add(std::move(message));
    }
    small.pump();
    EXPECT_THAT(take_begun(), ElementsAre(1, 4, 2));
    small.finished(1, small.find(1)->turn, {NOA_E_NO_AGENT, "", {}});
    small.finished(2, small.find(2)->turn, {NOA_E_NO_AGENT, "", {}});
    small.finished(4, small.find(4)->turn, {NOA_OK, "", {}});
    small.pump();
    EXPECT_THAT(take_begun(), IsEmpty()) << "the third waits for the breaker";
    EXPECT_EQ(small.find(3)->made, 0U);
    EXPECT_EQ(small.recipient(Kind::request, "broken")->breaker.state(at), Circuit::open);
    EXPECT_EQ(small.recipient(Kind::request, "good")->breaker.state(at), Circuit::closed);
    at += 10s;
    small.tick();
    small.pump();
    EXPECT_EQ(take_begun().size(), 1U) << "one probe";
}

TEST_F(Scene, PacesARecipient) {
    terms.recipient.rate = {.per_second = 10, .burst = 1};
    Deliveries small(*this, terms, 0);
    for (int turn = 0; turn < 2; ++turn) {
        auto message = std::make_unique<Message>();
        message->terms.recipient = "r";
        message->terms.attempts = 5;
        message->seq = ++last;
        small.add(std::move(message));
    }
    small.pump();
    EXPECT_THAT(begun, ElementsAre(1));
    EXPECT_NEAR(static_cast<double>((next - at).count()), 1e8, 10);
    at = next;
    small.tick();
    small.pump();
    EXPECT_THAT(begun, ElementsAre(1, 2));
}

TEST_F(Scene, RefusesWhatThereIsNoRoomFor) {
    for (int turn = 0; turn < 10; ++turn) {
        EXPECT_TRUE(deliveries.room_for(Kind::request, "r", 0));
        add();
    }
    EXPECT_EQ(deliveries.room_for(Kind::request, "r", 0).error().status, NOA_E_BUSY);
    EXPECT_TRUE(deliveries.room_for(Kind::request, "q", 0));
    EXPECT_FALSE(deliveries.room_for(Kind::request, "q", 10)) << "10 of 20 are staged";
}

TEST_F(Scene, KeepsBodiesOutOfMemoryThatIsFull) {
    terms.bodies = 3;
    Deliveries small(*this, terms, 0);
    for (int turn = 0; turn < 2; ++turn) {
        auto message = std::make_unique<Message>();
        message->terms.recipient = "r";
        message->body = "{}";
        message->seq = ++last;
        small.add(std::move(message));
    }
    EXPECT_FALSE(small.find(1)->at_rest);
    EXPECT_TRUE(small.find(2)->at_rest);
    EXPECT_EQ(small.bytes(), 2U);
}

TEST_F(Scene, ForgetsWhatExpiredBehindAnOpenBreaker) {
    DeliveryTerms many = terms;
    many.queue = many.recipient.queue = 10'000;
    Deliveries large(*this, many, 0);
    Recipient* recipient = nullptr;
    for (int turn = 0; turn < 3000; ++turn) {
        auto message = std::make_unique<Message>();
        message->terms.recipient = "r";
        message->terms.deadline = turn == 0 ? 0 : date + 1000;
        message->terms.attempts = 5;
        message->seq = ++last;
        large.add(std::move(message));
        recipient = large.recipient(Kind::request, "r");
        recipient->breaker.force_open();
    }
    large.pump();
    at += 1s;
    large.tick();
    EXPECT_EQ(large.size(), 1U);
    EXPECT_LT(recipient->queue.size(), 2100U);
}

TEST(QueueTest, GoesByPriorityAndByTurnsOfSenders) {
    Queue queue;
    Seq last = 0;
    const auto push = [&](const char* sender, noa::Priority priority) {
        auto message = std::make_unique<Message>();
        message->terms.sender = sender;
        message->terms.priority = priority;
        message->seq = ++last;
        queue.push(std::move(message));
    };
    for (int turn = 0; turn < 3; ++turn) {
        push("bulk", noa::Priority::normal);
    }
    push("other", noa::Priority::normal);
    push("other", noa::Priority::high);
    std::vector<Seq> order;
    while (!queue.empty()) {
        order.push_back(queue.pop()->seq);
    }
    EXPECT_THAT(order, ElementsAre(5, 1, 4, 2, 3));
}

TEST(QueueTest, DoesNotStarveBulk) {
    Queue queue;
    for (Seq seq = 1; seq <= 100; ++seq) {
        auto message = std::make_unique<Message>();
        message->terms.priority = seq == 1 ? noa::Priority::low : noa::Priority::high;
        message->seq = seq;
        queue.push(std::move(message));
    }
    int turns = 1;
    while (queue.pop()->seq != 1) {
        ++turns;
    }
    EXPECT_EQ(turns, 8);
}

} // namespace
} // namespace communication
