#include "config/toml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/nesting.hpp"

namespace noa::config {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

json values(std::string_view text) {
    Problems problems;
    auto tree = parse_toml(text, "t", problems);
    EXPECT_TRUE(problems.empty()) << problems.text();
    return tree.value;
}

std::string problems_of(std::string_view text) {
    Problems problems;
    (void)parse_toml(text, "t", problems);
    return problems.text();
}

TEST(toml, values_become_json) {
    EXPECT_EQ(values("a = 1\nb = 'x'\nc = [true, 2.5]\n[d.e]\nf = {g = 1}\n"),
              json::parse(R"({"a":1,"b":"x","c":[true,2.5],"d":{"e":{"f":{"g":1}}}})"));
    EXPECT_EQ(values("a = 1979-05-27T07:32:00Z\nb = 07:32:00"),
              json::parse(R"({"a":"1979-05-27T07:32:00Z","b":"07:32:00"})"));
    EXPECT_EQ(values(""), json::object());
    EXPECT_EQ(values("\xEF\xBB\xBF# a mark of byte order\r\na = 1\r\n"), json::parse(R"({"a":1})"));
}

TEST(toml, each_key_and_element_has_its_place) {
    Problems problems;
    const auto tree = parse_toml("[a]\nb = [1,\n  2]\n  \"c.d\" = 3\n", "t", problems);
    EXPECT_EQ(tree.origins.at("a").text(), "t:1:2");
    EXPECT_EQ(tree.origins.at("a.b").text(), "t:2:1");
    EXPECT_EQ(tree.origins.at("a.b[1]").text(), "t:3:3");
    EXPECT_EQ(tree.origins.at("a.\"c.d\"").text(), "t:4:3");
    EXPECT_EQ(origin_of(tree.origins, "a.b[7]").text(), "t:2:1");
    EXPECT_EQ(origin_of(tree.origins, "x.y").text(), "default");
}

TEST(toml, syntax_errors_have_line_and_column) {
    EXPECT_THAT(problems_of("a = 1\nb = \n"), StartsWith("t:2:5: "));
    EXPECT_THAT(problems_of("a = 1\n[b\n"), StartsWith("t:2:"));
    EXPECT_THAT(problems_of("a = 1\na = 2\n"), StartsWith("t:2:"));
    EXPECT_THAT(problems_of("a = \"\xFF\"\n"), StartsWith("t:1:"));
    EXPECT_THAT(problems_of("a = \"x\ny\"\n"), StartsWith("t:1:"));
}

// The library's own assertions would end the process on these.
TEST(toml, inputs_that_break_assertions_are_errors) {
    for (const auto* bad :
         {"[.]", "[", "[[", "[[.]]", "[a.]", "[]", "=", ".", "a.", "a = [", "{", "a = {", "[a]]",
          "[[a]", "\"", "a=\"\"\"", "a = 1979-", "a = 0x", "a = +"}) {
        EXPECT_THAT(problems_of(bad), HasSubstr("t:1:")) << bad;
    }
}

// The library's test for white space has undefined behaviour for these.
TEST(toml, letters_beyond_ascii_are_no_space) {
    for (const auto* letter :
         {"\xC3\xA4", "\xD2\x8A", "\xE2\xB1\xA0", "\xEF\xAC\xB0", "\xC2\xA1"}) {
        EXPECT_EQ(values("a = \"\"\"x\\\n " + std::string(letter) + "\"\"\"\n")["a"],
                  "x" + std::string(letter));
        EXPECT_THAT(problems_of(std::string(letter) + " = 1"), StartsWith("t:1:1: "));
        EXPECT_THAT(problems_of("a " + std::string(letter) + " = 1"), StartsWith("t:1:3: "));
    }
}

TEST(toml, what_json_cannot_hold_is_an_error) {
    EXPECT_EQ(problems_of("a = inf"), "t:1:5: a: expected a finite number");
    EXPECT_EQ(problems_of("[x]\na = [1.0, nan]"), "t:2:11: x.a[1]: expected a finite number");
}

TEST(toml, deep_nesting_is_an_error_and_not_a_crash) {
    EXPECT_THAT(problems_of("a = " + std::string(100'000, '[')), HasSubstr("t:1:"));
    std::string tables = "x = ";
    for (int i = 0; i < 50'000; ++i) {
        tables += "{a=";
    }
    EXPECT_THAT(problems_of(tables), HasSubstr("t:1:"));
    std::string key = "a";
    for (int i = 0; i < 200'000; ++i) {
        key += ".a";
    }
    EXPECT_EQ(problems_of(key + " = 1"), "t:1:32: a key has more than 16 parts");
    EXPECT_EQ(problems_of("\n[" + key + "]"), "t:2:33: a key has more than 16 parts");
    const std::string wide = "a.a.a.a.a.a.a.a.a.a.a.a";
    EXPECT_THAT(problems_of("[" + wide + "]\n" + wide + " = {" + wide + " = 1}"),
                HasSubstr("nested deeper than 32 levels"));
}

TEST(toml, limits_of_size_and_keys_hold) {
    EXPECT_THAT(problems_of(std::string(max_toml_bytes + 1, '#')), HasSubstr("larger than 1 MiB"));
    EXPECT_EQ(values(std::string(max_toml_bytes, '#')), json::object());
    EXPECT_EQ(problems_of(std::string(129, 'k') + " = 1"), "t:1:1: a key is longer than 128 bytes");
}

TEST(nesting, dots_in_strings_comments_and_values_do_not_count) {
    const std::string dots(40, '.');
    EXPECT_FALSE(find_deep_key("a = \"" + dots + "\\\"" + dots + "\" # " + dots, 16));
    EXPECT_FALSE(find_deep_key("a = '" + dots + "'\nb = '''\n" + dots + "\n'" + dots + "'''", 16));
    EXPECT_FALSE(find_deep_key("a = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]", 2));
    EXPECT_FALSE(find_deep_key("a = \"unterminated", 1));
}

TEST(nesting, a_string_that_ends_in_quotes_hides_nothing) {
    const std::string key = "b.b.b.b.b";
    EXPECT_TRUE(find_deep_key("a = { x = \"\"\"q\"\"\"\"\", " + key + " = 1 }", 4));
    EXPECT_TRUE(find_deep_key("a = { x = '''q'''', " + key + " = 1 }", 4));
    EXPECT_TRUE(find_deep_key("a = { x = '\\', " + key + " = 1 }", 4));
    EXPECT_TRUE(find_deep_key("a = { x = \"\", " + key + " = 1 }", 4));
}

TEST(toml, one_value_alone_is_read_as_after_a_key) {
    EXPECT_EQ(parse_toml_value("3"), 3);
    EXPECT_EQ(parse_toml_value("[1, 'x']"), json::parse(R"([1,"x"])"));
    EXPECT_EQ(parse_toml_value("true"), true);
    EXPECT_EQ(parse_toml_value("{ secret = 'env:X' }"), json::parse(R"({"secret":"env:X"})"));
    for (const auto* bad : {"", "text", "10s", "1\nb = 2", "1 2", "[1", "1\r"}) {
        EXPECT_TRUE(parse_toml_value(bad).is_discarded()) << bad;
    }
}

} // namespace
} // namespace noa::config
