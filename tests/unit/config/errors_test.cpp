// Every error that load() finds by itself, each with its place.
#include "files_fixture.hpp"

namespace noa::config {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Flaw {
    const char* text;
    const char* error;
};

class Errors : public ::testing::TestWithParam<Flaw> {};

TEST_P(Errors, name_file_line_column_key_and_what_was_expected) {
    EXPECT_EQ(errors_of(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    keys, Errors,
    ::testing::Values(
        Flaw{"hosts = 1", "noa.toml:1:1: hosts: unknown key (did you mean \"host\"?)"},
        Flaw{"zzz = 1", "noa.toml:1:1: zzz: unknown key"},
        Flaw{"[host]\nautolod = true",
             "noa.toml:2:1: host.autolod: unknown key (did you mean \"autoload\"?)"},
        Flaw{"[host.log]\n  colour = 1", "noa.toml:2:3: host.log.colour: unknown key"},
        Flaw{"[agents.a]\nquene_size = 1",
             "noa.toml:2:1: agents.a.quene_size: unknown key (did you mean \"queue_size\"?)"},
        Flaw{"[agents.a]\n\"x.y\" = 1", "noa.toml:2:1: agents.a.\"x.y\": unknown key"},
        Flaw{"[agents.a.limits]\nmemroy = 1", "noa.toml:2:1: agents.a.limits.memroy: unknown key "
                                              "(did you mean \"memory\"?)"}));

INSTANTIATE_TEST_SUITE_P(
    types, Errors,
    ::testing::Values(
        Flaw{"host = 3", "noa.toml:1:1: host: expected a table, found integer 3"},
        Flaw{"agents = []", "noa.toml:1:1: agents: expected a table, found a list"},
        Flaw{"[agents]\na = true", "noa.toml:2:1: agents.a: expected a table, found true"},
        Flaw{"[host]\nautoload = 1",
             "noa.toml:2:1: host.autoload: expected true or false, found integer 1"},
        Flaw{"[host]\nlog = 'info'",
             "noa.toml:2:1: host.log: expected a table, found string \"info\""},
        Flaw{"[host]\nenvironment = 'prod'",
             "noa.toml:2:1: host.environment: expected one of \"production\", \"staging\", "
             "\"development\", found string \"prod\""},
        Flaw{"[host.log]\nlevel = 'loud'",
             "noa.toml:2:1: host.log.level: expected one of \"debug\", \"info\", \"warning\", "
             "\"error\", found string \"loud\""},
        Flaw{"[host.log]\nformat = 'xml'", "noa.toml:2:1: host.log.format: expected one of "
                                           "\"text\", \"json\", found string \"xml\""},
        Flaw{"[agents.a]\nplugin = 1",
             "noa.toml:2:1: agents.a.plugin: expected a text of one line, found integer 1"},
        Flaw{"[agents.a]\nplugin = \"a\\nb\"", "noa.toml:2:1: agents.a.plugin: expected a text of "
                                               "one line, found string \"a\\nb\""},
        Flaw{"[agents.a]\nsettings = 'x'",
             "noa.toml:2:1: agents.a.settings: expected a table, found string \"x\""},
        Flaw{"[agents.a]\ndepends_on = 'b'", "noa.toml:2:1: agents.a.depends_on: expected a list "
                                             "of at most 256 texts, found string \"b\""},
        Flaw{"[agents.a]\ndepends_on = ['b',\n 2]", "noa.toml:3:2: agents.a.depends_on[1]: "
                                                    "expected a text of one line, found integer 2"},
        Flaw{"[agents.a]\ndepends_on = ['b', 'b']",
             "noa.toml:2:20: agents.a.depends_on[1]: string \"b\" is there twice"}));

INSTANTIATE_TEST_SUITE_P(
    ranges, Errors,
    ::testing::Values(
        Flaw{"[agents.a]\nqueue_size = 0", "noa.toml:2:1: agents.a.queue_size: expected an integer "
                                           "from 1 to 1000000, found integer 0"},
        Flaw{"[agents.a]\nqueue_size = 9223372036854775807",
             "noa.toml:2:1: agents.a.queue_size: expected an integer from 1 to 1000000, found "
             "integer 9223372036854775807"},
        Flaw{"[agents.a]\nqueue_size = '5'", "noa.toml:2:1: agents.a.queue_size: expected an "
                                             "integer from 1 to 1000000, found string \"5\""},
        Flaw{"[agents.a]\nqueue_size = 5.0", "noa.toml:2:1: agents.a.queue_size: expected an "
                                             "integer from 1 to 1000000, found number 5.0"},
        Flaw{"[agents.a]\nmax_deliveries = -1", "noa.toml:2:1: agents.a.max_deliveries: expected "
                                                "an integer from 1 to 100, found integer -1"},
        Flaw{"[agents.a]\ntask_timeout = 30",
             "noa.toml:2:1: agents.a.task_timeout: expected a duration such as \"100ms\", \"60s\", "
             "\"10min\" or \"1h\", found integer 30"},
        Flaw{"[agents.a]\ntask_timeout = '0s'", "noa.toml:2:1: agents.a.task_timeout: expected a "
                                                "duration from 1ms to 1d, found string \"0s\""},
        Flaw{"[agents.a]\nstart_timeout = '1500us'", "noa.toml:2:1: agents.a.start_timeout: "
                                                     "expected whole milliseconds, found 1500us"},
        Flaw{"[host]\nmax_message = '17MiB'", "noa.toml:2:1: host.max_message: expected a size "
                                              "from 1KiB to 16MiB, found string \"17MiB\""},
        Flaw{"[host]\nmax_message = -1", "noa.toml:2:1: host.max_message: expected a size such as "
                                         "\"48MiB\", or bytes, found integer -1"},
        Flaw{"[host]\nspin = '1s'",
             "noa.toml:2:1: host.spin: expected a duration from 0s to 10ms, found string \"1s\""}));

INSTANTIATE_TEST_SUITE_P(
    meaning, Errors,
    ::testing::Values(
        Flaw{"[agents.Cache]", "noa.toml:1:9: agents.Cache: an agent's name is a-z or 0-9, then "
                               "a-z, 0-9, _ and -, at most 63"},
        Flaw{"[agents.'../x']", "noa.toml:1:9: agents.\"../x\": an agent's name is a-z or 0-9, "
                                "then a-z, 0-9, _ and -, at most 63"},
        Flaw{"[agents.a]\nplugin = '/x/y.so'",
             "noa.toml:2:1: agents.a.plugin: expected a plugin's id (a-z, 0-9, _ and -; not a "
             "path), found string \"/x/y.so\""},
        Flaw{"[agents.a.limits]\nmemory = '1MiB'",
             "noa.toml:2:1: agents.a.limits.memory: expected 0, for no limit, or at least "
             "\"4MiB\""},
        Flaw{"[agents.a.limits]\nfiles = 3",
             "noa.toml:2:1: agents.a.limits.files: expected 0, for no limit, or at least 64"},
        Flaw{"[agents.a.limits]\ncpu = -1",
             "noa.toml:2:1: agents.a.limits.cpu: expected a number from 0.0 to 4096.0, found "
             "integer -1"},
        Flaw{"[agents.a.sandbox]\nwrite = ['tmp']",
             "noa.toml:2:1: agents.a.sandbox.write: expected absolute paths of at most 500 bytes"},
        Flaw{"[agents.a]\nrun = 'fork'",
             "noa.toml:2:1: agents.a.run: expected one of \"thread\", \"process\", found string "
             "\"fork\""},
        Flaw{"[agents.a]\ndepends_on = ['a']",
             "noa.toml:2:1: agents.a.depends_on: an agent cannot depend on itself"},
        Flaw{"[agents.a]\ndepends_on = ['B']",
             "noa.toml:2:1: agents.a.depends_on: not an agent's name: string \"B\""},
        Flaw{"[agents.a]\ncapabilities = ['x y']",
             "noa.toml:2:1: agents.a.capabilities: expected words joined by dots, found string "
             "\"x y\""},
        Flaw{"[host]\nplugin_dirs = ['lib']",
             "noa.toml:2:1: host.plugin_dirs: expected absolute paths, found \"lib\""},
        Flaw{"[agents.a]\ndepends_on=['b']\n[agents.b]\ndepends_on=['c']\n[agents.c]\n"
             "depends_on=['a']",
             "noa.toml:2:1: agents.a.depends_on: agents depend on each other: a -> b -> c -> a"}));

TEST(errors, of_one_text_come_together_one_a_line) {
    const auto text = errors_of("zzz = 1\n[host]\nautoload = 1\n[agents.a]\nqueue_size = 0\n");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2) << text;
    EXPECT_THAT(text, HasSubstr("noa.toml:1:1: zzz: "));
    EXPECT_THAT(text, HasSubstr("\nnoa.toml:5:1: agents.a.queue_size: "));
}

TEST(errors, are_bounded_in_number_and_length) {
    std::string text;
    for (int i = 0; i < 200; ++i) {
        text += "k" + std::to_string(i) + " = 1\n";
    }
    EXPECT_THAT(errors_of(text), EndsWith("\nand 150 more"));
    EXPECT_LT(errors_of("[host]\nenvironment = '" + std::string(100'000, 'x') + "'").size(), 400U);
}

TEST(errors, do_not_carry_control_characters) {
    const auto text = errors_of("\"a\\u001B[2J\" = 1\n[host]\nenvironment = \"\\u001B\\u007F\"\n");
    for (const unsigned char c : text) {
        EXPECT_TRUE(c >= 0x20 || c == '\n') << text;
        EXPECT_NE(c, 0x7F) << text;
    }
}

TEST(errors, of_syntax_stop_at_their_line_and_change_nothing) {
    const auto config = read("[host]\nautoload = tru\n");
    ASSERT_FALSE(config);
    EXPECT_THAT(config.error().reason, StartsWith("noa.toml:2:"));
    EXPECT_THAT(config.error().text(), StartsWith("read configuration: noa.toml:2:"));
    EXPECT_THAT(config.error().text(), EndsWith("(nothing was changed)"));
}

TEST(errors, a_dependency_that_no_config_names_is_none) {
    EXPECT_EQ(errors_of("[agents.a]\ndepends_on = ['autoloaded-one']"), "");
}

} // namespace
} // namespace noa::config
