// Changes of texts. codemirror.json is what @codemirror/state 6.7.6 and @codemirror/collab 6.1.1
// make of changes by chance.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>

#include "model/change_set.hpp"
#include "model/rebase.hpp"

namespace drafting {
namespace {

using noa::sdk::Json;

ChangeSet change(const Json& json) {
    auto parsed = ChangeSet::parse(json);
    EXPECT_TRUE(parsed) << json << ": " << (parsed ? "" : parsed.error().text);
    return parsed ? *std::move(parsed) : ChangeSet();
}
Text text(const std::string& utf8) {
    auto made = Text::of(utf8);
    EXPECT_TRUE(made);
    return made ? *std::move(made) : Text();
}
std::string why_not(const char* json) {
    auto parsed = ChangeSet::parse(Json::parse(json));
    return parsed ? "" : parsed.error().text;
}
const Json& vectors() {
    static const Json all = Json::parse(std::ifstream(DRAFTING_VECTORS));
    return all;
}

TEST(change_set, does_what_codemirror_does) {
    ASSERT_EQ(vectors().at("cases").size(), 120U);
    for (const Json& one : vectors().at("cases")) {
        SCOPED_TRACE(one.dump());
        const Text before = text(one.at("doc"));
        const ChangeSet a = change(one.at("a"));
        const ChangeSet b = change(one.at("b"));
        auto after = a.apply(before);
        ASSERT_TRUE(after);
        EXPECT_EQ(after->str(), one.at("after").get<std::string>());
        EXPECT_EQ(a.json(), one.at("a").dump());
        EXPECT_EQ(a.map(b, false)->json(), one.at("map").dump());
        EXPECT_EQ(a.map(b, true)->json(), one.at("map_before").dump());
        EXPECT_EQ(a.compose(change(one.at("next")))->json(), one.at("compose").dump());
        EXPECT_EQ(a.invert(before)->json(), one.at("invert").dump());
        EXPECT_EQ(a.invert(before)->apply(*after)->str(), before.str());
        for (const Json& position : one.at("positions")) {
            const auto at = position.at(0).get<Position>();
            EXPECT_EQ(a.map_position(at, true), position.at(1).get<Position>());
            EXPECT_EQ(a.map_position(at, false), position.at(2).get<Position>());
        }
    }
}

TEST(change_set, is_rebased_as_codemirror_does) {
    const auto edits = [](const Json& list) {
        std::vector<Edit> out;
        for (const Json& one : list) {
            out.push_back({one.at("clientID"), change(one.at("changes"))});
        }
        return out;
    };
    for (const Json& one : vectors().at("rebases")) {
        SCOPED_TRACE(one.dump());
        auto rebased = rebase(edits(one.at("own")), edits(one.at("over")));
        ASSERT_TRUE(rebased);
        ASSERT_EQ(rebased->size(), one.at("result").size());
        for (std::size_t at = 0; at < rebased->size(); ++at) {
            EXPECT_EQ((*rebased)[at].changes.json(), one.at("result")[at].at("changes").dump());
        }
    }
}

TEST(change_set, counts_in_utf16_units) {
    const Text before = text("a😀b");
    EXPECT_EQ(before.units(), 4U);
    EXPECT_EQ(change({3, {0, "é", ""}, 1}).apply(before)->str(), "a😀é\nb");
    EXPECT_EQ(change({1, {2}, 1}).apply(before)->str(), "ab");
}

TEST(change_set, that_cuts_a_pair_is_refused) {
    const Text before = text("a😀b");
    EXPECT_FALSE(change({2, {0, "x"}, 2}).apply(before));
    EXPECT_FALSE(change({1, {1}, 2}).apply(before));
    EXPECT_FALSE(change({2, {1, ""}, 1}).apply(before));
    EXPECT_FALSE(before.slice(0, 2));
    EXPECT_EQ(before.whole(2), 1U);
}

TEST(change_set, for_another_length_is_refused) {
    EXPECT_FALSE(change({3}).apply(text("ab")));
    EXPECT_FALSE(change({1}).apply(text("ab")));
    EXPECT_FALSE(change({3}).map(change({2}), true));
    EXPECT_FALSE(change({3, {0, "x"}}).compose(change({3})));
}

TEST(change_set, that_is_none_is_refused_with_a_reason) {
    EXPECT_EQ(why_not("{}").substr(0, 20), "a change is an array");
    EXPECT_EQ(why_not("[-1]"), "/0: a length is a whole number from 0 on");
    EXPECT_EQ(why_not("[1.5]"), "/0: a length is a whole number from 0 on");
    EXPECT_EQ(why_not("[1, []]"), "/1: an array without a length");
    EXPECT_EQ(why_not("[[\"x\"]]"), "/0: a length is a whole number from 0 on");
    EXPECT_EQ(why_not("[[0, 1]]"), "/0: what is inserted are lines of text");
    EXPECT_EQ(why_not("[[0, \"a\\nb\"]]"), "/0: a line has a line break in it");
    EXPECT_EQ(why_not("[1073741824, 1]"), "/1: too long");
    EXPECT_EQ(why_not("[9999999999999]"), "/0: a length is a whole number from 0 on");
}

TEST(text, without_order_is_refused) {
    EXPECT_FALSE(Text::of("\xC3\x28"));
    EXPECT_FALSE(Text::of("\xED\xA0\x80")); // half of a pair
    EXPECT_FALSE(Text::of("a\r\nb"));
    EXPECT_EQ(with_plain_breaks("a\r\nb\rc\n\r"), "a\nb\nc\n\n");
}

TEST(text, of_ten_megabytes_is_edited_in_no_time) {
    std::string all;
    while (all.size() < (10U << 20U)) {
        all += "Words of a line, ünd söme 😀 more of it.\n";
    }
    Text now = text(all);
    const Position units = now.units();
    const auto begin = std::chrono::steady_clock::now();
    constexpr int edits = 200;
    for (int at = 0; at < edits; ++at) {
        ChangeSet one;
        const Position place = now.whole(units / edits * static_cast<Position>(at));
        one.keep(place);
        one.replace(0, "x");
        one.keep(now.units() - place);
        now = *one.apply(now);
    }
    const auto each = (std::chrono::steady_clock::now() - begin) / edits;
    EXPECT_EQ(now.units(), units + edits);
    EXPECT_LT(each, std::chrono::milliseconds(5));
}

} // namespace
} // namespace drafting
