#include "evaluate.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <system_error>
#include <utility>

namespace monitor {

namespace {

// A number, or figures.
struct Value {
    std::optional<double> number;
    Vector figures;
};

double calculate(Operator op, double left, double right) {
    switch (op) {
    case Operator::add: return left + right;
    case Operator::subtract: return left - right;
    case Operator::multiply: return left * right;
    case Operator::divide: return left / right;
    default: return left;
    }
}

bool holds(Operator op, double left, double right) {
    switch (op) {
    case Operator::equal: return left == right;
    case Operator::unequal: return left != right;
    case Operator::less: return left < right;
    case Operator::most: return left <= right;
    case Operator::more: return left > right;
    case Operator::least: return left >= right;
    default: return true; // no comparison leaves anything out
    }
}

double seconds_of(noa::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

// Resets of a counter count from 0.
double grown(const std::vector<Point>& points) {
    double sum = 0;
    for (std::size_t at = 1; at < points.size(); ++at) {
        const double step = points[at].value - points[at - 1].value;
        sum += step < 0 ? points[at].value : step;
    }
    return sum;
}

double quantile_of(double rank, const std::vector<Point>& points) {
    std::vector<double> values;
    values.reserve(points.size());
    for (const Point& point : points) {
        values.push_back(point.value);
    }
    std::ranges::sort(values);
    const double place = std::clamp(rank, 0.0, 1.0) * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    const double part = place - static_cast<double>(below);
    return values[below] * (1 - part) + values[above] * part;
}

// What lies below each bound, all included: +Inf.
using BelowBounds = std::map<double, double>;

std::optional<double> bound_of(const std::string& text) {
    if (text == "+Inf") {
        return std::numeric_limits<double>::infinity();
    }
    double bound = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, bound);
    return error == std::errc() && rest == end && std::isfinite(bound) ? std::optional(bound)
                                                                       : std::nullopt;
}

// As Prometheus has it: within a bucket they lie evenly; beyond the last bound it is that bound.
double quantile_of(double rank, const BelowBounds& buckets) {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    if (rank < 0 || rank > 1) {
        return rank < 0 ? -infinite : infinite;
    }
    if (buckets.size() < 2 || buckets.rbegin()->first != infinite ||
        !(buckets.rbegin()->second > 0)) {
        return none;
    }
    const double wanted = rank * buckets.rbegin()->second;
    double start = 0;
    double before = 0;
    for (const auto& [bound, below] : buckets) {
        if (below >= wanted && bound != infinite) {
            const bool first = bound == buckets.begin()->first;
            return first && bound <= 0 ? bound
                   : below > before ? start + (bound - start) * (wanted - before) / (below - before)
                                    : start;
        }
        if (bound != infinite) {
            start = bound;
            before = std::max(before, below); // what counts backwards is no histogram
        }
    }
    return start;
}

std::optional<double> over_time(const Expression& asked, const std::vector<Point>& points) {
    if (points.empty()) {
        return std::nullopt;
    }
    const auto least = [](const Point& a, const Point& b) { return a.value < b.value; };
    switch (asked.over_time) {
    case OverTime::min: return std::ranges::min_element(points, least)->value;
    case OverTime::max: return std::ranges::max_element(points, least)->value;
    case OverTime::quantile: return quantile_of(asked.number, points);
    case OverTime::avg: {
        double sum = 0;
        for (const Point& point : points) {
            sum += point.value;
        }
        return sum / static_cast<double>(points.size());
    }
    case OverTime::rate:
    case OverTime::increase: break;
    }
    const noa::Duration span = points.back().at - points.front().at;
    if (span <= noa::Duration::zero()) {
        return std::nullopt;
    }
    const double rate = grown(points) / seconds_of(span);
    return asked.over_time == OverTime::rate ? rate : rate * seconds_of(asked.range);
}

class Evaluation {
public:
    explicit Evaluation(const SeriesRing& ring) : ring_(ring) {}

