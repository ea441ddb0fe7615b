#include "files_fixture.hpp"

namespace noa::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto schema = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1},
    "max_entries": {"type": "integer", "minimum": 1, "maximum": 100},
    "ratio": {"type": "number", "exclusiveMinimum": 0},
    "mode": {"enum": ["fast", "safe"]},
    "size": {"type": "string", "pattern": "^[0-9]+MiB$"},
    "token": {"type": "string", "maxLength": 3},
    "either": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]},
    "servers": {"type": "array", "maxItems": 2, "items": {
      "type": "object", "required": ["port"], "properties": {"port": {"type": "integer"}}}}
  }})";

// The error for these settings; `path` is there unless they set it.
std::string checked(const std::string& settings, const std::string& schema_text = schema) {
    const auto config = read("[agents.a.settings]\npath = '/x'\n" + settings + "\n",
                             {{"S", "hush"}, {"LONG", std::string(5000, 'x')}});
    EXPECT_TRUE(config) << config.error().text();
    const auto good = check_settings(*config, config->agents.at("a"), schema_text);
    return good ? std::string() : good.error().reason;
}

TEST(check_settings, that_fit_pass) {
    EXPECT_EQ(checked("max_entries = 5\nratio = 1\nmode = 'fast'\nsize = '3MiB'\neither = true\n"
                      "servers = [{port = 1}]"),
              "");
    EXPECT_EQ(checked("anything = 1", ""), "");
    EXPECT_EQ(checked("anything = 1", "true"), "");
}

struct Case {
    const char* settings;
    const char* error;
};
class CheckSettings : public ::testing::TestWithParam<Case> {};

