#include "base/utf8.hpp"

#include <gtest/gtest.h>

namespace noa {
namespace {

TEST(utf8, valid_text_is_untouched) {
    const std::string text = "plain, \xC3\xA4, \xE2\x82\xAC, \xF0\x9F\x98\x80";
    EXPECT_EQ(bounded_utf8(text, text.size()), text);
    EXPECT_EQ(bounded_utf8("", 3), "");
}

TEST(utf8, broken_bytes_become_replacement_characters) {
    const std::string mark = "\xEF\xBF\xBD";
    EXPECT_EQ(bounded_utf8("\xFF", 100), mark);
    EXPECT_EQ(bounded_utf8("a\xC3", 100), "a" + mark);
    EXPECT_EQ(bounded_utf8("\xC0\x80", 100), mark + mark);            // overlong
    EXPECT_EQ(bounded_utf8("\xED\xA0\x80", 100), mark + mark + mark); // surrogate
    EXPECT_EQ(bounded_utf8("\xF4\x90\x80\x80", 100), mark + mark + mark + mark);
}

TEST(utf8, long_text_is_cut_at_a_character_and_says_so) {
    EXPECT_EQ(bounded_utf8("abcdefgh", 6), "abc\xE2\x80\xA6");
    EXPECT_EQ(bounded_utf8("ab\xC3\xA4"
                           "defg",
                           6),
              "ab\xE2\x80\xA6");
    EXPECT_EQ(bounded_utf8("abcd", 3), "\xE2\x80\xA6");
    for (std::size_t limit = 3; limit < 40; ++limit) {
        EXPECT_LE(bounded_utf8(std::string(50, '\xFF'), limit).size(), limit);
    }
}

} // namespace
} // namespace noa