    Value value(const Expression& asked) const {
        switch (asked.form) {
        case Expression::Form::number: return {asked.number, {}};
        case Expression::Form::selector: return {std::nullopt, last(asked)};
        case Expression::Form::over_time: return {std::nullopt, range(asked)};
        case Expression::Form::histogram_quantile: return {std::nullopt, histogram_quantile(asked)};
        case Expression::Form::aggregate: return {std::nullopt, aggregate(asked)};
        case Expression::Form::binary: return binary(asked);
        }
        return {};
    }

private:
    Vector last(const Expression& asked) const {
        Vector found;
        ring_.each(asked.name, asked.match, ring_.last_round(), ring_.last_round(),
                   [&](const Labels& labels, const std::vector<Point>& points) {
                       if (!points.empty()) {
                           found.emplace(labels, points.back().value);
                       }
                   });
        return found;
    }
    Vector range(const Expression& asked) const {
        Vector found;
        ring_.each(asked.name, asked.match, ring_.last_round() - asked.range, ring_.last_round(),
                   [&](const Labels& labels, const std::vector<Point>& points) {
                       if (const auto value = over_time(asked, points)) {
                           found.emplace(labels, *value);
                       }
                   });
        return found;
    }

    Vector histogram_quantile(const Expression& asked) const {
        std::map<Labels, BelowBounds> histograms;
        for (const auto& [labels, number] : value(*asked.left).figures) {
            Labels others;
            std::optional<double> bound;
            for (const auto& label : labels) {
                if (label.first == "le") {
                    bound = bound_of(label.second);
                } else {
                    others.push_back(label);
                }
            }
            if (bound) {
                histograms[std::move(others)].emplace(*bound, number);
            }
        }
        Vector found;
        for (const auto& [labels, buckets] : histograms) {
            found.emplace(labels, quantile_of(asked.number, buckets));
        }
        return found;
    }

    Vector aggregate(const Expression& asked) const {
        std::map<Labels, std::vector<double>> groups;
        for (const auto& [labels, number] : value(*asked.left).figures) {
            Labels group;
            for (const auto& label : labels) {
                if (std::ranges::find(asked.by, label.first) != asked.by.end()) {
                    group.push_back(label);
                }
            }
            groups[std::move(group)].push_back(number);
        }
        Vector found;
        for (const auto& [labels, values] : groups) {
            found.emplace(labels, of_group(asked.aggregate, values));
        }
        return found;
    }
    static double of_group(Aggregate aggregate, const std::vector<double>& values) {
        double sum = 0;
        for (const double one : values) {
            sum += one;
        }
        switch (aggregate) {
        case Aggregate::sum: return sum;
        case Aggregate::avg: return sum / static_cast<double>(values.size());
        case Aggregate::min: return std::ranges::min(values);
        case Aggregate::max: return std::ranges::max(values);
        case Aggregate::count: return static_cast<double>(values.size());
        }
        return sum;
    }

    Value binary(const Expression& asked) const {
        Value left = value(*asked.left);
        Value right = value(*asked.right);
        if (left.number && right.number) {
            return {calculate(asked.op, *left.number, *right.number), {}};
        }
        if (asked.op == Operator::either) {
            left.figures.merge(right.figures);
            return left;
        }
        Vector found;
        if (left.number) {
            for (const auto& [labels, number] : right.figures) {
                keep(asked.op, *left.number, number, number, labels, found);
            }
            return {std::nullopt, std::move(found)};
        }
        for (const auto& [labels, number] : left.figures) {
            if (right.number) {
                keep(asked.op, number, *right.number, number, labels, found);
                continue;
            }
            const auto other = right.figures.find(labels);
            if ((other == right.figures.end()) != (asked.op == Operator::unless)) {
                continue;
            }
            keep(asked.op, number, other == right.figures.end() ? 0 : other->second, number, labels,
                 found);
        }
        return {std::nullopt, std::move(found)};
    }
    // A comparison keeps the figure that it was made of.
    static void keep(Operator op, double left, double right, double figure, const Labels& labels,
                     Vector& into) {
        if (holds(op, left, right)) {
            into.emplace(labels, op >= Operator::equal ? figure : calculate(op, left, right));
        }
    }

    const SeriesRing& ring_;
};

} // namespace

Vector evaluate(const Expression& expression, const SeriesRing& ring) {
    return ring.rounds() == 0 ? Vector() : Evaluation(ring).value(expression).figures;
}

} // namespace monitor
