#include "bus/subscriptions.hpp"

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "bus/route_table.hpp"

namespace noa::bus {
namespace {

class SubscriptionsTest : public ::testing::Test {
protected:
    [[nodiscard]] Endpoint& endpoint(const std::string& name) { return *routes_.resolve(name); }
    [[nodiscard]] std::vector<std::string> matching(std::string_view subject) const {
        std::vector<Endpoint*> found;
        subscriptions_.current().match(subject, found);
        std::vector<std::string> names;
        names.reserve(found.size());
        for (const Endpoint* each : found) {
            names.push_back(each->name());
        }
        std::sort(names.begin(), names.end());
        return names;
    }
    using Names = std::vector<std::string>;
    RouteTable routes_;
    Subscriptions subscriptions_;
};

TEST(PatternMatches, star_is_one_token_and_greater_the_rest) {
    EXPECT_TRUE(pattern_matches("a.b", "a.b"));
    EXPECT_FALSE(pattern_matches("a.b", "a"));
    EXPECT_FALSE(pattern_matches("a.b", "a.b.c"));
    EXPECT_FALSE(pattern_matches("a.b", "a.bc"));
    EXPECT_TRUE(pattern_matches("a.*", "a.b"));
    EXPECT_FALSE(pattern_matches("a.*", "a"));
    EXPECT_FALSE(pattern_matches("a.*", "a.b.c"));
    EXPECT_TRUE(pattern_matches("*.b.*", "a.b.c"));
    EXPECT_TRUE(pattern_matches("a.>", "a.b"));
    EXPECT_TRUE(pattern_matches("a.>", "a.b.c.d"));
    EXPECT_FALSE(pattern_matches("a.>", "a"));
    EXPECT_TRUE(pattern_matches(">", "a"));
    EXPECT_TRUE(pattern_matches(">", "a.b"));
    EXPECT_TRUE(pattern_matches("*.>", "a.b.c"));
    EXPECT_FALSE(pattern_matches("*.>", "a"));
}

TEST_F(SubscriptionsTest, the_tree_matches_as_the_patterns_do) {
    const std::vector<std::string> patterns = {"a.b", "a.*", "a.>", ">", "*.b", "*.*.c", "a.b.c"};
    for (std::size_t i = 0; i < patterns.size(); ++i) {
        ASSERT_EQ(subscriptions_.add(endpoint("p" + std::to_string(i)), 1, patterns[i]), NOA_OK);
    }
    for (const auto* subject : {"a", "a.b", "a.c", "b.b", "a.b.c", "x.y.c", "a.b.c.d", "x.y.z"}) {
        Names expected;
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            if (pattern_matches(patterns[i], subject)) {
                expected.push_back("p" + std::to_string(i));
            }
        }
        EXPECT_EQ(matching(subject), expected) << subject;
    }
}

TEST_F(SubscriptionsTest, an_endpoint_with_several_matching_patterns_is_matched_once) {
    for (const auto* pattern : {"a.b", "a.*", "a.>", ">"}) {
        ASSERT_EQ(subscriptions_.add(endpoint("one"), 1, pattern), NOA_OK);
    }
    EXPECT_EQ(matching("a.b"), Names{"one"});
}

TEST_F(SubscriptionsTest, a_pattern_routes_until_its_last_owner_lets_go) {
    auto& one = endpoint("one");
    ASSERT_EQ(subscriptions_.add(one, 1, "a.*"), NOA_OK);
    ASSERT_EQ(subscriptions_.add(one, 2, "a.*"), NOA_OK);
    ASSERT_EQ(subscriptions_.add(one, 2, "a.*"), NOA_OK);
    ASSERT_EQ(subscriptions_.add(one, 2, "b"), NOA_OK);
    EXPECT_EQ(subscriptions_.remove(one, 2, "a.*"), NOA_OK);
    EXPECT_EQ(matching("a.x"), Names{"one"});
    EXPECT_EQ(subscriptions_.remove(one, 2, "a.*"), NOA_E_NOT_FOUND);
    subscriptions_.remove_owner(one, 1);
    EXPECT_EQ(matching("a.x"), Names{});
    EXPECT_EQ(matching("b"), Names{"one"});
    subscriptions_.remove_owner(one, 2);
    EXPECT_EQ(matching("b"), Names{});
    EXPECT_TRUE(subscriptions_.patterns(one).empty());
}

TEST_F(SubscriptionsTest, two_generations_route_as_their_union) {
    auto& one = endpoint("one");
    ASSERT_EQ(subscriptions_.add(one, 1, "old"), NOA_OK);
    ASSERT_EQ(subscriptions_.add(one, 1, "both"), NOA_OK);
    ASSERT_EQ(subscriptions_.add(one, 2, "both"), NOA_OK);
    ASSERT_EQ(subscriptions_.add(one, 2, "new"), NOA_OK);
    EXPECT_EQ(subscriptions_.patterns(one), (Names{"both", "new", "old"}));
    subscriptions_.remove_owner(one, 1);
    EXPECT_EQ(subscriptions_.patterns(one), (Names{"both", "new"}));
    EXPECT_EQ(matching("old"), Names{});
    EXPECT_EQ(matching("both"), Names{"one"});
}

TEST_F(SubscriptionsTest, refuses_what_is_no_pattern) {
    for (const auto* pattern : {"", ".", "a.", ".a", "a..b", "a*", "*a", ">.a", "a b", "a.>b"}) {
        EXPECT_EQ(subscriptions_.add(endpoint("one"), 1, pattern), NOA_E_INVALID) << pattern;
    }
    EXPECT_EQ(subscriptions_.add(endpoint("one"), 1, std::string(NOA_SUBJECT_MAX + 1, 'a')),
              NOA_E_INVALID);
}

TEST_F(SubscriptionsTest, a_limit_bounds_the_patterns_of_an_endpoint) {
    auto& one = endpoint("one");
    for (std::size_t i = 0; i < Subscriptions::max_per_endpoint; ++i) {
        ASSERT_EQ(subscriptions_.add(one, 1, "s." + std::to_string(i)), NOA_OK);
    }
    EXPECT_EQ(subscriptions_.add(one, 1, "one.more"), NOA_E_TOO_LARGE);
    EXPECT_EQ(subscriptions_.add(one, 2, "s.0"), NOA_OK) << "known already: no room needed";
    EXPECT_EQ(subscriptions_.add(endpoint("two"), 1, "one.more"), NOA_OK);
    EXPECT_EQ(subscriptions_.remove(one, 1, "s.1"), NOA_OK);
    EXPECT_EQ(subscriptions_.add(one, 1, "one.more"), NOA_OK);
}

TEST_F(SubscriptionsTest, a_subject_of_the_most_tokens_is_matched) {
    std::string subject = "a";
    for (int i = 1; i < 128; ++i) {
        subject += ".a";
    }
    std::string stars = "*";
    for (int i = 1; i < 128; ++i) {
        stars += ".*";
    }
    ASSERT_EQ(subject.size(), NOA_SUBJECT_MAX);
    ASSERT_EQ(subscriptions_.add(endpoint("one"), 1, stars), NOA_OK);
    ASSERT_EQ(subscriptions_.add(endpoint("two"), 1, subject), NOA_OK);
    EXPECT_EQ(matching(subject), (Names{"one", "two"}));
}

TEST_F(SubscriptionsTest, a_change_is_seen_by_a_thread_that_published_before) {
    EXPECT_EQ(matching("a"), Names{});
    ASSERT_EQ(subscriptions_.add(endpoint("one"), 1, "a"), NOA_OK);
    EXPECT_EQ(matching("a"), Names{"one"});
}

TEST_F(SubscriptionsTest, a_thread_that_saw_other_subscriptions_sees_these) {
    {
        Subscriptions other;
        ASSERT_EQ(other.add(endpoint("one"), 1, "a"), NOA_OK);
        std::vector<Endpoint*> found;
        other.current().match("a", found);
        ASSERT_EQ(found.size(), 1U);
    }
    EXPECT_EQ(matching("a"), Names{});
}

TEST_F(SubscriptionsTest, a_pattern_that_stays_routes_while_others_come_and_go) {
    ASSERT_EQ(subscriptions_.add(endpoint("stays"), 1, "a.>"), NOA_OK);
    std::atomic<bool> done{false};
    std::thread changing([&] {
        auto& other = endpoint("other");
        for (int i = 0; i < 2000; ++i) {
            EXPECT_EQ(subscriptions_.add(other, 1, "a.b"), NOA_OK);
            EXPECT_EQ(subscriptions_.remove(other, 1, "a.b"), NOA_OK);
        }
        done = true;
    });
    while (!done) {
        const auto names = matching("a.b");
        EXPECT_TRUE(std::find(names.begin(), names.end(), "stays") != names.end());
    }
    changing.join();
    EXPECT_EQ(matching("a.b"), Names{"stays"});
}

} // namespace
} // namespace noa::bus
