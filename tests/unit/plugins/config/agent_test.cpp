#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Harness;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ConfigAgent : public ::testing::Test {
public:
    ConfigAgent() {
        const auto outcome = agent.run();
        EXPECT_TRUE(outcome) << outcome.text;
    }
    ~ConfigAgent() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    // Answered, by the store's thread if need be.
    noa::testing::Answer call(const std::string& operation, const json& body,
                              const noa::testing::CallOptions& options = {}) {
        agent.call(operation, body.dump(), options);
        const auto delivery = agent.last_delivery();
        EXPECT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; })) << operation;
        return agent.answer(delivery);
    }
    json ok(const std::string& operation, const json& body) {
        const auto answer = call(operation, body);
        EXPECT_TRUE(answer.ok()) << operation << ": " << answer.text;
        return answer.ok() ? json::parse(answer.body) : json();
    }
    std::vector<json> events(const std::string& subject) {
        std::vector<json> found;
        for (const auto& one : agent.published()) {
            if (one.subject == subject) {
                found.push_back(json::parse(one.body));
            }
        }
        return found;
    }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(ConfigAgent, SetsAndGets) {
    const json set = ok("set", {{"name", "app"}, {"value", {{"a", 1}}}, {"reason", "first"}});
    EXPECT_EQ(set, json::parse(R"({"changed":true,"layer":"base","name":"app","revision":1,
                                   "version":1})"));
    const json got = ok("get", {{"name", "app"}});
    EXPECT_EQ(got["value"], (json{{"a", 1}}));
    EXPECT_EQ(got["layers"], json::parse(R"([{"layer":"base","version":1}])"));
    EXPECT_EQ(ok("get", {{"name", "app"}, {"pointer", "/a"}})["value"], 1);
    EXPECT_EQ(ok("get", {{"name", "none"}}), (json{{"found", false}}));
    const json layer = ok("get", {{"name", "app"}, {"layer", "base"}});
    EXPECT_EQ(layer["updated_by"], "test");
    EXPECT_EQ(layer["reason"], "first");
    EXPECT_EQ(ok("set", {{"name", "app"}, {"value", {{"a", 1}}}})["changed"], false);
}

TEST_F(ConfigAgent, PatchesAndMerges) {
    ok("set", {{"name", "app"}, {"value", {{"a", 1}, {"b", 2}}}});
    ok("patch", {{"name", "app"}, {"value", {{"b", nullptr}, {"c", 3}}}});
    ok("patch",
       {{"name", "app"}, {"value", json::parse(R"([{"op":"add","path":"/d","value":4}])")}});
    EXPECT_EQ(ok("get", {{"name", "app"}})["value"], (json{{"a", 1}, {"c", 3}, {"d", 4}}));
    ok("unset", {{"name", "app"}, {"pointer", "/d"}});
    EXPECT_EQ(ok("get", {{"name", "app"}})["value"], (json{{"a", 1}, {"c", 3}}));
    EXPECT_EQ(ok("unset", {{"name", "app"}})["unset"], true);
    EXPECT_EQ(ok("get", {{"name", "app"}})["found"], false);
    EXPECT_EQ(ok("set", {{"name", "app"}, {"value", json::object()}})["version"], 6);
}

TEST_F(ConfigAgent, PublishesEachChangeWithItsPatch) {
    ok("set", {{"name", "app"}, {"value", {{"a", 1}}}});
    ok("set", {{"name", "app"}, {"pointer", "/a"}, {"value", 2}, {"reason", "why"}});
    const auto told = events("config.changed.app");
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[1]["revision"], 2);
    EXPECT_EQ(told[1]["reason"], "why");
    EXPECT_EQ(told[1]["patch"], json::parse(R"([{"op":"replace","path":"/a","value":2}])"));
}

