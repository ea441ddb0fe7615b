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

} // namespace monitor
