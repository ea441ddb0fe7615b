#include "config/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noa::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

std::string refusal(const std::string& text) {
    const auto schema = parse_schema(text, "plugin x");
    if (schema) {
        return {};
    }
    EXPECT_EQ(schema.error().code, Errc::refused);
    EXPECT_EQ(schema.error().object, "plugin x");
    return schema.error().reason;
}

TEST(schema, ordinary_references_are_followed) {
    EXPECT_EQ(refusal(R"({"properties":{"a":{"$ref":"#/definitions/n"},"b":{"$ref":
        "#/definitions/n"}},"definitions":{"n":{"$ref":"#/definitions/m"},"m":{"type":"integer"}}})"),
              "");
    EXPECT_EQ(refusal("true"), "");
    EXPECT_EQ(refusal("{}"), "");
}

TEST(schema, what_is_not_a_schema_is_refused) {
    for (const auto* bad : {"", "{", "[]", "3", "\"x\"", "{} {}", "nul"}) {
        EXPECT_EQ(refusal(bad), "not a JSON object") << bad;
    }
    EXPECT_EQ(refusal(std::string(300'000, ' ')), "larger than 256 KiB");
    EXPECT_EQ(refusal(std::string(100'000, '[')), "nested deeper than 64 levels");
}

TEST(schema, references_elsewhere_or_to_nothing_are_refused) {
    for (const auto* bad :
         {"http://json-schema.org/draft-07/schema#", "other.json", "file:///etc/x", "#/nothing",
          "#name", "", "#/a%20b", "#//a", "#/definitions/", "#/~2"}) {
        EXPECT_THAT(refusal(json{{"not", {{"$ref", bad}}}}.dump()),
                    HasSubstr("is not in this document (others are never fetched)"))
            << bad;
    }
}

TEST(schema, references_back_to_themselves_are_refused) {
    for (const auto* bad :
         {R"({"$ref":"#"})", R"({"properties":{"a":{"$ref":"#"}}})",
          R"({"definitions":{"a":{"allOf":[{"$ref":"#/definitions/a"}]}}})",
          R"({"properties":{"default":{"allOf":[{"$ref":"#/properties/default"}]}}})",
          R"({"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}})"}) {
        EXPECT_EQ(refusal(bad), "a $ref leads back to itself") << bad;
    }
}

TEST(schema, that_multiply_by_reference_are_refused) {
    json schema;
    for (int i = 0; i < 40; ++i) {
        const auto next = json{{"$ref", "#/definitions/d" + std::to_string(i + 1)}};
        schema["definitions"]["d" + std::to_string(i)]["allOf"] = {next, next};
    }
    schema["definitions"]["d40"] = json::object();
    EXPECT_EQ(refusal(schema.dump()), "more than 10,000 subschemas");
}

TEST(schema, long_patterns_are_refused) {
    EXPECT_EQ(refusal(json{{"pattern", std::string(2000, 'a')}}.dump()),
              "a pattern is longer than 1 KiB");
    EXPECT_EQ(refusal(json{{"patternProperties", {{std::string(2000, 'a'), true}}}}.dump()),
              "a pattern is longer than 1 KiB");
}

TEST(schema, every_subschema_that_may_apply_is_visited) {
    const auto schema = json::parse(R"({"properties":{"a":{"$ref":"#/definitions/s"}},
        "additionalProperties":{"items":{"title":"item"}},"definitions":{"s":{"title":"s",
        "anyOf":[{"title":"any"}]}}})");
    const auto value = json::parse(R"({"a":1,"b":[2,3]})");
    std::vector<std::string> seen;
    each_application(schema, value, [&seen](const Application& at) {
        if (at.schema.contains("title")) {
            seen.push_back(at.pointer + ' ' + at.schema["title"].get<std::string>() +
                           (at.alternative ? " or" : ""));
        }
    });
    EXPECT_THAT(seen, ::testing::ElementsAre("/a s", "/a any or", "/b/0 item", "/b/1 item"));
}

} // namespace
} // namespace noa::config
