#include "control_fixture.hpp"

#include <future>

#include <gmock/gmock.h>

namespace noa::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class ConnectionTest : public testing::Test {
protected:
    ConnectionTest() {
        verbs_.add("look", Right::read,
                   [](const json& args, Connection&) -> Result<json> { return args; });
        verbs_.add("change", Right::full, [this](const json&, Connection&) -> Result<json> {
            ++changes_;
            return json("done");
        });
        verbs_.add("steps", Right::read, [](const json&, Connection& client) -> Result<json> {
            client.progress({{"step", 1}});
            client.progress({{"step", 2}});
            return json("all");
        });
        verbs_.add("fail", Right::read, [](const json&, Connection&) -> Result<json> {
            return fail(Errc::busy, "fail", "x", "because", "wait");
        });
        verbs_.add("stream", Right::read, [this](const json&, Connection& client) -> Result<json> {
            client.progress({{"ready", true}});
            client.stream(*queue_);
            return json("over");
        });
    }

    Log log_{LogFormat::json, false};
    Verbs verbs_;
    int changes_ = 0;
    Result<EventQueue> queue_ = EventQueue::open({4, 1'000'000});
    const AccessPolicy mine_ = AccessPolicy::of_this_process("");
    const AccessPolicy foreign_{4'000'000, "noa", 4'000'001};
    const Peer stranger_{4'000'002, 4'000'002, 77, {}};
};

TEST_F(ConnectionTest, AnswersOneRequestAfterTheOther) {
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("look", {{"a", 1}});
    served.client.ask("look", {{"a", 2}});
    auto answer = served.client.next();
    EXPECT_EQ(answer.kind, AnswerKind::ok);
    EXPECT_EQ(answer.value, (json{{"a", 1}}));
    EXPECT_EQ(served.client.next().value, (json{{"a", 2}}));
}

TEST_F(ConnectionTest, ProgressComesBeforeTheAnswer) {
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("steps");
    EXPECT_EQ(served.client.next().value["step"], 1);
    EXPECT_EQ(served.client.next().kind, AnswerKind::progress);
    EXPECT_EQ(served.client.next().value, "all");
}

TEST_F(ConnectionTest, AnErrorHasAllItsParts) {
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("fail");
    const auto answer = served.client.next();
    EXPECT_EQ(answer.kind, AnswerKind::error);
    EXPECT_EQ(answer.value, (json{{"code", "busy"},
                                  {"attempt", "fail"},
                                  {"object", "x"},
                                  {"reason", "because"},
                                  {"advice", "wait"},
                                  {"text", "fail: x: because (wait)"}}));
}

TEST_F(ConnectionTest, GarbageIsAnsweredAndTheConnectionGoesOn) {
    Served served(verbs_, this_peer(), mine_, log_);
    for (const char* line : {"\n", "}{\n", "GET / HTTP/1.1\r\n", "\0\xff\n", "{\"v\":9}\n"}) {
        served.client.write(line);
        if (*line != '\0') {
            EXPECT_EQ(served.client.next().kind, AnswerKind::error) << line;
        }
    }
    served.client.write("\n");
    served.client.next();
    served.client.ask("look", {{"still", "here"}});
    EXPECT_EQ(served.client.next().kind, AnswerKind::ok);
}

TEST_F(ConnectionTest, AnUnknownVerbIsToldWhatThereIs) {
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("reboot");
    const auto answer = served.client.next();
    EXPECT_EQ(answer.value["code"], "not_found");
    EXPECT_THAT(answer.value["advice"].get<std::string>(), HasSubstr("change, fail, look"));
}

