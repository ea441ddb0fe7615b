#include <gmock/gmock.h>

#include "control/host_verbs.hpp"
#include "control_fixture.hpp"

namespace noa::control {
namespace {

using nlohmann::json;

class LogVerbs : public testing::Test {
protected:
    LogVerbs() {
        add_log_verbs(verbs_, log_, [](const std::string& agent) { return agent == "cache"; });
        log_.write(Level::info, "one", {{"agent", "cache"}});
        log_.write(Level::warning, "two", {{"agent", "clock"}});
        log_.write(Level::error, "three", {{"agent", "cache"}});
    }
    std::vector<std::string> events(const json& args) {
        served_.client.ask("log", args);
        std::vector<std::string> out;
        for (auto answer = served_.client.next(); answer.kind == AnswerKind::event;
             answer = served_.client.next()) {
            out.push_back(answer.value["event"]);
        }
        return out;
    }

    Log log_{LogFormat::text, false};
    Verbs verbs_;
    Served served_{verbs_, this_peer(), AccessPolicy::of_this_process(""), log_};
};

TEST_F(LogVerbs, ShowsTheNewestLines) {
    EXPECT_THAT(events(json::object()), testing::ElementsAre("one", "two", "three"));
    EXPECT_THAT(events({{"lines", 2}}), testing::ElementsAre("two", "three"));
    EXPECT_THAT(events({{"lines", 0}}), testing::IsEmpty());
}

TEST_F(LogVerbs, FiltersByLevelAndAgent) {
    EXPECT_THAT(events({{"level", "warning"}}), testing::ElementsAre("two", "three"));
    EXPECT_THAT(events({{"agent", "cache"}}), testing::ElementsAre("one", "three"));
    EXPECT_THAT(events({{"agent", "cache"}, {"lines", 1}}), testing::ElementsAre("three"));
}

TEST_F(LogVerbs, ALineHasItsPartsAndItsText) {
    served_.client.ask("log", {{"lines", 1}});
    const auto line = served_.client.next().value;
    EXPECT_EQ(line["level"], "error");
    EXPECT_EQ(line["fields"], (json{{"agent", "cache"}}));
    EXPECT_GT(line["sequence"], 0);
    EXPECT_THAT(line["text"].get<std::string>(), testing::HasSubstr("three"));
    served_.client.next();
}

TEST_F(LogVerbs, FollowsUntilTheClientGoesOn) {
    served_.client.ask("log", {{"lines", 1}, {"follow", true}});
    EXPECT_EQ(served_.client.next().value["event"], "three");
    log_.write(Level::info, "four", {{"agent", "cache"}});
    EXPECT_EQ(served_.client.next().value["event"], "four");
    served_.client.ask("log", {{"lines", 0}});
    EXPECT_EQ(served_.client.next().kind, AnswerKind::ok);
    EXPECT_EQ(served_.client.next().kind, AnswerKind::ok);
}

TEST_F(LogVerbs, LevelsChangeWhileItRuns) {
    served_.client.ask("log_level", {{"level", "error"}});
    EXPECT_EQ(served_.client.next().value, (json{{"level", "error"}}));
    EXPECT_FALSE(log_.enabled(Level::warning));
    served_.client.ask("log_level", {{"level", "debug"}, {"agent", "cache"}});
    EXPECT_EQ(served_.client.next().value, (json{{"agent", "cache"}, {"level", "debug"}}));
    served_.client.ask("log_level", {{"level", "default"}, {"agent", "cache"}});
    EXPECT_EQ(served_.client.next().value["level"], "default");
}

TEST_F(LogVerbs, UnknownLevelsAndAgentsAreErrors) {
    served_.client.ask("log_level", {{"level", "loud"}});
    EXPECT_EQ(served_.client.next().value["code"], "invalid");
    served_.client.ask("log_level", {{"level", "default"}});
    EXPECT_EQ(served_.client.next().value["code"], "invalid");
    served_.client.ask("log_level", {{"level", "info"}, {"agent", "nobody"}});
    EXPECT_EQ(served_.client.next().value["code"], "not_found");
    served_.client.ask("log", {{"level", "loud"}});
    EXPECT_EQ(served_.client.next().value["code"], "invalid");
}

} // namespace
} // namespace noa::control
