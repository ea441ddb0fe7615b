#include "analysis/breaks.hpp"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/ascii_breaks.hpp"
#include "analysis/language.hpp"

namespace {

using drafting::prose::Breaker;
using ::testing::ElementsAre;
using Boundaries = std::vector<std::uint32_t>;

struct BreaksTest : ::testing::Test {
    drafting::prose::WordLists lists;
    Breaker breaker{lists};

    std::vector<std::string> words(const std::string& text) {
        std::vector<std::string> all;
        for (const auto& token : breaker.breaks(text).words) {
            all.push_back(text.substr(token.begin, token.end - token.begin));
        }
        return all;
    }
    std::vector<std::string> sentences(const std::string& text) {
        std::vector<std::string> all;
        for (const auto& span : breaker.breaks(text).sentences) {
            all.push_back(text.substr(span.begin, span.end - span.begin));
        }
        return all;
    }
};

void append_utf8(std::string& out, unsigned long value) {
    const auto put = [&out](unsigned long byte) { out += static_cast<char>(byte); };
    if (value < 0x80) {
        put(value);
    } else if (value < 0x800) {
        put(0xC0 | value >> 6);
        put(0x80 | (value & 0x3F));
    } else if (value < 0x10000) {
        put(0xE0 | value >> 12);
        put(0x80 | (value >> 6 & 0x3F));
        put(0x80 | (value & 0x3F));
    } else {
        put(0xF0 | value >> 18);
        put(0x80 | (value >> 12 & 0x3F));
        put(0x80 | (value >> 6 & 0x3F));
        put(0x80 | (value & 0x3F));
    }
}

struct Example {
    std::string text;
    Boundaries boundaries;
    std::string line;
};

// Unicode's own tests: "÷ 0061 × 0062 ÷ # …".
std::vector<Example> examples_in(const std::string& path) {
    std::vector<Example> all;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        Example example;
        example.line = line;
        std::istringstream fields(line.substr(0, line.find('#')));
        for (std::string field; fields >> field;) {
            if (field == "\xC3\xB7") {
                example.boundaries.push_back(static_cast<std::uint32_t>(example.text.size()));
            } else if (field != "\xC3\x97") {
                append_utf8(example.text, std::stoul(field, nullptr, 16));
            }
        }
        if (!example.text.empty()) {
            all.push_back(std::move(example));
        }
    }
    return all;
}

TEST_F(BreaksTest, of_words_are_those_of_unicode) {
    const auto examples = examples_in("/usr/share/unicode/auxiliary/WordBreakTest.txt");
    if (examples.empty()) {
        GTEST_SKIP() << "the package unicode-data is not there";
    }
    EXPECT_GT(examples.size(), 1000U);
    std::size_t different = 0;
    for (const Example& example : examples) {
        const bool same = breaker.word_boundaries(example.text) == example.boundaries;
        // ICU 72 takes a colon for the end of a word, but in Swedish and Finnish: CLDR 42.
        if (!same && example.line.find("003A") == std::string::npos) {
            ADD_FAILURE() << example.line;
        }
        different += same ? 0U : 1U;
    }
    EXPECT_LT(different, examples.size() / 10);
}

TEST_F(BreaksTest, of_sentences_are_those_of_unicode) {
    const auto examples = examples_in("/usr/share/unicode/auxiliary/SentenceBreakTest.txt");
    if (examples.empty()) {
        GTEST_SKIP() << "the package unicode-data is not there";
    }
    EXPECT_GT(examples.size(), 400U);
    for (const Example& example : examples) {
        EXPECT_EQ(breaker.sentence_boundaries(example.text), example.boundaries) << example.line;
    }
}

TEST_F(BreaksTest, of_ascii_are_those_of_icu) {
    constexpr std::string_view letters = "aZb9 .?!,;:'\"()[]-_\n\r\t/@#0 Ab c. D";
    std::uint32_t seed = 7;
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (int at = 0; at < 14; ++at) {
            seed = seed * 1664525U + 1013904223U;
            text += letters[(seed >> 16U) % letters.size()];
        }
        Boundaries words;
        Boundaries sentences;
        drafting::prose::ascii_words(text, words);
        drafting::prose::ascii_sentences(text, sentences);
        ASSERT_EQ(words, breaker.icu_boundaries(text, false)) << ::testing::PrintToString(text);
        ASSERT_EQ(sentences, breaker.icu_boundaries(text, true)) << ::testing::PrintToString(text);
    }
}

TEST_F(BreaksTest, of_sentences_are_not_behind_abbreviations) {
    EXPECT_THAT(
        sentences("Dr. Smith met J. Doe, e.g. In Rome. They ate. \"Well!\" he said."),
        ElementsAre("Dr. Smith met J. Doe, e.g. In Rome.", "They ate.", "\"Well!\" he said."));
    EXPECT_THAT(sentences("It is 3.5 m. Then? Yes"), ElementsAre("It is 3.5 m.", "Then?", "Yes"));
    EXPECT_THAT(
        sentences("\xE2\x80\x9CWhy?\xE2\x80\x9D Mr. \xC3\x89t\xC3\xA9 came. He left."),
        ElementsAre("\xE2\x80\x9CWhy?\xE2\x80\x9D", "Mr. \xC3\x89t\xC3\xA9 came.", "He left."));
}

TEST_F(BreaksTest, of_words_leave_marks_out) {
    EXPECT_THAT(words("Don't, well-known: 3.14 _x_ (e.g.) -- \xF0\x9F\x98\x80"),
                ElementsAre("Don't", "well", "known", "3.14", "_x_", "e.g"));
}

TEST_F(BreaksTest, stand_text_of_any_script_and_direction) {
    EXPECT_THAT(words("\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D, \xE2\x80\x8F"
                      "e\xCC\x81t"),
                ElementsAre("\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D", "e\xCC\x81t"));
    EXPECT_TRUE(words("\xCC\x81\xCC\x81\xE2\x80\x8D").empty());
}

TEST(stems, are_those_of_snowball) {
    std::ifstream words("/usr/share/snowball/data/english/voc.txt");
    std::ifstream stems("/usr/share/snowball/data/english/output.txt");
    if (!words || !stems) {
        GTEST_SKIP() << "the package snowball-data is not there";
    }
    const drafting::prose::Language language({"", "", "", {}});
    std::size_t count = 0;
    std::size_t different = 0;
    std::string stem;
    for (std::string word; std::getline(words, word) && std::getline(stems, stem); ++count) {
        different += language.stem(word) == stem ? 0U : 1U;
    }
    EXPECT_GT(count, 29'000U);
    EXPECT_EQ(different, 0U);
}

} // namespace
