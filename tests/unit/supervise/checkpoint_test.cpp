#include "supervise/checkpoint.hpp"

#include <cstring>

#include <gtest/gtest.h>

#include "bus/draft.hpp"

namespace noa::supervise {
namespace {

constexpr Now now{1'000'000'000, 50'000'000'000};

class CheckpointTest : public ::testing::Test {
protected:
    bus::Item message(std::string_view body, std::uint8_t kind, std::int64_t deadline_ns = 0) {
        bus::Draft draft;
        draft.head.from = routes_.resolve("sender");
        draft.head.kind = kind;
        draft.head.flags = kind == NOA_MESSAGE_REQUEST ? NOA_MESSAGE_NO_REPLY : 0;
        draft.head.priority = NOA_PRIORITY_HIGH;
        draft.head.hops = 3;
        draft.head.deadline_ns = deadline_ns;
        draft.subject = "a.b";
        draft.content_type = "application/json";
        draft.body = body;
        bus::Item item;
        item.block = draft.to_block();
        item.record = item.block->first();
        item.attempt = 4;
        item.revocations = 2;
        return item;
    }

    Checkpoint sample() {
        Checkpoint out;
        out.version = "1.2.3";
        out.state = plugin::SavedState(7);
        const std::string bytes(plugin::SavedState::piece_bytes + 5, 'x');
        out.state.append(std::as_bytes(std::span(bytes)));
        out.state.seal();
        out.messages.push_back(message("first", NOA_MESSAGE_EVENT));
        out.messages.push_back(
            message(std::string(70'000, 'y'), NOA_MESSAGE_REQUEST, 3'000'000'000));
        return out;
    }

    Result<Checkpoint> again(const std::string& bytes, Now then = now) {
        return checkpoint_from_bytes(bytes, "test", routes_, then);
    }

    bus::RouteTable routes_;
};

TEST_F(CheckpointTest, state_and_messages_come_back_as_they_were) {
    const auto read = again(to_bytes(sample(), now));
    ASSERT_TRUE(read) << read.error().text();
    EXPECT_EQ(read->version, "1.2.3");
    EXPECT_EQ(read->state.schema(), 7U);
    EXPECT_EQ(read->state.size(), plugin::SavedState::piece_bytes + 5);
    EXPECT_TRUE(read->state.verify());
    ASSERT_EQ(read->messages.size(), 2U);
    const auto& first = read->messages[0];
    EXPECT_EQ(first.attempt, 4U);
    EXPECT_EQ(first.revocations, 2U);
    EXPECT_EQ(first.record->kind, NOA_MESSAGE_EVENT);
    EXPECT_EQ(first.record->priority, NOA_PRIORITY_HIGH);
    EXPECT_EQ(first.record->hops, 3);
    EXPECT_EQ(first.record->from, routes_.find("sender"));
    EXPECT_EQ(first.record->subject(), "a.b");
    EXPECT_EQ(first.record->content_type(), "application/json");
    EXPECT_EQ(first.record->body_text(), "first");
    EXPECT_EQ(first.record->deadline_ns, 0);
    EXPECT_FALSE(read->messages[1].record->wants_answer());
    EXPECT_EQ(read->messages[1].record->body_bytes, 70'000U);
}

TEST_F(CheckpointTest, a_deadline_is_the_same_time_of_day_after_a_restart) {
    const auto bytes = to_bytes(sample(), now); // due 2 s after `now`
    const Now later{500, now.unix_ns + 1'500'000'000};
    const auto read = again(bytes, later);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->messages[1].record->deadline_ns, 500 + 500'000'000);
    const Now too_late{9'000'000'000, now.unix_ns + 60'000'000'000};
    const auto expired = again(bytes, too_late);
    ASSERT_TRUE(expired);
    EXPECT_GT(expired->messages[1].record->deadline_ns, 0);
    EXPECT_LT(expired->messages[1].record->deadline_ns, too_late.monotonic_ns);
}

TEST_F(CheckpointTest, what_is_cut_short_changed_or_foreign_is_refused) {
    const auto whole = to_bytes(sample(), now);
    for (std::size_t size = 0; size < whole.size(); size += 997) {
        EXPECT_FALSE(again(whole.substr(0, size))) << size;
    }
    for (std::size_t at = 0; at < whole.size(); at += 4099) {
        auto changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(again(changed)) << at;
    }
    EXPECT_FALSE(again(whole + "more"));
    auto newer = whole;
    newer.replace(newer.find("\"noa_checkpoint\":1"), 18, "\"noa_checkpoint\":2");
    const auto refused = again(newer);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text().find("another version of noa"), std::string::npos);
}

} // namespace
} // namespace noa::supervise
