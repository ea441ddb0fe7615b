#include "bus/requests.hpp"

#include <gtest/gtest.h>

namespace noa::bus {
namespace {

constexpr std::size_t plenty = 1000;

Waiting waiting(std::uint64_t tag, std::int64_t deadline_ns = 100) {
    return {tag, deadline_ns, {}};
}

TEST(Requests, each_token_ends_its_own_request_once) {
    Requests requests(1);
    const auto first = requests.add(waiting(11), plenty);
    const auto second = requests.add(waiting(22), plenty);
    ASSERT_NE(first, 0U);
    ASSERT_NE(first, second);
    EXPECT_EQ(requests.take(second)->tag, 22U);
    EXPECT_EQ(requests.take(first)->tag, 11U);
    EXPECT_FALSE(requests.take(first).has_value());
    EXPECT_EQ(requests.count(), 0U);
}

TEST(Requests, a_late_answer_does_not_meet_the_next_user_of_the_slot) {
    Requests requests(1);
    const auto old_token = requests.add(waiting(1), plenty);
    ASSERT_TRUE(requests.take(old_token).has_value());
    const auto new_token = requests.add(waiting(2), plenty);
    EXPECT_FALSE(requests.take(old_token).has_value());
    EXPECT_EQ(requests.take(new_token)->tag, 2U);
}

TEST(Requests, an_answer_to_another_generation_is_unknown) {
    Requests former(1);
    Requests current(2);
    const auto old_token = former.add(waiting(1), plenty);
    ASSERT_NE(current.add(waiting(2), plenty), 0U);
    EXPECT_FALSE(current.take(old_token).has_value());
    EXPECT_EQ(current.count(), 1U);
}

TEST(Requests, made_up_tokens_are_unknown) {
    Requests requests(1);
    const auto token = requests.add(waiting(1), plenty);
    for (const auto wrong : {std::uint64_t{0}, ~std::uint64_t{0}, token + 1,
                             token ^ (std::uint64_t{1} << 20), token | 0xfffffU}) {
        EXPECT_FALSE(requests.take(wrong).has_value()) << wrong;
    }
    EXPECT_TRUE(requests.take(token).has_value());
}

TEST(Requests, a_limit_bounds_how_many_wait) {
    Requests requests(1);
    const auto first = requests.add(waiting(1), 2);
    ASSERT_NE(first, 0U);
    ASSERT_NE(requests.add(waiting(2), 2), 0U);
    EXPECT_EQ(requests.add(waiting(3), 2), 0U);
    EXPECT_EQ(requests.count(), 2U);
    ASSERT_TRUE(requests.take(first).has_value());
    EXPECT_NE(requests.add(waiting(3), 2), 0U);
}

TEST(Requests, expiry_takes_what_is_due_and_no_more) {
    Requests requests(1);
    const auto early = requests.add(waiting(1, 100), plenty);
    const auto late = requests.add(waiting(2, 200), plenty);
    EXPECT_EQ(requests.earliest(), 100);
    EXPECT_TRUE(requests.take_expired(99).empty());
    const auto expired = requests.take_expired(100);
    ASSERT_EQ(expired.size(), 1U);
    EXPECT_EQ(expired.front().tag, 1U);
    EXPECT_EQ(requests.earliest(), 200);
    EXPECT_FALSE(requests.take(early).has_value());
    EXPECT_TRUE(requests.take(late).has_value());
    EXPECT_EQ(requests.earliest(), Requests::never);
}

TEST(Requests, the_earliest_deadline_is_never_later_than_the_truth) {
    Requests requests(1);
    const auto early = requests.add(waiting(1, 100), plenty);
    ASSERT_NE(requests.add(waiting(2, 200), plenty), 0U);
    ASSERT_TRUE(requests.take(early).has_value());
    EXPECT_LE(requests.earliest(), 200);
    EXPECT_TRUE(requests.take_expired(150).empty());
    EXPECT_EQ(requests.earliest(), 200);
}

TEST(Requests, all_can_be_taken_out) {
    Requests requests(1);
    for (std::uint64_t tag = 0; tag < 100; ++tag) {
        ASSERT_NE(requests.add(waiting(tag, 1000), plenty), 0U);
    }
    EXPECT_EQ(requests.take_all().size(), 100U);
    EXPECT_EQ(requests.count(), 0U);
    EXPECT_NE(requests.add(waiting(1), plenty), 0U);
}

} // namespace
} // namespace noa::bus
