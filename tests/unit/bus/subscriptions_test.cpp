#include "bus/subscriptions.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "bus/route_table.hpp"

namespace noa::bus {
namespace {

using Names = std::vector<std::string>;

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

Names numbered(const char* prefix, std::size_t count) {
    Names patterns;
    for (std::size_t i = 0; i < count; ++i) {
        patterns.push_back(prefix + std::to_string(i));
    }
    return patterns;
}

TEST_F(SubscriptionsTest, a_limit_bounds_the_patterns_of_an_owner) {
    auto& one = endpoint("one");
    ASSERT_EQ(subscriptions_.add_all(one, 1, numbered("s.", Subscriptions::max_per_owner)), NOA_OK);
    EXPECT_EQ(subscriptions_.add(one, 1, "one.more"), NOA_E_TOO_LARGE);
    EXPECT_EQ(subscriptions_.add(one, 1, "s.0"), NOA_OK) << "known already: no room needed";
    EXPECT_EQ(subscriptions_.add(endpoint("two"), 1, "one.more"), NOA_OK);
    EXPECT_EQ(subscriptions_.remove(one, 1, "s.1"), NOA_OK);
    EXPECT_EQ(subscriptions_.add(one, 1, "one.more"), NOA_OK);
}

TEST_F(SubscriptionsTest, two_full_generations_fit_and_no_third) {
    auto& one = endpoint("one");
    ASSERT_EQ(subscriptions_.add_all(one, 1, numbered("a.", Subscriptions::max_per_owner)), NOA_OK);
    ASSERT_EQ(subscriptions_.add_all(one, 2, numbered("b.", Subscriptions::max_per_owner)), NOA_OK);
    EXPECT_EQ(subscriptions_.add(one, 3, "c"), NOA_E_TOO_LARGE);
    EXPECT_EQ(subscriptions_.add(one, 3, "a.0"), NOA_OK) << "it routes already";
    EXPECT_EQ(subscriptions_.take_owner(one, 1).size(), Subscriptions::max_per_owner);
    EXPECT_EQ(matching("a.0"), Names{"one"});
    EXPECT_EQ(matching("a.1"), Names{});
    EXPECT_EQ(subscriptions_.add(one, 3, "c"), NOA_OK);
}

TEST_F(SubscriptionsTest, all_are_added_or_none) {
    auto& one = endpoint("one");
    EXPECT_EQ(subscriptions_.add_all(one, 1, {"a", "b..c"}), NOA_E_INVALID);
    EXPECT_EQ(subscriptions_.add_all(one, 1, numbered("a.", Subscriptions::max_per_owner + 1)),
              NOA_E_TOO_LARGE);
    EXPECT_TRUE(subscriptions_.patterns(one).empty());
    EXPECT_EQ(matching("a.0"), Names{});
    ASSERT_EQ(subscriptions_.add(one, 1, "kept"), NOA_OK);
    auto patterns = numbered("a.", Subscriptions::max_per_owner);
    patterns.insert(patterns.begin(), "kept");
    EXPECT_EQ(subscriptions_.add_all(one, 1, patterns), NOA_E_TOO_LARGE);
    EXPECT_EQ(subscriptions_.patterns(one), Names{"kept"}) << "what it had before stays";
    EXPECT_EQ(subscriptions_.add_all(one, 1, {}), NOA_OK);
}

TEST_F(SubscriptionsTest, what_is_taken_out_can_be_put_back) {
    auto& one = endpoint("one");
    ASSERT_EQ(subscriptions_.add_all(one, 1, {"both", "old"}), NOA_OK);
    ASSERT_EQ(subscriptions_.add_all(one, 2, {"both", "new"}), NOA_OK);
    const auto old = subscriptions_.take_owner(one, 1);
    EXPECT_EQ(old, (Names{"both", "old"}));
    EXPECT_EQ(subscriptions_.patterns(one), (Names{"both", "new"}));
    EXPECT_TRUE(subscriptions_.take_owner(one, 1).empty());
    ASSERT_EQ(subscriptions_.add_all(one, 1, old), NOA_OK);
    EXPECT_EQ(subscriptions_.take_owner(one, 2), (Names{"both", "new"}));
    EXPECT_EQ(subscriptions_.patterns(one), old);
    EXPECT_TRUE(subscriptions_.take_owner(endpoint("two"), 1).empty());
}

// Each generation has the same patterns and one of its own; a publisher on another thread never
// finds the common ones without a route, nor a part of one generation's.
TEST_F(SubscriptionsTest, no_event_falls_between_two_generations) {
    constexpr std::uint64_t switches = 2000;
    auto& one = endpoint("one");
    auto& two = endpoint("two");
    ASSERT_EQ(subscriptions_.add_all(one, 1, {"a", "b", "c"}), NOA_OK);
    ASSERT_EQ(subscriptions_.add_all(two, 1, {"a", "b", "c"}), NOA_OK);
    std::atomic<bool> done{false};
    std::thread switching([&] {
        for (std::uint64_t owner = 2; owner < switches; ++owner) {
            EXPECT_EQ(subscriptions_.add_all(one, owner, {"a", "b", "c"}), NOA_OK);
            static_cast<void>(subscriptions_.take_owner(one, owner - 1));
            const auto idle = subscriptions_.take_owner(two, 1); // and one that comes and goes
            EXPECT_EQ(subscriptions_.add_all(two, 1, idle), NOA_OK);
        }
        done = true;
    });
    while (!done) {
        const auto& tree = subscriptions_.current();
        std::array<std::vector<Endpoint*>, 3> found;
        for (std::size_t i = 0; i < 3; ++i) {
            tree.match(std::string(1, static_cast<char>('a' + i)), found[i]);
            EXPECT_EQ(std::count(found[i].begin(), found[i].end(), &one), 1);
        }
        EXPECT_EQ(found[0], found[1]);
        EXPECT_EQ(found[0], found[2]);
    }
    switching.join();
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
