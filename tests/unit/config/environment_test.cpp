#include "files_fixture.hpp"

namespace noa::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr auto agents_toml = R"(
[agents.cache]
[agents.cache-large]
[agents.cache.settings]
max-memory = "1MiB"
listen = { port = 1 }
token = { secret = "env:TOKEN" }
[agents.communication]
[agents.config]
)";

Config with(std::map<std::string, std::string> environment) {
    environment.emplace("TOKEN", "t");
    auto config = read(agents_toml, environment);
    EXPECT_TRUE(config) << config.error().text();
    return config ? *config : Config{};
}

TEST(environment, sets_every_key_of_the_host) {
    const auto config = with({{"NOA_HOST_PLUGIN_DIRS", "/a:/b"},
                              {"NOA_HOST_AUTOLOAD", "false"},
                              {"NOA_HOST_ENVIRONMENT", "development"},
                              {"NOA_HOST_LOG_LEVEL", "debug"},
                              {"NOA_HOST_LOG_FORMAT", "json"},
                              {"NOA_HOST_MAX_MESSAGE", "2048"},
                              {"NOA_HOST_SPIN", "5us"},
                              {"NOA_HOST_PROBE_TIMEOUT", "1s"},
                              {"NOA_HOST_DEBOUNCE", "1ms"},
                              {"NOA_HOST_KEEP_VERSIONS", "7"},
                              {"NOA_HOST_MAX_PINNED", "8"},
                              {"NOA_HOST_TRACES_SAMPLING", "0.25"},
                              {"NOA_HOST_TRACES_KEEP", "10"},
                              {"NOA_HOST_RESTART_BACKOFF", "1ms"},
                              {"NOA_HOST_RESTART_BACKOFF_MAX", "2ms"},
                              {"NOA_HOST_RESTART_MAX", "3"},
                              {"NOA_HOST_RESTART_IN_A_ROW", "4"},
                              {"NOA_HOST_RESTART_WINDOW", "5ms"},
                              {"NOA_HOST_RESTART_RESET", "6ms"},
                              {"NOA_HOST_RESTART_COOLDOWN", "7ms"},
                              {"NOA_HOST_HEAL_RESTART", "false"},
                              {"NOA_HOST_HEAL_SAFE_RESTART", "false"},
                              {"NOA_HOST_HEAL_GRACEFUL_RESTART", "false"},
                              {"NOA_HOST_HEAL_DEPENDENCY", "false"},
                              {"NOA_HOST_HEAL_DEGRADE", "false"},
                              {"NOA_HOST_HEAL_ROLLBACK", "off"},
                              {"NOA_HOST_HEAL_SCALE_UP", "4"},
                              {"NOA_HOST_HEAL_COOLDOWN", "1s"},
                              {"NOA_HOST_HEAL_WATCH", "2s"},
                              {"NOA_HOST_HEAL_SHUTDOWN", "3s"},
                              {"NOA_HOST_HEAL_CRITICAL", "a, b"},
                              {"NOA_HOST_HEALTH_THRESHOLD", "8"},
                              {"NOA_HOST_HEALTH_INTERVAL", "9s"},
                              {"NOA_HOST_HEALTH_TIMEOUT", "10s"}});
    EXPECT_EQ(config.host.heal,
              (HealConfig{false, false, false, false, false, "off", 4, 1s, 2s, 3s, {"a", "b"}}));
    EXPECT_EQ(config.host.health.threshold, 8U);
    EXPECT_EQ(config.host.health.interval, 9s);
    EXPECT_EQ(config.host.health.timeout, 10s);
    EXPECT_EQ(config.host.restart, (RestartConfig{1ms, 2ms, 3, 4, 5ms, 6ms, 7ms}));
    EXPECT_EQ(config.agents.at("cache").restart, config.host.restart);
    EXPECT_THAT(config.host.plugin_dirs, ElementsAre("/a", "/b"));
    EXPECT_FALSE(config.host.autoload);
    EXPECT_EQ(config.host.environment, "development");
    EXPECT_EQ(config.host.log, (LogConfig{Level::debug, LogFormat::json}));
    EXPECT_EQ(config.host.max_message, 2048U);
    EXPECT_EQ(config.host.spin, 5us);
    EXPECT_EQ(config.host.probe_timeout, 1s);
    EXPECT_EQ(config.host.debounce, 1ms);
    EXPECT_EQ(config.host.keep_versions, 7U);
    EXPECT_EQ(config.host.max_pinned, 8U);
    EXPECT_EQ(config.host.traces, (TracesConfig{0.25, 10}));
    EXPECT_TRUE(config.notices.empty());
    EXPECT_EQ(config.origins.at("host.log.level").text(), "environment NOA_HOST_LOG_LEVEL");
}