TEST_F(ConfigAgent, RefusesByTheSchemaAndSaysWhere) {
    ok("schema.set",
       {{"name", "app"}, {"value", json::parse(R"({"properties":{"port":{"type":"integer"}}})")}});
    const auto refused = call("set", {{"name", "app"}, {"value", {{"port", "x"}}}});
    EXPECT_EQ(refused.status, NOA_E_INVALID);
    EXPECT_EQ(refused.text, "app in production: /port: expected integer, found \"x\"");
    const json checked = ok("validate", {{"name", "app"}, {"value", {{"port", true}}}});
    EXPECT_EQ(checked["ok"], false);
    EXPECT_EQ(ok("get", {{"name", "app"}})["found"], false);
    EXPECT_TRUE(events("config.changed.app").size() == 1); // of the schema
    const auto reserved = call("set", {{"name", "app"}, {"layer", "_schema"}, {"value", {}}});
    EXPECT_EQ(reserved.status, NOA_E_INVALID);
}

TEST_F(ConfigAgent, ATransactionIsAllOrNothing) {
    const json steps = json::parse(R"([
        {"op":"set","name":"a","value":{"x":1}},
        {"op":"expect","name":"b","if_version":3},
        {"op":"set","name":"b","value":{}}])");
    const auto refused = call("transact", {{"steps", steps}});
    EXPECT_THAT(refused.text, HasSubstr("b (base): conflict"));
    EXPECT_EQ(ok("list", json::object())["documents"].size(), 0U);
    json good = steps;
    good[1]["if_version"] = 0;
    EXPECT_EQ(ok("transact", {{"steps", good}})["documents"].size(), 3U);
    const json all = ok("changes", {{"since", 0}});
    EXPECT_EQ(all["events"][0]["transaction"], (json{1, 2}));
}

TEST_F(ConfigAgent, RollsBackToAFormerVersion) {
    ok("set", {{"name", "app"}, {"value", {{"a", 1}}}});
    ok("set", {{"name", "app"}, {"value", {{"a", 2}}}});
    EXPECT_EQ(ok("rollback", {{"name", "app"}})["version"], 3);
    EXPECT_EQ(ok("get", {{"name", "app"}})["value"]["a"], 1);
    const json versions = ok("history", {{"name", "app"}})["versions"];
    EXPECT_EQ(versions[0]["kind"], "rollback");
    EXPECT_EQ(versions[0]["reason"], "back to version 1");
    EXPECT_EQ(ok("diff", {{"name", "app"}, {"from", 1}, {"to", 2}})["patch"][0]["value"], 2);
    EXPECT_EQ(call("rollback", {{"name", "app"}, {"to", 9}}).status, NOA_E_NOT_FOUND);
}

TEST_F(ConfigAgent, AWatcherGetsAllSinceItsRevisionAndWaitsForMore) {
    ok("set", {{"name", "a"}, {"value", json::object()}});
    ok("set", {{"name", "b"}, {"value", json::object()}});
    const json first = ok("changes", {{"since", 0}, {"names", {"b"}}});
    ASSERT_EQ(first["events"].size(), 1U);
    EXPECT_EQ(first["revision"], 2);
    agent.call("changes", json{{"since", 2}, {"names", {"b"}}, {"wait_s", 30}}.dump());
    const auto waiting = agent.last_delivery();
    ok("set", {{"name", "a"}, {"value", {{"x", 1}}}});
    EXPECT_FALSE(agent.answer(waiting).settled);
    ok("set", {{"name", "b"}, {"value", {{"x", 1}}}});
    ASSERT_TRUE(agent.answer(waiting).ok());
    EXPECT_EQ(json::parse(agent.answer(waiting).body)["events"][0]["revision"], 4);
    agent.call("changes", json{{"since", 4}, {"wait_s", 30}}.dump());
    const auto patient = agent.last_delivery();
    agent.advance(31s);
    EXPECT_EQ(json::parse(agent.answer(patient).body)["events"], json::array());
    EXPECT_EQ(call("changes", {{"since", 99}}).status, NOA_E_INVALID);
}

