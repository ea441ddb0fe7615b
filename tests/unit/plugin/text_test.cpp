#include "plugin/text.hpp"

#include <gtest/gtest.h>

namespace noa::plugin {
namespace {

TEST(Text, AcceptsWellFormedUtf8OfEachLength) {
    EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
    EXPECT_TRUE(is_utf8(""));
}

TEST(Text, RefusesOverlongSurrogateTruncatedAndTooLarge) {
    for (const std::string_view bad :
         {"\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xe2\x82", "\x80", "\xff"}) {
        EXPECT_FALSE(is_utf8(bad));
    }
}

TEST(Text, ALineHasNoControlCharacters) {
    EXPECT_TRUE(is_line("one line"));
    EXPECT_FALSE(is_line("two\nlines"));
    EXPECT_FALSE(is_line("delete\x7f"));
}

TEST(Text, PrintableKeepsGoodCharactersAndLength) {
    EXPECT_EQ(printable("a\xff\n\xc3\xa9", 100), "a? \xc3\xa9");
}

TEST(Text, PrintableCutInsideACharacterStaysValid) {
    const auto cut = printable("ab\xe2\x82\xac", 4);
    EXPECT_EQ(cut, "ab??");
    EXPECT_TRUE(is_utf8(cut));
}

TEST(Text, BoundedStopsAtTheTerminatorAndAtTheCapacity) {
    EXPECT_EQ(bounded("abc", 10), "abc");
    EXPECT_EQ(bounded("abc", 2), "ab");
    EXPECT_TRUE(bounded(nullptr, 10).empty());
}

TEST(Text, JsonIsReadUpToTheDepth) {
    EXPECT_TRUE(parse_json("[[1]]", 2).has_value());
    EXPECT_FALSE(parse_json("[[[1]]]", 2).has_value());
    EXPECT_FALSE(parse_json(std::string(1'000'000, '['), 64).has_value());
    EXPECT_FALSE(parse_json(std::string(100'000, '[') + std::string(100'000, ']'), 64).has_value());
    EXPECT_FALSE(parse_json("{").has_value());
    EXPECT_FALSE(parse_json("").has_value());
}

} // namespace
} // namespace noa::plugin
