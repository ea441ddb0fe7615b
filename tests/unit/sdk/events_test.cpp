#include "test_agent.hpp"

namespace noa::test {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using Events = Scene;

TEST_F(Events, ReachEveryHandlerThatMatches) {
    std::vector<std::string> seen;
    run([&](TestAgent&, noa::Setup& setup) {
        setup.subscribe("config.>", [&](const noa::Event& event) {
            seen.push_back("all " + std::string(event.subject()));
        });
        setup.subscribe("config.changed.*",
                        [&](const noa::Event& event) { seen.emplace_back(event.body()); });
    });
    EXPECT_TRUE(agent.subscribed("config.>"));
    EXPECT_TRUE(agent.subscribed("config.changed.*"));
    EXPECT_TRUE(agent.event("config.changed.cache", "x").ok());
    agent.event("other", "y");
    EXPECT_THAT(seen, ElementsAre("all config.changed.cache", "x"));
}

TEST_F(Events, ThatFailAreNotSettledAsDone) {
    int after_the_failure = 0;
    run([&](TestAgent&, noa::Setup& setup) {
        setup.subscribe("a", [](const noa::Event&) { return noa::Status(noa::failed("no")); });
        setup.subscribe("a", [&](const noa::Event&) { ++after_the_failure; });
    });
    const auto answer = agent.event("a");
    EXPECT_EQ(answer.status, NOA_E_FAILED);
    EXPECT_EQ(answer.text, "no");
    EXPECT_EQ(after_the_failure, 1);
}

TEST_F(Events, ArePublishedWithTheCountOfThoseWhoTookThem) {
    run([](TestAgent& self, noa::Setup& setup) {
        setup.operation("go",
                        [&self] { return std::to_string(self.publish("a.b", "body")->accepted); });
    });
    EXPECT_EQ(agent.call("go").body, "1");
    EXPECT_EQ(agent.published().at(0).subject, "a.b");
    agent.refuse_next(NOA_E_RETIRED);
}

TEST_F(Events, BeatAtTheStartAndEveryPeriod) {
    run([](TestAgent&, noa::Setup& setup) { setup.beat(30s); });
    ASSERT_EQ(agent.published().size(), 1U);
    EXPECT_EQ(agent.published()[0].subject, "heartbeat.beat.tested");
    EXPECT_EQ(agent.published()[0].body, R"({"interval_s":30})");
    agent.advance(60s);
    EXPECT_EQ(agent.published().size(), 3U);
}

} // namespace
} // namespace noa::test
