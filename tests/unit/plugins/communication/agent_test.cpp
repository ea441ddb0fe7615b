#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Answer;
using noa::testing::CallOptions;
using noa::testing::Harness;
using noa::testing::Scripted;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CommunicationAgent : public ::testing::Test {
public:
    ~CommunicationAgent() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    // Recipients are asked what they take where a test says so.
    void run(json settings = json::object()) {
        if (!settings.contains("content")) {
            settings["content"] = {{"schema", "off"}};
        }
        const auto outcome = agent.run(settings.dump());
        ASSERT_TRUE(outcome) << outcome.text;
    }
    // Answered, by one of the store's threads if need be.
    Answer call(const std::string& operation, const json& body, const CallOptions& options = {}) {
        agent.call(operation, body.dump(), options);
        const auto delivery = agent.last_delivery();
        EXPECT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; })) << operation;
        return agent.answer(delivery);
    }
    json ok(const std::string& operation, const json& body, const CallOptions& options = {}) {
        const auto answer = call(operation, body, options);
        EXPECT_TRUE(answer.ok()) << operation << ": " << answer.text;
        return answer.ok() ? json::parse(answer.body) : json();
    }
    static json message(const json& more = json::object()) {
        json out{{"to", "worker"}, {"operation", "do"}, {"body", {{"n", 1}}}};
        out.update(more);
        return out;
    }
    [[nodiscard]] std::vector<json> open_bodies() const {
        std::vector<json> all;
        for (const auto& one : agent.open_requests()) {
            all.push_back(json::parse(one.body));
        }
        return all;
    }
    bool delivered(std::size_t count) {
        return agent.run_until([&] { return agent.open_requests().size() >= count; });
    }
    void end(std::size_t which, noa_status status, const std::string& text = "") {
        agent.answer_request(agent.open_requests().at(which).tag, {status, text, {}});
    }
    std::string state(const std::string& id) { return ok("show", {{"id", id}})["state"]; }
    bool reaches(const std::string& id, const std::string& wanted) {
        for (int turn = 0; turn < 100; ++turn) {
            if (state(id) == wanted) {
                return true;
            }
            ok("stream.set", {{"stream", "any"}}); // what was settled meanwhile is committed
        }
        return false;
    }

    // One that begins now, and is over.
    void sweep() {
        ok("task.list", json::object());
        agent.advance(1s);
        ok("task.list", json::object());
    }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(CommunicationAgent, TakesAMessageAndDeliversItAsItCame) {
    run();
    const json sent = ok("send", message({{"priority", "high"}, {"timeout", "2s"}}));
    EXPECT_EQ(sent["state"], "queued");
    ASSERT_TRUE(delivered(1));
    const auto& request = agent.open_requests()[0];
    EXPECT_EQ(request.to, "worker");
    EXPECT_EQ(request.subject, "do");
    EXPECT_EQ(request.body, R"({"n":1})");
    EXPECT_EQ(request.content_type, "application/json");
    EXPECT_EQ(request.priority, NOA_PRIORITY_HIGH);
    EXPECT_EQ(request.deadline_ns, agent.now_ns() + 2'000'000'000);
    EXPECT_EQ(state(sent["id"]), "sent");
    end(0, NOA_OK);
    EXPECT_TRUE(reaches(sent["id"], "acked"));
    const json shown = ok("show", {{"id", sent["id"]}});
    EXPECT_EQ(shown["attempts"], 1);
    EXPECT_EQ(shown["body"], (json{{"n", 1}}));
    EXPECT_EQ(shown["life"][0]["status"], "ok");
}

TEST_F(CommunicationAgent, TriesAgainAndGivesUpWithAnEvent) {
    run({{"retry", {{"attempts", 2}, {"first_pause", "1s"}}}});
    const std::string id = ok("send", message())["id"];
    ASSERT_TRUE(delivered(1));
    end(0, NOA_E_UNAVAILABLE, "not now");
    EXPECT_TRUE(reaches(id, "failed"));
    agent.advance(1s);
    ASSERT_TRUE(delivered(1));
    end(0, NOA_E_UNAVAILABLE, "not now");
    EXPECT_TRUE(reaches(id, "dead"));
    const json shown = ok("show", {{"id", id}});
    EXPECT_EQ(shown["error"], "not now");
    EXPECT_THAT(shown["life"], SizeIs(2));
    ASSERT_THAT(agent.published(), SizeIs(1));
    EXPECT_EQ(agent.published()[0].subject, "communication.dead");
    EXPECT_EQ(json::parse(agent.published()[0].body)["id"], id);
    const json replayed = ok("replay", {{"ids", {id}}});
    EXPECT_EQ(replayed["replayed"], 1);
    ASSERT_TRUE(delivered(1));
    EXPECT_EQ(open_bodies()[0], (json{{"n", 1}})) << "read from the store";
    end(0, NOA_OK);
    EXPECT_TRUE(reaches(id, "acked"));
}

TEST_F(CommunicationAgent, TakesAnIdOnce) {
    run();
    const json given = message({{"id", "order-7"}});
    EXPECT_EQ(ok("send", given)["state"], "queued");
    EXPECT_EQ(ok("send", given)["duplicate"], true);
    EXPECT_EQ(ok("send", given, {.from = "other"})["state"], "queued");
    EXPECT_EQ(ok("stats", json::object())["messages_accepted"], 2);
}

TEST_F(CommunicationAgent, TakesWhatTheBusDeliversAgainOnce) {
    run();
    EXPECT_EQ(ok("send", message(), {.repeats = 77})["state"], "queued");
    EXPECT_EQ(ok("send", message(), {.attempt = 2, .repeats = 77})["duplicate"], true);
}

TEST_F(CommunicationAgent, GoesOnAfterAReload) {
    run();
    const std::string id = ok("send", message({{"id", "order-7"}, {"envelope", true}}))["id"];
    const std::string directory = agent.host().state_path;
    ASSERT_TRUE(delivered(1));
    EXPECT_EQ(open_bodies()[0]["redelivered"], false);
    Harness next(noa_plugin_entry_v1());
    next.set_state_dir(directory);
    ASSERT_TRUE(next.run_after(agent, R"({"content": {"schema": "off"}})"));
    ASSERT_TRUE(next.run_until([&] { return !next.open_requests().empty(); }));
    const json again = json::parse(next.open_requests()[0].body);
    EXPECT_EQ(again["id"], "order-7");
    EXPECT_EQ(again["redelivered"], true) << "an attempt may have been made that nobody knows of";
    EXPECT_EQ(again["body"], (json{{"n", 1}}));
    next.call("send", message({{"id", "order-7"}}).dump());
    ASSERT_TRUE(next.run_until([&] { return next.answer(next.last_delivery()).settled; }));
    EXPECT_EQ(json::parse(next.answer(next.last_delivery()).body)["duplicate"], true);
    EXPECT_THAT(next.violations(), IsEmpty());
}

TEST_F(CommunicationAgent, TakesManyEachByItself) {
    run();
    const json answer =
        ok("send_many",
           {{"messages", {message(), message({{"attempts", 0}}), message({{"id", "third"}})}}});
    EXPECT_EQ(answer["accepted"], 2);
    EXPECT_THAT(answer["ids"], SizeIs(2));
    EXPECT_EQ(answer["ids"][1], "third");
    EXPECT_EQ(answer["errors"][0]["index"], 1);
    EXPECT_TRUE(delivered(2));
}

TEST_F(CommunicationAgent, RefusesWhatIsTooLargeAndTooMuch) {
    run({{"max_message_size", "1KiB"}, {"max_queued", 100}, {"max_queued_recipient", 10}});
    const auto large = call("send", message({{"body", std::string(2000, 'a')}}));
    EXPECT_EQ(large.status, NOA_E_TOO_LARGE);
    EXPECT_THAT(large.text, HasSubstr("max_message_size"));
    for (int turn = 0; turn < 10; ++turn) {
        ok("send", message());
    }
    const auto full = call("send", message());
    EXPECT_EQ(full.status, NOA_E_BUSY);
    EXPECT_THAT(full.text, HasSubstr("max_queued_recipient"));
    ok("send", message({{"to", "another"}}));
}

TEST_F(CommunicationAgent, LimitsTheRateOfASender) {
    run({{"rates", {{"sender", {{"per_second", 1}, {"burst", 2}}}}}});
    ok("send", message());
    ok("send", message());
    const auto limited = call("send", message());
    EXPECT_EQ(limited.status, NOA_E_BUSY);
    EXPECT_THAT(limited.text, HasSubstr("rate of this sender"));
    ok("send", message(), {.from = "other"});
    agent.advance(1s);
    ok("send", message());
}

TEST_F(CommunicationAgent, SendsToAGroup) {
    run();
    ok("group.set", {{"name", "all"}, {"members", {"b", "a"}}});
    const json sent = ok("send", {{"group", "all"}, {"operation", "do"}, {"id", "g"}});
    EXPECT_EQ(sent["ids"], (json{"g/a", "g/b"}));
    ASSERT_TRUE(delivered(2));
    EXPECT_EQ(agent.open_requests()[0].to, "a");
    EXPECT_EQ(agent.open_requests()[1].to, "b");
    EXPECT_EQ(ok("group.list", json::object())["groups"]["all"], (json{"a", "b"}));
    ok("group.unset", {{"name", "all"}});
    EXPECT_EQ(call("send", {{"group", "all"}, {"operation", "do"}}).status, NOA_E_NOT_FOUND);
}

TEST_F(CommunicationAgent, PublishesOnASubject) {
    run();
    const std::string id = ok("send", {{"subject", "news.today"}, {"body", 7}})["id"];
    EXPECT_TRUE(reaches(id, "acked"));
    ASSERT_THAT(agent.published(), SizeIs(1));
    EXPECT_EQ(agent.published()[0].subject, "news.today");
    EXPECT_EQ(agent.published()[0].body, "7");
}

TEST_F(CommunicationAgent, HoldsABreakerOpenByHand) {
    run();
    ok("send", message());
    ASSERT_TRUE(delivered(1));
    EXPECT_EQ(ok("breaker.open", {{"to", "worker"}})["state"], "open");
    const std::string id = ok("send", message())["id"];
    EXPECT_EQ(state(id), "queued");
    EXPECT_EQ(ok("breakers", json::object())["breakers"][0]["by_hand"], true);
    EXPECT_EQ(ok("queues", json::object())["queues"][0]["depth"], 2);
    ok("breaker.close", {{"to", "worker"}});
    EXPECT_TRUE(delivered(2));
    EXPECT_EQ(call("breaker.open", {{"to", "nobody"}}).status, NOA_E_NOT_FOUND);
}

TEST_F(CommunicationAgent, CancelsExpiresAndLists) {
    run();
    const std::string later = ok("send", message({{"delay", "1h"}}))["id"];
    EXPECT_EQ(ok("cancel", {{"id", later}})["state"], "cancelled");
    EXPECT_TRUE(reaches(later, "cancelled"));
    const std::string brief = ok("send", message({{"delay", "1h"}, {"ttl", "5s"}}))["id"];
    agent.advance(5s);
    EXPECT_TRUE(reaches(brief, "expired"));
    const json list = ok("list", {{"to", "worker"}});
    EXPECT_THAT(list["messages"], SizeIs(2));
    EXPECT_EQ(list["messages"][0]["id"], brief);
    EXPECT_EQ(ok("list", {{"state", "cancelled"}})["messages"][0]["id"], later);
    EXPECT_EQ(call("list", {{"state", "no"}}).status, NOA_E_INVALID);
    EXPECT_EQ(call("show", {{"id", "no"}}).status, NOA_E_NOT_FOUND);
}

TEST_F(CommunicationAgent, HandsTasksToWorkers) {
    run({{"tasks", {{"backlog", 3}}}});
    ok("task.submit", {{"type", "mail"}, {"payload", {{"n", 1}}}, {"priority", "low"}});
    ok("task.submit", {{"type", "mail"}, {"id", "t-2"}, {"priority", "high"}});
    EXPECT_EQ(ok("task.submit", {{"type", "mail"}, {"id", "t-2"}})["duplicate"], true);
    ok("task.submit", {{"type", "other"}});
    const auto full = call("task.submit", {{"type", "mail"}});
    EXPECT_THAT(full.text, HasSubstr("tasks.backlog"));
    const json first = ok("task.take", {{"types", {"mail"}}});
    EXPECT_EQ(first["id"], "t-2");
    EXPECT_EQ(first["attempt"], 1);
    EXPECT_EQ(ok("task.take", {{"types", {"mail"}}})["payload"], (json{{"n", 1}}));
    EXPECT_EQ(ok("task.take", {{"types", {"mail"}}})["found"], false);
    ok("task.complete", {{"id", "t-2"}, {"attempt", 1}, {"result", {{"ok", true}}}});
    EXPECT_EQ(call("task.complete", {{"id", "t-2"}, {"attempt", 1}}).status, NOA_E_RETIRED);
    const json list = ok("task.list", {{"status", "completed"}});
    EXPECT_EQ(list["tasks"][0]["result"], (json{{"ok", true}}));
    EXPECT_EQ(list["last_hour"], json::parse(R"([
        {"type":"mail","status":"completed","count":1},
        {"type":"mail","status":"processing","count":1},
        {"type":"other","status":"pending","count":1}])"));
}

TEST_F(CommunicationAgent, GivesATaskThatNobodyRenewedToTheNext) {
    run();
    ok("task.submit", {{"type", "mail"}, {"id", "t"}, {"timeout", "10s"}, {"attempts", 2}});
    ok("task.take", json::object());
    agent.advance(9s);
    ok("task.renew", {{"id", "t"}, {"attempt", 1}});
    agent.advance(9s);
    EXPECT_EQ(ok("task.take", json::object())["found"], false);
    agent.call("task.take", R"({"wait_s": 60})"); // waits
    const auto waiting = agent.last_delivery();
    agent.advance(3s);
    sweep();
    ASSERT_TRUE(agent.run_until([&] { return agent.answer(waiting).settled; }));
    EXPECT_EQ(json::parse(agent.answer(waiting).body)["attempt"], 2);
    EXPECT_EQ(call("task.complete", {{"id", "t"}, {"attempt", 1}}).status, NOA_E_RETIRED);
    ok("task.fail", {{"id", "t"}, {"attempt", 2}, {"error", "no"}});
    const json list = ok("task.list", {{"type", "mail"}});
    EXPECT_EQ(list["tasks"][0]["status"], "failed");
    EXPECT_EQ(list["tasks"][0]["error"], "no");
}

TEST_F(CommunicationAgent, FindsTasksThatAreStuck) {
    run({{"tasks", {{"stuck", "30s"}, {"stuck_rule", "fail"}}}});
    ok("task.submit", {{"type", "mail"}, {"id", "t"}, {"timeout", "1h"}});
    ok("task.take", json::object());
    EXPECT_THAT(ok("task.list", {{"stuck", true}})["tasks"], IsEmpty());
    agent.advance(31s);
    sweep();
    EXPECT_EQ(ok("task.list", json::object())["tasks"][0]["error"], "stuck");
}

TEST_F(CommunicationAgent, AsksARecipientOnceWhatItTakes) {
    run({{"content", {{"schema", "reject"}}}});
    const auto sent = [&](const json& body) {
        agent.call("send", message({{"body", body}}).dump());
        return agent.last_delivery();
    };
    const auto settled = [&](noa_delivery one) {
        EXPECT_TRUE(agent.run_until([&] { return agent.answer(one).settled; }));
        return agent.answer(one);
    };
    const auto good = sent({{"n", 1}});
    const auto bad = sent({{"n", "x"}});
    ASSERT_THAT(agent.open_requests(), SizeIs(1)) << "both wait for one answer";
    EXPECT_EQ(agent.open_requests()[0].to, "worker");
    EXPECT_EQ(agent.open_requests()[0].subject, "describe");
    EXPECT_FALSE(agent.answer(good).settled);
    const json description{
        {"operations", {{"do", {{"request", {{"properties", {{"n", {{"type", "integer"}}}}}}}}}}}};
    agent.answer_request(agent.open_requests()[0].tag, {NOA_OK, description.dump(), {}});
    EXPECT_TRUE(settled(good).ok());
    EXPECT_EQ(settled(bad).status, NOA_E_INVALID);
    EXPECT_THAT(settled(bad).text, HasSubstr("/body/n: expected integer"));
    const json many =
        ok("send_many", {{"messages", {message(), message({{"body", {{"n", {}}}}})}}});
    EXPECT_EQ(many["accepted"], 1);
    EXPECT_EQ(many["errors"][0]["index"], 1);
    agent.event("host.agent.worker", "{}"); // a new generation may take something else
    static_cast<void>(sent({{"n", 2}}));
    EXPECT_EQ(agent.open_requests().back().subject, "describe");
}

TEST_F(CommunicationAgent, WhoSaysNothingGetsWhatThereIs) {
    run({{"content", {{"schema", "reject"}}}});
    agent.call("send", message().dump());
    const auto waiting = agent.last_delivery();
    ASSERT_THAT(agent.open_requests(), SizeIs(1));
    end(0, NOA_E_NOT_FOUND, "there is none");
    EXPECT_TRUE(agent.run_until([&] { return agent.answer(waiting).settled; }));
    EXPECT_TRUE(agent.answer(waiting).ok());
}

TEST_F(CommunicationAgent, PutsADamagedStoreAsideAndSaysSo) {
    run();
    ok("send", message());
    const std::string directory = agent.host().state_path;
    ASSERT_TRUE(agent.quiesce());
    std::fstream(directory + "/communication.db", std::ios::in | std::ios::out | std::ios::binary)
        << "damaged";
    Harness next(noa_plugin_entry_v1());
    next.set_state_dir(directory);
    ASSERT_TRUE(next.run(R"({"content": {"schema": "off"}})"));
    EXPECT_THAT(next.logs().at(0).event, "store.quarantined");
    EXPECT_EQ(next.published().at(0).subject, "communication.quarantined");
    const std::filesystem::directory_iterator files(directory);
    EXPECT_TRUE(std::any_of(
        std::filesystem::begin(files), std::filesystem::end(files), [](const auto& file) {
            return file.path().filename().string().starts_with("communication.db.damaged-");
        }));
}

} // namespace