TEST_F(ConnectionTest, ALineOverTheLimitIsRefusedAndCloses) {
    Served served(verbs_, stranger_, foreign_, log_);
    served.client.write(std::string(70'000, 'x'));
    const auto answer = served.client.next();
    EXPECT_THAT(answer.value["text"].get<std::string>(), HasSubstr("longer than 65536 bytes"));
    EXPECT_EQ(served.client.next().value, "end");
}

TEST_F(ConnectionTest, AStrangerMayOnlyLook) {
    Served served(verbs_, stranger_, foreign_, log_);
    served.client.ask("look");
    EXPECT_EQ(served.client.next().kind, AnswerKind::ok);
    served.client.ask("change");
    const auto answer = served.client.next();
    EXPECT_EQ(answer.value["code"], "denied");
    EXPECT_EQ(changes_, 0);
    const auto lines = log_.tail(10);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].event, "control.denied");
    EXPECT_EQ(lines[0].fields["uid"], 4'000'002);
    EXPECT_EQ(lines[0].fields["pid"], 77);
}

TEST_F(ConnectionTest, AChangeIsLoggedWithWhoAskedAndWithoutBodies) {
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("look", {{"body", "quiet"}});
    served.client.next();
    served.client.ask("change", {{"agent", "cache"}, {"body", "hidden"}});
    served.client.next();
    EXPECT_EQ(changes_, 1);
    const auto lines = log_.tail(10);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].event, "control.request");
    EXPECT_EQ(lines[0].fields["verb"], "change");
    EXPECT_EQ(lines[0].fields["agent"], "cache");
    EXPECT_EQ(lines[0].fields["uid"], ::geteuid());
    EXPECT_EQ(lines[0].fields["pid"], ::getpid());
    EXPECT_FALSE(lines[0].fields.contains("body"));
}

TEST_F(ConnectionTest, AStreamEndsWhenTheClientAsksForSomethingElse) {
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("stream");
    EXPECT_EQ(served.client.next().kind, AnswerKind::progress);
    queue_->push({{"n", 1}}, 10);
    const auto event = served.client.next();
    EXPECT_EQ(event.kind, AnswerKind::event);
    EXPECT_EQ(event.value["n"], 1);
    served.client.ask("look");
    EXPECT_EQ(served.client.next().value, "over");
    EXPECT_EQ(served.client.next().value, json::object());
}

TEST_F(ConnectionTest, AStreamEndsWhenItsQueueCloses) {
    Served served(verbs_, this_peer(), mine_, log_);
    queue_->push({{"n", 1}}, 10);
    queue_->close();
    served.client.ask("stream");
    EXPECT_EQ(served.client.next().kind, AnswerKind::progress);
    EXPECT_EQ(served.client.next().value["n"], 1);
    EXPECT_EQ(served.client.next().value, "over");
}

TEST_F(ConnectionTest, WhatASlowClientMissedIsAGapLine) {
    for (int i = 0; i < 7; ++i) {
        queue_->push({{"n", i}}, 10);
    }
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("stream");
    EXPECT_EQ(served.client.next().kind, AnswerKind::progress);
    EXPECT_EQ(served.client.next().value, (json{{"gap", 3}}));
    EXPECT_EQ(served.client.next().value["n"], 3);
}

TEST_F(ConnectionTest, AStreamEndsWhenTheClientLeaves) {
    std::promise<void> over;
    verbs_.add("forever", Right::read, [&](const json&, Connection& client) -> Result<json> {
        client.progress({});
        client.stream(*queue_);
        over.set_value();
        return json();
    });
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("forever");
    served.client.next();
    served.client.close();
    EXPECT_EQ(over.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(ConnectionTest, AClientThatReadsNothingDoesNotHoldUpShutDown) {
    verbs_.add("flood", Right::read, [&](const json&, Connection& client) -> Result<json> {
        client.progress({});
        client.stream(*queue_);
        return json();
    });
    Served served(verbs_, this_peer(), mine_, log_);
    served.client.ask("flood");
    served.client.next();
    queue_->push(std::string(8'000'000, 'x'), 10);
    served.connection().shut_down();
}

} // namespace
} // namespace noa::control
