#include "config/dependencies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noa::config {
namespace {

using ::testing::ElementsAre;

std::map<std::string, AgentConfig>
agents(const std::map<std::string, std::vector<std::string>>& needs) {
    std::map<std::string, AgentConfig> out;
    for (const auto& [name, depends_on] : needs) {
        out[name].name = name;
        out[name].depends_on = depends_on;
    }
    return out;
}

TEST(dependencies, come_before_those_that_need_them) {
    EXPECT_THAT(dependency_order(agents({{"a", {"c"}}, {"b", {}}, {"c", {"b", "not-there"}}})),
                ElementsAre("b", "c", "a"));
    EXPECT_TRUE(
        find_cycles(agents({{"a", {"b", "c"}}, {"b", {"d"}}, {"c", {"d"}}, {"d", {}}})).empty());
}

TEST(dependencies, cycles_are_named) {
    const auto cycles = find_cycles(agents({{"x", {"c"}}, {"c", {"b"}}, {"b", {"c"}}, {"d", {}}}));
    ASSERT_EQ(cycles.size(), 1U);
    EXPECT_EQ(cycles[0].agent, "b");
    EXPECT_EQ(cycles[0].text, "agents depend on each other: b -> c -> b");
}

TEST(dependencies, cycles_go_through_services_too) {
    Config config;
    config.agents = agents({{"a", {"service:s"}}, {"b", {"service:none"}}});
    config.services["s"].depends_on = {"service:t"};
    config.services["t"].depends_on = {"a"};
    const auto cycles = find_cycles(config);
    ASSERT_EQ(cycles.size(), 1U);
    EXPECT_EQ(cycles[0].text, "agents depend on each other: a -> service:s -> service:t -> a");
}

TEST(dependencies, in_a_cycle_every_agent_is_still_there_once) {
    EXPECT_EQ(dependency_order(agents({{"a", {"b"}}, {"b", {"a"}}, {"c", {"c"}}})).size(), 3U);
}

TEST(dependencies, long_chains_do_not_overflow_the_stack) {
    std::map<std::string, std::vector<std::string>> chain;
    for (int i = 0; i < 100'000; ++i) {
        chain["a" + std::to_string(i)] = {"a" + std::to_string(i + 1)};
    }
    EXPECT_EQ(dependency_order(agents(chain)).size(), 100'000U);
}

} // namespace
} // namespace noa::config
