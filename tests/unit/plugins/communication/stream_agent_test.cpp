#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "noa/testing/harness.hpp"

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using noa::testing::Answer;
using noa::testing::Harness;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class StreamAgent : public ::testing::Test {
public:
    StreamAgent() { start(agent); }
    ~StreamAgent() override { EXPECT_THAT(agent.violations(), IsEmpty()); }

    static void start(Harness& harness) {
        const auto outcome = harness.run("{}");
        EXPECT_TRUE(outcome) << outcome.text;
    }
    Answer call(const std::string& operation, const json& body) {
        agent.call(operation, body.dump());
        const auto delivery = agent.last_delivery();
        EXPECT_TRUE(agent.run_until([&] { return agent.answer(delivery).settled; })) << operation;
        return agent.answer(delivery);
    }
    json ok(const std::string& operation, const json& body) {
        const auto answer = call(operation, body);
        EXPECT_TRUE(answer.ok()) << operation << ": " << answer.text;
        return answer.ok() ? json::parse(answer.body) : json();
    }
    static json of(const json& more = json::object()) {
        json out{{"stream", "s"}, {"consumer", "c"}};
        out.update(more);
        return out;
    }
    static json item(const json& entry) {
        return {{"position", entry["position"]}, {"delivery", entry["delivery"]}};
    }

    Harness agent{noa_plugin_entry_v1()};
};

TEST_F(StreamAgent, HandsOutWhatWasAppendedAndTakesAcks) {
    EXPECT_EQ(ok("stream.append", {{"stream", "s"}, {"body", {{"n", 1}}}, {"id", "a"}})["position"],
              1);
    const json more =
        ok("stream.append",
           {{"stream", "s"}, {"entries", {{{"body", 2}}, {{"body", 9}, {"id", "a"}}}}});
    EXPECT_EQ(more["positions"], (json{2, 1}));
    EXPECT_EQ(more["duplicates"], 1);
    EXPECT_EQ(ok("consumer.set", of())["new"], true);
    EXPECT_EQ(ok("consumer.set", of())["new"], false);
    const json taken = ok("consumer.take", of({{"count", 10}}))["entries"];
    ASSERT_THAT(taken, SizeIs(2));
    EXPECT_EQ(taken[0]["body"], (json{{"n", 1}}));
    EXPECT_EQ(taken[0]["id"], "a");
    const json items{item(taken[0]), item(taken[1]), item(taken[0])};
    const json settled = ok("consumer.ack", of({{"items", items}}));
    EXPECT_EQ(settled["settled"], 2);
    EXPECT_EQ(settled["over"], json{1});
    const json shown = ok("stream.list", {{"stream", "s"}});
    EXPECT_EQ(shown["streams"][0]["entries"], 2);
    EXPECT_EQ(shown["consumers"][0]["settled"], 2);
    EXPECT_EQ(shown["consumers"][0]["waiting"], 0);
}

TEST_F(StreamAgent, WhoWaitsIsGivenWhatIsAppended) {
    ok("stream.set", {{"stream", "s"}, {"count", 100}});
    ok("consumer.set", of());
    agent.call("consumer.take", of({{"wait_s", 60}}).dump());
    const auto waiting = agent.last_delivery();
    ok("stream.append", {{"stream", "other"}, {"body", 1}});
    EXPECT_FALSE(agent.answer(waiting).settled);
    ok("stream.append", {{"stream", "s"}, {"body", 2}});
    ASSERT_TRUE(agent.run_until([&] { return agent.answer(waiting).settled; }));
    EXPECT_EQ(json::parse(agent.answer(waiting).body)["entries"][0]["body"], 2);
}

