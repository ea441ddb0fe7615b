#include "test_agent.hpp"

namespace noa::test {
namespace {

TEST(Facts, SayWhatTheAgentIsCalledAndWasGiven) {
    plan = {};
    Harness agent(&sdk::plugin_table<TestAgent>, "cache-eu");
    agent.host().facts.run = NOA_RUN_PROCESS;
    agent.host().facts.generation = 7;
    agent.host().facts.concurrency = 3;
    TestAgent* self = nullptr;
    plan.setup = [&](TestAgent& made, noa::Setup& setup) {
        self = &made;
        EXPECT_EQ(made.name(), "cache-eu") << "known in setup";
        setup.beat(std::chrono::seconds(1));
    };
    ASSERT_TRUE(agent.run());
    const auto facts = self->facts();
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->name, "cache-eu");
    EXPECT_EQ(facts->run, noa::Run::process);
    EXPECT_EQ(facts->generation, 7U);
    EXPECT_EQ(facts->queue_size, 10'000U);
    EXPECT_EQ(facts->concurrency, 3U);
    EXPECT_EQ(facts->max_deliveries, 5U);
    EXPECT_EQ(facts->task_timeout, std::chrono::seconds(30));
    EXPECT_EQ(facts->quiesce_timeout, std::chrono::seconds(5));
    agent.host().facts.queue_size = 20;
    EXPECT_EQ(self->facts()->queue_size, 20U) << "as it is now";
    EXPECT_EQ(agent.published().at(0).subject, "heartbeat.beat.cache-eu");
    plan = {};
}

TEST(Facts, OfAHostThatDoesNotTellAreAnErrorAndTheNameIsThePlugins) {
    noa_host host{};
    host.extension = [](noa_context, const char*) -> const void* { return nullptr; };
    sdk::Generation generation(host, 1, TestAgent::info);
    EXPECT_EQ(generation.name, "tested");
    EXPECT_EQ(sdk::facts_of(generation.host).error().status, NOA_E_UNSUPPORTED);
}

} // namespace
} // namespace noa::test
