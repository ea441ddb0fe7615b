#include "control/manifest.hpp"

#include <gmock/gmock.h>

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
                            HasSubstr("agents[1].plugin: not a plugin's id"),
                            HasSubstr("agents[2].enabled: wanted true or false"),
                            HasSubstr("agents[2]: unknown key \"typo\""),
                            HasSubstr("agents[3].queue_size: wanted a whole number"),
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

} // namespace
} // namespace noa::control