TEST_P(CheckSettings, errors_tell_the_place_what_was_expected_and_what_was_found) {
    EXPECT_EQ(checked(GetParam().settings), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    all, CheckSettings,
    ::testing::Values(
        Case{"max_entries = 'x'", "noa.toml:3:1: agents.a.settings.max_entries (/max_entries): "
                                  "expected integer, found string \"x\""},
        Case{"max_entries = 0", "noa.toml:3:1: agents.a.settings.max_entries (/max_entries): "
                                "expected at least 1, found integer 0"},
        Case{"max_entries = 101", "noa.toml:3:1: agents.a.settings.max_entries (/max_entries): "
                                  "expected at most 100, found integer 101"},
        Case{"max_entries = 1.5", "noa.toml:3:1: agents.a.settings.max_entries (/max_entries): "
                                  "expected integer, found number 1.5"},
        Case{"ratio = 0.0", "noa.toml:3:1: agents.a.settings.ratio (/ratio): expected more than "
                            "0, found number 0.0"},
        Case{"mode = 'slow'", "noa.toml:3:1: agents.a.settings.mode (/mode): expected one of "
                              "\"fast\", \"safe\", found string \"slow\""},
        Case{"size = '3'", "noa.toml:3:1: agents.a.settings.size (/size): expected a text that "
                           "matches \"^[0-9]+MiB$\", found string \"3\""},
        Case{"either = 'x'", "noa.toml:3:1: agents.a.settings.either (/either): expected integer "
                             "or boolean, found string \"x\""},
        Case{"max_entires = 1", "noa.toml:3:1: agents.a.settings.max_entires (/max_entires): "
                                "unknown key (did you mean \"max_entries\"?)"},
        Case{"servers = [{port = 1}, {port = 'x'}]",
             "noa.toml:3:25: agents.a.settings.servers[1].port (/servers/1/port): expected "
             "integer, found string \"x\""},
        Case{"servers = [{}]", "noa.toml:3:12: agents.a.settings.servers[0].port "
                               "(/servers/0/port): missing; expected integer"},
        Case{"servers = [{port = 1}, {port = 2}, {port = 3}]",
             "noa.toml:3:1: agents.a.settings.servers (/servers): expected at most 2 items, found "
             "a list"}));

TEST(check_settings, several_errors_come_together) {
    const auto config = read("[agents.a]\n[agents.a.settings]\nmax_entries = 0\nzzz = 1\n");
    const auto good = check_settings(*config, config->agents.at("a"), schema);
    ASSERT_FALSE(good);
    EXPECT_EQ(good.error().code, Errc::invalid);
    EXPECT_EQ(good.error().reason,
              "noa.toml:2:11: agents.a.settings.path (/path): missing; expected string\n"
              "noa.toml:4:1: agents.a.settings.zzz (/zzz): unknown key\n"
              "noa.toml:3:1: agents.a.settings.max_entries (/max_entries): expected at least 1, "
              "found integer 0");
}

TEST(check_settings, without_a_file_the_origin_is_the_default_or_the_environment) {
    auto config = read("");
    const std::map<std::string, std::string> environment{
        {"NOA_AGENTS_A_SETTINGS_MAX_ENTRIES", "many"}};
    ASSERT_TRUE(add_autoloaded(*config, {"a"}, environment));
    const auto good = check_settings(*config, config->agents.at("a"), schema);
    ASSERT_FALSE(good);
    EXPECT_EQ(good.error().reason,
              "default: agents.a.settings.path (/path): missing; expected string\n"
              "environment NOA_AGENTS_A_SETTINGS_MAX_ENTRIES: agents.a.settings.max_entries "
              "(/max_entries): expected integer, found string \"many\"");
}

TEST(check_settings, a_secret_is_never_printed) {
    for (const auto* settings : {"token = { secret = 'env:S' }", "mode = { secret = 'env:S' }",
                                 "max_entries = { secret = 'env:S' }",
                                 "size = { secret = 'env:S' }", "zzz = { secret = 'env:S' }",
                                 "either = { secret = 'env:S' }", "servers = [{secret='env:S'}]"}) {
        const auto error = checked(settings);
        EXPECT_NE(error, "") << settings;
        EXPECT_THAT(error, Not(HasSubstr("hush"))) << settings;
    }
    EXPECT_THAT(checked("token = { secret = 'env:S' }"),
                HasSubstr("expected at most 3 characters, found a secret"));
}

TEST(check_settings, long_texts_are_not_matched_against_patterns) {
    EXPECT_THAT(checked("size = { secret = 'env:LONG' }"),
                HasSubstr("agents.a.settings.size (/size): too long to be matched against a "
                          "pattern (1,024 bytes)"));
}

TEST(check_settings, pointers_and_keys_are_escaped) {
    EXPECT_EQ(checked("\"a/b~c.d\" = 1", R"({"properties":{"a/b~c.d":{"type":"string"}}})"),
              "noa.toml:3:1: agents.a.settings.\"a/b~c.d\" (/a~1b~0c.d): expected string, found "
              "integer 1");
}

TEST(check_settings, a_broken_schema_is_the_plugins_fault_and_no_crash) {
    const auto config = read("[agents.a]\nplugin = 'p'\nsettings.x = 'v'\n");
    for (const auto* bad : {"{", R"({"$ref":"#/nowhere"})", R"({"$ref":"http://127.0.0.1/x"})",
                            R"({"type":"colour"})", R"({"type":3})", R"({"properties":[]})",
                            R"({"properties":{"x":{"pattern":"("}}})", R"({"minimum":"x"})",
                            R"({"required":"x"})", R"({"enum":{}})", R"({"items":3})",
                            R"({"$id":"http://x/","properties":{"x":{"$ref":"#/definitions/y"}},
             "definitions":{"y":{"$id":"z","$ref":"q"}}})"}) {
        const auto good = check_settings(*config, config->agents.at("a"), bad);
        ASSERT_FALSE(good) << bad;
        EXPECT_EQ(good.error().code, Errc::refused) << bad << good.error().text();
        EXPECT_EQ(good.error().object, "plugin p") << bad;
    }
}

TEST(check_settings, settings_are_bounded_in_number) {
    std::string list = "servers = [";
    for (int i = 0; i < 11'000; ++i) {
        list += "1,";
    }
    EXPECT_EQ(checked(list + "]"), "more than 10,000 values");
}

} // namespace
} // namespace noa::config
