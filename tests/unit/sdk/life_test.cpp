#include <fstream>
#include <stdexcept>

#include "test_agent.hpp"

namespace noa::test {
namespace {

using Life = Scene;

TEST_F(Life, TheTableSaysWhatTheInfoSays) {
    constexpr const noa_plugin& table = sdk::plugin_table<TestAgent>;
    EXPECT_STREQ(table.id, "tested");
    EXPECT_STREQ(table.version, "1.2.3");
    EXPECT_EQ(table.state_schema, 2U);
    EXPECT_EQ(table.oldest_state_schema, 2U);
    EXPECT_EQ(table.struct_size, sizeof(noa_plugin));
    EXPECT_EQ(table.flags, 0U);
    EXPECT_EQ(table.extension("noa.unknown/1"), nullptr);
}

TEST_F(Life, AFailureInEachStepIsAnswered) {
    plan.setup = [](TestAgent&, noa::Setup&) { throw std::runtime_error("in setup"); };
    EXPECT_EQ(agent.create().text, "in setup");
    plan.setup = nullptr;
    ASSERT_TRUE(agent.create());
    plan.start = [](TestAgent&) -> noa::Status { return noa::failed("port is taken"); };
    EXPECT_EQ(agent.start().text, "port is taken");
    plan.start = nullptr;
    ASSERT_TRUE(agent.start());
    plan.quiesce = [](TestAgent&) -> noa::Status { throw 3; };
    EXPECT_EQ(agent.quiesce().status, NOA_E_INTERNAL);
}

TEST_F(Life, StateGoesFromOneGenerationToTheNext) {
    plan.save = [](noa::StateWriter& state) {
        state.text("remembered");
        return noa::Status();
    };
    std::string found;
    plan.restore = [&](noa::StateReader& state) {
        EXPECT_EQ(state.schema(), 2U);
        found = state.text(100);
        return noa::Status();
    };
    run({});
    Harness next(&sdk::plugin_table<TestAgent>);
    ASSERT_TRUE(next.run_after(agent));
    EXPECT_EQ(found, "remembered");
}

TEST_F(Life, StateThatEndsTooEarlyIsRefused) {
    plan.restore = [](noa::StateReader& state) {
        (void)state.text(100);
        return noa::Status();
    };
    ASSERT_TRUE(agent.create());
    const auto outcome = agent.restore({2, "abc"});
    EXPECT_EQ(outcome.status, NOA_E_INVALID);
}

TEST_F(Life, TheStateDirectoryIsLeasedFromStartToQuiesce) {
    std::string path;
    plan.start = [&](TestAgent& self) -> noa::Status {
        const auto leased = self.state_dir();
        if (!leased) {
            return leased.error();
        }
        path = *leased;
        return {};
    };
    run([](TestAgent& self, noa::Setup& setup) {
        EXPECT_EQ(self.state_dir().error().status, NOA_E_STATE);
        setup.operation("dir", [&self] { return std::string(*self.state_dir()); });
    });
    EXPECT_EQ(agent.call("dir").body, path);
    EXPECT_TRUE(std::ofstream(path + "/file").good());
}

TEST_F(Life, DestroyMayFollowCreate) {
    ASSERT_TRUE(agent.create());
    agent.destroy();
}

TEST_F(Life, TheLogTakesLevelEventAndText) {
    run([](TestAgent& self, noa::Setup&) {
        self.log(noa::Level::warning, "store.slow", "took 3 s");
    });
    ASSERT_EQ(agent.logs().size(), 1U);
    EXPECT_EQ(agent.logs()[0].level, NOA_LOG_WARNING);
    EXPECT_EQ(agent.logs()[0].event, "store.slow");
    EXPECT_EQ(agent.logs()[0].text, "took 3 s");
}

} // namespace
} // namespace noa::test
