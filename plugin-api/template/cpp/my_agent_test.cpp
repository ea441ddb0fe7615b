#include <gtest/gtest.h>
#include <noa/testing/harness.hpp>

using noa::testing::Harness;

TEST(MyAgent, GreetsAsItIsSet) {
    Harness agent(noa_plugin_entry_v1());
    ASSERT_TRUE(agent.run(R"({"greeting": "Good morning"})"));
    EXPECT_EQ(agent.call("greet", R"({"name": "Ada"})").body, R"({"text":"Good morning, Ada"})");
    EXPECT_EQ(agent.call("greet", R"({"nam": "Ada"})").status, NOA_E_INVALID);
    EXPECT_TRUE(agent.violations().empty());
}

TEST(MyAgent, CountsOnAfterAReload) {
    Harness old(noa_plugin_entry_v1());
    ASSERT_TRUE(old.run());
    old.call("greet", R"({"name": "Ada"})");
    Harness next(noa_plugin_entry_v1());
    ASSERT_TRUE(next.run_after(old));
    EXPECT_NE(next.metrics().find(R"("greeted_total":{"type":"counter","value":1)"),
              std::string::npos);
}
