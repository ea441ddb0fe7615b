#include "config/load.hpp"

#include "files_fixture.hpp"

namespace noa::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Load = FilesTest;

TEST_F(Load, without_any_file_gives_the_defaults) {
    const auto config = load(sources());
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->host.plugin_dirs, std::vector<std::filesystem::path>{NOA_PLUGIN_DIR});
    EXPECT_TRUE(config->host.autoload);
    EXPECT_EQ(config->host.environment, "production");
    EXPECT_EQ(config->host.max_message, 16U << 20U);
    EXPECT_TRUE(config->agents.empty());
    EXPECT_TRUE(config->files.empty());
    EXPECT_THAT(config->directories, ElementsAre(root_ / "usr/conf.d", root_ / "etc",
                                                 root_ / "etc/conf.d", root_ / "var/conf.d"));
}

TEST_F(Load, a_required_main_file_must_be_there) {
    auto from = sources();
    from.main_required = true;
    const auto config = load(from);
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, Errc::not_found);
    EXPECT_EQ(config.error().object, from.main_file.string());
}

TEST_F(Load, layers_override_each_other_key_by_key) {
    write(
        "usr/conf.d/10-cache.toml",
        "[agents.cache]\nqueue_size = 1\nconcurrency = 1\nmax_deliveries = 1\nlog_level = 'debug'\n"
        "[agents.cache.settings]\na = 1\nb = 1\n");
    write("etc/noa.toml", "[agents.cache]\nqueue_size = 2\nconcurrency = 2\nmax_deliveries = 2\n");
    write("etc/conf.d/a.toml", "[agents.cache]\nqueue_size = 3\nconcurrency = 3\n");
    write("etc/conf.d/b.toml", "[agents.cache]\nconcurrency = 4\n[agents.cache.settings]\nb = 4\n");
    write("var/conf.d/50-noactl.toml", "[agents.cache]\nenabled = false\nqueue_size = 5\n");
    auto from = sources();
    from.environment["NOA_AGENTS_CACHE_QUEUE_SIZE"] = "6";
    const auto config = load(from);
    ASSERT_TRUE(config) << config.error().text();
    const auto& cache = config->agents.at("cache");
    EXPECT_EQ(cache.queue_size, 6U);
    EXPECT_EQ(cache.concurrency, 4U);
    EXPECT_EQ(cache.max_deliveries, 2U);
    EXPECT_EQ(cache.log_level, Level::debug);
    EXPECT_FALSE(cache.enabled);
    EXPECT_EQ(cache.settings, nlohmann::json::parse(R"({"a":1,"b":4})"));
    const auto origin = [&](const char* key) { return config->origins.at(key).text(); };
    EXPECT_EQ(origin("agents.cache.queue_size"), "environment NOA_AGENTS_CACHE_QUEUE_SIZE");
    EXPECT_EQ(origin("agents.cache.concurrency"), (root_ / "etc/conf.d/b.toml:2:1").string());
    EXPECT_EQ(origin("agents.cache.max_deliveries"), (root_ / "etc/noa.toml:4:1").string());
    EXPECT_EQ(origin("agents.cache.settings.b"), (root_ / "etc/conf.d/b.toml:4:1").string());
    EXPECT_EQ(origin("agents.cache.settings.a"), (root_ / "usr/conf.d/10-cache.toml:7:1").string());
    EXPECT_EQ(config->files.size(), 5U);
    EXPECT_EQ(config->files[1], root_ / "etc/noa.toml");
}

