// What is recorded of a trace, and how it goes on from agent to agent.
#include <gmock/gmock.h>

#include "base/ids.hpp"
#include "bus_fixture.hpp"

namespace noa::bus::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr std::string_view unsampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

TEST(traceparent, is_read_and_written_as_the_standard_has_it) {
    const auto context = parse_traceparent(sampled);
    ASSERT_TRUE(context);
    EXPECT_EQ(to_hex(context->trace), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(to_hex(context->span), "00f067aa0ba902b7");
    EXPECT_TRUE(context->sampled);
    EXPECT_EQ(to_traceparent(*context), sampled);
    EXPECT_FALSE(parse_traceparent(unsampled)->sampled);
    EXPECT_EQ(to_traceparent(*parse_traceparent(unsampled)), unsampled);
}

TEST(traceparent, of_a_version_to_come_is_read_as_far_as_it_is_known) {
    const std::string later = "cc" + std::string(sampled.substr(2));
    EXPECT_TRUE(parse_traceparent(later));
    EXPECT_TRUE(parse_traceparent(later + "-what-the-future-will-be-like"));
    EXPECT_FALSE(parse_traceparent(later + ".what-the-future-will-be-like"));
}

TEST(traceparent, that_is_none_is_refused) {
    const std::string good(sampled);
    EXPECT_FALSE(parse_traceparent(""));
    EXPECT_FALSE(parse_traceparent(good + "-more"));
    EXPECT_FALSE(parse_traceparent("ff" + good.substr(2)));
    EXPECT_FALSE(parse_traceparent("00-00000000000000000000000000000000-00f067aa0ba902b7-01"));
    EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"));
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto wrong = good;
        wrong[i] = 'F'; // upper case, or in a dash's place
        EXPECT_FALSE(parse_traceparent(wrong)) << wrong;
        EXPECT_FALSE(parse_traceparent(good.substr(0, i)));
        wrong[i] = '\xff';
        EXPECT_FALSE(parse_traceparent(wrong));
    }
}

TEST(traceparent, that_is_not_sampled_is_told_by_its_last_digit) {
    std::string context(sampled);
    for (const char digit : std::string_view("0123456789abcdef")) {
        context.back() = digit;
        EXPECT_EQ(says_sampled(context), parse_traceparent(context)->sampled) << context;
    }
    for (const std::string_view none : {"", "1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067"}) {
        EXPECT_FALSE(says_sampled(none));
    }
}

class TracesTest : public BusTest {
protected:
    TracesTest() { bus_->traces().configure(0, 100); }
    void SetUp() override { asker_.start(); }

