#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Harness;
using ::testing::IsEmpty;

class Cache : public ::testing::Test {
protected:
    ~Cache() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    void run(const std::string& settings = "{}") {
        const auto outcome = agent.run(settings);
        ASSERT_TRUE(outcome) << outcome.text;
    }
    json call(const std::string& operation, const json& body) {
        return call(agent, operation, body);
    }
    static json call(Harness& harness, const std::string& operation, const json& body) {
        const auto answer = harness.call(operation, body.dump());
        return answer.ok() ? json::parse(answer.body) : json(answer.text);
    }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(Cache, GivesBackWhatWasSet) {
    run();
    for (const json& value : {json(nullptr), json(true), json(1.5), json("text"), json({1, 2}),
                              json({{"deep", {{"er", "€"}}}})}) {
        EXPECT_EQ(call("set", {{"key", "a"}, {"value", value}}), (json{{"evicted", 0}}));
        EXPECT_EQ(call("get", {{"key", "a"}}), (json{{"found", true}, {"value", value}}));
    }
    EXPECT_EQ(call("get", {{"key", "b"}}), (json{{"found", false}}));
}

TEST_F(Cache, Deletes) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("delete", {{"key", "a"}}), (json{{"deleted", true}}));
    EXPECT_EQ(call("delete", {{"key", "a"}}), (json{{"deleted", false}}));
    EXPECT_EQ(call("get", {{"key", "a"}}), (json{{"found", false}}));
}

TEST_F(Cache, LetsValuesDie) {
    run();
    call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", 10}});
    agent.advance(4s);
    EXPECT_EQ(call("get", {{"key", "a"}})["ttl_s"], 6.0);
    EXPECT_EQ(call("ttl", {{"key", "a"}}), (json{{"found", true}, {"ttl_s", 6.0}}));
    agent.advance(6s);
    EXPECT_EQ(call("get", {{"key", "a"}}), (json{{"found", false}}));
    EXPECT_EQ(call("ttl", {{"key", "a"}}), (json{{"found", false}}));
}

TEST_F(Cache, ChangesTheTimeToLive) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("ttl", {{"key", "a"}}), (json{{"found", true}}));
    EXPECT_EQ(call("ttl", {{"key", "a"}, {"ttl_s", 5}})["ttl_s"], 5.0);
    EXPECT_EQ(call("ttl", {{"key", "a"}, {"persist", true}}), (json{{"found", true}}));
    agent.advance(1h);
    EXPECT_EQ(call("get", {{"key", "a"}})["found"], true);
    EXPECT_EQ(call("ttl", {{"key", "a"}, {"persist", true}, {"ttl_s", 1}}),
              "/persist: contradicts ttl_s");
}

TEST_F(Cache, HasATimerOnlyWhileSomethingCanDie) {
    run();
    EXPECT_EQ(agent.timers(), 0U);
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(agent.timers(), 0U);
    call("set", {{"key", "b"}, {"value", 1}, {"ttl_s", 0.001}});
    EXPECT_EQ(agent.timers(), 1U);
    agent.advance(999ms);
    EXPECT_EQ(call("stats", json::object())["entries"], 2) << "not woken within a second";
    agent.advance(1ms);
    EXPECT_EQ(call("stats", json::object())["entries"], 1);
    EXPECT_EQ(agent.timers(), 0U);
}

TEST_F(Cache, FreesAnEarlierEndThatComesLater) {
    run();
    call("set", {{"key", "long"}, {"value", 1}, {"ttl_s", 86400}});
    call("set", {{"key", "short"}, {"value", 1}, {"ttl_s", 5}});
    EXPECT_EQ(agent.timers(), 1U);
    agent.advance(5s);
    EXPECT_EQ(call("stats", json::object())["entries"], 1);
    EXPECT_EQ(agent.timers(), 1U);
}

