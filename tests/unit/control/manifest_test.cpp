#include "control/manifest.hpp"

#include <gmock/gmock.h>

#include "../config/files_fixture.hpp"
#include "config/build.hpp"
#include "config/override.hpp"
#include "config/quantity.hpp"
#include "config/shown.hpp"

namespace noa::control {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

json manifest_of(json agents) {
    return {{"manifest", 3}, {"noa", "0.1.0"}, {"agents", std::move(agents)}};
}

std::string problems_of(const json& manifest) {
    const auto result = check_manifest(manifest);
    return result ? "" : result.error().reason;
}

TEST(Manifest, AGoodOnePasses) {
    const auto manifest = manifest_of({{{"name", "cache"},
                                        {"plugin", "cache"},
                                        {"version", "0.1.0"},
                                        {"digest", std::string(64, 'a')},
                                        {"enabled", true},
                                        {"run", "thread"},
                                        {"depends_on", {"config"}},
                                        {"queue_size", 100},
                                        {"settings", {{"a", {1, 2}}}},
                                        {"secrets", {"/token"}}},
                                       {{"name", "config"}}});
    EXPECT_EQ(problems_of(manifest), "");
    EXPECT_TRUE(parse_manifest(manifest.dump()));
}

TEST(Manifest, AllThatIsWrongIsTold) {
    const auto text = problems_of(manifest_of({{{"name", "Bad Name"}, {"digest", "xyz"}},
                                               {{"plugin", "../../etc"}},
                                               {{"name", "a"}, {"enabled", "yes"}, {"typo", 1}},
                                               {{"name", "a"}, {"queue_size", -1}},
                                               {{"name", "b"}, {"depends_on", {"missing"}}},
                                               7}));
    EXPECT_THAT(text, AllOf(HasSubstr("agents[0].name: not an agent's name"),
                            HasSubstr("agents[0].digest: wanted 64 hexadecimal digits"),
                            HasSubstr("agents[1]: the name is missing"),
                            HasSubstr("agents[1]: agents.agent.plugin: expected a plugin's id"),
                            HasSubstr("agents[2]: agents.a.enabled: expected true or false"),
                            HasSubstr("agents[2]: agents.a.typo: unknown key"),
                            HasSubstr("agents[3]: agents.a.queue_size: expected an integer"),
                            HasSubstr("agents[3].name: there is another agent"),
                            HasSubstr("agent b: depends on \"missing\"")));
    EXPECT_THAT(text, HasSubstr("agents[5]: wanted an object"));
}

TEST(Manifest, CyclesAreNamed) {
    const auto text = problems_of(manifest_of({{{"name", "a"}, {"depends_on", {"b"}}},
                                               {{"name", "b"}, {"depends_on", {"a"}}},
                                               {{"name", "c"}}}));
    EXPECT_THAT(text, AllOf(HasSubstr("a cycle among a, b"), Not(HasSubstr("c,"))));
    EXPECT_THAT(problems_of(manifest_of({{{"name", "a"}, {"depends_on", {"a"}}}})),
                HasSubstr("cycle"));
}

TEST(Manifest, AnotherVersionOrShapeIsRefused) {
    EXPECT_THAT(problems_of({{"manifest", 2}, {"agents", json::array()}}),
                HasSubstr("wanted version 3"));
    EXPECT_THAT(problems_of({{"agents", json::array()}}), HasSubstr("found null"));
    EXPECT_THAT(problems_of({{"manifest", 3}}), HasSubstr("wanted a list of agents"));
    EXPECT_THAT(problems_of(json::array()), HasSubstr("wanted an object"));
    EXPECT_FALSE(parse_manifest("{"));
    EXPECT_FALSE(parse_manifest(std::string(1000, '[')));
}

TEST(Manifest, ProblemsAreBounded) {
    json agents = json::array();
    for (int i = 0; i < 500; ++i) {
        agents.push_back(i);
    }
    const auto text = problems_of(manifest_of(agents));
    EXPECT_THAT(text, HasSubstr("and 450 more"));
}

TEST(ManifestToOverride, IsTheConfigurationOfItsAgents) {
    const auto tree = manifest_to_override(manifest_of({{{"name", "cache"},
                                                         {"plugin", "store"},
                                                         {"version", "1"},
                                                         {"digest", ""},
                                                         {"queue_size", 5},
                                                         {"settings", {{"size", "1MiB"}}}}}));
    EXPECT_EQ(tree, json::parse(R"({"agents":{"cache":{"plugin":"store","queue_size":5,
                                    "settings":{"size":"1MiB"}}}})"));
}

TEST(ManifestToOverride, UnknownSecretsKeepTheirLocalValue) {
    const auto tree =
        manifest_to_override(manifest_of({{{"name", "a"},
                                           {"secrets", {"/token", "/db/password", "/keys/0"}},
                                           {"settings",
                                            {{"token", "(secret)"},
                                             {"db", {{"password", "(secret)"}, {"host", "h"}}},
                                             {"keys", {"(secret)", "other"}},
                                             {"by_reference", {{"secret", "file:/etc/noa/key"}}},
                                             {"list", {1, 2}}}}}}));
    EXPECT_EQ(tree["agents"]["a"]["settings"], json::parse(R"({"db":{"host":"h"},"list":[1,2],
                              "by_reference":{"secret":"file:/etc/noa/key"}})"));
    EXPECT_FALSE(tree["agents"]["a"].contains("secrets"));
}

