#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "collect/agents.hpp"
#include "collect/exposition.hpp"
#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Harness;
using noa::testing::Scripted;
using noa::testing::Sent;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Scripted answer(const json& body) {
    Scripted scripted;
    scripted.body = body.dump();
    return scripted;
}

// Hosts of which one agent, cache, runs and has `handled` messages behind it.
struct MonitorAgent : ::testing::Test {
    ~MonitorAgent() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    void script(Harness& harness) {
        harness.on_request("host", "status", [](const Sent&) {
            return answer({{"uptime_s", 5}, {"version", "1"}, {"agents", {{"running", 1}}}});
        });
        harness.on_request("host", "agents", [](const Sent&) {
            return answer({{{"name", "cache"},
                            {"plugin", "cache"},
                            {"state", "running"},
                            {"health", "healthy"},
                            {"depth", 3}},
                           {{"name", "gone"}, {"plugin", "x"}, {"state", "failed"}}});
        });
        harness.on_request("cache", "metrics", [this](const Sent&) {
            return answer({{"host", {{"handled", handled}}},
                           {"agent", {{"hits", {{"type", "counter"}, {"value", 2}}}}}});
        });
    }
    // Until that many rounds have ended; the machine is read on a thread.
    void rounds(Harness& harness, int count) {
        ASSERT_TRUE(harness.run_until([&] { return ended(harness) >= count; }));
    }
    static int ended(Harness& harness) {
        const auto reply = harness.call("metrics.query", R"({"name": "noa_agent_inbox_depth"})");
        return reply.ok()
                   ? static_cast<int>(json::parse(reply.body)["series"].at(0)["points"].size())
                   : 0;
    }
    static json points(Harness& harness, const json& query) {
        const auto reply = harness.call("metrics.query", query.dump());
        EXPECT_TRUE(reply.ok()) << reply.text;
        json all = json::array();
        const json answered = json::parse(reply.body);
        for (const json& series : answered["series"]) {
            for (const json& point : series["points"]) {
                all.push_back(point[1]);
            }
        }
        return all;
    }

    int handled = 10;
    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(MonitorAgent, TellsTheMachineTheHostAndItsAgentsInEveryRound) {
    script(agent);
    ASSERT_TRUE(agent.run());
    rounds(agent, 1);
    handled = 25;
    agent.advance(10s);
    rounds(agent, 2);
    EXPECT_EQ(points(agent, {{"name", "noa_agent_messages_handled_total"}}), json({10, 25}));
    EXPECT_EQ(points(agent, {{"name", "noa_agent_messages_handled_total"}, {"range", "5s"}}),
              json({25}));
    EXPECT_EQ(points(agent, {{"name", "noa_agent_up"}, {"labels", {{"agent", "gone"}}}}),
              json({0.0, 0.0}));
    const json now = json::parse(agent.call("metrics.now", R"({"prefix": "noa_cache_"})").body);
    EXPECT_EQ(now["figures"], json::parse(R"([{"name": "noa_cache_hits_total", "type": "counter",
                               "labels": {"agent": "cache"}, "value": 2.0}])"));
    const auto text = agent.call("metrics.prometheus").body;
    EXPECT_THAT(text, HasSubstr("noa_agent_inbox_depth{agent=\"cache\"} 3\n"));
    EXPECT_THAT(text, HasSubstr("noa_system_memory_total_bytes "));
    EXPECT_THAT(text, HasSubstr("noa_host_uptime_seconds 5\n"));
}

TEST_F(MonitorAgent, AnAgentThatDoesNotAnswerHoldsUpNobody) {
    script(agent);
    agent.on_request("host", "agents", [](const Sent&) {
        return answer({{{"name", "hung"}, {"plugin", "x"}, {"state", "running"}, {"depth", 1}}});
    });
    ASSERT_TRUE(agent.run());
    ASSERT_TRUE(agent.run_until([&] { return !agent.open_requests().empty(); }));
    EXPECT_EQ(ended(agent), 0);
    agent.advance(5s);
    rounds(agent, 1);
    EXPECT_THAT(agent.call("metrics.prometheus").body, HasSubstr("noa_agent_up{agent=\"hung\"} 1"));
}

TEST_F(MonitorAgent, AHostThatAnswersNonsenseLeavesTheMachine) {
    for (const char* key : {"status", "agents"}) {
        agent.on_request("host", key, [](const Sent&) {
            Scripted scripted;
            scripted.body = R"([1, "x", {"name": 5, "agents": 7}, null])";
            return scripted;
        });
    }
    ASSERT_TRUE(agent.run());
    ASSERT_TRUE(agent.run_until([&] {
        return agent.call("metrics.prometheus").body.find("noa_system_load1 ") != std::string::npos;
    }));
}

