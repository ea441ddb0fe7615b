#include "noa/sdk/subjects.hpp"

#include <gtest/gtest.h>

namespace noa::sdk {
namespace {

TEST(Subjects, MatchTokenByToken) {
    EXPECT_TRUE(subject_matches("a.b", "a.b"));
    EXPECT_FALSE(subject_matches("a.b", "a.c"));
    EXPECT_FALSE(subject_matches("a.b", "a"));
    EXPECT_FALSE(subject_matches("a", "a.b"));
    EXPECT_FALSE(subject_matches("a.b", "a.bc"));
}

TEST(Subjects, StarStandsForOneToken) {
    EXPECT_TRUE(subject_matches("a.*.c", "a.b.c"));
    EXPECT_TRUE(subject_matches("*", "a"));
    EXPECT_FALSE(subject_matches("a.*", "a"));
    EXPECT_FALSE(subject_matches("a.*", "a.b.c"));
}

TEST(Subjects, ALastGreaterThanStandsForOneOrMore) {
    EXPECT_TRUE(subject_matches("a.>", "a.b"));
    EXPECT_TRUE(subject_matches("a.>", "a.b.c"));
    EXPECT_TRUE(subject_matches(">", "a"));
    EXPECT_FALSE(subject_matches("a.>", "a"));
    EXPECT_FALSE(subject_matches("a.>.c", "a.b.c"));
}

TEST(Subjects, AnEmptyTokenMatchesNothing) {
    EXPECT_FALSE(subject_matches(">", ""));
    EXPECT_FALSE(subject_matches("a.*", "a."));
    EXPECT_FALSE(subject_matches("a.>", "a."));
}

} // namespace
} // namespace noa::sdk