TEST_F(Load, reads_every_key_of_an_agent_and_of_the_host) {
    const auto config = read(R"(
[host]
plugin_dirs = ["/a/", "/b"]
autoload = false
environment = "staging"
max_message = "1MiB"
spin = "50us"
probe_timeout = "1s"
debounce = "5ms"
keep_versions = 5
max_pinned = 2
traces = { sampling = 0.5, keep = 9 }
[host.log]
level = "debug"
format = "json"
[agents.web]
plugin = "echo"
enabled = false
run = "thread"
depends_on = ["cache", "config"]
capabilities = ["http.get"]
queue_size = 7
concurrency = 3
ordered = true
max_deliveries = 2
task_timeout = "1min"
quiesce_timeout = "2s"
start_timeout = "3s"
probation = "4s"
probation_defects = 7
stall_limit = "5s"
log_level = "error"
allow_pinned = true
settings = { x = [1, { y = "z" }] }
[agents.plain]
)");
    ASSERT_TRUE(config) << config.error().text();
    const auto& host = config->host;
    EXPECT_THAT(host.plugin_dirs, ElementsAre("/a", "/b"));
    EXPECT_FALSE(host.autoload);
    EXPECT_EQ(host.environment, "staging");
    EXPECT_EQ(host.max_message, 1U << 20U);
    EXPECT_EQ(host.spin, 50us);
    EXPECT_EQ(host.probe_timeout, 1s);
    EXPECT_EQ(host.debounce, 5ms);
    EXPECT_EQ(host.keep_versions, 5U);
    EXPECT_EQ(host.max_pinned, 2U);
    EXPECT_EQ(host.traces, (TracesConfig{0.5, 9}));
    EXPECT_EQ(host.log, (LogConfig{Level::debug, LogFormat::json}));
    const auto& web = config->agents.at("web");
    EXPECT_EQ(web.name, "web");
    EXPECT_EQ(web.plugin, "echo");
    EXPECT_FALSE(web.enabled);
    EXPECT_THAT(web.depends_on, ElementsAre("cache", "config"));
    EXPECT_THAT(web.capabilities, ElementsAre("http.get"));
    EXPECT_EQ(web.queue_size, 7U);
    EXPECT_EQ(web.concurrency, 3U);
    EXPECT_TRUE(web.ordered);
    EXPECT_EQ(web.max_deliveries, 2U);
    EXPECT_EQ(web.task_timeout, 1min);
    EXPECT_EQ(web.quiesce_timeout, 2s);
    EXPECT_EQ(web.start_timeout, 3s);
    EXPECT_EQ(web.probation, 4s);
    EXPECT_EQ(web.probation_defects, 7U);
    EXPECT_EQ(web.stall_limit, 5s);
    EXPECT_EQ(web.log_level, Level::error);
    EXPECT_TRUE(web.allow_pinned);
    EXPECT_EQ(web.settings.dump(), R"({"x":[1,{"y":"z"}]})");
    const auto& plain = config->agents.at("plain");
    EXPECT_EQ(plain.plugin, "plain");
    EXPECT_EQ(plain.log_level, Level::debug); // the host's
    EXPECT_EQ(plain.settings, nlohmann::json::object());
}

TEST_F(Load, ignores_what_is_not_a_finished_toml_file) {
    for (const auto* name :
         {"a.toml~", ".a.toml", ".a.toml.swp", "a.toml.bak", "README", "#a.toml#"}) {
        write(std::string("etc/conf.d/") + name, "this is not toml");
    }
    std::filesystem::create_directories(root_ / "var/conf.d");
    const auto config = load(sources());
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_TRUE(config->files.empty());
}

TEST_F(Load, arrays_and_scalars_replace_tables_join) {
    write("etc/noa.toml", "[agents.a.settings]\nl = [1, 2]\nt = {x = 1}\ns = {y = 1}\nn = 1\n");
    write("etc/conf.d/b.toml", "[agents.a.settings]\nl = [3]\nt = {z = 2}\ns = 5\nn = {q = 1}\n");
    const auto config = load(sources());
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->agents.at("a").settings,
              nlohmann::json::parse(R"({"l":[3],"t":{"x":1,"z":2},"s":5,"n":{"q":1}})"));
    EXPECT_EQ(config->origins.count("agents.a.settings.l[1]"), 0U);
    EXPECT_EQ(config->origins.count("agents.a.settings.s.y"), 0U);
}

TEST_F(Load, errors_of_all_files_come_together) {
    const auto first = write("etc/noa.toml", "[agents.a]\nqueue_size = 0\n");
    const auto second = write("etc/conf.d/x.toml", "a = [\n");
    const auto config = load(sources());
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, Errc::invalid);
    EXPECT_THAT(config.error().reason, HasSubstr(second.string() + ":"));
    EXPECT_THAT(config.error().reason, HasSubstr(first.string() + ":2:1: agents.a.queue_size: "));
}

TEST_F(Load, what_is_not_a_readable_file_is_an_error) {
    std::filesystem::create_directories(root_ / "etc/conf.d/dir.toml");
    ASSERT_EQ(::mkfifo((root_ / "etc/conf.d/fifo.toml").c_str(), 0600), 0);
    write("etc/conf.d/big.toml", std::string((1U << 20U) + 1, '\n'));
    std::filesystem::create_symlink("/dev/zero", root_ / "etc/conf.d/zero.toml");
    const auto config = load(sources());
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().reason, HasSubstr("dir.toml: not a regular file"));
    EXPECT_THAT(config.error().reason, HasSubstr("fifo.toml: not a regular file"));
    EXPECT_THAT(config.error().reason, HasSubstr("zero.toml: not a regular file"));
    EXPECT_THAT(config.error().reason, HasSubstr("big.toml: larger than 1048576 bytes"));
}

TEST_F(Load, a_directory_that_is_a_file_is_an_error) {
    write("var/conf.d", "");
    const auto config = load(sources());
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().reason, HasSubstr("var/conf.d: Not a directory"));
}

