#include "alerts/evaluate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using monitor::Kind;
using monitor::Labels;
using monitor::Vector;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const Labels none;
const Labels cache{{"agent", "cache"}};
const Labels config{{"agent", "config"}};

// Four rounds, ten seconds each: cache's depth 1 2 3 4, config's 10 20 30 and then gone.
struct Evaluate : ::testing::Test {
    Evaluate() {
        for (int round = 1; round <= 4; ++round) {
            monitor::Samples samples{
                {"depth", Kind::gauge, "", cache, 1.0 * round},
                {"done_total", Kind::counter, "", cache, round < 3 ? 100.0 * round : 5.0 * round},
                {"room", Kind::gauge, "", {}, 8.0}};
            if (round < 4) {
                samples.push_back({"depth", Kind::gauge, "", config, 10.0 * round});
            } else {
                samples.push_back({"limit", Kind::gauge, "", cache, 3.0});
                samples.push_back({"limit", Kind::gauge, "", config, 3.0});
            }
            ring.append(noa::Time(10s * round), std::move(samples));
        }
    }
    Vector of(const std::string& text) {
        const auto parsed = monitor::parse_expression(text);
        EXPECT_TRUE(parsed) << text << ": " << parsed.error().text;
        return parsed ? monitor::evaluate(**parsed, ring) : Vector();
    }
    monitor::SeriesRing ring;
};

TEST_F(Evaluate, ASelectorHasTheLastRoundOnly) {
    EXPECT_THAT(of("depth"), ElementsAre(Pair(cache, 4)));
    EXPECT_THAT(of("nothing"), IsEmpty());
    EXPECT_THAT(of(R"(limit{agent!="cache"})"), ElementsAre(Pair(config, 3)));
}

TEST_F(Evaluate, AComparisonKeepsTheFigure) {
    EXPECT_THAT(of("depth > 3"), ElementsAre(Pair(cache, 4)));
    EXPECT_THAT(of("depth > 4"), IsEmpty());
    EXPECT_THAT(of("3 < depth"), ElementsAre(Pair(cache, 4)));
    EXPECT_THAT(of("depth >= limit"), ElementsAre(Pair(cache, 4)));
    EXPECT_THAT(of("limit != 3"), IsEmpty());
    EXPECT_THAT(of("limit == 3 and depth == 4"), ElementsAre(Pair(cache, 3)));
}

TEST_F(Evaluate, ArithmeticGoesByLabels) {
    EXPECT_THAT(of("1 - depth / room"), IsEmpty()); // no labels in common
    EXPECT_THAT(of("depth / limit * 3 - 1"), ElementsAre(Pair(cache, 3)));
    EXPECT_THAT(of("2 * (1 + 3) - room"), ElementsAre(Pair(none, 0)));
}

TEST_F(Evaluate, SetsAreOfLabels) {
    EXPECT_THAT(of("limit unless depth"), ElementsAre(Pair(config, 3)));
    EXPECT_THAT(of("limit and depth"), ElementsAre(Pair(cache, 3)));
    EXPECT_THAT(of("depth or limit"), ElementsAre(Pair(cache, 4), Pair(config, 3)));
}

TEST_F(Evaluate, OverTimeTakesWhatIsInTheRange) {
    EXPECT_THAT(of("avg_over_time(depth[10s])"), ElementsAre(Pair(cache, 3.5), Pair(config, 30)));
    EXPECT_THAT(of(R"(max_over_time(depth{agent="config"}[5m]))"), ElementsAre(Pair(config, 30)));
    EXPECT_THAT(of(R"(min_over_time(depth{agent="config"}[5m]))"), ElementsAre(Pair(config, 10)));
    EXPECT_THAT(of(R"(quantile_over_time(0.5, depth{agent="cache"}[5m]))"),
                ElementsAre(Pair(cache, 2.5)));
    EXPECT_THAT(of("rate(depth[1s])"), IsEmpty()); // one point has no rate
}

TEST_F(Evaluate, ACounterThatBeginsAnewCountsOn) {
    // 100 200 15 20: 100 and 15 and 5 in thirty seconds
    EXPECT_THAT(of("rate(done_total[5m])"), ElementsAre(Pair(cache, 4)));
    EXPECT_THAT(of("increase(done_total[30s])"), ElementsAre(Pair(cache, 120)));
}

TEST_F(Evaluate, AggregatesAreOfGroups) {
    EXPECT_THAT(of("sum(limit)"), ElementsAre(Pair(none, 6)));
    EXPECT_THAT(of("count by (agent) (limit)"), ElementsAre(Pair(cache, 1), Pair(config, 1)));
    EXPECT_THAT(of("avg(limit) + min(limit) + max(limit)"), ElementsAre(Pair(none, 9)));
    EXPECT_THAT(of("sum(nothing)"), IsEmpty());
}

TEST_F(Evaluate, NothingIsKnownBeforeTheFirstRound) {
    EXPECT_THAT(monitor::evaluate(**monitor::parse_expression("depth"), monitor::SeriesRing()),
                IsEmpty());
}

// Ten messages: five below 1, nine below 2.
TEST(HistogramQuantile, IsThatOfPrometheus) {
    monitor::SeriesRing ring;
    const auto bucket = [](const char* name, const char* le, double value) {
        return monitor::Sample{name, Kind::histogram, "", {{"agent", "a"}, {"le", le}}, value};
    };
    ring.append(noa::Time(10s), {bucket("took_bucket", "1", 5), bucket("took_bucket", "2", 9),
                                 bucket("took_bucket", "+Inf", 10), bucket("idle_bucket", "1", 0),
                                 bucket("idle_bucket", "+Inf", 0), bucket("cut_bucket", "1", 5),
                                 bucket("cut_bucket", "2", 9)});
    const auto of = [&](const std::string& text) {
        const auto parsed = monitor::parse_expression(text);
        EXPECT_TRUE(parsed) << text;
        return parsed ? monitor::evaluate(**parsed, ring) : Vector();
    };
    const Labels a{{"agent", "a"}};
    EXPECT_THAT(of("histogram_quantile(0.5, took_bucket)"), ElementsAre(Pair(a, 1)));
    EXPECT_THAT(of("histogram_quantile(0.25, took_bucket)"), ElementsAre(Pair(a, 0.5)));
    EXPECT_THAT(of("histogram_quantile(0.7, took_bucket)"), ElementsAre(Pair(a, 1.5)));
    EXPECT_THAT(of("histogram_quantile(0.99, took_bucket)"), ElementsAre(Pair(a, 2)));
    EXPECT_THAT(of("histogram_quantile(0.95, sum by (agent, le) (took_bucket)) > 1"),
                ElementsAre(Pair(a, 2)));
    for (const char* none : {"idle", "cut"}) {
        EXPECT_THAT(of("histogram_quantile(0.5, " + std::string(none) + "_bucket) > -1"),
                    IsEmpty());
    }
    for (const char* wrong : {"histogram_quantile(took_bucket)", "histogram_quantile(0.5, 1)",
                              "histogram_quantile(0.5 took_bucket)", "histogram_quantile(0.5,"}) {
        EXPECT_FALSE(monitor::parse_expression(wrong)) << wrong;
    }
}

} // namespace