TEST(Manifest, WhatOnlyAManifestHasIsChecked) {
    const auto text = problems_of(manifest_of({{{"name", "a"}, {"version", 1}, {"digest", 7}},
                                               {{"name", "b"}, {"secrets", "/token"}},
                                               {{"name", "c"}, {"secrets", {1}}},
                                               {{"name", "d"}, {"settings", "none"}},
                                               {{"name", 5}}}));
    EXPECT_THAT(text, AllOf(HasSubstr("agents[0].version: wanted text"),
                            HasSubstr("agents[0].digest: wanted text"),
                            HasSubstr("agents[1].secrets: wanted a list of texts"),
                            HasSubstr("agents[2].secrets: wanted a list of texts"),
                            HasSubstr("agents[3]: agents.d.settings: expected a table"),
                            HasSubstr("agents[4].name: not an agent's name: 5")));
}

// From one host's configuration to that of an empty one.
class ManifestRoundTrip : public config::FilesTest {
protected:
    // Another value than the default, for every key that a configuration knows.
    static json other_value(const std::string& key, const json& usual) {
        static const json chosen{
            {"plugin", "store"},
            {"run", "process"},
            {"replicas", 2},
            {"limits.cpu", 1.5},
            {"limits.cpu_request", 0.5},
            {"limits.memory_request", "32MiB"},
            {"limits.files", 99},
            {"limits.memory", "64MiB"},
            {"limits.processes", 7},
            {"limits.storage", "5MiB"},
            {"sandbox.read", {"/usr/share/a"}},
            {"sandbox.write", {"/srv/b"}},
            {"log_level", "error"},
            {"heal.rollback", "auto"},
            {"heal.critical", {"get"}},
            {"health",
             {{"disk",
               {{"threshold", 9}, {"critical", true}, {"interval", "2s"}, {"timeout", "3s"}}},
              {"inbox",
               {{"limit", "7%"}, {"threshold", 1}, {"interval", "2s"}, {"timeout", "3s"}}}}},
            {"depends_on", {"other"}},
            {"capabilities", {"a.b", "c"}}};
        if (chosen.contains(key)) {
            return chosen[key];
        }
        if (usual.is_object() && !usual.empty()) {
            auto others = json::object();
            for (const auto& [below, value] : usual.items()) {
                others[below] = other_value(key + '.' + below, value);
            }
            return others;
        }
        if (usual.is_boolean()) {
            return !usual.get<bool>();
        }
        if (usual.is_number_integer()) {
            return usual.get<int>() + 1;
        }
        if (usual.is_string() && config::parse_duration(usual.get<std::string>())) {
            return "1234ms";
        }
        ADD_FAILURE() << key << ": no other value than " << usual << " is known to this test";
        return usual;
    }
    // Each key with another value, as far as what is shown of an agent has it.
    static json every_key() {
        const auto usual = config::table_of(config::load_text("[agents.a]", "", {})->agents["a"]);
        auto table = json::object();
        for (const auto& key : config::agent_keys()) {
            if (!usual.contains(key)) {
                ADD_FAILURE() << key << " is not among config::shown_values: neither plan, explain "
                              << "nor a manifest has it";
            } else if (key != "settings") {
                table[key] = other_value(key, usual[key]);
            }
        }
        return table;
    }
    [[nodiscard]] config::Sources host(const char* name) const {
        return {{}, root_ / name / "noa.toml", {}, root_ / name / "state", false, {{"S", "hush"}}};
    }
};

TEST_F(ManifestRoundTrip, EveryKeyOfAnAgentArrives) {
    auto table = every_key();
    const auto token = write("token", "very hush", 0600);
    table["settings"] = {{"text", "x"},
                         {"number", -5},
                         {"share", 0.1},
                         {"big", 9'223'372'036'854'775'807},
                         {"flag", true},
                         {"list", {1, {{"deep", "y"}}, {{"secret", "env:S"}}}},
                         {"a.b/c~d", {{"empty", json::object()}}},
                         {"token", {{"secret", "file:" + token.string()}}}};
    const json tree{{"agents",
                     {{"every", table},
                      {"other", json::object()},
                      {"plain", {{"enabled", false}, {"settings", json::object()}}}}}};
    ASSERT_TRUE(config::write_override(root_, "from.toml", tree));
    std::filesystem::create_directories(root_ / "from");
    std::filesystem::rename(root_ / "from.toml", root_ / "from/noa.toml");
    const auto from = config::load(host("from"));
    ASSERT_TRUE(from) << from.error().text();
    ASSERT_EQ(from->agents.at("every").settings.at("token"), "very hush");

    json agents = json::array();
    for (const auto& [name, agent] : from->agents) {
        agents.push_back(config::table_of(agent));
        agents.back()["name"] = name;
    }
    const auto manifest = manifest_of(agents);
    EXPECT_THAT(manifest.dump(), Not(HasSubstr("hush")));
    const auto parsed = parse_manifest(manifest.dump());
    ASSERT_TRUE(parsed) << parsed.error().text();

    std::filesystem::create_directories(root_ / "to");
    const auto to = host("to");
    ASSERT_TRUE(config::write_override(to.state_dir_conf, "40-manifest.toml",
                                       manifest_to_override(*parsed)));
    const auto arrived = config::load(to);
    ASSERT_TRUE(arrived) << arrived.error().text();
    EXPECT_EQ(arrived->agents, from->agents);
    for (const auto& [name, agent] : from->agents) {
        EXPECT_EQ(config::table_of(arrived->agents.at(name)), config::table_of(agent)) << name;
    }
}

} // namespace
} // namespace noa::control