TEST_F(Load, reads_every_key_of_a_service) {
    write("etc/noa.toml", "[host.restart]\nmax = 7\n[services.db]\nenabled = false\n"
                          "critical = false\nunit = 'db@1.service'\n"
                          "depends_on = ['cache', { name = 'service:net', optional = true }]\n"
                          "check = { command = ['a', '-v', '-v'], interval = '2s', timeout = '1s', "
                          "threshold = 9 }\n"
                          "commands = { start = ['b'], stop = ['c'], restart = ['d'], "
                          "timeout = '3s' }\n"
                          "restart = { in_a_row = 2 }\nheal = { restart = false }\n"
                          "[services.tcp]\ncheck.connect = 'tcp:127.0.0.1:1'\n");
    const auto config = load(sources());
    ASSERT_TRUE(config) << config.error().text();
    const auto& db = config->services.at("db");
    EXPECT_FALSE(db.enabled || db.critical || db.heal.restart);
    EXPECT_TRUE(db.heal.dependency);
    EXPECT_EQ(db.unit, "db@1.service");
    EXPECT_THAT(db.depends_on, ElementsAre("cache", "service:net"));
    EXPECT_TRUE(db.tolerates("service:net"));
    EXPECT_THAT(db.command, ElementsAre("a", "-v", "-v"));
    EXPECT_EQ(db.check.interval, 2s);
    EXPECT_EQ(db.check.timeout, 1s);
    EXPECT_EQ(db.check.threshold, 9U);
    EXPECT_THAT(db.start, ElementsAre("b"));
    EXPECT_THAT(db.stop, ElementsAre("c"));
    EXPECT_THAT(db.restart, ElementsAre("d"));
    EXPECT_EQ(db.timeout, 3s);
    EXPECT_EQ(db.limits.in_a_row, 2U);
    EXPECT_EQ(db.limits.max, 7U);
    EXPECT_EQ(check_kind(db), "command");
    EXPECT_EQ(check_kind(config->services.at("tcp")), "connect");
}

TEST(depends_on, tells_what_is_optional) {
    const auto config =
        read("[agents.a]\ndepends_on = ['b', { name = 'c', optional = true }, { name = 'd' }]\n");
    ASSERT_TRUE(config) << config.error().text();
    const auto& agent = config->agents.at("a");
    EXPECT_THAT(agent.depends_on, ElementsAre("b", "c", "d"));
    EXPECT_TRUE(agent.tolerates("c"));
    EXPECT_FALSE(agent.tolerates("b"));
    EXPECT_FALSE(agent.tolerates("d"));
    const auto wrong = read("[agents.a]\ndepends_on = ['b', { name = 'c', maybe = true }]\n");
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().reason, HasSubstr("agents.a.depends_on[1].maybe: unknown key"));
    EXPECT_FALSE(read("[agents.a]\ndepends_on = ['b', { name = 'b', optional = true }]\n"));
    EXPECT_FALSE(read("[agents.a]\ndepends_on = [{ optional = true }]\n"));
}

TEST(autoloaded, agents_get_defaults_and_the_environment) {
    const std::map<std::string, std::string> environment{
        {"NOA_AGENTS_HEARTBEAT_SETTINGS_INTERVAL", "5s"}, {"NOA_AGENTS_NOBODY_QUEUE_SIZE", "3"}};
    auto config =
        read("[host]\nlog.level = 'warning'\nrestart.max = 7\n[agents.cache]\nqueue_size = 3\n",
             environment);
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_EQ(config->notices.size(), 2U);
    ASSERT_TRUE(add_autoloaded(*config, {"heartbeat", "cache"}, environment));
    const auto& heartbeat = config->agents.at("heartbeat");
    EXPECT_TRUE(heartbeat.autoloaded);
    EXPECT_EQ(heartbeat.plugin, "heartbeat");
    EXPECT_EQ(heartbeat.log_level, Level::warning);
    EXPECT_EQ(heartbeat.restart.max, 7U);
    EXPECT_EQ(heartbeat.settings.dump(), R"({"interval":"5s"})");
    EXPECT_EQ(config->origins.at("agents.heartbeat.settings.interval").text(),
              "environment NOA_AGENTS_HEARTBEAT_SETTINGS_INTERVAL");
    EXPECT_FALSE(config->agents.at("cache").autoloaded);
    EXPECT_EQ(config->agents.at("cache").queue_size, 3U);
    ASSERT_EQ(config->notices.size(), 1U);
    EXPECT_THAT(config->notices[0], HasSubstr("NOA_AGENTS_NOBODY_QUEUE_SIZE"));
}

TEST(autoloaded, a_wrong_override_leaves_the_configuration_alone) {
    auto config = read("");
    ASSERT_TRUE(config);
    const auto added = add_autoloaded(*config, {"a"}, {{"NOA_AGENTS_A_QUEUE_SIZE", "many"}});
    ASSERT_FALSE(added);
    EXPECT_THAT(added.error().reason, HasSubstr("environment NOA_AGENTS_A_QUEUE_SIZE: "
                                                "agents.a.queue_size: expected an integer"));
    EXPECT_TRUE(config->agents.empty());
    EXPECT_FALSE(add_autoloaded(*config, {"../a"}, {}));
}

} // namespace
} // namespace noa::config
