#include <gtest/gtest.h>
#include <noa/testing/harness.hpp>

TEST(Greeter, GreetsByName) {
    noa::testing::Harness agent(noa_plugin_entry_v1());
    ASSERT_TRUE(agent.run());
    EXPECT_EQ(agent.call("greet", R"({"name": "Ada"})").body, R"({"text":"Hello, Ada"})");
    EXPECT_EQ(agent.call("greet", "{}").text, "/name: is missing");
    EXPECT_TRUE(agent.violations().empty());
}
