// What an alert is about: a part of PromQL, so that a rule is exported as it stands.
//
//     1 - noa_system_memory_available_bytes / noa_system_memory_total_bytes > 0.85
//     histogram_quantile(0.95, rate(noa_agent_message_seconds_bucket[5m])) > 1
//     rate(noa_agent_messages_failed_total[5m]) / rate(noa_agent_messages_handled_total[5m]) > 0.05
//
// Numbers, selectors {label="value", label!="value"}, + - * /, comparisons, and, or, unless; rate,
// increase, avg_over_time, min_over_time, max_over_time and quantile_over_time of a selector with a
// range; histogram_quantile; sum, avg, min, max and count, with by (label, …).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../collect/series.hpp"

namespace monitor {

enum class Operator {
    add,
    subtract,
    multiply,
    divide,
    equal,
    unequal,
    less,
    most,
    more,
    least,
    both,
    either,
    unless
};
enum class OverTime { rate, increase, avg, min, max, quantile };
enum class Aggregate { sum, avg, min, max, count };

struct Expression {
    enum class Form { number, selector, over_time, histogram_quantile, aggregate, binary };
    Form form = Form::number;
    double number = 0; // of form number; the rank of a quantile
    std::string name;
    std::vector<Match> match;
    noa::Duration range{0};
    OverTime over_time = OverTime::rate;
    Aggregate aggregate = Aggregate::sum;
    std::vector<std::string> by;
    Operator op = Operator::add;
    std::unique_ptr<Expression> left; // of an aggregate or a quantile, its argument
    std::unique_ptr<Expression> right;

    // One number, whatever the figures are.
    [[nodiscard]] bool is_number() const noexcept {
        return form == Form::number ||
               (form == Form::binary && left->is_number() && right->is_number());
    }
};

using ExpressionPtr = std::unique_ptr<Expression>;

inline constexpr std::size_t max_expression = 2000; // bytes
inline constexpr unsigned max_nesting = 32;
inline constexpr unsigned max_parts = 200; // selectors, numbers, functions, operators

// What Prometheus takes as well; its figures are one for each set of labels, never a bare number.
// NOA_E_INVALID with the column, from 1.
[[nodiscard]] noa::Result<ExpressionPtr> parse_expression(std::string_view text);

} // namespace monitor
