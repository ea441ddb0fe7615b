#include <gmock/gmock.h>

#include "control/verbs.hpp"
#include "noa/message.h"

namespace noa::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Args, ReadsWhatIsThere) {
    const json args{{"agent", "cache"}, {"agents", {"a", "b", "a"}}, {"force", true},
                    {"lines", 12},      {"timeout_ms", 50},          {"body", "x"}};
    Args in("verb", args);
    EXPECT_EQ(in.agent(), "cache");
    EXPECT_EQ(in.agents(), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(in.flag("force"));
    EXPECT_EQ(in.number("lines", 1, 0, 100), 12);
    EXPECT_EQ(in.timeout(std::chrono::seconds(1)), std::chrono::milliseconds(50));
    EXPECT_EQ(in.body(), "x");
    EXPECT_TRUE(in.finish());
}

TEST(Args, AbsentOnesHaveDefaults) {
    const json args = json::object();
    Args in("verb", args);
    EXPECT_FALSE(in.flag("force"));
    EXPECT_TRUE(in.agents().empty());
    EXPECT_EQ(in.number("lines", 7, 0, 100), 7);
    EXPECT_EQ(in.optional_text("key", 10), std::nullopt);
    EXPECT_EQ(in.body(), "");
    EXPECT_TRUE(in.finish());
}

TEST(Args, AKeyNobodyReadIsRefusedByName) {
    const json args{{"forse", true}};
    Args in("reload", args);
    static_cast<void>(in.flag("force"));
    const auto result = in.finish();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().text(), "reload: forse: unknown argument");
}

TEST(Args, NamesAreChecked) {
    for (const json& name : {json("Cache"), json(""), json("../x"), json(7), json(nullptr),
                             json(std::string(64, 'a')), json("a\xff")}) {
        const json args{{"agent", name}, {"agents", {name}}};
        Args one("verb", args);
        static_cast<void>(one.agent());
        static_cast<void>(one.agents());
        EXPECT_FALSE(one.finish());
        Args list("verb", args);
        static_cast<void>(list.optional_text("agent", 1000));
        static_cast<void>(list.agents());
        EXPECT_FALSE(list.finish());
    }
}

TEST(Args, NumbersHaveARange) {
    for (const json& number : {json(-1), json(101), json(1.5), json("7"), json(true),
                               json(18'446'744'073'709'551'615U), json(INT64_MIN)}) {
        const json args{{"lines", number}};
        Args in("log", args);
        EXPECT_EQ(in.number("lines", 5, 0, 100), 5);
        const auto result = in.finish();
        ASSERT_FALSE(result) << number;
        EXPECT_THAT(result.error().reason, HasSubstr("from 0 to 100"));
    }
}

TEST(Args, TimeoutsAreNeitherZeroNorForEver) {
    for (const json& timeout : {json(0), json(-5), json(600'001)}) {
        const json args{{"timeout_ms", timeout}};
        Args in("call", args);
        static_cast<void>(in.timeout(std::chrono::seconds(1)));
        EXPECT_FALSE(in.finish());
    }
}

TEST(Args, BodiesHaveALimit) {
    const json args{{"body", std::string(std::size_t{NOA_BODY_MAX} + 1, 'x')}};
    Args in("call", args);
    static_cast<void>(in.body());
    const auto result = in.finish();
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().reason, HasSubstr("longer than 16777216"));
}

TEST(Args, TheFirstThingWrongIsTold) {
    const json args{{"force", 1}, {"other", 2}};
    Args in("reload", args);
    static_cast<void>(in.flag("force"));
    const auto result = in.finish();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().object, "force");
}

TEST(Verbs, KnowsItsNames) {
    Verbs verbs;
    verbs.add("b", Right::read, [](const json&, Connection&) { return json(2); });
    verbs.add("a", Right::full, [](const json&, Connection&) { return json(1); });
    EXPECT_EQ(verbs.names(), "a, b");
    ASSERT_NE(verbs.find("a"), nullptr);
    EXPECT_EQ(verbs.find("a")->needs, Right::full);
    EXPECT_EQ(verbs.find("c"), nullptr);
}

} // namespace
} // namespace noa::control