TEST_F(StreamAgent, WhoWaitsIsGivenWhatIsDueAgainAndNothingAtTheEnd) {
    ok("stream.append", {{"stream", "s"}, {"body", 1}});
    ok("consumer.set", of({{"ack_wait", "10s"}, {"attempts", 2}}));
    ok("consumer.take", of());
    agent.call("consumer.take", of({{"wait_s", 60}}).dump());
    const auto waiting = agent.last_delivery();
    ok("stream.set", {{"stream", "other"}}); // committed behind it: it waits now
    agent.advance(9s);
    ok("stream.set", {{"stream", "other"}});
    EXPECT_FALSE(agent.answer(waiting).settled);
    agent.advance(1001ms);
    ASSERT_TRUE(agent.run_until([&] { return agent.answer(waiting).settled; }));
    EXPECT_EQ(json::parse(agent.answer(waiting).body)["entries"][0]["attempt"], 2);
    agent.advance(11s);
    EXPECT_THAT(ok("consumer.take", of())["entries"], IsEmpty());
    ASSERT_THAT(agent.published(), SizeIs(1));
    EXPECT_EQ(agent.published()[0].subject, "communication.given_up");
}

TEST_F(StreamAgent, ReadsFromAPositionAndADate) {
    for (int n = 1; n <= 5; ++n) {
        ok("stream.append", {{"stream", "s"}, {"body", n}});
        agent.advance(1s);
    }
    const json page =
        ok("stream.read", {{"stream", "s"}, {"position", 2}, {"limit", 2}})["entries"];
    ASSERT_THAT(page, SizeIs(2));
    EXPECT_EQ(page[0]["body"], 2);
    const json since = ok("stream.read", {{"stream", "s"}, {"since", page[1]["at"]}})["entries"];
    ASSERT_THAT(since, SizeIs(3));
    EXPECT_EQ(since[0]["body"], 3);
    EXPECT_THAT(ok("stream.read", {{"stream", "s"}, {"position", 9007199254740991}})["entries"],
                IsEmpty());
    EXPECT_EQ(call("stream.read", {{"stream", "none"}}).status, NOA_E_NOT_FOUND);
}

TEST_F(StreamAgent, RefusesWhatMakesNoSense) {
    EXPECT_EQ(call("stream.append", {{"stream", "a b"}, {"body", 1}}).status, NOA_E_INVALID);
    EXPECT_EQ(call("stream.append", {{"stream", "s"}}).status, NOA_E_INVALID);
    EXPECT_EQ(call("stream.append", {{"stream", "s"}, {"body", std::string(11 << 20, 'a')}}).status,
              NOA_E_TOO_LARGE);
    EXPECT_THAT(call("consumer.take", of()).text, HasSubstr("/stream"));
    ok("stream.append", {{"stream", "s"}, {"body", 1}});
    EXPECT_THAT(call("consumer.take", of()).text, HasSubstr("consumer.set"));
    EXPECT_EQ(call("consumer.set", of({{"from", "last"}})).status, NOA_E_INVALID);
    EXPECT_EQ(call("consumer.ack", of({{"items", json::array()}})).status, NOA_E_INVALID);
}

TEST_F(StreamAgent, ANewGenerationGoesOnWhereTheOldOneWas) {
    ok("stream.append", {{"stream", "s"}, {"entries", {{{"body", 1}}, {{"body", 2}}}}});
    ok("consumer.set", of());
    const json first = ok("consumer.take", of())["entries"][0];
    const std::string directory = agent.host().state_path;
    ASSERT_TRUE(agent.quiesce());
    Harness next(noa_plugin_entry_v1());
    next.set_state_dir(directory);
    start(next);
    const auto ask = [&next](const std::string& operation, const json& body) {
        next.call(operation, body.dump());
        const auto delivery = next.last_delivery();
        EXPECT_TRUE(next.run_until([&] { return next.answer(delivery).settled; }));
        return json::parse(next.answer(delivery).body);
    };
    EXPECT_THAT(ask("consumer.ack", of({{"items", {item(first)}}}))["over"], IsEmpty());
    EXPECT_EQ(ask("consumer.take", of())["entries"][0]["body"], 2);
}

} // namespace
