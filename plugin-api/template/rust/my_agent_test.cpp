#include <gtest/gtest.h>
#include <noa/testing/harness.hpp>

using noa::testing::Harness;

TEST(MyAgent, SaysWhatItWasTold) {
    Harness agent(noa_plugin_entry_v1());
    ASSERT_TRUE(agent.run());
    EXPECT_EQ(agent.call("echo", R"({"a": 1})").body, R"({"a": 1})");
    EXPECT_EQ(agent.call("nonsense").status, NOA_E_UNSUPPORTED);
    EXPECT_TRUE(agent.violations().empty());
}

TEST(MyAgent, CountsOnAfterAReload) {
    Harness old(noa_plugin_entry_v1());
    ASSERT_TRUE(old.run());
    old.call("echo", "1");
    Harness next(noa_plugin_entry_v1());
    ASSERT_TRUE(next.run_after(old));
    EXPECT_EQ(next.call("count").body, R"({"echoed":1})");
}
