// Small parts of the bus side: patterns, values as JSON, batches.
#include <gtest/gtest.h>

#include "bus/batch.hpp"
#include "bus/glob.hpp"
#include "bus/json_value.hpp"

namespace cache {
namespace {

TEST(Glob, MatchesAsRedisDoes) {
    const struct {
        const char* pattern;
        const char* text;
        bool same;
    } cases[] = {
        {"*", "", true},
        {"*", "anything", true},
        {"", "", true},
        {"", "a", false},
        {"a*c", "abbc", true},
        {"a*c", "abb", false},
        {"a?c", "abc", true},
        {"a?c", "ac", false},
        {"[a-c]x", "bx", true},
        {"[c-a]x", "bx", true},
        {"[^a]x", "bx", true},
        {"[^a]x", "ax", false},
        {"\\*", "*", true},
        {"\\*", "x", false},
        {"[\\]]", "]", true},
        {"a*b*c*d", "a.b.c.d", true},
        {"user:*:name", "user:7:name", true},
        {"[a", "a", true},
        {"a\\", "a\\", true},
        {"**", "x", true},
    };
    for (const auto& one : cases) {
        EXPECT_EQ(matches(one.pattern, one.text), one.same) << one.pattern << " " << one.text;
    }
}

TEST(Glob, TakesNoLongerForMoreStars) {
    const std::string text(20'000, 'a');
    EXPECT_FALSE(matches("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
}

TEST(JsonValue, KeepsStringsAsTheirBytes) {
    EXPECT_EQ(encode("text").bytes, "text");
    EXPECT_EQ(encode("text").type, Type::string);
    EXPECT_EQ(encode(noa::Json{{"a", 1}}).bytes, R"({"a":1})");
    EXPECT_EQ(encode(nullptr).type, Type::json);
}

TEST(JsonValue, ShowsBytesThatAreNoText) {
    const auto shown = [](std::string_view bytes) {
        std::string out;
        EXPECT_TRUE(append_value(out, {.bytes = bytes}));
        return out;
    };
    EXPECT_EQ(shown("plain \"and\" \xc3\xa4"), "\"plain \\\"and\\\" \xc3\xa4\"");
    EXPECT_EQ(shown("01234567\n89\x1f\\\x7f"), "\"01234567\\u000a89\\u001f\\\\\x7f\"");
    for (int letter = 0; letter < 128; ++letter) {
        std::string text(20, 'x');
        text[9] = static_cast<char>(letter);
        EXPECT_EQ(noa::Json::parse(shown(text)), text) << letter;
    }
    EXPECT_EQ(shown("0123456789\xc3"), R"({"base64":"MDEyMzQ1Njc4OcM="})");
    EXPECT_EQ(shown("\xff"), R"({"base64":"/w=="})");
    EXPECT_EQ(shown("\xff\xfe"), R"({"base64":"//4="})");
    EXPECT_EQ(shown("\xff\xfe\xfd"), R"({"base64":"//79"})");
    std::string out = "before";
    EXPECT_FALSE(append_value(out, {.bytes = "x", .type = Type::hash}));
    EXPECT_EQ(out, "before");
}

TEST(Batch, ReadsNothingBeyondItsEnd) {
    std::string body{"\x01\x02ns", 4};
    append_number(body, 3);
    body += "abc";
    BatchReader in(body);
    const auto head = in.head();
    ASSERT_TRUE(head);
    EXPECT_EQ(head->space, "ns");
    EXPECT_EQ(head->count, 3U);
    EXPECT_FALSE(in.number()) << "three bytes are none";
    EXPECT_FALSE(in.byte()) << "and then there is nothing any more";
    for (std::size_t size = 0; size < 8; ++size) {
        EXPECT_FALSE(BatchReader(std::string_view(body).substr(0, size)).head()) << size;
    }
    EXPECT_FALSE(BatchReader(std::string("\x02\x00\x01\x00\x00\x00", 6)).head()) << "version 2";
}

} // namespace
} // namespace cache
