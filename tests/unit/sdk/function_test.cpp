#include "noa/sdk/function.hpp"

#include <array>
#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace noa::sdk {
namespace {

TEST(Function, CallsWhatItHolds) {
    Function<int(int)> doubled = [](int value) { return value * 2; };
    EXPECT_EQ(doubled(21), 42);
}

TEST(Function, OwnsWhatCannotBeCopied) {
    Function<int()> held = [value = std::make_unique<int>(7)] { return *value; };
    Function<int()> moved = std::move(held);
    EXPECT_EQ(moved(), 7);
    EXPECT_FALSE(held); // NOLINT(bugprone-use-after-move): moved-from is empty, by contract
}

TEST(Function, HoldsACallableLargerThanItsRoom) {
    std::array<int, 100> many{};
    many[99] = 3;
    Function<int()> held = [many] { return many[99]; };
    Function<int()> moved = std::move(held);
    EXPECT_EQ(moved(), 3);
}

TEST(Function, DestroysWhatItHeldOnce) {
    auto counted = std::make_shared<int>(0);
    {
        Function<void()> first = [counted] {};
        Function<void()> second = std::move(first);
        Function<void()> third;
        third = std::move(second);
        EXPECT_EQ(counted.use_count(), 2);
        third = Function<void()>();
        EXPECT_EQ(counted.use_count(), 1);
    }
    EXPECT_EQ(counted.use_count(), 1);
}

TEST(Function, PassesReferencesThrough) {
    Function<void(int&)> raise = [](int& value) { ++value; };
    int value = 1;
    raise(value);
    EXPECT_EQ(value, 2);
}

} // namespace
} // namespace noa::sdk
