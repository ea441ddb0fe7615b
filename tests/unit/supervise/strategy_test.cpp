#include "supervise/strategy.hpp"

#include <gtest/gtest.h>

namespace noa::supervise {
namespace {

TEST(strategy, follows_from_the_reason) {
    EXPECT_EQ(strategy_for("service-down"), Strategy::restart);
    EXPECT_EQ(strategy_for("high-error-rate"), Strategy::safe_restart);
    EXPECT_EQ(strategy_for("degraded-performance"), Strategy::safe_restart);
    EXPECT_EQ(strategy_for("dependency-failed"), Strategy::dependency);
    EXPECT_EQ(strategy_for("memory-leak"), Strategy::graceful_restart);
    EXPECT_EQ(strategy_for("high-load"), Strategy::scale_up);
    EXPECT_EQ(strategy_for("bad-deployment"), Strategy::rollback);
    EXPECT_EQ(strategy_for("restarts-exhausted"), Strategy::degrade);
    EXPECT_FALSE(strategy_for("bad weather"));
    EXPECT_NE(known_reasons().find("data-corruption, "), std::string::npos);
}

TEST(strategy, has_a_name_that_finds_it_and_steps) {
    for (const auto* name : {"restart", "safe_restart", "graceful_restart", "dependency",
                             "scale_up", "rollback", "degrade"}) {
        const auto strategy = strategy_called(name);
        ASSERT_TRUE(strategy) << name;
        EXPECT_EQ(name_of(*strategy), name);
        EXPECT_FALSE(steps_of(*strategy).empty());
    }
    EXPECT_FALSE(strategy_called("prayer"));
}

TEST(strategy, is_switched_on_and_off) {
    config::HealConfig heal;
    EXPECT_TRUE(is_allowed(heal, Strategy::restart));
    heal.restart = false;
    EXPECT_FALSE(is_allowed(heal, Strategy::restart));
    EXPECT_FALSE(is_allowed(heal, Strategy::rollback)); // by approval
    heal.rollback = "auto";
    EXPECT_TRUE(is_allowed(heal, Strategy::rollback));
    EXPECT_FALSE(is_allowed(heal, Strategy::scale_up));
    heal.scale_up = 2;
    EXPECT_TRUE(is_allowed(heal, Strategy::scale_up));
}

} // namespace
} // namespace noa::supervise
