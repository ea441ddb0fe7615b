// What is told of traces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "bus/bus.hpp"
#include "bus/endpoint.hpp"
#include "control/host_traces.hpp"

namespace noa::control {
namespace {

using nlohmann::json;

class HostTraces : public ::testing::Test {
protected:
    HostTraces() { traces_.configure(0, 100); }

    // A span of trace `trace`, `at` milliseconds later than the first.
    void add(std::uint8_t trace, std::uint8_t span, std::uint8_t parent, const bus::Endpoint& agent,
             int at, noa_status status = NOA_OK) {
        auto made = std::make_unique<bus::Span>();
        made->context.trace = {0xab, trace};
        made->context.span = {span};
        made->parent = {parent};
        made->agent = &agent;
        made->from = &cache_;
        made->operation = "op" + std::to_string(span);
        made->started_unix_ns = 1'000'000'000 + at * 1'000'000;
        made->started_ns = monotonic_ns();
        made->kind = NOA_MESSAGE_REQUEST;
        made->awaited = true;
        traces_.end(std::move(made), 1, status);
    }
    static json must(Result<json> result) {
        if (!result) {
            ADD_FAILURE() << result.error().text();
            return {};
        }
        return *result;
    }
    bus::Endpoint cache_{"cache", 0};
    bus::Endpoint web_{"web", 1};
    bus::Traces traces_;
};

TEST_F(HostTraces, lists_each_trace_once_the_last_first) {
    add(1, 2, 1, cache_, 5, NOA_E_NOT_FOUND);
    add(1, 1, 0, web_, 0, NOA_E_FAILED);
    add(2, 3, 0, cache_, 50);
    const auto told = must(list_traces(traces_, json::object()))["traces"];
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0]["operation"], "op3");
    EXPECT_EQ(told[0]["failed"], 0);
    EXPECT_FALSE(told[0].contains("error"));
    EXPECT_EQ(told[1]["operation"], "op1");
    EXPECT_EQ(told[1]["agents"], json({"web", "cache"}));
    EXPECT_EQ(told[1]["failed"], 2);
    EXPECT_EQ(told[1]["error"]["agent"], "cache") << "which the other failed for";
    EXPECT_EQ(told[1]["error"]["status_name"], "not_found");
    EXPECT_EQ(told[1]["agent"], "web");
    EXPECT_EQ(told[1]["spans"], 2);
    EXPECT_GE(told[1]["took_ns"].get<std::int64_t>(), 5'000'000);
}

TEST_F(HostTraces, lists_what_was_asked_for) {
    add(1, 1, 0, web_, 0);
    add(1, 2, 1, cache_, 9);
    add(2, 3, 0, cache_, 0, NOA_E_FAILED);
    const auto count = [&](const json& args) {
        return must(list_traces(traces_, args))["traces"].size();
    };
    EXPECT_EQ(count({{"agent", "web"}}), 1U);
    EXPECT_EQ(count({{"agent", "cache"}}), 2U);
    EXPECT_EQ(count({{"failed", true}}), 1U);
    EXPECT_EQ(count({{"min_ms", 9}}), 1U);
    EXPECT_EQ(count({{"limit", 1}}), 1U);
    EXPECT_FALSE(list_traces(traces_, {{"limit", 0}}));
    EXPECT_FALSE(list_traces(traces_, {{"what", 0}}));
}

TEST_F(HostTraces, shows_a_trace_as_it_began) {
    add(1, 2, 1, cache_, 5, NOA_E_NOT_FOUND);
    add(1, 1, 0, web_, 0);
    add(2, 3, 0, web_, 0);
    const auto told = must(show_trace(traces_, {{"trace", "ab01"}}));
    EXPECT_EQ(told["trace"], "ab010000000000000000000000000000");
    ASSERT_EQ(told["spans"].size(), 2U);
    EXPECT_EQ(told["spans"][0]["agent"], "web");
    EXPECT_FALSE(told["spans"][0].contains("parent"));
    EXPECT_EQ(told["spans"][1]["parent"], told["spans"][0]["span"]);
    EXPECT_EQ(told["spans"][1]["status"], NOA_E_NOT_FOUND);
    EXPECT_EQ(told["spans"][1]["kind"], "request");
    EXPECT_FALSE(show_trace(traces_, {{"trace", "ab"}})); // two of them
    EXPECT_FALSE(show_trace(traces_, {{"trace", "cd"}}));
    EXPECT_FALSE(show_trace(traces_, {{"trace", ""}}));
}

TEST_F(HostTraces, who_follows_gets_each_span_once) {
    add(1, 1, 0, web_, 0);
    add(2, 2, 0, web_, 0);
    const auto first = must(spans_after(traces_, {{"limit", 1}}));
    ASSERT_EQ(first["spans"].size(), 1U);
    const auto second = must(spans_after(traces_, {{"after", first["next"]}}));
    ASSERT_EQ(second["spans"].size(), 1U);
    EXPECT_EQ(second["spans"][0]["operation"], "op2");
    EXPECT_EQ(second["lost"], 0);
    EXPECT_TRUE(must(spans_after(traces_, {{"after", second["next"]}}))["spans"].empty());
    const json other_life{{"after", 2}, {"life", "7"}};
    EXPECT_EQ(must(spans_after(traces_, other_life))["spans"].size(), 2U);
    traces_.configure(0, 1);
    EXPECT_EQ(must(spans_after(traces_, json::object()))["lost"], 1);
}

} // namespace
} // namespace noa::control
