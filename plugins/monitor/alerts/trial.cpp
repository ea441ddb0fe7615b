#include "trial.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace monitor {

namespace {

noa::Error bad_values(std::string_view token) {
    return noa::invalid("values: \"" + std::string(token.substr(0, 40)) +
                        "\" is not like 5, 0+10x5, 1x3, _ or _x3");
}

// Takes a number off the front; none when there is none.
template <class Number>
std::optional<Number> take_number(std::string_view& text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

// How often after the first: "x3" is 3, nothing 0.
std::optional<std::size_t> take_times(std::string_view text) {
    if (text.empty()) {
        return 0;
    }
    text.remove_prefix(1);
    const auto times = take_number<std::size_t>(text);
    return text.empty() && times && *times <= max_trial_rounds ? times : std::nullopt;
}

bool expand(std::string_view token, std::vector<std::optional<double>>& into) {
    if (token[0] == '_') {
        token.remove_prefix(1);
        const bool many = !token.empty();
        const auto times = !many || token[0] == 'x' ? take_times(token) : std::nullopt;
        into.resize(into.size() + (times ? std::max<std::size_t>(*times, many ? 0 : 1) : 0));
        return times.has_value();
    }
    auto value = take_number<double>(token);
    double step = 0;
    if (value && !token.empty() && (token[0] == '+' || token[0] == '-')) {
        const bool less = token[0] == '-';
        token.remove_prefix(1);
        const auto by = take_number<double>(token);
        value = by && token.starts_with("x") ? value : std::nullopt;
        step = by ? (less ? -*by : *by) : 0;
    }
    const auto times = token.empty() || token[0] == 'x' ? take_times(token) : std::nullopt;
    if (!value || !times || !std::isfinite(*value) || !std::isfinite(step)) {
        return false;
    }
    for (std::size_t at = 0; at <= *times; ++at) {
        into.emplace_back(*value + step * static_cast<double>(at));
    }
    return true;
}

// Which alerts are what: what differs after a round has changed in it.
using States = std::map<std::pair<std::string, Labels>, AlertState>;

void add_changes(const Alerts& alerts, noa::Duration at, States& states,
                 std::vector<TrialStep>& steps) {
    States now;
    for (const Alert* alert : alerts.all()) {
        const std::pair key{alert->rule, alert->labels};
        now.emplace(key, alert->state);
        const auto before = states.find(key);
        if (before == states.end() || before->second != alert->state) {
            steps.push_back({at, *alert, false});
        }
    }
    states = std::move(now);
}

} // namespace

noa::Result<std::vector<std::optional<double>>> parse_values(std::string_view text) {
    std::vector<std::optional<double>> values;
    while (true) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty()) {
            return values;
        }
        const std::string_view token = text.substr(0, text.find(' '));
        if (!expand(token, values)) {
            return bad_values(token);
        }
        if (values.size() > max_trial_rounds) {
            return noa::invalid("values: over " + std::to_string(max_trial_rounds));
        }
        text.remove_prefix(token.size());
    }
}

std::vector<TrialStep> try_rules(std::vector<Rule> rules, const std::vector<TrialSeries>& series,
                                 noa::Duration interval) {
    std::size_t rounds = 0;
    for (const TrialSeries& one : series) {
        rounds = std::max(rounds, one.values.size());
    }
    SeriesRing ring;
    SeriesBounds bounds;
    bounds.rounds = std::max<std::size_t>(rounds, 1);
    ring.bound(bounds);
    Alerts alerts;
    alerts.set(std::move(rules), std::chrono::hours(4));
    States states;
    std::vector<TrialStep> steps;
    for (std::size_t round = 0; round < rounds; ++round) {
        const noa::Duration at = interval * static_cast<std::int64_t>(round);
        const noa::Time now = noa::Time(std::chrono::hours(1)) + at;
        Samples samples;
        for (const TrialSeries& one : series) {
            if (round < one.values.size() && one.values[round]) {
                samples.push_back({one.name,
                                   one.name.ends_with("_total") ? Kind::counter : Kind::gauge,
                                   {},
                                   one.labels,
                                   *one.values[round]});
            }
        }
        ring.append(now, std::move(samples));
        const std::vector<Notice> notices = alerts.look(ring, now);
        add_changes(alerts, at, states, steps);
        for (const Notice& notice : notices) {
            for (const Alert& alert : notice.alerts) {
                steps.push_back({at, alert, true});
            }
        }
    }
    return steps;
}

} // namespace monitor
