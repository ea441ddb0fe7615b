// get_or_load: one caller loads, the others wait or are shown what is stale.
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Harness;
using ::testing::IsEmpty;

class Loads : public ::testing::Test {
protected:
    ~Loads() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    void run(const std::string& settings = "{}") { ASSERT_TRUE(agent.run(settings)); }
    json call(const std::string& operation, const json& body) {
        const auto answer = agent.call(operation, body.dump());
        return answer.ok() ? json::parse(answer.body) : json(answer.text);
    }
    // What a caller that comes now is told; null: it waits.
    json ask(const json& body, const noa::testing::CallOptions& options = {}) {
        const auto answer = agent.call("get_or_load", body.dump(), options);
        return !answer.settled ? json()
               : answer.ok()   ? json::parse(answer.body)
                               : json(answer.text);
    }
    std::vector<noa_delivery> let_wait(int callers) {
        std::vector<noa_delivery> all;
        for (int caller = 0; caller < callers; ++caller) {
            EXPECT_EQ(ask({{"key", "a"}}), json());
            all.push_back(agent.last_delivery());
        }
        return all;
    }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(Loads, OneOfAThousandCallersLoads) {
    run();
    const json first = ask({{"key", "a"}});
    EXPECT_EQ(first["load"], true);
    EXPECT_EQ(first["lease_s"], 10.0);
    const auto others = let_wait(999);
    agent.advance(70ms);
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", "v"}, {"lease", first["lease"]}}),
              (json{{"evicted", 0}}));
    for (const noa_delivery other : others) {
        EXPECT_EQ(agent.answer(other).body, R"({"found":true,"value":"v"})");
    }
    const json stats = call("stats", json::object());
    EXPECT_EQ(stats["loads"], 1);
    EXPECT_EQ(stats["stampedes_avoided"], 999);
    EXPECT_EQ(stats["waiting"], 0);
    EXPECT_EQ(ask({{"key", "a"}})["value"], "v");
}

TEST_F(Loads, AFailureReachesEveryWaiter) {
    run();
    const json first = ask({{"key", "a"}});
    const auto others = let_wait(10);
    EXPECT_EQ(call("fail", {{"key", "a"}, {"lease", first["lease"]}, {"error", "no database"}}),
              (json{{"told", 10}}));
    for (const noa_delivery other : others) {
        EXPECT_EQ(agent.answer(other).status, NOA_E_FAILED);
        EXPECT_EQ(agent.answer(other).text, "no database");
    }
    EXPECT_EQ(call("fail", {{"key", "a"}, {"lease", first["lease"]}, {"error", "again"}}),
              "/lease: is over, or never was");
    EXPECT_EQ(ask({{"key", "a"}})["load"], true) << "the next one tries";
}

TEST_F(Loads, ALeaseThatIsNotFilledPassesOn) {
    run(R"({"lease": "2s"})");
    const json first = ask({{"key", "a"}});
    const auto others = let_wait(3);
    agent.advance(2s);
    const json second = json::parse(agent.answer(others[0]).body);
    EXPECT_EQ(second["load"], true);
    EXPECT_NE(second["lease"], first["lease"]);
    EXPECT_FALSE(agent.answer(others[1]).settled);
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", "late"}, {"lease", first["lease"]}})["stored"],
              false);
    call("set", {{"key", "a"}, {"value", "v"}, {"lease", second["lease"]}});
    EXPECT_EQ(json::parse(agent.answer(others[2]).body)["value"], "v");
    EXPECT_EQ(call("stats", json::object())["leases_expired"], 1);
}

TEST_F(Loads, ALeaseThatNobodyWaitsForEnds) {
    run(R"({"lease": "2s"})");
    ask({{"key", "a"}});
    agent.advance(2s);
    EXPECT_EQ(ask({{"key", "a"}, {"lease_s", 0.5}})["lease_s"], 0.5);
    agent.advance(500ms);
    EXPECT_EQ(ask({{"key", "a"}})["load"], true);
}

TEST_F(Loads, ALeaseIsNotPassedToWhomNoLongerWaits) {
    run(R"({"lease": "2s"})");
    ask({{"key", "a"}});
    EXPECT_EQ(ask({{"key", "a"}}, {.timeout = 1s}), json());
    const auto patient = let_wait(1);
    agent.advance(2s);
    EXPECT_EQ(json::parse(agent.answer(patient[0]).body)["load"], true);
}

TEST_F(Loads, ADifferentWriteAnswersTheWaiting) {
    run();
    const json first = ask({{"key", "a"}});
    const auto others = let_wait(1);
    call("set", {{"key", "a"}, {"value", "newer"}});
    EXPECT_EQ(json::parse(agent.answer(others[0]).body)["value"], "newer");
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", "old"}, {"lease", first["lease"]}})["stored"],
              false)
        << "it was loaded before";
    EXPECT_EQ(ask({{"key", "a"}})["value"], "newer");
}