TEST_F(MonitorAgent, WhatChangesBringsOneMoreRoundBetweenTwo) {
    script(agent);
    ASSERT_TRUE(agent.run());
    rounds(agent, 1);
    EXPECT_TRUE(agent.subscribed("host.agent.*"));
    for (int change = 0; change < 3; ++change) {
        agent.event("host.agent.cache", "{}");
        agent.event("host.health.cache", "{}");
    }
    EXPECT_EQ(ended(agent), 1);
    agent.advance(1s);
    rounds(agent, 2);
    agent.event("host.agent.cache", "{}");
    agent.advance(5s);
    EXPECT_EQ(ended(agent), 2);
    agent.advance(4s);
    rounds(agent, 3);
    agent.event("host.agent.cache", "{}");
    agent.advance(1s);
    rounds(agent, 4);
}

TEST_F(MonitorAgent, AReloadKeepsTheFigures) {
    script(agent);
    ASSERT_TRUE(agent.run());
    rounds(agent, 1);
    Harness next(noa_plugin_entry_v1());
    handled = 11;
    script(next);
    ASSERT_TRUE(next.run_after(agent));
    next.advance(10s);
    rounds(next, 2);
    const json all = points(next, {{"name", "noa_agent_messages_handled_total"}});
    EXPECT_EQ(all.at(0), 10);
    EXPECT_EQ(all.back(), 11);
    EXPECT_THAT(next.violations(), IsEmpty());
}

TEST_F(MonitorAgent, QueriesAreChecked) {
    script(agent);
    ASSERT_TRUE(agent.run());
    rounds(agent, 1);
    EXPECT_EQ(agent.call("metrics.query", R"({"name": "none"})").status, NOA_E_NOT_FOUND);
    EXPECT_EQ(agent.call("metrics.query", R"({"name": "noa_agent_up", "range": "0s"})").status,
              NOA_E_INVALID);
    EXPECT_FALSE(Harness(noa_plugin_entry_v1()).run(R"({"interval": "10ms"})"));
    EXPECT_FALSE(Harness(noa_plugin_entry_v1()).run(R"({"interval": "1s", "retention": "20h"})"));
}

TEST(Agents, OddAnswersGiveWhatCanBeRead) {
    for (const char* text :
         {"null", "7", "\"x\"", "[]", "{}", "[[]]", R"({"host": 1, "agent": [1, 2]})",
          R"({"host": {"handled": "x"}, "agent": {"a": {"value": "1"}, "b": 3}})"}) {
        monitor::Samples all;
        const json parsed = json::parse(text);
        EXPECT_THAT(monitor::read_agents(parsed, all), IsEmpty());
        monitor::read_metrics({"a", "b", true}, parsed, all);
        EXPECT_THAT(all, IsEmpty()) << text;
        monitor::read_status(parsed, all);
    }
}

TEST(Agents, FiguresWithLabelsAndHistogramsAreRead) {
    monitor::Samples all;
    const json own = json::parse(R"({
        "depth": {"type": "gauge", "series": [
            {"labels": {"to": "x"}, "value": 2}, {"labels": {"to": 7}, "value": 3},
            {"labels": {"agent": "other"}, "value": 4}, 5]},
        "work_seconds": {"type": "histogram", "buckets": [[0.1, 2], [10, 3]], "count": 4,
                         "sum": 7.5},
        "broken": {"type": "histogram", "buckets": 7, "count": 4, "sum": 1}})");
    monitor::read_metrics({"a", "p", true}, {{"agent", own}}, all);
    monitor::SeriesRing ring;
    ring.append(noa::Time(1s), all);
    const std::string text = monitor::exposition(ring);
    EXPECT_EQ(text, "# HELP noa_p_depth noa_p_depth\n# TYPE noa_p_depth gauge\n"
                    "noa_p_depth{agent=\"a\",to=\"x\"} 2\n"
                    "# HELP noa_p_work_seconds noa_p_work_seconds\n"
                    "# TYPE noa_p_work_seconds histogram\n"
                    "noa_p_work_seconds_bucket{agent=\"a\",le=\"0.1\"} 2\n"
                    "noa_p_work_seconds_bucket{agent=\"a\",le=\"10\"} 3\n"
                    "noa_p_work_seconds_bucket{agent=\"a\",le=\"+Inf\"} 4\n"
                    "noa_p_work_seconds_count{agent=\"a\"} 4\n"
                    "noa_p_work_seconds_sum{agent=\"a\"} 7.5\n");
}

TEST(Agents, HelpIsCutAtACharacter) {
    std::string help(299, 'x');
    help += "ä";
    monitor::Samples all;
    monitor::read_metrics({"a", "b-c", true}, {{"agent", {{"n", {{"value", 1}, {"help", help}}}}}},
                          all);
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].name, "noa_b_c_n");
    EXPECT_EQ(all[0].help, std::string(299, 'x'));
}

} // namespace
