#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

#include "noa/sdk/json.hpp"

namespace noa::sdk {
namespace {

using namespace std::chrono_literals;

struct Inner {
    std::int8_t small = 0;
    static constexpr auto fields() { return sdk::fields(field("small", &Inner::small)); }
};

struct Outer {
    std::vector<Inner> list;
    std::map<std::string, std::uint32_t> counts;
    Duration every = 30s;
    ByteSize room{1};
    bool on = true;
    static constexpr auto fields() {
        return sdk::fields(optional_field("list", &Outer::list),
                           optional_field("counts", &Outer::counts),
                           optional_field("every", &Outer::every),
                           optional_field("room", &Outer::room), optional_field("on", &Outer::on));
    }
};

Result<Outer> decode(std::string_view text) {
    return Codec<Outer>::decode(text, Extra::refused);
}

TEST(Fields, KeepTheirInitialValuesWhenAbsent) {
    const auto outer = decode("{}");
    ASSERT_TRUE(outer);
    EXPECT_EQ(outer->every, Duration(30s));
    EXPECT_TRUE(outer->on);
}

TEST(Fields, ReadListsMapsDurationsAndSizes) {
    const auto outer = decode(
        R"({"list":[{"small":-128}],"counts":{"a":1},"every":"1m","room":"2KiB","on":false})");
    ASSERT_TRUE(outer) << outer.error().text;
    EXPECT_EQ(outer->list.at(0).small, -128);
    EXPECT_EQ(outer->counts.at("a"), 1U);
    EXPECT_EQ(outer->every, Duration(1min));
    EXPECT_EQ(outer->room.bytes, 2048U);
    EXPECT_FALSE(outer->on);
}

TEST(Fields, NameTheWholePathOfAMismatch) {
    EXPECT_EQ(decode(R"({"list":[{"small":1},{"small":128}]})").error().text,
              "/list/1/small: the number is out of range");
    EXPECT_EQ(decode(R"({"counts":{"a":-1}})").error().text,
              "/counts/a: the number is out of range");
    EXPECT_EQ(decode(R"({"counts":{"a":1.5}})").error().text,
              "/counts/a: must be a whole number, found number");
    EXPECT_EQ(decode(R"({"every":30})").error().text,
              "/every: must be a duration like \"30s\", found number");
    EXPECT_EQ(decode(R"({"every":"soon"})").error().text, "/every: \"soon\" is not like \"30s\"");
    EXPECT_EQ(decode(R"({"room":"much"})").error().text, "/room: \"much\" is not like \"48MiB\"");
    EXPECT_EQ(decode(R"({"list":[{"smal":1,"small":1}]})").error().text,
              "/list/0/smal: is not known here (small)");
}

TEST(Fields, ReadTheLimitsOfTheirType) {
    EXPECT_TRUE(decode(R"({"counts":{"a":4294967295}})"));
    EXPECT_FALSE(decode(R"({"counts":{"a":4294967296}})"));
    EXPECT_FALSE(decode(R"({"counts":{"a":99999999999999999999999999}})"));
}

TEST(Fields, WriteWhatTheyRead) {
    const std::string text =
        R"({"counts":{"a":1},"every":"1min","list":[{"small":3}],"on":false,"room":"2KiB"})";
    const auto outer = decode(text);
    ASSERT_TRUE(outer);
    EXPECT_EQ(json_body(*outer).bytes, text);
}

TEST(Fields, DescribeThemselves) {
    const Json schema = Json::parse(Codec<Outer>::schema());
    EXPECT_FALSE(schema.contains("required"));
    EXPECT_EQ(schema["properties"]["list"]["items"]["required"], Json({"small"}));
    EXPECT_EQ(schema["properties"]["counts"]["additionalProperties"]["minimum"], 0);
    EXPECT_EQ(schema["properties"]["every"]["type"], "string");
}

} // namespace
} // namespace noa::sdk
