#include "config/override.hpp"

#include "files_fixture.hpp"

namespace noa::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Override : public FilesTest {
protected:
    std::filesystem::path directory_ = root_ / "conf.d";
};

TEST_F(Override, what_is_written_reads_back_the_same) {
    const auto tree = json::parse(R"({
        "host": {"autoload": false, "log": {"level": "debug"}},
        "agents": {"cache": {"queue_size": 5, "depends_on": ["a", "b"], "settings": {
            "a.b": 1.5, "quo\"te\n\u007f\u001b": "back\\slash \u00e4 \ud83d\ude00",
            "list": [[1], {"x": {"y": true}}, {}], "big": 1e300, "min": -9223372036854775808,
            "empty": {}, "token": {"secret": "env:X"}}}}})");
    const auto written = write_override(directory_, "60-import.toml", tree);
    ASSERT_TRUE(written) << written.error().text();
    const auto back = read_override(directory_, "60-import.toml");
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(*back, tree);
}

TEST_F(Override, files_are_private_and_leave_no_temporaries) {
    ASSERT_TRUE(write_override(directory_, "x.toml", json::object()));
    ASSERT_TRUE(write_override(directory_, "x.toml", json{{"host", {{"autoload", true}}}}));
    struct stat info {};
    ASSERT_EQ(::stat((directory_ / "x.toml").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0600U);
    ASSERT_EQ(::stat(directory_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0700U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(Override, what_toml_cannot_hold_is_refused_and_the_old_file_stays) {
    ASSERT_TRUE(write_override(directory_, "x.toml", json{{"a", 1}}));
    const auto refused = [&](const json& tree) {
        const auto written = write_override(directory_, "x.toml", tree);
        return written ? std::string() : written.error().text();
    };
    EXPECT_THAT(refused(json{{"a", {{"b", nullptr}}}}), HasSubstr("a.b: TOML has no null"));
    EXPECT_THAT(refused(json{{"a", {1, {{"b", nullptr}}}}}), HasSubstr("a[1].b: TOML has no null"));
    EXPECT_THAT(refused(json{{"a", 1e308 * 10}}), HasSubstr("a: not a finite number"));
    EXPECT_THAT(refused(json{{"a", UINT64_MAX}}), HasSubstr("a: larger than a TOML integer"));
    EXPECT_THAT(refused(json{{"a", "\xFF"}}), HasSubstr("a: not UTF-8 text"));
    EXPECT_THAT(refused(json::array()), HasSubstr("expected a table"));
    json deep = json::object();
    for (int i = 0; i < 40; ++i) {
        deep = json{{"a", deep}};
    }
    EXPECT_THAT(refused(deep), HasSubstr("nested deeper than 32 levels"));
    EXPECT_EQ(*read_override(directory_, "x.toml"), json::parse(R"({"a":1})"));
}

TEST_F(Override, names_stay_inside_the_directory) {
    for (const auto* name : {"", "x", "../x.toml", ".x.toml", "a/b.toml", "x.toml~"}) {
        EXPECT_FALSE(write_override(directory_, name, json::object())) << name;
        EXPECT_FALSE(read_override(directory_, name)) << name;
    }
}

TEST_F(Override, a_directory_that_cannot_be_made_is_an_error) {
    const auto file = write("file", "");
    EXPECT_FALSE(write_override(file / "x", "x.toml", json::object()));
    EXPECT_FALSE(write_override(file, "x.toml", json::object()));
}

TEST_F(Override, enabling_keeps_what_else_is_there) {
    ASSERT_TRUE(write_enabled(directory_, "cache", false));
    ASSERT_TRUE(write_enabled(directory_, "heartbeat", true));
    ASSERT_TRUE(write_enabled(directory_, "cache", true));
    EXPECT_EQ(*read_override(directory_, enabled_override),
              json::parse(R"({"agents":{"cache":{"enabled":true},"heartbeat":{"enabled":true}}})"));
    EXPECT_FALSE(write_enabled(directory_, "../x", true));
}

TEST_F(Override, a_broken_file_is_not_overwritten) {
    write("conf.d/50-noactl.toml", "[agents\n");
    const auto written = write_enabled(directory_, "cache", true);
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().text(), HasSubstr("50-noactl.toml:1:"));
}

TEST_F(Override, is_the_last_layer_of_files) {
    write("etc/noa.toml", "[agents.cache]\n");
    ASSERT_TRUE(std::filesystem::create_directories(root_ / "var"));
    ASSERT_TRUE(write_enabled(root_ / "var/conf.d", "cache", false));
    const auto config = load(sources());
    ASSERT_TRUE(config) << config.error().text();
    EXPECT_FALSE(config->agents.at("cache").enabled);
}

} // namespace
} // namespace noa::config
