#include "config/explain.hpp"

#include "files_fixture.hpp"

namespace noa::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Config example() {
    auto config = read("[host]\nspin = '5us'\n[agents.cache]\nqueue_size = 7\n"
                       "[agents.cache.settings]\nmax = '1MiB'\nempty = {}\n"
                       "token = { secret = 'env:S' }\n\"a.b\" = [1, 2]\n[agents.cache2]\n",
                       {{"S", "hush"}, {"NOA_AGENTS_CACHE_RUN", "thread"}});
    EXPECT_TRUE(config) << config.error().text();
    return config ? *config : Config{};
}

nlohmann::json row(const std::string& key) {
    const auto rows = explain(example(), key);
    EXPECT_TRUE(rows) << rows.error().text();
    return rows && rows->size() == 1 ? rows->at(0) : nlohmann::json();
}

TEST(explain, tells_the_value_and_origin_of_a_key) {
    EXPECT_EQ(row("agents.cache.queue_size").dump(),
              R"({"key":"agents.cache.queue_size","origin":"noa.toml:4:1","value":7})");
    EXPECT_EQ(row("agents.cache.run").at("origin"), "environment NOA_AGENTS_CACHE_RUN");
    EXPECT_EQ(row("agents.cache.concurrency").at("origin"), "default");
    EXPECT_EQ(row("host.spin").at("value"), "5us");
    EXPECT_EQ(row("host.log.level").at("origin"), "default");
    EXPECT_EQ(row("agents.cache.settings.\"a.b\"").at("value"), nlohmann::json::parse("[1,2]"));
    EXPECT_EQ(row("agents.cache.settings.\"a.b\"").at("origin"), "noa.toml:9:1");
    EXPECT_EQ(row("agents.cache.settings.empty").at("value"), nlohmann::json::object());
}

TEST(explain, of_a_table_tells_what_is_below_it) {
    EXPECT_EQ(explain(example(), "agents.cache.settings")->size(), 4U);
    EXPECT_EQ(explain(example(), "agents.cache")->size(), 52U);
    EXPECT_EQ(explain(example(), "host")->size(), 36U);
    EXPECT_EQ(explain(example())->size(), 36U + 52U + 48U);
}

TEST(explain, never_shows_a_secret) {
    EXPECT_EQ(row("agents.cache.settings.token").at("value"), "(secret)");
    EXPECT_THAT(explain(example())->dump(), Not(HasSubstr("hush")));
}

TEST(explain, of_a_key_that_is_not_there_suggests_one) {
    const auto rows = explain(example(), "agents.cache.quene_size");
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, Errc::not_found);
    EXPECT_THAT(rows.error().text(), HasSubstr("did you mean \"agents.cache.queue_size\"?"));
}

} // namespace
} // namespace noa::config
