#include "supervise/health.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.hpp"

namespace noa::supervise {
namespace {

using testing::HasSubstr;

config::AgentConfig agent_with(const std::string& text) {
    auto config = config::load_text("[agents.a]\nqueue_size = 100\n" + text, "noa.toml", {});
    EXPECT_TRUE(config) << config.error().text();
    return config->agents.at("a");
}

struct health : testing::Test {
    health() {
        now.serves = true;
        now.state = "running";
    }
    std::map<std::string, CheckResult> results(const std::string& answer = "{}") const {
        return by_name(examine(config, now, before, answer));
    }
    static std::map<std::string, CheckResult> by_name(const std::vector<CheckResult>& list) {
        std::map<std::string, CheckResult> out;
        for (const auto& each : list) {
            out[each.name] = each;
        }
        return out;
    }
    Health status_of(const char* check, const std::string& answer = "{}") const {
        return results(answer).at(check).status;
    }
    config::AgentConfig config = agent_with("");
    Figures now;
    Figures before;
};

TEST_F(health, is_good_when_nothing_is_wrong) {
    for (const auto& [name, result] : results()) {
        EXPECT_EQ(result.status, Health::healthy) << name;
        EXPECT_TRUE(advice_for(result).strategy.empty()) << name;
    }
    EXPECT_FALSE(results().contains("memory")); // no limit is set
}

TEST_F(health, of_a_full_inbox_needs_repair) {
    now.depth = 79;
    EXPECT_EQ(status_of("inbox"), Health::healthy);
    now.depth = 80;
    EXPECT_EQ(status_of("inbox"), Health::needs_repair);
    EXPECT_EQ(advice_for(results()["inbox"]).strategy, "scale_up");
    config = agent_with("health.inbox.limit = '81%'");
    EXPECT_EQ(status_of("inbox"), Health::healthy);
}

TEST_F(health, of_a_check_with_a_reason_has_its_strategy) {
    const auto advised = [&](const std::string& reason) {
        return advice_for(results(R"({"checks":[{"name":"store","status":"critical","reason":")" +
                                  reason + "\"}]}")["store"])
            .strategy;
    };
    EXPECT_EQ(advised("data-corruption"), "rollback");
    EXPECT_EQ(advised("memory-leak"), "graceful_restart");
    EXPECT_EQ(advised("bad-weather"), "restart");
}

TEST_F(health, takes_the_word_of_a_thread_for_its_memory) {
    config = agent_with("health.memory.limit = '1MiB'");
    EXPECT_FALSE(results().contains("memory"));
    EXPECT_FALSE(results(R"({"memory": "much"})").contains("memory"));
    EXPECT_EQ(status_of("memory", R"({"memory": 1048576})"), Health::healthy);
    EXPECT_EQ(status_of("memory", R"({"memory": 1048577})"), Health::needs_repair);
    now.memory = 1; // what the host knows itself goes before
    EXPECT_EQ(status_of("memory", R"({"memory": 1048577})"), Health::healthy);
}

TEST_F(health, counts_errors_since_the_last_time_when_they_are_enough) {
    before.handled = 1000;
    before.failed = 900;
    now.handled = 1019;
    now.failed = 919;
    EXPECT_EQ(status_of("errors"), Health::healthy); // 19 are too few
    now.handled = 1100;
    now.failed = 905;
    EXPECT_EQ(status_of("errors"), Health::healthy); // 5 %
    now.failed = 906;
    EXPECT_EQ(status_of("errors"), Health::needs_repair);
    EXPECT_EQ(advice_for(results()["errors"]).strategy, "safe_restart");
}

TEST_F(health, survives_counters_that_go_back) {
    before.handled = before.failed = 1000;
    EXPECT_EQ(status_of("errors"), Health::healthy);
    EXPECT_EQ(status_of("latency"), Health::healthy);
}

TEST_F(health, of_what_takes_too_long_needs_repair) {
    config = agent_with("health.latency.limit = '10ms'");
    now.took[10] = 95;
    now.took[15] = 5;
    EXPECT_EQ(status_of("latency"), Health::healthy);
    EXPECT_EQ(results()["latency"].text, "10ms at the 95th percentile of 100");
    ++now.took[15];
    EXPECT_EQ(status_of("latency"), Health::needs_repair);
    EXPECT_EQ(advice_for(results()["latency"]).strategy, "safe_restart");
    before.took = now.took; // long ago
    EXPECT_EQ(status_of("latency"), Health::healthy);
}

TEST_F(health, of_few_messages_takes_the_median) {
    config = agent_with("health.latency.limit = '10ms'");
    now.took[0] = 2;
    now.took[15] = 2;
    EXPECT_EQ(results()["latency"].text, "0s at the median of 4");
    ++now.took[15];
    EXPECT_EQ(status_of("latency"), Health::needs_repair);
}

TEST_F(health, of_memory_leaves_a_fifth_of_a_limit_unless_told_otherwise) {
    config = agent_with("limits.memory = '10MiB'");
    now.memory = std::uint64_t{8} << 20U;
    EXPECT_EQ(status_of("memory"), Health::healthy);
    ++*now.memory;
    EXPECT_EQ(status_of("memory"), Health::needs_repair);
    config = agent_with("limits.memory = '10MiB'\nhealth.memory.limit = '9MiB'");
    EXPECT_EQ(status_of("memory"), Health::healthy);
}

TEST_F(health, of_memory_has_a_limit_when_one_is_set_and_it_is_known) {
    config = agent_with("health.memory.limit = '1MiB'");
    EXPECT_FALSE(results().contains("memory"));
    now.memory = 1U << 20U;
    EXPECT_EQ(status_of("memory"), Health::healthy);
    ++*now.memory;
    EXPECT_EQ(status_of("memory"), Health::needs_repair);
    EXPECT_EQ(advice_for(results()["memory"]).strategy, "graceful_restart");
}

TEST_F(health, of_a_lane_that_does_not_answer_is_critical) {
    const auto list = by_name(examine(
        config, now, before, Result<std::string>(fail(Errc::timed_out, "ask", "", "too late"))));
    EXPECT_EQ(list.at("lane").status, Health::critical);
    EXPECT_EQ(list.at("lane").text, "too late");
}

TEST_F(health, of_what_does_not_serve_is_critical_and_nothing_else_is_asked) {
    now.serves = false;
    now.state = "failed";
    const auto list = results();
    EXPECT_EQ(list.size(), 1U);
    EXPECT_EQ(list.at("state").status, Health::critical);
}

TEST_F(health, of_what_is_degraded_needs_repair) {
    now.state = "degraded";
    EXPECT_EQ(status_of("state"), Health::needs_repair);
}

TEST_F(health, takes_the_agent_at_its_word) {
    const auto* answer = R"({"status": "critical", "checks": [
        {"name": "disk", "status": "critical", "critical": true, "text": "full"},
        {"name": "peer", "status": "critical", "critical": false},
        {"name": "clock", "status": "healthy"}]})";
    EXPECT_EQ(status_of("disk", answer), Health::critical);
    EXPECT_EQ(results(answer)["disk"].text, "full");
    EXPECT_EQ(status_of("peer", answer), Health::needs_repair);
    EXPECT_EQ(status_of("clock", answer), Health::healthy);
    EXPECT_FALSE(results(answer).contains("agent"));
    EXPECT_EQ(status_of("agent", R"({"status": "needs_repair"})"), Health::needs_repair);
}

