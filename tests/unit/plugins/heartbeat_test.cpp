#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Harness;
using ::testing::IsEmpty;

class Heartbeat : public ::testing::Test {
public:
    ~Heartbeat() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    void run(const std::string& settings = "{}") {
        const auto outcome = agent.run(settings);
        ASSERT_TRUE(outcome) << outcome.text;
    }
    void beat(const std::string& from, const std::string& body = R"({"interval_s": 10})") {
        EXPECT_TRUE(agent.event("heartbeat.beat." + from, body, from).ok());
    }
    // How often an event with that subject was published; forgets all.
    long told(const std::string& subject) {
        const auto count =
            std::ranges::count(agent.published(), subject, &noa::testing::Sent::subject);
        agent.published().clear();
        return count;
    }
    json listed(const std::string& name) {
        const json list = json::parse(agent.call("list").body);
        for (const json& one : list["agents"]) {
            if (one["agent"] == name) {
                return one;
            }
        }
        return nullptr;
    }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(Heartbeat, BeatsAtTheStartAndEveryThirtySeconds) {
    run();
    ASSERT_EQ(agent.published().size(), 1U);
    EXPECT_EQ(agent.published()[0].subject, "heartbeat.beat.heartbeat");
    EXPECT_EQ(json::parse(agent.published()[0].body), (json{{"interval_s", 30.0}}));
    agent.advance(29s);
    EXPECT_EQ(agent.published().size(), 1U);
    agent.advance(61s);
    EXPECT_EQ(agent.published().size(), 4U);
}

TEST_F(Heartbeat, BeatsAsOftenAsItIsTold) {
    run(R"({"interval": "5s"})");
    agent.advance(50s);
    EXPECT_EQ(agent.published().size(), 11U);
}

TEST_F(Heartbeat, RefusesIntervalsOutOfBounds) {
    ASSERT_TRUE(agent.create());
    for (const char* interval : {"10ms", "25h", "0s"}) {
        const auto outcome = agent.configure(json{{"interval", interval}}.dump(), false);
        EXPECT_EQ(outcome.status, NOA_E_INVALID);
        EXPECT_EQ(outcome.text, "/interval: must be between 1s and 1d");
    }
    EXPECT_EQ(agent.configure(R"({"intervall": "5s"})", false).status, NOA_E_INVALID);
}

TEST_F(Heartbeat, TellsOfAnAgentThatStopsOnceAndOfItsReturn) {
    run();
    beat("cache");
    EXPECT_EQ(told("heartbeat.missed.cache"), 0);
    agent.advance(29s);
    EXPECT_EQ(told("heartbeat.missed.cache"), 0);
    agent.advance(1s);
    ASSERT_FALSE(agent.published().empty());
    const auto missed = std::ranges::find(agent.published(), "heartbeat.missed.cache",
                                          &noa::testing::Sent::subject);
    ASSERT_NE(missed, agent.published().end());
    EXPECT_EQ(json::parse(missed->body),
              (json{{"agent", "cache"}, {"interval_s", 10.0}, {"last_seen_s", 30.0}}));
    agent.advance(300s);
    EXPECT_EQ(told("heartbeat.missed.cache"), 1);
    EXPECT_EQ(json::parse(agent.health())["status"], "needs_repair");
    beat("cache");
    EXPECT_EQ(told("heartbeat.recovered.cache"), 1);
    EXPECT_EQ(json::parse(agent.health())["status"], "healthy");
}

TEST_F(Heartbeat, IsQuietWhileBeatsArrive) {
    run();
    for (int count = 0; count < 20; ++count) {
        beat("cache");
        agent.advance(10s);
    }
    EXPECT_EQ(told("heartbeat.missed.cache"), 0);
    EXPECT_EQ(listed("cache")["beats"], 20);
    EXPECT_EQ(listed("cache")["status"], "beating");
    EXPECT_EQ(listed("cache")["last_seen_s"], 10.0);
}

TEST_F(Heartbeat, GoesByAShorterIntervalAtOnce) {
    run();
    beat("slow", R"({"interval_s": 1000})");
    beat("fast", R"({"interval_s": 2})");
    agent.advance(6s);
    EXPECT_EQ(told("heartbeat.missed.fast"), 1);
}

TEST_F(Heartbeat, TakesItsOwnIntervalForThoseWhoSayNone) {
    run(R"({"missed_after": 1})");
    beat("mute", "");
    agent.advance(29s);
    EXPECT_EQ(told("heartbeat.missed.mute"), 0);
    agent.advance(1s);
    EXPECT_EQ(told("heartbeat.missed.mute"), 1);
}

TEST_F(Heartbeat, ExpectsWhomItIsToldToWatch) {
    run();
    EXPECT_TRUE(agent.call("watch", R"({"agent": "backup", "interval": "1m"})").ok());
    agent.advance(3min);
    EXPECT_EQ(told("heartbeat.missed.backup"), 1);
    EXPECT_EQ(agent.call("watch", R"({"agent": "No Name"})").status, NOA_E_INVALID);
    EXPECT_EQ(agent.call("watch", R"({"agent": "x", "interval": "1ms"})").status, NOA_E_INVALID);
    EXPECT_EQ(agent.call("watch").text, "/agent: is missing");
}

TEST_F(Heartbeat, ForgetsWhomItIsToldToForget) {
    run();
    beat("cache");
    EXPECT_TRUE(agent.call("forget", R"({"agent": "cache"})").ok());
    EXPECT_EQ(agent.call("forget", R"({"agent": "cache"})").status, NOA_E_NOT_FOUND);
    agent.advance(10min);
    EXPECT_EQ(told("heartbeat.missed.cache"), 0);
}

TEST_F(Heartbeat, TracksABoundedNumber) {
    run(R"({"max_agents": 2})");
    beat("a");
    beat("b");
    beat("c");
    EXPECT_EQ(listed("c"), nullptr);
    EXPECT_EQ(agent.call("watch", R"({"agent": "d"})").status, NOA_E_BUSY);
    EXPECT_EQ(json::parse(agent.metrics())["beats_refused_total"]["value"], 1);
}

TEST_F(Heartbeat, BelievesTheHostAboutWhoBeats) {
    run();
    agent.event("heartbeat.beat.victim", "{}", "impostor");
    EXPECT_EQ(listed("victim"), nullptr);
    EXPECT_EQ(listed("impostor")["beats"], 1);
    agent.event("heartbeat.beat.script", "{}", "outside");
    EXPECT_EQ(listed("script")["beats"], 1);
    agent.event("heartbeat.beat.not.a.name", "{}", "outside");
    EXPECT_EQ(json::parse(agent.metrics())["beats_refused_total"]["value"], 1);
}

TEST_F(Heartbeat, SurvivesNonsense) {
    run();
    EXPECT_EQ(agent.event("heartbeat.beat.x", "{", "x").status, NOA_E_INVALID);
    EXPECT_EQ(agent.event("heartbeat.beat.x", R"({"interval_s": "soon"})", "x").status,
              NOA_E_INVALID);
    beat("y", R"({"interval_s": -1e300})");
    EXPECT_EQ(listed("y")["interval_s"], 1.0);
    beat("z", R"({"interval_s": 1e300})");
    EXPECT_EQ(listed("z")["interval_s"], 86400.0);
}

TEST_F(Heartbeat, RemembersAcrossAReload) {
    run();
    beat("alive");
    beat("silent");
    agent.advance(30s);
    beat("alive");
    agent.advance(5s);
    Harness next(noa_plugin_entry_v1());
    const auto outcome = next.run_after(agent);
    ASSERT_TRUE(outcome) << outcome.text;
    next.advance(24s);
    EXPECT_EQ(std::ranges::count(next.published(), "heartbeat.missed.silent",
                                 &noa::testing::Sent::subject),
              0)
        << "told already";
    EXPECT_EQ(std::ranges::count(next.published(), "heartbeat.missed.alive",
                                 &noa::testing::Sent::subject),
              0);
    next.advance(1s);
    EXPECT_EQ(std::ranges::count(next.published(), "heartbeat.missed.alive",
                                 &noa::testing::Sent::subject),
              1);
}

TEST_F(Heartbeat, RefusesADamagedState) {
    ASSERT_TRUE(agent.create());
    EXPECT_EQ(agent.restore({1, "damaged"}).status, NOA_E_INVALID);
    EXPECT_EQ(agent.restore({1, std::string(8, '\xff')}).status, NOA_E_INVALID);
}

TEST_F(Heartbeat, DescribesItself) {
    run();
    const json described = json::parse(agent.describe());
    EXPECT_EQ(described["operations"].size(), 3U);
    EXPECT_EQ(described["operations"]["watch"]["request"]["required"], json({"agent"}));
    EXPECT_TRUE(described["events"].contains("heartbeat.missed.NAME"));
    EXPECT_NO_THROW((void)json::parse(noa_plugin_entry_v1()->settings_schema).size());
}

} // namespace
