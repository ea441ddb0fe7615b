// Templates.
#include <gtest/gtest.h>

#include "templates/render.hpp"

namespace drafting {
namespace {

using noa::sdk::Json;

TEST(render, fills_in_and_escapes_nothing) {
    const std::map<std::string, Template> all{
        {"a", {"{{#items}}- {{name}}{{^last}},{{/last}}\n{{/items}}{{>b}}", {}}},
        {"b", {"& {{who}}", {}}}};
    const Json given{{"items", {{{"name", "<x>"}}, {{"name", "y"}, {"last", true}}}},
                     {"who", "you"}};
    EXPECT_EQ(*render("a", all, given, 100), "- <x>,\n- y\n& you");
    EXPECT_FALSE(render("none", all, given, 100));
    EXPECT_EQ(render("a", all, given, 5).error().status, NOA_E_TOO_LARGE);
}

TEST(render, that_does_not_end_is_ended) {
    const std::map<std::string, Template> all{{"a", {"x{{>b}}{{>b}}", {}}},
                                              {"b", {"y{{>a}}{{>a}}", {}}}};
    EXPECT_EQ(render("a", all, Json::object(), 100).error().status, NOA_E_TOO_LARGE);
}

TEST(render, knows_its_parameters) {
    const std::map<std::string, Template> all{
        {"a", {"{{x}}{{y}}", {{"x", {{"required", true}}}, {"y", {{"default", 2}}}}}}};
    EXPECT_EQ(*render("a", all, {{"x", 1}}, 100), "12");
    EXPECT_EQ(render("a", all, Json::object(), 100).error().text, "/parameters/x: is missing");
    EXPECT_FALSE(render("a", all, {{"x", 1}, {"z", 1}}, 100));
    EXPECT_FALSE(check({"{{#a}}", {}}));
    EXPECT_FALSE(check({"", {{"a", 1}}}));
    EXPECT_TRUE(check({"{{a}}", {{"a", {{"required", true}}}}}));
}

} // namespace
} // namespace drafting
