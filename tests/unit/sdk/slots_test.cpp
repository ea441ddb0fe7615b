#include "noa/sdk/slots.hpp"

#include <string>

#include <gtest/gtest.h>

namespace noa::sdk {
namespace {

TEST(Slots, FindsWhatWasInserted) {
    Slots<std::string> slots;
    const auto first = slots.insert("a");
    const auto second = slots.insert("b");
    ASSERT_NE(slots.find(first), nullptr);
    EXPECT_EQ(*slots.find(first), "a");
    EXPECT_EQ(slots.take(second), "b");
    EXPECT_EQ(slots.size(), 1U);
}

TEST(Slots, NeverFindsATagAgainOnceItWasTaken) {
    Slots<std::string> slots;
    const auto first = slots.insert("a");
    EXPECT_EQ(slots.take(first), "a");
    const auto second = slots.insert("b"); // in the same slot
    EXPECT_NE(first, second);
    EXPECT_EQ(slots.find(first), nullptr);
    EXPECT_EQ(slots.take(first), "");
    EXPECT_EQ(*slots.find(second), "b");
}

TEST(Slots, HasNoTagZero) {
    Slots<std::string> slots;
    EXPECT_NE(slots.insert("a"), 0U);
    EXPECT_EQ(slots.find(0), nullptr);
}

TEST(Slots, ForgetsUnknownTags) {
    Slots<std::string> slots;
    EXPECT_EQ(slots.find(UINT64_MAX), nullptr);
    EXPECT_EQ(slots.take(12345), "");
    EXPECT_EQ(slots.size(), 0U);
}

TEST(Slots, IsEmptyAfterClear) {
    Slots<std::string> slots;
    const auto tag = slots.insert("a");
    slots.insert("b");
    slots.clear();
    EXPECT_EQ(slots.size(), 0U);
    EXPECT_EQ(slots.find(tag), nullptr);
}

} // namespace
} // namespace noa::sdk
