#include "store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cache {
namespace {

using namespace std::chrono_literals;

constexpr noa::Time start{1h};

std::string keys(const Store& store) {
    std::string all;
    store.each([&](const Entry& entry) { all += entry.key; });
    return all;
}

TEST(Store, KeepsTheLastValue) {
    Store store;
    store.set("a", "1", {});
    store.set("a", "22", {});
    EXPECT_EQ(store.get("a", start)->value, "22");
    EXPECT_EQ(store.entries(), 1U);
    EXPECT_EQ(store.get("b", start), nullptr);
    EXPECT_EQ(store.figures().hits, 1U);
    EXPECT_EQ(store.figures().misses, 1U);
}

TEST(Store, EvictsTheLeastRecentlyUsedByNumber) {
    Store store;
    store.limit({1 << 20, 3});
    for (const char* key : {"a", "b", "c"}) {
        store.set(key, "x", {});
    }
    store.get("a", start);
    store.find("b", start); // looking is not using
    store.set("d", "x", {});
    EXPECT_EQ(keys(store), "cad");
    EXPECT_EQ(store.figures().evictions, 1U);
}

TEST(Store, EvictsByMemory) {
    Store store;
    store.limit({10'000, 1'000'000});
    for (int number = 0; number < 1000; ++number) {
        store.set("key" + std::to_string(number), std::string(100, 'x'), {});
        EXPECT_LE(store.bytes(), 10'000U);
    }
    EXPECT_GT(store.entries(), 20U);
    EXPECT_EQ(store.entries() + store.figures().evictions, 1000U);
    EXPECT_NE(store.get("key999", start), nullptr);
}

TEST(Store, RefusesWhatIsLargerThanAllOfIt) {
    Store store;
    store.limit({1000, 10});
    store.set("a", "1", {});
    EXPECT_EQ(store.set("b", std::string(1000, 'x'), {}), Store::Stored::too_large);
    EXPECT_NE(store.get("a", start), nullptr) << "nothing was evicted for it";
}

TEST(Store, EvictsAtOnceWhenTheLimitSinks) {
    Store store;
    for (int number = 0; number < 10; ++number) {
        store.set(std::to_string(number), "x", {});
    }
    store.limit({1 << 20, 4});
    EXPECT_EQ(keys(store), "6789");
}

TEST(Store, EndsALifeAtItsMoment) {
    Store store;
    store.set("a", "1", start + 10s);
    EXPECT_NE(store.get("a", start + 9s), nullptr);
    EXPECT_EQ(store.get("a", start + 10s), nullptr);
    EXPECT_EQ(store.entries(), 0U) << "seen dead, it is freed";
    EXPECT_EQ(store.figures().expired, 1U);
    EXPECT_FALSE(store.erase("a", start));
}

TEST(Store, FreesTheDeadInPortions) {
    Store store;
    for (int number = 0; number < 10; ++number) {
        store.set(std::to_string(number), "x", start + number * 1s);
    }
    EXPECT_EQ(store.next_end(), start);
    EXPECT_TRUE(store.expire(start + 5s, 4));
    EXPECT_EQ(store.entries(), 6U);
    EXPECT_FALSE(store.expire(start + 5s, 4));
    EXPECT_EQ(store.entries(), 4U);
    EXPECT_EQ(store.next_end(), start + 6s);
}

TEST(Store, ChangesTheEndOfALife) {
    Store store;
    store.set("a", "1", start + 10s);
    EXPECT_TRUE(store.change_end("a", start + 20s, start));
    EXPECT_NE(store.find("a", start + 15s), nullptr);
    EXPECT_TRUE(store.change_end("a", std::nullopt, start));
    EXPECT_FALSE(store.next_end());
    EXPECT_FALSE(store.change_end("b", std::nullopt, start));
    store.set("a", "2", start + 5s);
    store.set("a", "3", {});
    EXPECT_FALSE(store.next_end()) << "a new value has its own end";
}

TEST(Store, IsEmptyToTheLastByte) {
    Store store;
    for (int number = 0; number < 100; ++number) {
        store.set(std::to_string(number % 7), std::string(static_cast<std::size_t>(number), 'x'),
                  start + 1s);
    }
    for (int number = 0; number < 7; ++number) {
        EXPECT_TRUE(store.erase(std::to_string(number), start));
    }
    EXPECT_EQ(store.bytes(), 0U);
    EXPECT_EQ(store.entries(), 0U);
    EXPECT_FALSE(store.next_end());
}

} // namespace
} // namespace cache
