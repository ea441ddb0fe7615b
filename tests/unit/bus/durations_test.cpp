#include "bus/durations.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace noa::bus {
namespace {

constexpr std::int64_t ms = 1'000'000;

TEST(Durations, AreToldAtMostAnEighthTooShort) {
    for (std::int64_t took = 0; took < 1'000'000; took += took / 50 + 1) {
        const auto told = Durations::floor_ms(Durations::bucket_of(took * ms));
        EXPECT_LE(told, took);
        EXPECT_GT(told + std::max<std::int64_t>(1, told / 8), took) << told;
    }
}

TEST(Durations, HaveABucketForEveryNumber) {
    EXPECT_EQ(Durations::bucket_of(-1), 0U);
    EXPECT_EQ(Durations::bucket_of(ms - 1), 0U);
    EXPECT_EQ(Durations::bucket_of(INT64_MAX), Durations::buckets - 1);
    for (std::size_t bucket = 0; bucket < Durations::buckets; ++bucket) {
        EXPECT_EQ(Durations::bucket_of(Durations::floor_ms(bucket) * ms), bucket);
    }
}

TEST(Durations, APercentileIsOfWhatCameBetween) {
    Durations took;
    for (int i = 0; i < 1000; ++i) {
        took.add(500 * ms);
    }
    const auto before = took.counts();
    for (int i = 0; i < 95; ++i) {
        took.add(ms);
    }
    for (int i = 0; i < 5; ++i) {
        took.add_shared(2048 * ms);
    }
    const auto now = took.counts();
    EXPECT_EQ(percentile(now, before, 95).ms, 1);
    EXPECT_EQ(percentile(now, before, 96).ms, 2048);
    EXPECT_EQ(percentile(now, before, 50).total, 100U);
    EXPECT_EQ(percentile(now, now, 95).total, 0U);
    EXPECT_EQ(percentile(now, now, 95).ms, 0);
}

TEST(Durations, BelowAPowerOfTwoTheyAreCountedExactly) {
    Durations took;
    took.add(15 * ms);
    took.add(16 * ms);
    took.add_shared(1023 * ms);
    took.add_shared(1024 * ms);
    const auto counts = took.counts();
    EXPECT_EQ(shorter_than(counts, 1), 0U);
    EXPECT_EQ(shorter_than(counts, 16), 1U);
    EXPECT_EQ(shorter_than(counts, 1024), 3U);
    EXPECT_EQ(shorter_than(counts, 65'536), 4U);
    EXPECT_EQ(took.sum_ns(), (15 + 16 + 1023 + 1024) * ms);
}

TEST(Durations, OneIsItsOwnPercentile) {
    Durations took;
    took.add(3000 * ms);
    EXPECT_EQ(percentile(took.counts(), {}, 50).ms, 2816);
}

TEST(Durations, GoOnPastFourThousandMillion) {
    Durations::Counts before{};
    Durations::Counts now{};
    before[3] = UINT32_MAX;
    now[3] = std::uint64_t{UINT32_MAX} + 2;
    EXPECT_EQ(percentile(now, before, 95).total, 2U);
}

TEST(Durations, LoseNothingBetweenThreads) {
    const auto took = std::make_unique<Durations>();
    std::thread other([&] {
        for (int i = 0; i < 10'000; ++i) {
            took->add_shared(ms);
        }
    });
    for (int i = 0; i < 10'000; ++i) {
        took->add(ms);
    }
    other.join();
    EXPECT_EQ(percentile(took->counts(), {}, 95).total, 20'000U);
}

} // namespace
} // namespace noa::bus
