#include <gtest/gtest.h>

#include "json_schema/schema.hpp"
#include "model/plan.hpp"
#include "model/policy.hpp"
#include "store/edit.hpp"

namespace config {
namespace {

using noa::Json;
using noa::json_schema::fault_of_schema;

Json parsed(std::string_view text) {
    return Json::parse(text);
}

TEST(ConfigEdit, SetsAtAPointerAndMakesWhatIsMissing) {
    EXPECT_EQ(*with_value(parsed("{}"), "/a/b", 1), parsed(R"({"a":{"b":1}})"));
    EXPECT_EQ(*with_value(parsed(R"({"a":[1]})"), "/a/-", 2), parsed(R"({"a":[1,2]})"));
    EXPECT_EQ(*with_value(parsed("{}"), "/a~1b/c~0d", 1), parsed(R"({"a/b":{"c~d":1}})"));
    const auto wrong = with_value(parsed(R"({"a":"text"})"), "/a/b", 1);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().text, "/a: expected an object or array, found string");
    EXPECT_FALSE(with_value(parsed(R"({"a":[1]})"), "/a/7", 2));
    EXPECT_FALSE(with_value(parsed("{}"), "a", 2));
}

TEST(ConfigEdit, TakesAwayOnlyWhatIsThere) {
    EXPECT_EQ(*without(parsed(R"({"a":{"b":1,"c":2}})"), "/a/b"), parsed(R"({"a":{"c":2}})"));
    EXPECT_EQ(*without(parsed(R"({"a":[1,2]})"), "/a/0"), parsed(R"({"a":[2]})"));
    EXPECT_EQ(without(parsed("{}"), "/a").error().status, NOA_E_NOT_FOUND);
    EXPECT_FALSE(without(parsed(R"({"a":[1]})"), "/a/-"));
}

TEST(ConfigEdit, PatchesWithinBounds) {
    const auto patch = parsed(R"([{"op":"test","path":"/a","value":1},
                                  {"op":"add","path":"/b","value":[]}])");
    EXPECT_EQ(*patched(parsed(R"({"a":1})"), patch, 1000), parsed(R"({"a":1,"b":[]})"));
    const auto wrong = patched(parsed(R"({"a":2})"), patch, 1000);
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(wrong.error().text.starts_with("patch/0: ")) << wrong.error().text;
    Json bomb = Json::array();
    for (int step = 0; step < 60; ++step) {
        bomb.push_back({{"op", "copy"}, {"from", ""}, {"path", "/x" + std::to_string(step)}});
    }
    EXPECT_EQ(patched(parsed(R"({"a":"0123456789"})"), bomb, 100'000).error().status,
              NOA_E_TOO_LARGE);
}

TEST(ConfigEdit, ADottedKeyIsAPointer) {
    EXPECT_EQ(*pointer_of("a.b"), "/a/b");
    EXPECT_EQ(*pointer_of(R"(a."x.y/z")"), "/a/x.y~1z");
    for (const char* wrong : {".", "a..b", "a.", R"("a)", R"("a"b)"}) {
        EXPECT_FALSE(pointer_of(wrong)) << wrong;
    }
}

TEST(ConfigSchema, NamesPointerExpectedAndFound) {
    const auto schema = Schema::compile(parsed(R"({
        "type": "object", "required": ["host"], "additionalProperties": false,
        "properties": {"host": {"type": "string"}, "port": {"$ref": "#/definitions/port"},
                       "mode": {"enum": ["a", "b"]}},
        "definitions": {"port": {"type": "integer", "minimum": 1, "maximum": 65535}}})"));
    ASSERT_TRUE(schema) << schema.error().text;
    EXPECT_TRUE((*schema)->check(parsed(R"({"host": "x", "port": 80})")).empty());
    const auto told = [&](std::string_view value) {
        std::string all;
        for (const Finding& finding : (*schema)->check(parsed(value))) {
            all += finding.text() + "\n";
        }
        return all;
    };
    EXPECT_EQ(told(R"({"host": "x", "port": 0})"), "/port: expected at least 1, found 0\n");
    EXPECT_EQ(told(R"({"host": 7})"), "/host: expected string, found 7\n");
    EXPECT_EQ(told(R"({"host": "x", "mode": "c"})"),
              "/mode: expected one of \"a\", \"b\", found \"c\"\n");
    EXPECT_EQ(told("{}"), "/: expected the key \"host\", found object of 0 keys\n");
    EXPECT_EQ(told(R"({"host": "x", "prot": 1})"),
              "/: expected no key \"prot\", found object of 2 keys\n");
}

TEST(ConfigSchema, RefusesWhereTheValidatorHasNoWords) {
    for (const char* text :
         {"false", R"({"propertyNames": false})", R"({"propertyNames": {"maxLength": 1}})"}) {
        const auto schema = Schema::compile(parsed(text));
        ASSERT_TRUE(schema) << schema.error().text;
        const auto findings = (*schema)->check(parsed(R"({"long": 1})"));
        ASSERT_EQ(findings.size(), 1U) << text;
        EXPECT_EQ(findings[0].text(), "/: expected what the schema allows, found object of 1 keys");
    }
}

TEST(ConfigSchema, MatchesPatternsInOneWalk) {
    const std::string text(1000, 'a');
    for (const char* pattern : {"^(a|a)*$", "^(a|aa)*$", "^a*a*a*a*a*a*$"}) {
        const auto schema = Schema::compile({{"items", {{"pattern", pattern}}}});
        ASSERT_TRUE(schema) << schema.error().text;
        EXPECT_TRUE((*schema)->check(noa::Json::array({text})).empty());
        EXPECT_FALSE((*schema)->check(noa::Json::array({text + "b"})).empty());
    }
    const auto names = Schema::compile({{"patternProperties", {{"^(a|a)*$", false}}}});
    ASSERT_TRUE(names);
    EXPECT_TRUE((*names)->check({{text + "b", 1}}).empty());
    for (const char* pattern : {"(a", R"((a)\1)", "(a?){5000}"}) {
        EXPECT_FALSE(Schema::compile({{"pattern", pattern}})) << pattern;
    }
}

TEST(ConfigSchema, RefusesBombs) {
    EXPECT_EQ(fault_of_schema(parsed(R"({"$ref": "#"})")), "a $ref leads back to itself");
    EXPECT_NE(fault_of_schema(parsed(R"({"$ref": "http://example.org/x"})")).find("never fetched"),
              std::string::npos);
    EXPECT_NE(fault_of_schema(parsed(R"({"pattern": "(a+)+$"})")), "");
    EXPECT_EQ(fault_of_schema(parsed(R"({"pattern": "^([0-9]+)(ms|s)$"})")), "");
    EXPECT_NE(fault_of_schema(Json{{"pattern", std::string(300, 'a')}}), "");
    Json wide = Json::object();
    wide["definitions"]["l0"] = Json{{"type", "string"}};
    for (int level = 1; level < 20; ++level) {
        const Json below{{"$ref", "#/definitions/l" + std::to_string(level - 1)}};
        wide["definitions"]["l" + std::to_string(level)] = Json{{"allOf", {below, below, below}}};
    }
    EXPECT_EQ(fault_of_schema(wide), "more than 10,000 subschemas");
    const auto matched = Schema::compile(parsed(R"({"properties": {"a": {"pattern": "a*"}}})"));
    ASSERT_TRUE(matched);
    EXPECT_EQ((*matched)->check(Json{{"a", std::string(5000, 'a')}}).size(), 1U);
}

class ConfigPlan : public ::testing::Test {
protected:
    static Edit set(const std::string& name, std::string_view value,
                    const std::string& layer = "base") {
        Edit edit;
        edit.key = {name, layer};
        edit.value = parsed(value);
        return edit;
    }
    static Edit unset(const std::string& name) {
        Edit edit;
        edit.kind = Edit::Kind::unset;
        edit.key = {name, "base"};
        return edit;
    }
    // Staged and committed; the error's text otherwise.
    std::string put(const std::vector<Edit>& edits) {
        Planner planner(tables, limits);
        auto plan = planner.plan(edits, {});
        if (!plan) {
            return plan.error().text;
        }
        tables.stage(plan->changes);
        tables.committed(plan->changes);
        last = *std::move(plan);
        return {};
    }
    noa::Result<Json> seen(const std::string& name, const std::string& environment = "production") {
        const Find find = [this](const Key& key) { return tables.find(key); };
        return Effective(find, limits.effective).value(name, environment);
    }

    Tables tables;
    PlanLimits limits;
    Plan last;
};

TEST_F(ConfigPlan, GivesEveryChangeTheNextRevision) {
    EXPECT_EQ(put({set("a", R"({"x":1})"), set("b", "{}")}), "");
    ASSERT_EQ(last.changes.size(), 2U);
    EXPECT_EQ(last.changes[1].after->revision, 2);
    EXPECT_EQ(last.changes[0].last, 2);
    EXPECT_EQ(put({set("a", R"({"x":2})")}), "");
    EXPECT_EQ(last.changes[0].patch, R"([{"op":"replace","path":"/x","value":2}])");
    EXPECT_EQ(last.changes[0].after->version, 2);
}

TEST_F(ConfigPlan, TheSameValueIsNoChange) {
    EXPECT_EQ(put({set("a", R"({"x":1,"y":2})")}), "");
    EXPECT_EQ(put({set("a", R"({"y":2,"x":1})")}), "");
    EXPECT_TRUE(last.changes.empty());
    EXPECT_EQ(put({set("a", "{}"), set("a", R"({"x":1,"y":2})")}), "");
    EXPECT_TRUE(last.changes.empty());
}

TEST_F(ConfigPlan, ComparesAndSets) {
    Edit edit = set("a", R"({"x":1})");
    edit.if_version = 0;
    EXPECT_EQ(put({edit}), "");
    EXPECT_EQ(put({edit}), "a (base): conflict: expected version 0, found 1");
    edit.if_version.reset();
    edit.if_revision = 1;
    edit.value = parsed("{}");
    EXPECT_EQ(put({edit}), "");
    EXPECT_EQ(put({edit}), "a (base): conflict: expected revision 1, found 2");
}

TEST_F(ConfigPlan, OneWrongEditStopsAll) {
    EXPECT_EQ(put({set("b", "{}"), unset("none")}), "no document none (base)");
    EXPECT_EQ(tables.find({"b", "base"}), nullptr);
    EXPECT_EQ(tables.revision_ahead(), 0);
}

TEST_F(ConfigPlan, ChecksWhatEachEnvironmentSees) {
    EXPECT_EQ(
        put({set("a", R"({"required":["port"],"properties":{"port":{"minimum":1}}})", "_schema")}),
        "");
    EXPECT_NE(put({set("a", "{}")}).find("a in production: /: expected the key \"port\""),
              std::string::npos);
    EXPECT_EQ(put({set("a", R"({"port":1})", "production"), set("a", "{}")}), "");
    EXPECT_NE(put({set("a", "{}", "staging")}), "");
    EXPECT_EQ(put({set("a", R"({"port":7})", "staging")}), "");
    EXPECT_EQ(put({set("a", R"({"port":0})", "override")}),
              "a in production: /port: expected at least 1, found 0");
    EXPECT_NE(put({set("a", R"({"required":["host"]})", "_schema")}), "");
}

TEST_F(ConfigPlan, RefersToOtherDocumentsAndKeepsThemThere) {
    EXPECT_NE(put({set("app", R"({"db":{"$config":"db#/host"}})")}), "");
    EXPECT_EQ(put({set("db", R"({"host":"h"})")}), "");
    EXPECT_EQ(put({set("app", R"({"db":{"$config":"db#/host"}})")}), "");
    EXPECT_EQ((*seen("app"))["db"], "h");
    EXPECT_NE(put({unset("db")}), "");
    EXPECT_NE(put({set("db", "{}")}), "");
    EXPECT_NE(put({set("db", R"({"host":{"$config":"app#/db"}})")}).find("leads back to itself"),
              std::string::npos);
}

TEST_F(ConfigPlan, FillsTemplatesIn) {
    EXPECT_EQ(put({set("pool", R"({"parameters":{"size":{"default":4},"name":{}},
                                   "value":{"size":"${size}","label":"pool ${name} $${x}"}})",
                       "_template")}),
              "");
    EXPECT_EQ(put({set("app", R"({"pool":{"$template":"pool","with":{"name":"main"}}})")}), "");
    EXPECT_EQ((*seen("app"))["pool"], parsed(R"({"size":4,"label":"pool main ${x}"})"));
    EXPECT_NE(put({set("app", R"({"pool":{"$template":"pool"}})")}).find("name is missing"),
              std::string::npos);
    EXPECT_NE(put({set("app", R"({"pool":{"$template":"pool","with":{"name":"x","size":"y"}}})")})
                  .find("expected number, found string"),
              std::string::npos);
    EXPECT_NE(put({set("bad", R"({"value":"${nobody}"})", "_template")}), "");
    EXPECT_EQ(put({set("loop", R"({"value":{"a":{"$template":"loop"}}})", "_template")}), "");
    EXPECT_NE(put({set("app", R"({"a":{"$template":"loop"}})")}).find("leads back to itself"),
              std::string::npos);
}

TEST_F(ConfigPlan, TemplatesThatGrowAreStopped) {
    limits.effective.bytes = 100'000;
    const std::string ten(10, 'x');
    std::string value = R"({"parameters":{"p":{"default":""}},"value":")";
    for (int copy = 0; copy < 100; ++copy) {
        value += "${p}";
    }
    EXPECT_EQ(put({set("grow", value + R"("})", "_template")}), "");
    const Json with{{"a", {{"$template", "grow"}, {"with", {{"p", std::string(5000, 'y')}}}}}};
    EXPECT_NE(put({set("app", with.dump())}).find("grows too large"), std::string::npos);
}

TEST_F(ConfigPlan, ExplainsWhereEachValueIsFrom) {
    EXPECT_EQ(put({set("a", R"({"x":1,"y":{"z":1},"gone":1})"),
                   set("a", R"({"y":{"z":2},"gone":null})", "production"),
                   set("a", R"({"list":[1,2]})", "host")}),
              "");
    const Find find = [this](const Key& key) { return tables.find(key); };
    std::map<std::string, std::string> from;
    for (const Provenance& one :
         provenance(Effective(find, limits.effective).documents("a", "production"))) {
        from[one.pointer] = one.from->key.layer;
    }
    EXPECT_EQ(from, (std::map<std::string, std::string>{
                        {"/x", "base"}, {"/y/z", "production"}, {"/list", "host"}}));
}

TEST_F(ConfigPlan, BoundsSizeDepthAndNumber) {
    limits.document_bytes = 100;
    limits.documents = 2;
    EXPECT_NE(put({set("a", Json{{"x", std::string(100, 'x')}}.dump())}), "");
    std::string deep = "1";
    for (int level = 0; level < 40; ++level) {
        deep = R"({"a":)" + deep + "}";
    }
    limits.document_bytes = 1000;
    EXPECT_EQ(put({set("a", deep)}), "a (base): nested deeper than 32");
    EXPECT_EQ(put({set("a", "[]")}), "a (base): /: expected object, found array of 0");
    EXPECT_NE(put({set("UPPER", "{}")}), "");
    EXPECT_EQ(put({set("a", "{}"), set("b", "{}")}), "");
    EXPECT_NE(put({set("c", "{}")}).find("the store is full"), std::string::npos);
}

TEST_F(ConfigPlan, SecretsStayReferences) {
    EXPECT_EQ(put({set("a", R"({"properties":{"key":{"type":"string"}}})", "_schema"),
                   set("a", R"({"key":{"$secret":"file:/etc/noa/secrets/key"}})")}),
              "");
    EXPECT_EQ((*seen("a"))["key"], parsed(R"({"$secret":"file:/etc/noa/secrets/key"})"));
}

} // namespace
} // namespace config
