#include "bus/deliveries.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace noa::bus {
namespace {

Item item_of(Record& record) {
    Item item;
    item.record = &record;
    return item;
}

class DeliveriesTest : public ::testing::Test {
protected:
    // As the lane does around a handler that defers.
    std::uint64_t defer(Record& record) {
        const auto token = deliveries_.begin();
        auto item = item_of(record);
        EXPECT_FALSE(deliveries_.open(token, item).has_value());
        return token;
    }
    Deliveries deliveries_;
    Record one_{};
    Record two_{};
    Record three_{};
};

TEST_F(DeliveriesTest, the_first_to_take_one_has_it) {
    const auto token = defer(one_);
    EXPECT_EQ(deliveries_.count(), 1U);
    const auto taken = deliveries_.take(token);
    ASSERT_TRUE(taken.has_value());
    EXPECT_EQ(taken->record, &one_);
    EXPECT_FALSE(deliveries_.take(token).has_value());
    EXPECT_EQ(deliveries_.count(), 0U);
}

TEST_F(DeliveriesTest, a_settlement_before_the_deferral_is_kept_for_it) {
    const auto token = deliveries_.begin();
    Settlement early;
    early.status = NOA_E_FAILED;
    early.body = "why";
    EXPECT_TRUE(deliveries_.settle_early(token, std::move(early)));
    Settlement second;
    EXPECT_FALSE(deliveries_.settle_early(token, std::move(second))) << "the first one wins";
    auto item = item_of(one_);
    const auto settlement = deliveries_.open(token, item);
    ASSERT_TRUE(settlement.has_value());
    EXPECT_EQ(settlement->status, NOA_E_FAILED);
    EXPECT_EQ(settlement->body, "why");
    EXPECT_EQ(item.record, &one_) << "the item stays with the lane";
    EXPECT_EQ(deliveries_.count(), 0U);
}

TEST_F(DeliveriesTest, only_what_is_in_hand_can_be_settled_early) {
    EXPECT_FALSE(deliveries_.settle_early(0, Settlement{})) << "nothing in hand";
    EXPECT_FALSE(deliveries_.settle_early(1, Settlement{}));
    const auto token = deliveries_.begin();
    EXPECT_FALSE(deliveries_.settle_early(token + 1, Settlement{}));
    EXPECT_FALSE(deliveries_.end(token).has_value());
    EXPECT_FALSE(deliveries_.settle_early(token, Settlement{}));
}

TEST_F(DeliveriesTest, an_early_settlement_is_found_by_its_token_and_ends_the_delivery) {
    const auto token = deliveries_.begin();
    EXPECT_FALSE(deliveries_.has_early(token));
    Settlement early;
    early.status = NOA_E_FAILED;
    EXPECT_TRUE(deliveries_.settle_early(token, std::move(early)));
    EXPECT_TRUE(deliveries_.has_early(token));
    EXPECT_FALSE(deliveries_.has_early(token + 1));
    const auto first = deliveries_.end(token);
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(first->status, NOA_E_FAILED);
    EXPECT_FALSE(deliveries_.has_early(token));
    EXPECT_GT(defer(two_), token);
    EXPECT_EQ(deliveries_.count(), 1U);
}

TEST_F(DeliveriesTest, what_the_lane_has_settled_cannot_be_settled_early) {
    const auto token = deliveries_.begin();
    deliveries_.close_in_hand();
    EXPECT_FALSE(deliveries_.settle_early(token, Settlement{}));
    EXPECT_FALSE(deliveries_.take(token).has_value());
    EXPECT_FALSE(deliveries_.end(token).has_value());
}

TEST_F(DeliveriesTest, revoking_gives_all_back_oldest_first) {
    const auto first = defer(one_);
    const auto second = defer(two_);
    defer(three_);
    ASSERT_TRUE(deliveries_.take(second).has_value());
    const auto revoked = deliveries_.revoke();
    ASSERT_EQ(revoked.size(), 2U);
    EXPECT_EQ(revoked[0].record, &one_);
    EXPECT_EQ(revoked[1].record, &three_);
    EXPECT_FALSE(deliveries_.take(first).has_value());
}

TEST_F(DeliveriesTest, what_is_given_back_is_taken_once) {
    deliveries_.give_back(item_of(one_), 42);
    const auto returned = deliveries_.take_returned();
    ASSERT_EQ(returned.size(), 1U);
    EXPECT_EQ(returned.front().due_ns, 42);
    EXPECT_EQ(returned.front().item.record, &one_);
    EXPECT_TRUE(deliveries_.take_returned().empty());
}

TEST_F(DeliveriesTest, of_two_threads_that_settle_exactly_one_succeeds) {
    for (int round = 0; round < 300; ++round) {
        const auto token = defer(one_);
        int taken = deliveries_.take(token + 1).has_value() ? 1 : 0;
        bool by_other = false;
        std::thread other([&] { by_other = deliveries_.take(token).has_value(); });
        taken += deliveries_.take(token).has_value() ? 1 : 0;
        other.join();
        ASSERT_EQ(taken + (by_other ? 1 : 0), 1);
    }
}

} // namespace
} // namespace noa::bus