TEST_F(health, lets_the_configuration_say_what_is_critical) {
    config = agent_with("health.disk.critical = false\nhealth.inbox.critical = true\n");
    EXPECT_EQ(status_of("disk", R"({"checks": [{"name": "disk", "status": "critical"}]})"),
              Health::needs_repair);
    now.depth = 100;
    EXPECT_EQ(status_of("inbox"), Health::critical);
}

TEST_F(health, bounds_and_checks_what_is_said) {
    std::string many = R"({"checks": [)";
    for (int i = 0; i < 1000; ++i) {
        many += (i == 0 ? "" : ",") + std::string(R"({"name": "c)") + std::to_string(i) +
                R"(", "status": "critical", "text": ")" + std::string(1000, 'x') + "\"}";
    }
    many += "]}";
    EXPECT_LE(results(many).size(), 71U);
    EXPECT_EQ(results(many).at("c0").text.size(), 500U);
    // It cannot speak for the host, nor without a name, nor in other shapes.
    EXPECT_EQ(status_of("lane", R"({"checks": [{"name": "lane", "status": "critical"}]})"),
              Health::healthy);
    for (const auto* odd :
         {"[]", "no JSON", R"({"checks": 5})", R"({"checks": [5, {"name": 7}, {"name": ""}]})",
          R"({"status": {}, "checks": [{"name": "x", "status": 3, "text": {}}]})"}) {
        static_cast<void>(results(odd));
    }
}

TEST_F(health, counts_only_findings_past_the_threshold) {
    config = agent_with("health.disk.threshold = 2\n");
    CheckLog log;
    const CheckResult bad{"disk", false, Health::critical, "full"};
    log.note(bad, 1);
    EXPECT_EQ(log.status(config), Health::healthy);
    log.note(bad, 2);
    EXPECT_EQ(log.status(config), Health::critical);
    EXPECT_EQ(log.worst(config)->last.name, "disk");
    EXPECT_EQ(log.entries().at("disk").since_unix_ns, 1);
    log.note({"disk", false, Health::healthy, ""}, 3);
    EXPECT_EQ(log.status(config), Health::healthy);
    log.note(bad, 4);
    EXPECT_EQ(log.status(config), Health::healthy); // a new row
}

TEST_F(health, forgets_checks_that_went) {
    CheckLog log;
    log.note({"a", false, Health::critical, ""}, 1);
    log.note({"b", false, Health::healthy, ""}, 1);
    log.forget_others({{"b", false, Health::healthy, ""}, {"c", false, Health::healthy, ""}});
    ASSERT_EQ(log.entries().size(), 1U);
    EXPECT_TRUE(log.entries().contains("b"));
}

TEST(health_config, is_checked) {
    const auto refused = [](const std::string& text, const char* why) {
        const auto config = config::load_text("[agents.a]\n" + text, "noa.toml", {});
        ASSERT_FALSE(config) << text;
        EXPECT_THAT(config.error().reason, HasSubstr(why));
    };
    refused("health.inbox.limit = '200%'", "agents.a.health.inbox.limit: expected a percentage");
    refused("health.latency.limit = '5%'", "agents.a.health.latency.limit: expected");
    refused("health.disk.limit = '5%'", "agents.a.health.disk.limit: expected");
    refused("health.disk.often = true", "agents.a.health.disk.often: unknown key");
    refused("health.disk = true", "agents.a.health.disk: expected a table");
    refused("health.disk.threshold = 0", "agents.a.health.disk.threshold: expected an integer");
}

} // namespace
} // namespace noa::supervise
