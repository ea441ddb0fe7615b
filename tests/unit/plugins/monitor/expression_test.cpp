#include "alerts/expression.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using monitor::Expression;
using monitor::Operator;
using monitor::parse_expression;

TEST(Expression, BindsAsPromQlDoes) {
    const auto parsed = parse_expression("1 - a / b > 0.85 and c == 1 or d < 2");
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ((*parsed)->op, Operator::either);
    EXPECT_EQ((*parsed)->left->op, Operator::both);
    const Expression& more = *(*parsed)->left->left;
    EXPECT_EQ(more.op, Operator::more);
    EXPECT_EQ(more.left->op, Operator::subtract);
    EXPECT_EQ(more.left->right->op, Operator::divide);
}

TEST(Expression, FunctionsTakeASelectorWithARange) {
    const auto parsed =
        parse_expression(R"(sum by (agent, x) (quantile_over_time(0.95, a{b="c\"",d!="e"}[5m])))");
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ((*parsed)->by, (std::vector<std::string>{"agent", "x"}));
    const Expression& inner = *(*parsed)->left;
    EXPECT_EQ(inner.range, 5min);
    EXPECT_EQ(inner.number, 0.95);
    EXPECT_EQ(inner.match.at(0).value, "c\"");
    EXPECT_FALSE(inner.match.at(1).equal);
}

TEST(Expression, WhatIsWrongIsToldWithItsColumn) {
    EXPECT_EQ(parse_expression("a > > b").error().text, "column 5: a name is expected");
    for (const char* bad : {"",
                            "(",
                            ")",
                            "a b",
                            "a{",
                            "a{b",
                            "a{b=",
                            "a{b=\"",
                            "a{b=\"c\"",
                            "rate(a)",
                            "rate(a[0s])",
                            "rate(a[5m]",
                            "sum",
                            "sum by",
                            "sum by (",
                            "-",
                            "1e999",
                            "a[5m]",
                            "a and",
                            "1 2",
                            "\xff",
                            "1 > 2",
                            "5",
                            "a and 1",
                            "sum(1)",
                            "by > 1",
                            "INF > a",
                            "a[5min] > 1",
                            "rate(a[5min])",
                            "rate(a[1h30m])",
                            "a{b=\"\\n\"}",
                            "a{b=\"\n\"}",
                            "010 < a",
                            "a{b=\"c\\",
                            "quantile_over_time(a[5m])"}) {
        EXPECT_FALSE(parse_expression(bad)) << bad;
    }
    EXPECT_FALSE(parse_expression(std::string(100, '(') + "1" + std::string(100, ')')));
    EXPECT_FALSE(parse_expression(std::string(3000, ' ')));
    std::string long_sum = "a";
    for (int at = 0; at < 300; ++at) {
        long_sum += "+a";
    }
    EXPECT_FALSE(parse_expression(long_sum));
}

} // namespace
