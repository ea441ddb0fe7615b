#include "collect/series.hpp"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collect/exposition.hpp"

namespace {

using namespace std::chrono_literals;
using monitor::Kind;
using monitor::Labels;
using monitor::Point;
using monitor::Sample;
using monitor::SeriesRing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

noa::Time at(int seconds) {
    return noa::Time(std::chrono::seconds(seconds));
}

Sample gauge(std::string name, double value, Labels labels = {}) {
    return {std::move(name), Kind::gauge, "Help", std::move(labels), value};
}

std::vector<double> values(const SeriesRing& ring, std::string_view name, int from = 0,
                           int to = 1000) {
    std::vector<double> all;
    ring.each(name, {}, at(from), at(to), [&](const Labels&, const std::vector<Point>& points) {
        for (const Point& point : points) {
            all.push_back(point.value);
        }
    });
    return all;
}

TEST(SeriesRing, KeepsTheLastRoundsInOrder) {
    SeriesRing ring;
    ring.bound({.rounds = 3});
    for (int round = 1; round <= 5; ++round) {
        ring.append(at(round), {gauge("a", round)});
    }
    EXPECT_THAT(values(ring, "a"), ElementsAre(3, 4, 5));
    EXPECT_THAT(values(ring, "a", 4, 4), ElementsAre(4));
    EXPECT_EQ(ring.last_round(), at(5));
}

TEST(SeriesRing, ARoundWithoutASeriesLeavesAGap) {
    SeriesRing ring;
    ring.bound({.rounds = 3});
    ring.append(at(1), {gauge("a", 1), gauge("b", 1)});
    ring.append(at(2), {gauge("b", 2)});
    ring.append(at(3), {gauge("a", 3), gauge("b", 3)});
    EXPECT_THAT(values(ring, "a"), ElementsAre(1, 3));
    ring.append(at(4), {gauge("b", 4)});
    EXPECT_THAT(values(ring, "a"), ElementsAre(3));
}

TEST(SeriesRing, ASeriesThatIsInNoRoundIsForgottenAndItsRoomFree) {
    SeriesRing ring;
    ring.bound({.rounds = 2, .series = 1});
    ring.append(at(1), {gauge("a", 1)});
    ring.append(at(2), {gauge("b", 1)});
    EXPECT_EQ(ring.refused(), 1U);
    ring.append(at(3), {gauge("b", 1)});
    EXPECT_EQ(ring.family("a"), nullptr);
    EXPECT_THAT(values(ring, "b"), ElementsAre(1));
    EXPECT_EQ(ring.series(), 1U);
}

TEST(SeriesRing, LabelsThatExplodeTakeNobodyElsesRoom) {
    SeriesRing ring;
    ring.bound({.rounds = 2, .series = 100, .per_name = 10});
    monitor::Samples samples;
    for (int one = 0; one < 1000; ++one) {
        samples.push_back(gauge("wild", 1, {{"id", std::to_string(one)}}));
    }
    samples.push_back(gauge("tame", 1));
    ring.append(at(1), std::move(samples));
    EXPECT_EQ(ring.series(), 11U);
    EXPECT_EQ(ring.refused(), 990U);
    EXPECT_THAT(values(ring, "tame"), ElementsAre(1));
}

TEST(SeriesRing, WhatIsNotWellFormedIsRefused) {
    SeriesRing ring;
    const std::string longest(201, 'x');
    ring.append(at(1),
                {gauge("", 1), gauge("1a", 1), gauge("a b", 1), gauge(longest, 1), gauge("a", NAN),
                 gauge("a", std::numeric_limits<double>::infinity()),
                 gauge("a", 1, {{"b", longest}}), gauge("a", 1, {{"", "b"}}),
                 gauge("a", 1, {{"b", "1"}, {"b", "2"}}), gauge("a", 1, {{"c", "1"}, {"b", "2"}})});
    EXPECT_EQ(ring.refused(), 10U);
    EXPECT_EQ(ring.series(), 0U);
}

TEST(SeriesRing, ANameIsOfOneKind) {
    SeriesRing ring;
    ring.append(at(1), {gauge("a", 1), {"a", Kind::counter, "", {{"b", "c"}}, 1}});
    EXPECT_EQ(ring.refused(), 1U);
}

TEST(SeriesRing, LabelsAreMatched) {
    const Labels labels{{"agent", "cache"}, {"run", "thread"}};
    EXPECT_TRUE(monitor::matches(labels, {}));
    EXPECT_TRUE(monitor::matches(labels, {{"agent", "cache"}}));
    EXPECT_FALSE(monitor::matches(labels, {{"agent", "config"}}));
    EXPECT_FALSE(monitor::matches(labels, {{"agent", "cache", false}}));
    EXPECT_TRUE(monitor::matches(labels, {{"absent", ""}}));
}

TEST(Exposition, IsPrometheusText) {
    SeriesRing ring;
    ring.append(at(1), {{"b_total", Kind::counter, "Two\nlines \\", {}, 1e21},
                        gauge("a", 0.5, {{"x", "q\"\\\n"}, {"y", ""}}),
                        gauge("a", -3, {{"x", "z"}})});
    EXPECT_EQ(monitor::exposition(ring), "# HELP a Help\n# TYPE a gauge\n"
                                         "a{x=\"q\\\"\\\\\\n\",y=\"\"} 0.5\n"
                                         "a{x=\"z\"} -3\n"
                                         "# HELP b_total Two\\nlines \\\\\n"
                                         "# TYPE b_total counter\nb_total 1e+21\n");
    ring.append(at(2), {});
    EXPECT_THAT(monitor::exposition(ring), IsEmpty());
}

} // namespace
