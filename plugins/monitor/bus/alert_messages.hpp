// The bodies of the operations about alerts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages.hpp"

namespace monitor {

struct AlertsRequest {
    std::string state;
    std::string rule;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("state", &AlertsRequest::state,
                                "pending, firing or resolved; absent: pending and firing"),
            noa::optional_field("rule", &AlertsRequest::rule, "absent: of any"));
    }
};

struct AlertList {
    noa::Json alerts = noa::Json::array();
    noa::Json silences = noa::Json::array();
    static constexpr auto fields() {
        return noa::fields(noa::field("alerts", &AlertList::alerts, "times are unix times in ms"),
                           noa::field("silences", &AlertList::silences));
    }
};

struct SilenceRequest {
    std::string rule;
    LabelMap labels;
    noa::Duration lasts = std::chrono::hours(1);
    std::string comment;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("rule", &SilenceRequest::rule, "absent: of any"),
            noa::optional_field("labels", &SilenceRequest::labels, "that an alert must have"),
            noa::optional_field("for", &SilenceRequest::lasts, "1s to 30d"),
            noa::optional_field("comment", &SilenceRequest::comment));
    }
};

struct SilenceName {
    std::string id;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &SilenceName::id, "of a silence"));
    }
};

struct ListedRule {
    std::string name;
    std::string expression;
    noa::Duration wait{0};
    noa::Duration keep{0};
    noa::Duration cooldown{0};
    std::string severity;
    std::string summary;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &ListedRule::name),
            noa::field("expression", &ListedRule::expression), noa::field("for", &ListedRule::wait),
            noa::field("keep", &ListedRule::keep), noa::field("cooldown", &ListedRule::cooldown),
            noa::field("severity", &ListedRule::severity),
            noa::field("summary", &ListedRule::summary));
    }
};

struct RuleList {
    std::vector<ListedRule> rules;
    static constexpr auto fields() { return noa::fields(noa::field("rules", &RuleList::rules)); }
};

struct TriedSeries {
    std::string name;
    LabelMap labels;
    std::string values;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &TriedSeries::name, "of a figure"),
            noa::optional_field("labels", &TriedSeries::labels),
            noa::field("values", &TriedSeries::values,
                       "one a round: 1 2 3, 0+10x5, 1x3, _ for none, as in promtool's tests"));
    }
};

struct TrialRequest {
    std::string rule;
    noa::Duration interval = std::chrono::seconds(10);
    std::vector<TriedSeries> series;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("rule", &TrialRequest::rule, "absent: all of them"),
            noa::optional_field("interval", &TrialRequest::interval, "between two rounds"),
            noa::field("series", &TrialRequest::series, "100 at most, of 2,000 rounds at most"));
    }
};

struct TriedStep {
    double at_s = 0;
    std::string rule;
    LabelMap labels;
    std::string severity;
    std::string state;
    bool told = false;
    double value = 0;
    std::string summary;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("at_s", &TriedStep::at_s, "seconds from the first round"),
            noa::field("rule", &TriedStep::rule), noa::field("labels", &TriedStep::labels),
            noa::field("severity", &TriedStep::severity), noa::field("state", &TriedStep::state),
            noa::field("told", &TriedStep::told, "channels would get it; else it only changed"),
            noa::field("value", &TriedStep::value), noa::field("summary", &TriedStep::summary));
    }
};

struct Trial {
    std::vector<TriedStep> steps;
    static constexpr auto fields() { return noa::fields(noa::field("steps", &Trial::steps)); }
};

} // namespace monitor
