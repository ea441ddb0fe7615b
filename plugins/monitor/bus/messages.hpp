// The bodies of the agent's operations.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "noa/sdk/json.hpp"

namespace monitor {

using LabelMap = std::map<std::string, std::string>;

struct QueryRequest {
    std::string name;
    LabelMap labels;
    noa::Duration range = std::chrono::hours(1);
    noa::Duration step{0};
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &QueryRequest::name, "of a figure"),
            noa::optional_field("labels", &QueryRequest::labels, "that its series must have"),
            noa::optional_field("range", &QueryRequest::range, "back from now"),
            noa::optional_field("step", &QueryRequest::step,
                                "one point for each, the last in it; absent: every point"));
    }
};

struct QueriedSeries {
    LabelMap labels;
    noa::Json points = noa::Json::array();
    static constexpr auto fields() {
        return noa::fields(noa::field("labels", &QueriedSeries::labels),
                           noa::field("points", &QueriedSeries::points,
                                      "[[unix time in ms, value], …], the oldest first"));
    }
};

struct QueryReply {
    std::string name;
    std::string type;
    std::string help;
    std::vector<QueriedSeries> series;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &QueryReply::name),
                           noa::field("type", &QueryReply::type, "counter or gauge"),
                           noa::field("help", &QueryReply::help),
                           noa::field("series", &QueryReply::series));
    }
};

struct NowRequest {
    std::string prefix;
    LabelMap labels;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("prefix", &NowRequest::prefix, "of the names that are wanted"),
            noa::optional_field("labels", &NowRequest::labels, "that a figure must have"));
    }
};

struct NowFigure {
    std::string name;
    std::string type;
    LabelMap labels;
    double value = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &NowFigure::name),
                           noa::field("type", &NowFigure::type, "counter or gauge"),
                           noa::field("labels", &NowFigure::labels),
                           noa::field("value", &NowFigure::value));
    }
};

struct NowReply {
    std::int64_t at = 0;
    std::vector<NowFigure> figures;
    static constexpr auto fields() {
        return noa::fields(noa::field("at", &NowReply::at, "unix time of the round in ms; 0: none"),
                           noa::field("figures", &NowReply::figures));
    }
};

struct RunRequest {
    std::string name;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("name", &RunRequest::name, "of a check; absent: all of them"));
    }
};

struct ListedCheck {
    std::string name;
    std::string type;
    std::string target;
    bool critical = false;
    std::string status;
    std::string text;
    std::int64_t last = 0;
    std::int64_t since = 0;
    double took_s = 0;
    std::uint64_t runs = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &ListedCheck::name), noa::field("type", &ListedCheck::type),
            noa::field("target", &ListedCheck::target),
            noa::field("critical", &ListedCheck::critical),
            noa::field("status", &ListedCheck::status, "unknown, healthy, unhealthy or error"),
            noa::field("text", &ListedCheck::text, "why it is not healthy"),
            noa::field("last", &ListedCheck::last, "unix time in ms when it was settled; 0: never"),
            noa::field("since", &ListedCheck::since, "unix time in ms of the last change"),
            noa::field("took_s", &ListedCheck::took_s, "seconds, retries included"),
            noa::field("runs", &ListedCheck::runs));
    }
};

struct CheckList {
    std::vector<ListedCheck> checks;
    static constexpr auto fields() { return noa::fields(noa::field("checks", &CheckList::checks)); }
};

} // namespace monitor