TEST_F(ConfigAgent, AsksWhoeverConsumesADocument) {
    agent.on_request("app", "validate", [](const noa::testing::Sent& sent) {
        const json body = json::parse(sent.body);
        const bool good = body["value"].value("a", 0) < 10;
        return noa::testing::Scripted{.status = NOA_OK,
                                      .body = good ? R"({"ok":true})"
                                                   : R"({"ok":false,"error":"/a: too large"})",
                                      .content_type = {}};
    });
    ok("policy.set", {{"name", "app"}, {"value", {{"consumers", {"app"}}}}});
    ok("set", {{"name", "app"}, {"value", {{"a", 1}}}});
    const auto refused = call("set", {{"name", "app"}, {"value", {{"a", 11}}}});
    EXPECT_EQ(refused.status, NOA_E_INVALID);
    EXPECT_THAT(refused.text, HasSubstr("the agent app does not take it"));
    EXPECT_EQ(ok("get", {{"name", "app"}})["value"]["a"], 1);
}

TEST_F(ConfigAgent, ARepeatedRequestIsDoneOnce) {
    const json body{{"name", "app"}, {"value", {{"a", 1}}}, {"if_version", 0}};
    EXPECT_EQ(json::parse(call("set", body).body)["version"], 1);
    const auto again = call("set", body, {.attempt = 2, .repeats = agent.last_delivery()});
    ASSERT_TRUE(again.ok()) << again.text;
    EXPECT_EQ(json::parse(again.body)["version"], 1);
    EXPECT_EQ(ok("history", {{"name", "app"}})["versions"].size(), 1U);
}

TEST_F(ConfigAgent, KeepsAnAuditLogThatCanBeVerified) {
    ok("set", {{"name", "app"}, {"value", {{"a", 1}}}, {"author", "ada"}});
    ok("unset", {{"name", "app"}});
    const json entries = ok("audit", json::object())["entries"];
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0]["action"], "unset");
    EXPECT_EQ(entries[1]["author"], "ada via test");
    EXPECT_EQ(ok("audit", {{"verify", true}})["ok"], true);
}

TEST_F(ConfigAgent, ImportsWhatWasExported) {
    ok("set", {{"name", "a"}, {"value", {{"x", 1}}}});
    ok("set", {{"name", "a"}, {"layer", "staging"}, {"value", {{"x", 2}}}});
    ok("schema.set", {{"name", "a"}, {"value", json::object()}});
    json all = ok("export", json::object())["documents"];
    all["base"]["b"] = {{"y", 1}};
    all["base"].erase("a");
    const json preview = ok("import", {{"documents", all}, {"replace", true}, {"dry_run", true}});
    EXPECT_EQ(preview["dry_run"], true);
    EXPECT_EQ(ok("get", {{"name", "b"}})["found"], false);
    ok("import", {{"documents", all}, {"replace", true}});
    EXPECT_EQ(ok("get", {{"name", "b"}})["value"]["y"], 1);
    EXPECT_EQ(ok("get", {{"name", "a"}, {"layer", "base"}})["found"], false);
    EXPECT_EQ(ok("get", {{"name", "a"}, {"environment", "staging"}})["value"]["x"], 2);
}

TEST_F(ConfigAgent, TheNextGenerationFindsAll) {
    agent.call("set", R"({"name": "app", "value": {"a": 1}})");
    const auto delivery = agent.last_delivery();
    ASSERT_TRUE(agent.quiesce());
    EXPECT_TRUE(agent.answer(delivery).ok()); // committed and answered before it ended
    ASSERT_TRUE(agent.start());
    EXPECT_EQ(ok("get", {{"name", "app"}})["value"]["a"], 1);
    EXPECT_EQ(ok("changes", {{"since", 0}})["events"].size(), 1U);
    EXPECT_EQ(ok("stats", json::object())["revision"], 1);
}

} // namespace