TEST_F(Cache, FreesManyDeadInPortions) {
    run();
    for (int number = 0; number < 25'000; ++number) {
        agent.call("set", json{{"key", std::to_string(number)}, {"value", 1}, {"ttl_s", 1}}.dump());
    }
    agent.advance(1s);
    const json stats = call("stats", json::object());
    EXPECT_EQ(stats["entries"], 0);
    EXPECT_EQ(stats["bytes"], 0);
    EXPECT_EQ(stats["expired"], 25'000);
}

TEST_F(Cache, StaysWithinItsMemory) {
    run(R"({"max_memory": "16KiB"})");
    json last;
    for (int number = 0; number < 1000; ++number) {
        last = call("set", {{"key", std::to_string(number)}, {"value", std::string(100, 'x')}});
    }
    EXPECT_EQ(last, (json{{"evicted", 1}}));
    const json stats = call("stats", json::object());
    EXPECT_LE(stats["bytes"], 16384);
    EXPECT_EQ(stats["max_bytes"], 16384);
    EXPECT_EQ(
        agent.call("set", json{{"key", "a"}, {"value", std::string(20'000, 'x')}}.dump()).status,
        NOA_E_TOO_LARGE);
}

TEST_F(Cache, GivesTheDefaultTimeToLive) {
    run(R"({"default_ttl": "1m"})");
    call("set", {{"key", "a"}, {"value", 1}});
    EXPECT_EQ(call("ttl", {{"key", "a"}})["ttl_s"], 60.0);
}

TEST_F(Cache, RefusesWhatMakesNoSense) {
    run();
    EXPECT_EQ(call("set", {{"key", ""}, {"value", 1}}), "/key: must have 1 to 4096 bytes");
    EXPECT_EQ(call("get", {{"key", std::string(4097, 'x')}}), "/key: must have 1 to 4096 bytes");
    EXPECT_EQ(call("set", {{"key", "a"}}), "/value: is missing");
    for (const double ttl : {0.0, -1.0, 1e300}) {
        EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", ttl}}),
                  "/ttl_s: must be above 0 and at most ten years");
    }
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"tll_s", 1}}),
              "/tll_s: is not known here (key, value, ttl_s)");
    EXPECT_EQ(agent.call("set", "{\"key\": \"\xff\"}").status, NOA_E_INVALID);
}

TEST_F(Cache, RefusesSettingsThatMakeNoSense) {
    ASSERT_TRUE(agent.create());
    EXPECT_EQ(agent.configure(R"({"max_memory": "1B"})", false).text,
              "/max_memory: must be 4KiB or more");
    EXPECT_EQ(agent.configure(R"({"default_ttl": "0s"})", false).status, NOA_E_INVALID);
    EXPECT_EQ(agent.configure(R"({"max_memory": "lots"})", false).status, NOA_E_INVALID);
}

TEST_F(Cache, LivesOnAcrossAReload) {
    run();
    call("set", {{"key", "forever"}, {"value", {{"a", 1}}}});
    call("set", {{"key", "dying"}, {"value", 2}, {"ttl_s", 10}});
    call("get", {{"key", "forever"}});
    agent.advance(4s);
    Harness next(noa_plugin_entry_v1());
    const auto outcome = next.run_after(agent);
    ASSERT_TRUE(outcome) << outcome.text;
    EXPECT_EQ(call(next, "get", {{"key", "forever"}})["value"], (json{{"a", 1}}));
    EXPECT_EQ(call(next, "ttl", {{"key", "dying"}})["ttl_s"], 6.0);
    EXPECT_EQ(call(next, "stats", json::object())["hits"], 2);
    next.advance(6s);
    EXPECT_EQ(call(next, "stats", json::object())["entries"], 1) << "the timer came along";
}

TEST_F(Cache, KeepsTheMostRecentlyUsedWhenItShrinks) {
    run();
    for (const char* key : {"a", "b", "c"}) {
        call("set", {{"key", key}, {"value", key}});
    }
    call("get", {{"key", "a"}});
    Harness next(noa_plugin_entry_v1());
    ASSERT_TRUE(next.run_after(agent, R"({"max_entries": 2})"));
    EXPECT_EQ(call(next, "get", {{"key", "a"}})["found"], true);
    EXPECT_EQ(call(next, "get", {{"key", "b"}})["found"], false);
    EXPECT_EQ(call(next, "get", {{"key", "c"}})["found"], true);
}

TEST_F(Cache, RefusesADamagedState) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    noa::testing::SavedState state;
    ASSERT_TRUE(agent.quiesce());
    ASSERT_TRUE(agent.save(state));
    for (std::size_t size = 0; size < state.bytes.size(); ++size) {
        Harness next(noa_plugin_entry_v1());
        ASSERT_TRUE(next.create());
        EXPECT_EQ(next.restore({1, state.bytes.substr(0, size)}).status, NOA_E_INVALID) << size;
    }
}

TEST_F(Cache, TellsItsFigures) {
    run();
    call("set", {{"key", "a"}, {"value", 1}});
    call("get", {{"key", "a"}});
    call("get", {{"key", "b"}});
    const json metrics = json::parse(agent.metrics());
    EXPECT_EQ(metrics["hits_total"]["value"], 1);
    EXPECT_EQ(metrics["hits_total"]["type"], "counter");
    EXPECT_EQ(metrics["misses_total"]["value"], 1);
    EXPECT_EQ(metrics["entries"]["value"], 1);
    const json operations = json::parse(agent.describe())["operations"];
    for (const char* name : {"get", "set", "delete", "ttl", "stats"}) {
        EXPECT_TRUE(operations[name].contains("reply")) << name;
    }
}

} // namespace
