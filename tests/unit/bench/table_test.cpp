// How rows come of runs.
#include <gtest/gtest.h>

#include "harness/catalogue.hpp"
#include "harness/samples.hpp"

namespace noa::bench {
namespace {

const Measurement own{"own", Placement::one_core};
const Measurement raw{"raw", Placement::one_core};
const std::string own_p50 = figure_name("own", "p50", Placement::one_core);
const std::string raw_p50 = figure_name("raw", "p50", Placement::one_core);

CatalogueBuilder both() {
    CatalogueBuilder builder;
    builder.add("own", own, {{"p50", "p50", "us"}});
    builder.add("raw", raw, {{"p50", "p50", "us"}});
    return builder;
}

Outcomes outcomes_of(std::vector<double> of_own, std::vector<double> of_raw) {
    Outcomes outcomes;
    outcomes[own.key()].values["p50"] = std::move(of_own);
    outcomes[raw.key()].values["p50"] = std::move(of_raw);
    return outcomes;
}

Row first_row(CatalogueBuilder& builder, const Outcomes& outcomes) {
    return rows_of(builder.take().table, outcomes).front();
}

TEST(Table, a_ratio_is_taken_round_by_round) {
    auto builder = both();
    builder.expect("group", own_p50, Sense::at_most, 1.5, {raw_p50});
    // The second round saw a machine ten times slower, for both.
    const auto row = first_row(builder, outcomes_of({1, 20, 3}, {1, 10, 3}));
    ASSERT_TRUE(row.ratio && row.met);
    EXPECT_DOUBLE_EQ(row.ratio->median, 1);
    EXPECT_DOUBLE_EQ(row.ratio->high, 2);
    EXPECT_DOUBLE_EQ(row.value->median, 3);
    EXPECT_DOUBLE_EQ(*row.baseline_value, 3);
    EXPECT_TRUE(*row.met);
}

TEST(Table, a_ratio_to_what_was_measured_once_is_that_of_the_medians) {
    auto builder = both();
    builder.expect("group", own_p50, Sense::at_least, 2, {raw_p50});
    const auto row = first_row(builder, outcomes_of({1, 6, 3}, {2}));
    EXPECT_DOUBLE_EQ(row.ratio->median, 1.5);
    EXPECT_FALSE(*row.met);
}

TEST(Table, baselines_add_up) {
    auto builder = both();
    builder.expect("group", own_p50, Sense::at_most, 1, {raw_p50, raw_p50});
    EXPECT_DOUBLE_EQ(first_row(builder, outcomes_of({1, 2}, {1, 2})).ratio->median, 0.5);
}

TEST(Table, a_guarantee_is_for_every_run) {
    auto builder = both();
    builder.guarantee("group", own_p50, 0);
    const auto row = first_row(builder, outcomes_of({0, 0, 1}, {}));
    EXPECT_TRUE(row.guarantee);
    EXPECT_FALSE(*row.met);
}

TEST(Table, a_comparison_promises_nothing) {
    auto builder = both();
    builder.compare("group", own_p50, {raw_p50});
    const auto row = first_row(builder, outcomes_of({4}, {2}));
    EXPECT_DOUBLE_EQ(row.ratio->median, 2);
    EXPECT_FALSE(row.met.has_value());
    EXPECT_EQ(row.goal, "");
}

TEST(Table, what_was_skipped_says_so) {
    auto builder = both();
    builder.expect("group", own_p50, Sense::at_most, 1, {raw_p50});
    Outcomes outcomes = outcomes_of({1}, {1});
    outcomes[raw.key()].skipped = "not installed";
    const auto row = first_row(builder, outcomes);
    EXPECT_FALSE(row.met.has_value());
    EXPECT_NE(row.note.find("not installed"), std::string::npos);
}

TEST(Table, json_has_what_the_table_shows_and_every_run) {
    auto builder = both();
    builder.expect("group", own_p50, Sense::at_most, 2, {raw_p50});
    const auto rows = rows_of(builder.take().table, outcomes_of({1, 2, 3}, {1, 1, 1}));
    const auto json = to_json(rows).front();
    EXPECT_EQ(json["value"], 2);
    EXPECT_EQ(json["runs"], (std::vector<double>{1, 2, 3}));
    EXPECT_EQ(json["ratio"], 2);
    EXPECT_EQ(json["met"], true);
    EXPECT_NE(render(rows).find("<= 2.00 x  yes"), std::string::npos);
}

TEST(Table, a_selection_takes_its_goals_with_it) {
    auto builder = both();
    builder.expect("group", own_p50, Sense::at_most, 2, {raw_p50});
    auto catalogue = builder.take();
    select(catalogue, [](const std::string& key) { return key.starts_with("own"); });
    EXPECT_EQ(catalogue.measurements.size(), 1U);
    EXPECT_EQ(catalogue.table.figures.size(), 1U);
    EXPECT_TRUE(catalogue.table.goals.empty());
}

TEST(Percentile, is_a_value_that_was_measured) {
    std::vector<double> values{5, 1, 4, 2, 3};
    EXPECT_EQ(percentile(values, 50), 3);
    EXPECT_EQ(percentile(values, 99), 5);
    EXPECT_EQ(percentile(values, 1), 1);
    values.clear();
    EXPECT_EQ(percentile(values, 50), 0);
}

} // namespace
} // namespace noa::bench
