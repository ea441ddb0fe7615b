// Exact, on a clock of our own: no time passes here.
#include "supervise/restart_policy.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace noa::supervise {
namespace {

using namespace std::chrono_literals;
using Step = RestartPolicy::Step;

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t ms = 1'000'000;
constexpr auto never = std::numeric_limits<std::int64_t>::max();

struct restart_policy : testing::Test {
    RestartPolicy::Decision end_at(std::int64_t at_ns, double dice = 1.0) {
        return policy.ended(limits, at_ns, dice);
    }
    // As many restarts as it allows, each of which fails at once; the time of the last.
    std::int64_t exhaust(std::int64_t at_ns) {
        for (std::uint32_t i = 0; i < limits.in_a_row; ++i) {
            at_ns = end_at(at_ns).due_ns;
        }
        return at_ns;
    }
    config::RestartConfig limits;
    RestartPolicy policy;
};

TEST_F(restart_policy, has_the_documented_defaults) {
    EXPECT_EQ(limits.max, 5U);
    EXPECT_EQ(limits.in_a_row, 3U);
    EXPECT_EQ(limits.cooldown, 60s);
    EXPECT_EQ(limits.backoff_max, 60s);
}

TEST_F(restart_policy, restarts_at_once_first) {
    policy.started(0);
    const auto decision = end_at(5 * second_ns);
    EXPECT_EQ(decision.step, Step::restart);
    EXPECT_EQ(decision.due_ns, 5 * second_ns);
    EXPECT_EQ(decision.in_a_row, 1U);
}

TEST_F(restart_policy, doubles_the_backoff_up_to_its_maximum) {
    limits.in_a_row = limits.max = 100;
    limits.backoff = 100ms;
    limits.backoff_max = 1s;
    const std::int64_t expected[]{0,        100 * ms,  200 * ms,  400 * ms,
                                  800 * ms, 1000 * ms, second_ns, second_ns};
    for (const auto pause : expected) {
        EXPECT_EQ(end_at(7 * second_ns).due_ns, 7 * second_ns + pause);
    }
}

TEST_F(restart_policy, survives_the_largest_backoffs) {
    limits.in_a_row = limits.max = 1000;
    limits.backoff = limits.backoff_max = 1h;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_LE(end_at(0).due_ns, 3600 * second_ns);
    }
}

TEST_F(restart_policy, jitters_between_half_and_all) {
    static_cast<void>(end_at(0));
    auto copy = policy;
    EXPECT_EQ(copy.ended(limits, 0, 0.0).due_ns, 50 * ms);
    copy = policy;
    EXPECT_EQ(copy.ended(limits, 0, 0.5).due_ns, 75 * ms);
    copy = policy;
    EXPECT_EQ(copy.ended(limits, 0, 7.0).due_ns, 100 * ms); // a dice that is none is bounded
}

TEST_F(restart_policy, gives_up_after_so_many_in_a_row_and_falls_back_once) {
    const auto at = exhaust(0);
    EXPECT_FALSE(policy.exhausted());
    const auto fallback = end_at(at);
    EXPECT_EQ(fallback.step, Step::last_known_good);
    EXPECT_EQ(fallback.due_ns, at);
    EXPECT_TRUE(policy.exhausted());
    const auto probe = end_at(at);
    EXPECT_EQ(probe.step, Step::probe);
    EXPECT_EQ(probe.due_ns, at + 60 * second_ns);
}

TEST_F(restart_policy, never_stops_probing) {
    auto at = exhaust(0);
    static_cast<void>(end_at(at));
    for (int i = 0; i < 1000; ++i) {
        const auto probe = end_at(at);
        ASSERT_EQ(probe.step, Step::probe);
        ASSERT_EQ(probe.due_ns, at + 60 * second_ns);
        at = probe.due_ns;
        policy.started(at); // and ends again right after
    }
}

TEST_F(restart_policy, ends_a_row_with_a_life_of_cooldown) {
    const auto at = exhaust(0);
    policy.started(at);
    EXPECT_EQ(policy.settles_ns(limits), at + 60 * second_ns);
    const auto decision = end_at(at + 60 * second_ns);
    EXPECT_EQ(decision.step, Step::restart);
    EXPECT_EQ(decision.in_a_row, 1U);
    EXPECT_EQ(decision.in_window, 4U); // the window has not forgotten
}

TEST_F(restart_policy, counts_a_life_just_short_of_cooldown_to_the_row) {
    const auto at = exhaust(0);
    policy.started(at);
    EXPECT_EQ(end_at(at + 60 * second_ns - 1).step, Step::last_known_good);
}

TEST_F(restart_policy, bounds_restarts_within_the_window_whatever_the_rows) {
    std::int64_t at = 0;
    for (std::uint32_t i = 0; i < limits.max; ++i) {
        policy.started(at);
        at += 61 * second_ns; // each breaks the row
        EXPECT_EQ(end_at(at).step, Step::restart) << i;
    }
    policy.started(at);
    EXPECT_EQ(end_at(at + 61 * second_ns).step, Step::last_known_good);
}

TEST_F(restart_policy, lets_restarts_age_out_of_the_window) {
    limits.reset = 24h;
    std::int64_t at = 0;
    for (int i = 0; i < 50; ++i) { // one each 3 minutes: never more than 4 in 10
        policy.started(at);
        at += 180 * second_ns;
        EXPECT_EQ(end_at(at).step, Step::restart) << i;
    }
}

TEST_F(restart_policy, forgets_all_after_a_healthy_period) {
    auto at = exhaust(0);
    static_cast<void>(end_at(at));
    policy.started(at);
    at += 600 * second_ns;
    const auto decision = end_at(at);
    EXPECT_EQ(decision.step, Step::restart);
    EXPECT_EQ(decision.in_window, 1U);
    EXPECT_FALSE(policy.exhausted());
}

TEST_F(restart_policy, is_degraded_until_a_probe_has_lasted) {
    auto at = exhaust(0);
    static_cast<void>(end_at(at));
    at = end_at(at).due_ns;
    policy.started(at);
    EXPECT_TRUE(policy.exhausted());
    EXPECT_EQ(policy.settles_ns(limits), at + 60 * second_ns);
    policy.settle();
    EXPECT_FALSE(policy.exhausted());
    EXPECT_EQ(policy.settles_ns(limits), never);
}

TEST_F(restart_policy, with_no_restarts_allowed_only_probes) {
    limits.max = 0;
    EXPECT_EQ(end_at(0).step, Step::probe);
    EXPECT_EQ(end_at(0).step, Step::probe);
}

TEST_F(restart_policy, starts_anew_when_told_to_forget) {
    static_cast<void>(end_at(exhaust(0)));
    policy.forget();
    EXPECT_EQ(end_at(0).in_a_row, 1U);
}

} // namespace
} // namespace noa::supervise