TEST_F(Loads, ADeleteHasTheNextOneLoad) {
    run();
    const json first = ask({{"key", "a"}});
    const auto others = let_wait(2);
    call("delete", {{"key", "a"}});
    EXPECT_EQ(json::parse(agent.answer(others[0]).body)["load"], true);
    EXPECT_FALSE(agent.answer(others[1]).settled);
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"lease", first["lease"]}})["stored"],
              false);
    call("flush", json::object());
    EXPECT_EQ(json::parse(agent.answer(others[1]).body)["load"], true);
}

TEST_F(Loads, TheStaleIsShownWhileOneLoads) {
    run();
    call("set", {{"key", "a"}, {"value", "old"}, {"ttl_s", 10}, {"stale_s", 60}});
    agent.advance(11s);
    EXPECT_EQ(call("get", {{"key", "a"}})["found"], false);
    const json first = ask({{"key", "a"}});
    EXPECT_EQ(first["value"], "old");
    EXPECT_EQ(first["stale"], true);
    EXPECT_EQ(first["load"], true);
    EXPECT_EQ(ask({{"key", "a"}}), (json{{"found", true}, {"value", "old"}, {"stale", true}}));
    EXPECT_EQ(ask({{"key", "a"}, {"stale", false}}), json()) << "waits";
    call("set", {{"key", "a"}, {"value", "new"}, {"lease", first["lease"]}});
    EXPECT_EQ(ask({{"key", "a"}}), (json{{"found", true}, {"value", "new"}}));
    agent.advance(60s);
}

TEST_F(Loads, OneLoadsEarlyTheNearerTheEnd) {
    run();
    const json first = ask({{"key", "a"}});
    agent.advance(1s); // that is how long it takes
    call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", 100}, {"lease", first["lease"]}});
    int early = 0;
    for (int round = 0; round < 1000; ++round) {
        early += ask({{"key", "a"}}).contains("load") ? 1 : 0;
    }
    EXPECT_EQ(early, 0) << "at odds of 1 to e^100";
    agent.advance(99s + 500ms); // odds of e^-0.5
    for (int round = 0; round < 100; ++round) {
        early += ask({{"key", "a"}}).contains("load") ? 1 : 0;
    }
    EXPECT_EQ(early, 1) << "and the lease makes it one";
}

TEST_F(Loads, NobodyLoadsEarlyWhenThatIsOff) {
    run(R"({"early_refresh": 0})");
    const json first = ask({{"key", "a"}});
    agent.advance(1s);
    call("set", {{"key", "a"}, {"value", 1}, {"ttl_s", 100}, {"lease", first["lease"]}});
    agent.advance(99s + 999ms);
    for (int round = 0; round < 100; ++round) {
        EXPECT_FALSE(ask({{"key", "a"}}).contains("load"));
    }
}

TEST_F(Loads, AValueTooLargeToKeepReachesTheWaiting) {
    run(R"({"max_memory": "1MiB"})");
    const json first = ask({{"key", "a"}});
    const auto others = let_wait(1);
    call("set", {{"key", "a"}, {"value", std::string(400'000, 'x')}, {"lease", first["lease"]}});
    EXPECT_EQ(json::parse(agent.answer(others[0]).body)["value"], std::string(400'000, 'x'));
}

TEST_F(Loads, ALeaseOutlivesAReload) {
    run();
    const json first = ask({{"key", "a"}});
    let_wait(5);
    Harness next(noa_plugin_entry_v1());
    ASSERT_TRUE(next.run_after(agent));
    EXPECT_EQ(agent.taken_back(), 5U) << "those who wait ask the next generation";
    const auto waits = next.call("get_or_load", R"({"key": "a"})");
    const noa_delivery delivery = next.last_delivery();
    EXPECT_FALSE(waits.settled);
    next.call("set", json{{"key", "a"}, {"value", 1}, {"lease", first["lease"]}}.dump());
    EXPECT_EQ(next.answer(delivery).body, R"({"found":true,"value":1})");
    EXPECT_EQ(json::parse(next.call("stats", "{}").body)["loads"], 1);
}

TEST_F(Loads, WaitersAreBounded) {
    run();
    ask({{"key", "a"}});
    for (int caller = 0; caller < 65'536; ++caller) {
        agent.call("get_or_load", R"({"key": "a"})");
    }
    EXPECT_EQ(agent.call("get_or_load", R"({"key": "a"})").status, NOA_E_BUSY);
}

TEST_F(Loads, RefusesWhatMakesNoSense) {
    run();
    EXPECT_EQ(ask({{"key", ""}}), "/key: must have 1 to 4096 bytes");
    EXPECT_EQ(ask({{"key", "a"}, {"lease_s", 0}}), "/lease_s: must be above 0 and at most a day");
    EXPECT_EQ(call("set", {{"key", "a"}, {"value", 1}, {"lease", "x"}})["stored"], false);
}

} // namespace
