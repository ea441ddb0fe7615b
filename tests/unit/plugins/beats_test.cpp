#include "beats.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heartbeat {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

noa::Time at(noa::Duration since) {
    return noa::Time(since);
}

TEST(Beats, MissWhoeverIsSilentForTheWholeTime) {
    Beats beats;
    beats.limit(10, 3);
    ASSERT_TRUE(beats.watch("cache", 10s, at(0s)));
    EXPECT_THAT(beats.take_missed(at(29s)), IsEmpty());
    EXPECT_THAT(beats.take_missed(at(30s)), ElementsAre("cache"));
    EXPECT_THAT(beats.take_missed(at(60s)), IsEmpty()) << "told once";
    EXPECT_EQ(beats.missed(), 1U);
}

TEST(Beats, RecoverWithTheNextBeat) {
    Beats beats;
    beats.limit(10, 1);
    beats.watch("cache", 10s, at(0s));
    EXPECT_FALSE(beats.beat("cache", at(5s)));
    beats.take_missed(at(15s));
    EXPECT_TRUE(beats.beat("cache", at(20s)));
    EXPECT_FALSE(beats.beat("cache", at(21s)));
    EXPECT_THAT(beats.take_missed(at(31s)), ElementsAre("cache"));
}

TEST(Beats, TellTheNextMoment) {
    Beats beats;
    beats.limit(10, 2);
    EXPECT_FALSE(beats.next_due());
    beats.watch("slow", 100s, at(0s));
    beats.watch("fast", 1s, at(0s));
    EXPECT_EQ(beats.next_due(), at(2s));
    beats.take_missed(at(2s));
    EXPECT_EQ(beats.next_due(), at(200s));
    EXPECT_TRUE(beats.forget("slow"));
    EXPECT_FALSE(beats.forget("slow"));
    EXPECT_FALSE(beats.next_due());
}

TEST(Beats, AreBoundedInNumber) {
    Beats beats;
    beats.limit(2, 1);
    EXPECT_TRUE(beats.watch("a", 1s, at(0s)));
    EXPECT_TRUE(beats.watch("b", 1s, at(0s)));
    EXPECT_FALSE(beats.watch("c", 1s, at(0s)));
    EXPECT_TRUE(beats.watch("a", 2s, at(0s))) << "known already";
}

} // namespace
} // namespace heartbeat