TEST(environment, sets_every_key_of_an_agent) {
    const auto config = with({{"NOA_AGENTS_CACHE_PLUGIN", "echo"},
                              {"NOA_AGENTS_CACHE_ENABLED", "false"},
                              {"NOA_AGENTS_CACHE_RUN", "thread"},
                              {"NOA_AGENTS_CACHE_DEPENDS_ON", "config, x"},
                              {"NOA_AGENTS_CACHE_CAPABILITIES", "['a.b', 'c']"},
                              {"NOA_AGENTS_CACHE_QUEUE_SIZE", "5"},
                              {"NOA_AGENTS_CACHE_CONCURRENCY", "2"},
                              {"NOA_AGENTS_CACHE_ORDERED", "true"},
                              {"NOA_AGENTS_CACHE_MAX_DELIVERIES", "9"},
                              {"NOA_AGENTS_CACHE_TASK_TIMEOUT", "1min"},
                              {"NOA_AGENTS_CACHE_QUIESCE_TIMEOUT", "2s"},
                              {"NOA_AGENTS_CACHE_START_TIMEOUT", "3s"},
                              {"NOA_AGENTS_CACHE_LOG_LEVEL", "error"},
                              {"NOA_AGENTS_CACHE_ALLOW_PINNED", "true"},
                              {"NOA_AGENTS_CACHE_RESTART_IN_A_ROW", "9"}});
    const auto& cache = config.agents.at("cache");
    EXPECT_EQ(cache.plugin, "echo");
    EXPECT_FALSE(cache.enabled);
    EXPECT_THAT(cache.depends_on, ElementsAre("config", "x"));
    EXPECT_THAT(cache.capabilities, ElementsAre("a.b", "c"));
    EXPECT_EQ(cache.queue_size, 5U);
    EXPECT_EQ(cache.concurrency, 2U);
    EXPECT_TRUE(cache.ordered);
    EXPECT_EQ(cache.max_deliveries, 9U);
    EXPECT_EQ(cache.task_timeout, 1min);
    EXPECT_EQ(cache.quiesce_timeout, 2s);
    EXPECT_EQ(cache.start_timeout, 3s);
    EXPECT_EQ(cache.log_level, Level::error);
    EXPECT_TRUE(cache.allow_pinned);
    EXPECT_EQ(cache.restart.in_a_row, 9U);
    EXPECT_TRUE(config.notices.empty());
    EXPECT_EQ(config.agents.at("cache-large").queue_size, 10'000U);
}

TEST(environment, names_are_upper_case_with_dashes_as_underscores) {
    const auto config = with({{"NOA_AGENTS_CACHE_LARGE_QUEUE_SIZE", "7"}});
    EXPECT_EQ(config.agents.at("cache-large").queue_size, 7U);
    EXPECT_EQ(config.agents.at("cache").queue_size, 10'000U);
}

TEST(environment, settings_find_the_key_that_is_there_or_make_one) {
    const auto config = with({{"NOA_AGENTS_CACHE_SETTINGS_MAX_MEMORY", "48MiB"},
                              {"NOA_AGENTS_CACHE_SETTINGS_LISTEN_PORT", "99"},
                              {"NOA_AGENTS_CACHE_SETTINGS_NEW_KEY", "[1, 2]"},
                              {"NOA_AGENTS_CACHE_SETTINGS_TOKEN", "{ secret = 'env:OTHER' }"},
                              {"OTHER", "o"}});
    const auto& cache = config.agents.at("cache");
    EXPECT_EQ(cache.settings.dump(),
              R"({"listen":{"port":99},"max-memory":"48MiB","new_key":[1,2],"token":"o"})");
    EXPECT_THAT(cache.secrets, ElementsAre(Pair("/token", "env:OTHER")));
    EXPECT_EQ(config.origins.at("agents.cache.settings.listen.port").text(),
              "environment NOA_AGENTS_CACHE_SETTINGS_LISTEN_PORT");
}

TEST(environment, the_seeds_names_work_beside_ours) {
    const auto config = with({{"LOG_LEVEL", "WARNING"},
                              {"ENVIRONMENT", "staging"},
                              {"MAX_MESSAGE_SIZE", "10485760"},
                              {"CONFIG_CACHE_TTL", "300"},
                              {"AUTO_SAVE_INTERVAL", "30"},
                              {"AGENT_TASK_TIMEOUT_SECONDS", "45"}});
    EXPECT_EQ(config.host.log.level, Level::warning);
    EXPECT_EQ(config.host.environment, "staging");
    EXPECT_EQ(config.agents.at("communication").settings.dump(),
              R"({"max_message_size":"10485760B"})");
    EXPECT_EQ(config.agents.at("config").settings.dump(), R"({"cache_ttl":"300s"})");
    EXPECT_FALSE(config.agents.contains("drafting"));
    for (const auto& [name, agent] : config.agents) {
        EXPECT_EQ(agent.task_timeout, 45s) << name;
    }
    EXPECT_TRUE(config.notices.empty());
}

TEST(environment, our_names_win_over_the_seeds) {
    const auto config = with({{"LOG_LEVEL", "ERROR"}, {"NOA_HOST_LOG_LEVEL", "debug"}});
    EXPECT_EQ(config.host.log.level, Level::debug);
    EXPECT_EQ(with({{"LOG_LEVEL", "CRITICAL"}}).host.log.level, Level::error);
}

TEST(environment, what_means_nothing_is_noticed_without_its_value) {
    const auto config = with({{"NOA_HOST_LGO_LEVEL", "hush"},
                              {"NOA_AGENTS_NOBODY_QUEUE_SIZE", "hush"},
                              {"NOA_AGENTS_CACHE_SETTINGS_", "hush"},
                              {"NOA_", "hush"},
                              {"POSTGRES_URL", "postgres://u:hush@h"},
                              {"CONSUL_URL", "hush"},
                              {"PATH", "/bin"}});
    EXPECT_EQ(config.notices.size(), 6U);
    std::string all;
    for (const auto& notice : config.notices) {
        all += notice + '\n';
    }
    EXPECT_THAT(all, HasSubstr("environment NOA_HOST_LGO_LEVEL: "));
    EXPECT_THAT(all, HasSubstr("environment POSTGRES_URL: not used by this version"));
    EXPECT_THAT(all, HasSubstr("environment CONSUL_URL: not needed: the config agent"));
    EXPECT_EQ(all.find("hush"), std::string::npos);
}

TEST(environment, wrong_values_are_errors_that_name_the_variable) {
    EXPECT_EQ(errors_of("", {{"NOA_HOST_AUTOLOAD", "maybe"}}),
              "environment NOA_HOST_AUTOLOAD: host.autoload: expected true or false, found string "
              "\"maybe\"");
    EXPECT_EQ(errors_of("", {{"LOG_LEVEL", "LOUD"}}).substr(0, 39),
              "environment LOG_LEVEL: host.log.level: ");
    EXPECT_EQ(errors_of("", {{"NOA_HOST_LOG_LEVEL", "\xFF"}}),
              "environment NOA_HOST_LOG_LEVEL: not UTF-8 text");
    EXPECT_EQ(errors_of("", {{"NOA_X", std::string(70'000, 'x')}}),
              "environment NOA_X: larger than 64 KiB");
    EXPECT_THAT(errors_of("[agents.a-b]\n[agents.a_b]\n", {{"NOA_AGENTS_A_B_QUEUE_SIZE", "1"}}),
                HasSubstr("environment NOA_AGENTS_A_B_QUEUE_SIZE: means both agents.a"));
}

TEST(environment, a_hostile_name_of_a_setting_is_only_a_name) {
    const auto config = read("[agents.a]\n", {{"NOA_AGENTS_A_SETTINGS_X]\n[HOST", "1"},
                                              {"NOA_AGENTS_A_SETTINGS_Y.Z=\"", "2"}});
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->agents.at("a").settings,
              nlohmann::json::parse(R"({"x]\n[host":1,"y.z=\"":2})"));
    EXPECT_EQ(config->agents.size(), 1U);
}

} // namespace
} // namespace noa::config