    noa_status ask(std::string_view to, std::string_view operation, std::string_view traceparent) {
        auto message = outgoing(to, operation);
        message.traceparent = to_str(traceparent);
        return asker_.lane().request(message, 1, nullptr);
    }
    std::vector<Span> recorded(std::size_t count) {
        const auto until = monotonic_ns() + std::chrono::nanoseconds(patience).count();
        while (bus_->traces().recorded() < count && monotonic_ns() < until) {
            std::this_thread::yield();
        }
        return bus_->traces().page(0, 1'000).spans;
    }
    Agent asker_{*bus_, "asker"};
};

TEST_F(TracesTest, an_agent_s_span_is_the_child_of_its_asker_s) {
    Agent back(*bus_, "back");
    Agent front(*bus_, "front");
    std::string seen;
    noa_delivery open = 0;
    front.script.on_message = [&](const noa_message& message, noa_delivery delivery, noa_error&) {
        seen = view(message.traceparent);
        open = delivery;
        return front.request("back", "store", 7) == NOA_OK ? NOA_DEFERRED : NOA_E_FAILED;
    };
    front.script.on_answer = [&](std::uint64_t, noa_status, const noa_message* message) {
        EXPECT_EQ(view(message->traceparent), seen); // its own again, for what it does next
        EXPECT_EQ(front.reply(open, "done"), NOA_OK);
    };
    back.start();
    front.start();
    ASSERT_EQ(ask("front", "serve", sampled), NOA_OK);
    const auto spans = recorded(2);
    ASSERT_THAT(spans, SizeIs(2));
    const auto& [inner, outer] = std::pair(spans[0], spans[1]);
    EXPECT_EQ(outer.agent->name() + "." + outer.operation, "front.serve");
    EXPECT_EQ(inner.agent->name() + "." + inner.operation, "back.store");
    EXPECT_EQ(inner.from->name(), "front");
    EXPECT_EQ(to_hex(outer.parent), "00f067aa0ba902b7");
    EXPECT_EQ(inner.parent, outer.context.span);
    EXPECT_EQ(seen, to_traceparent(outer.context));
    EXPECT_EQ(to_hex(inner.context.trace), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_TRUE(outer.awaited);
    EXPECT_GE(outer.took_ns, inner.took_ns);
}

TEST_F(TracesTest, an_answer_says_which_span_gave_it) {
    Agent worker(*bus_, "worker");
    worker.start();
    std::string told;
    asker_.script.on_answer = [&](std::uint64_t, noa_status, const noa_message* message) {
        told = view(message->traceparent);
    };
    ASSERT_EQ(ask("worker", "op", sampled), NOA_OK);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    const auto spans = recorded(1);
    ASSERT_THAT(spans, SizeIs(1));
    EXPECT_EQ(told, to_traceparent(spans[0].context));
}

TEST_F(TracesTest, one_span_holds_all_attempts_and_how_they_ended) {
    Agent worker(*bus_, "worker");
    worker.script.on_message = [](const noa_message& message, noa_delivery, noa_error& error) {
        error.code = NOA_E_FAILED;
        return message.attempt == 1 ? NOA_E_RETRY : NOA_E_FAILED;
    };
    worker.start();
    ASSERT_EQ(ask("worker", "op", sampled), NOA_OK);
    const auto spans = recorded(1);
    ASSERT_THAT(spans, SizeIs(1));
    EXPECT_EQ(spans[0].attempts, 2U);
    EXPECT_EQ(spans[0].status, NOA_E_FAILED);
    EXPECT_EQ(worker.script.mail.at(0).traceparent, worker.script.mail.at(1).traceparent);
}

TEST_F(TracesTest, what_its_sender_does_not_sample_passes_as_it_is) {
    Agent worker(*bus_, "worker");
    bus_->traces().configure(1, 100);
    worker.start();
    ASSERT_EQ(ask("worker", "op", unsampled), NOA_OK);
    ASSERT_TRUE(worker.script.mail.wait_for(1));
    EXPECT_EQ(worker.script.mail.at(0).traceparent, unsampled);
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(bus_->traces().recorded(), 0U);
}

TEST_F(TracesTest, of_requests_that_nothing_led_to_the_share_begins_a_trace) {
    Agent worker(*bus_, "worker");
    worker.start();
    ASSERT_EQ(ask("worker", "op", ""), NOA_OK); // sampling is 0
    ASSERT_TRUE(asker_.script.answers.wait_for(1));
    EXPECT_EQ(bus_->traces().recorded(), 0U);
    bus_->traces().configure(1, 100);
    ASSERT_EQ(ask("worker", "op", "not a traceparent"), NOA_OK);
    const auto spans = recorded(1);
    ASSERT_THAT(spans, SizeIs(1));
    EXPECT_EQ(spans[0].parent, SpanId{});
    EXPECT_EQ(to_hex(spans[0].context.trace).substr(0, 8),
              to_string(worker.script.mail.at(1).head.id).substr(0, 8));
    bus_->traces().configure(0.25, 10'000);
    constexpr int many = 2'000;
    for (int i = 0; i < many; ++i) {
        ASSERT_EQ(asker_.send("worker", "op"), NOA_OK);
    }
    worker.wait_until_empty();
    EXPECT_NEAR(static_cast<double>(bus_->traces().recorded()), 0.25 * many, 0.05 * many);
}

TEST_F(TracesTest, what_expires_unhandled_is_recorded_too) {
    Agent worker(*bus_, "worker");
    Blockade blockade(worker);
    worker.start();
    blockade.close(asker_, "worker");
    auto message = outgoing("worker", "late");
    message.traceparent = to_str(sampled);
    message.deadline_ns = monotonic_ns() + 1;
    ASSERT_EQ(asker_.lane().request(message, 1, nullptr), NOA_OK);
    blockade.release();
    const auto spans = recorded(1);
    ASSERT_THAT(spans, SizeIs(1));
    EXPECT_EQ(spans[0].status, NOA_E_EXPIRED);
}

TEST_F(TracesTest, events_of_a_trace_are_recorded_for_each_who_hears_them) {
    Agent one(*bus_, "one");
    Agent other(*bus_, "other");
    one.subscribe("news.>");
    other.subscribe("news.>");
    one.start();
    other.start();
    auto message = outgoing({}, "news.today");
    message.traceparent = to_str(sampled);
    ASSERT_EQ(asker_.lane().publish(message, nullptr), NOA_OK);
    const auto spans = recorded(2);
    ASSERT_THAT(spans, SizeIs(2));
    EXPECT_EQ(spans[0].parent, spans[1].parent);
    EXPECT_NE(spans[0].context.span, spans[1].context.span);
    EXPECT_EQ(spans[0].kind, NOA_MESSAGE_EVENT);
}

TEST_F(TracesTest, a_kept_message_s_context_outlives_its_span) {
    Agent worker(*bus_, "worker");
    const noa_message* kept = nullptr;
    worker.script.on_message = [&](const noa_message& message, noa_delivery, noa_error&) {
        return worker.lane().retain(message, &kept);
    };
    worker.start();
    ASSERT_EQ(ask("worker", "op", sampled), NOA_OK);
    const auto spans = recorded(1);
    ASSERT_THAT(spans, SizeIs(1));
    on_lane(worker.lane(), [&] {
        EXPECT_EQ(view(kept->traceparent), to_traceparent(spans[0].context));
        EXPECT_EQ(worker.lane().release(*kept), NOA_OK);
    });
}

// Without a bus: what is kept, by number.
class RingTest : public ::testing::Test {
protected:
    RingTest() { traces_.configure(0, 4); }
    void add(int count) {
        for (int i = 0; i < count; ++i) {
            auto span = std::make_unique<Span>();
            span->operation = std::to_string(added_++);
            traces_.end(std::move(span), 1, NOA_OK);
        }
    }
    std::string kept(std::uint64_t after = 0, std::size_t limit = 100) {
        std::string out;
        for (const auto& span : traces_.page(after, limit).spans) {
            out += span.operation + " ";
        }
        return out;
    }
    Traces traces_;
    int added_ = 0;
};

TEST_F(RingTest, the_last_ones_are_kept_and_told_by_number) {
    EXPECT_THAT(kept(), IsEmpty());
    add(3);
    EXPECT_EQ(kept(), "0 1 2 ");
    add(4);
    EXPECT_EQ(kept(), "3 4 5 6 ");
    EXPECT_EQ(kept(5), "5 6 ");
    EXPECT_EQ(kept(3, 2), "3 4 ");
    const auto page = traces_.page(1, 2);
    EXPECT_EQ(page.lost, 2U);
    EXPECT_EQ(page.next, 5U);
    EXPECT_EQ(kept(1'000), "3 4 5 6 "); // a number of a host that was before
}

TEST_F(RingTest, another_size_keeps_what_has_room) {
    add(6);
    traces_.configure(0, 3);
    EXPECT_EQ(kept(), "3 4 5 ");
    traces_.configure(0, 5);
    EXPECT_EQ(kept(), "3 4 5 ");
    add(3);
    EXPECT_EQ(kept(), "4 5 6 7 8 ");
    traces_.configure(0, 0);
    add(2);
    EXPECT_THAT(kept(), IsEmpty());
    traces_.configure(0, 3);
    add(2);
    EXPECT_EQ(kept(), "11 12 ");
    add(3);
    EXPECT_EQ(kept(), "13 14 15 ");
}

} // namespace
} // namespace noa::bus::testing
