#include "noa/sdk/quantiles.hpp"

#include <gtest/gtest.h>

#include <random>

namespace noa::test {
namespace {

// Within 1 % of the value of that rank.
void expect_quantiles(const noa::Quantiles& sketch, std::vector<double> values) {
    std::ranges::sort(values);
    for (const double rank : {0.0, 0.01, 0.5, 0.95, 0.99, 0.999, 1.0}) {
        const double exact =
            values[static_cast<std::size_t>(rank * static_cast<double>(values.size() - 1))];
        EXPECT_NEAR(sketch.at(rank), exact, exact * 0.0101) << rank;
    }
}

TEST(Quantiles, AreWithinTheirErrorWhateverTheSpread) {
    std::mt19937_64 chance(7);
    std::lognormal_distribution<double> wide(-6, 3);
    noa::Quantiles sketch;
    std::vector<double> values;
    for (int turn = 0; turn < 100'000; ++turn) {
        values.push_back(wide(chance));
        sketch.add(values.back());
    }
    expect_quantiles(sketch, values);
    EXPECT_EQ(sketch.count(), values.size());
    EXPECT_LE(sketch.bins(), 2048U);
}

TEST(Quantiles, MergeAsIfOneHadSeenAll) {
    std::mt19937_64 chance(7);
    std::exponential_distribution<double> spread(100);
    noa::Quantiles first;
    noa::Quantiles second;
    noa::Quantiles both;
    std::vector<double> values;
    for (int turn = 0; turn < 20'000; ++turn) {
        const double value = spread(chance) + (turn % 3 == 0 ? 10 : 0);
        values.push_back(value);
        (turn % 3 == 0 ? first : second).add(value);
        both.add(value);
    }
    ASSERT_TRUE(first.merge(second));
    expect_quantiles(first, values);
    EXPECT_EQ(first.at(0.9), both.at(0.9));
    EXPECT_EQ(first.count(), both.count());
    EXPECT_EQ(first.max(), both.max());
    EXPECT_FALSE(first.merge(noa::Quantiles(0.05)));
}

TEST(Quantiles, KeepTheUpperOnesWhenBinsRunOut) {
    noa::Quantiles sketch(0.01, 100);
    for (int turn = 1; turn <= 10'000; ++turn) {
        sketch.add(turn);
        sketch.add(1.0 / turn);
    }
    EXPECT_LE(sketch.bins(), 100U);
    EXPECT_NEAR(sketch.at(0.99), 9800, 98);
    EXPECT_EQ(sketch.count(), 20'000U);
}

TEST(Quantiles, TakeZeroAndLeaveOutWhatIsNotFinite) {
    noa::Quantiles sketch;
    EXPECT_EQ(sketch.at(0.5), 0);
    sketch.add(0);
    sketch.add(-1);
    sketch.add(std::numeric_limits<double>::quiet_NaN());
    sketch.add(std::numeric_limits<double>::infinity());
    sketch.add(2, 4);
    EXPECT_EQ(sketch.count(), 6U);
    EXPECT_EQ(sketch.at(0), 0);
    EXPECT_NEAR(sketch.at(0.7), 2, 0.02);
    sketch.clear();
    EXPECT_EQ(sketch.count(), 0U);
}

} // namespace
} // namespace noa::test
