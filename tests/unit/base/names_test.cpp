#include "base/names.hpp"

#include <string>

#include <gtest/gtest.h>

namespace noa {
namespace {

TEST(names, of_agents_are_lower_case_and_bounded) {
    for (const auto* good : {"a", "cache", "echo-c", "a_b", "0day", "start_fails_on_flag"}) {
        EXPECT_TRUE(is_agent_name(good)) << good;
    }
    for (const auto* bad : {"", "Cache", "-a", "_a", "a.b", "a b", "a/b", "..", "ä"}) {
        EXPECT_FALSE(is_agent_name(bad)) << bad;
    }
    EXPECT_TRUE(is_agent_name(std::string(NOA_AGENT_NAME_MAX, 'a')));
    EXPECT_FALSE(is_agent_name(std::string(NOA_AGENT_NAME_MAX + 1, 'a')));
}

TEST(names, of_subjects_are_tokens_with_single_dots) {
    for (const auto* good : {"a", "config.changed.cache", "A_b-1.2"}) {
        EXPECT_TRUE(is_subject(good)) << good;
    }
    for (const auto* bad : {"", ".", "a.", ".a", "a..b", "a.*", "a.>", "a b"}) {
        EXPECT_FALSE(is_subject(bad)) << bad;
    }
    EXPECT_TRUE(is_subject(std::string(NOA_SUBJECT_MAX, 'a')));
    EXPECT_FALSE(is_subject(std::string(NOA_SUBJECT_MAX + 1, 'a')));
}

TEST(names, of_patterns_have_whole_wildcards_and_the_tail_last) {
    for (const auto* good : {"a", "*", ">", "a.*", "*.b", "a.>", "*.*.>"}) {
        EXPECT_TRUE(is_pattern(good)) << good;
    }
    for (const auto* bad : {"", "a*", ">.a", "a.>.b", "a..b", "a.", "**", "a >"}) {
        EXPECT_FALSE(is_pattern(bad)) << bad;
    }
}

} // namespace
} // namespace noa
