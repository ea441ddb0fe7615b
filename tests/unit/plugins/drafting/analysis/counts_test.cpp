#include "analysis/counts.hpp"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analysis/syllables.hpp"
#include "analysis/topics.hpp"

namespace {

using drafting::prose::Counts;
using drafting::prose::Format;
using drafting::prose::Language;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Counts counts_of(std::string_view text, Language& language) {
    Counts counts;
    const drafting::prose::Source source(text, Format::markdown);
    for (std::size_t leaf = 0; leaf < source.leaves().size(); ++leaf) {
        for (const auto& block : source.blocks(leaf)) {
            counts += drafting::prose::count(drafting::prose::view_of(block, language));
        }
    }
    return counts;
}

Counts figures(std::uint64_t sentences, std::uint64_t words, std::uint64_t syllables,
               std::uint64_t letters) {
    Counts counts;
    counts.sentences = sentences;
    counts.words = words;
    counts.syllables = syllables;
    counts.letters = counts.characters = letters;
    return counts;
}

TEST(readability, is_what_the_formulas_say) {
    // Examples of Wikipedia: Flesch-Kincaid readability tests, Coleman-Liau index.
    EXPECT_NEAR(drafting::prose::readability(figures(1, 6, 6, 17)).flesch, 116.145, 0.001);
    EXPECT_NEAR(drafting::prose::readability(figures(1, 13, 24, 67)).flesch, 37.455, 0.001);
    EXPECT_NEAR(drafting::prose::readability(figures(1, 13, 24, 67)).flesch_kincaid, 11.3, 0.05);
    EXPECT_NEAR(drafting::prose::readability(figures(5, 119, 0, 639)).coleman_liau, 14.5, 0.05);

    Counts counts = figures(30, 600, 900, 2700);
    counts.polysyllables = 49;
    counts.complex_words = 60;
    // McLaughlin's rule of thumb: the square root, and three; here 7 and 3.
    EXPECT_NEAR(drafting::prose::readability(counts).smog, 3.1291 + 1.0430 * 7, 1e-9);
    EXPECT_NEAR(drafting::prose::readability(counts).gunning_fog, 0.4 * (20 + 10), 1e-9);
    EXPECT_NEAR(drafting::prose::readability(counts).ari, 4.71 * 4.5 + 0.5 * 20 - 21.43, 1e-9);
    EXPECT_EQ(drafting::prose::readability(Counts()).flesch, 0);
}

TEST(readability, of_published_examples_is_counted_alike) {
    Language language({});
    const auto flesch = [&language](std::string_view text) {
        return drafting::prose::readability(counts_of(text, language)).flesch;
    };
    EXPECT_NEAR(flesch("The cat sat on the mat."), 116.145, 0.001);
    EXPECT_NEAR(flesch("This sentence, taken as a reading passage unto itself, is being used to "
                       "prove a point."),
                69, 0.1);
    EXPECT_NEAR(flesch("The Australian platypus is seemingly a hybrid of a mammal and reptilian "
                       "creature."),
                37.455, 84.6 / 13 + 0.001)
        << "within one syllable: \"reptilian\" has three, or four";
}

TEST(counts, leave_out_what_is_no_prose) {
    Language language({});
    const Counts counts = counts_of("# Two words\n\nFour more words here. `code is not`\n\n"
                                    "    nor this\n\n- an item\n",
                                    language);
    EXPECT_EQ(counts.words, 8U);
    EXPECT_EQ(counts.sentences, 3U);
    EXPECT_EQ(counts.headings, 1U);
    EXPECT_EQ(counts.paragraphs, 2U);
    EXPECT_EQ(counts.longest_sentence, 4U);
}

TEST(counts, know_complex_words_by_gunnings_rule) {
    Language language({});
    EXPECT_EQ(counts_of("The development is remarkable.", language).complex_words, 2U);
    EXPECT_EQ(counts_of("We met Alexander.", language).complex_words, 0U) << "a name";
    EXPECT_EQ(counts_of("It is created.", language).complex_words, 0U) << "by -ed alone";
}

TEST(syllables, are_counted_by_the_rule_that_is_told) {
    const std::vector<std::pair<const char*, unsigned>> words{
        {"a", 1},        {"the", 1},     {"table", 2},     {"created", 3},  {"cake", 1},
        {"cakes", 1},    {"boxes", 2},   {"wanted", 2},    {"walked", 1},   {"nation", 2},
        {"gracious", 2}, {"radio", 3},   {"science", 2},   {"lovely", 2},   {"statement", 2},
        {"rhythm", 2},   {"idea", 3},    {"people", 2},    {"queen", 1},    {"being", 2},
        {"studying", 3}, {"million", 2}, {"beautiful", 3}, {"computer", 3}, {"yes", 1},
        {"hopeless", 2}, {"area", 3},    {"little", 2},    {"settled", 2},  {"called", 1}};
    const drafting::prose::Syllables syllables("/usr/share/hyphen/hyph_en_US.dic");
    for (const auto& [word, count] : words) {
        EXPECT_EQ(syllables.count(word), count) << word;
    }
    const drafting::prose::Syllables without("/nowhere");
    EXPECT_FALSE(without.patterns());
    EXPECT_EQ(without.count("table"), 2U);
    EXPECT_EQ(without.count(std::string(5000, 'a')), 1U);
}

TEST(tone, leans_where_its_words_do) {
    Language language({});
    const auto tone = [&language](std::string_view text) {
        return drafting::prose::tone(counts_of(text, language));
    };
    EXPECT_EQ(tone("A great and wonderful success.").mood, "positive");
    EXPECT_EQ(tone("A terrible failure, and a sad one.").mood, "negative");
    EXPECT_EQ(tone("The cat sat on the mat.").mood, "neutral");
    EXPECT_EQ(tone("Hey folks, this is kinda cool.").register_, "informal");
    EXPECT_EQ(tone("It is hereby required; furthermore, obtain it.").register_, "formal");
    EXPECT_EQ(tone("Perhaps it might work, maybe.").stance, "hesitant");
}

TEST(spelling, knows_words_and_names_near_ones) {
    Language language({});
    if (!language.spelling().loaded()) {
        GTEST_SKIP() << "the package hunspell-en-us is not there";
    }
    EXPECT_TRUE(language.word("receive").known);
    EXPECT_TRUE(language.word("don\xE2\x80\x99t").known);
    EXPECT_TRUE(language.word("HTTPS").known) << "upper case is passed over";
    EXPECT_TRUE(language.word("iPhone").known) << "so is a capital within";
    EXPECT_FALSE(language.word("recieve").known);
    EXPECT_THAT(language.spelling().near("recieve", 5), Contains("receive"));
    EXPECT_THAT(language.spelling().near(std::string(100'000, 'x'), 5), IsEmpty());
    EXPECT_TRUE(language.spelling().knows(std::string(100'000, 'x')));
}

TEST(spelling, takes_words_of_people) {
    drafting::prose::Spelling spelling;
    ASSERT_TRUE(spelling.add_personal("noad\n# a comment\nZorbly \r\n"));
    EXPECT_FALSE(spelling.add_personal(std::string(101, 'a')));
    EXPECT_FALSE(spelling.add_personal("\xFF\n"));
    if (spelling.load("/usr/share/hunspell/en_US")) {
        EXPECT_TRUE(spelling.knows("noad"));
        EXPECT_TRUE(spelling.knows("noad's"));
        EXPECT_TRUE(spelling.knows("Zorbly"));
        EXPECT_FALSE(spelling.knows("zorbly"));
    }
}

TEST(spelling, says_what_dictionary_is_missing_or_broken) {
    Language language({"/nowhere/xx", "/nowhere/hyph", "/nowhere/th", {"/nowhere/words"}});
    EXPECT_TRUE(language.word("recieve").known);
    EXPECT_FALSE(language.thesaurus().loaded());
    EXPECT_THAT(language.thesaurus().meanings("good"), IsEmpty());
    EXPECT_THAT(language.faults(),
                ElementsAre(HasSubstr("hyphenation"), HasSubstr("/nowhere/xx"),
                            HasSubstr("/nowhere/words"), HasSubstr("/nowhere/th")));

    const auto directory =
        std::filesystem::temp_directory_path() / ("noa-dictionary-" + std::to_string(::getpid()));
    std::filesystem::create_directories(directory);
    std::ofstream(directory / "xx.aff") << "SET NONSENSE\nPFX A\n\xFF";
    std::ofstream(directory / "xx.dic") << "many\n";
    drafting::prose::Spelling spelling;
    static_cast<void>(spelling.load((directory / "xx").string()));
    static_cast<void>(spelling.knows("word"));
    std::filesystem::remove_all(directory);
}

TEST(topics, are_the_words_told_most) {
    Language language({});
    const auto words = drafting::prose::keywords(
        "The backup host keeps backups. A backup host is a host. The backup host restores it.",
        Format::markdown, language, 3);
    ASSERT_EQ(words.size(), 3U);
    EXPECT_EQ(words[0].word, "backup");
    EXPECT_EQ(words[0].count, 4U);
    EXPECT_EQ(words[2].word, "backup host");
}

TEST(similarity, is_of_words_and_of_phrases) {
    Language language({});
    const auto alike = [&language](std::string_view one, std::string_view other) {
        return drafting::prose::similarity(one, other, Format::markdown, language);
    };
    const std::string text = "A small host loads agents and keeps them running on the edge.";
    EXPECT_NEAR(alike(text, text).words, 1, 1e-9);
    EXPECT_NEAR(alike(text, text).phrases, 1, 1e-9);
    EXPECT_EQ(alike(text, "Completely different sentences about cooking.").words, 0);
    EXPECT_GT(alike(text, "Agents are loaded by a small host.").words, 0.5);
    EXPECT_EQ(alike("", "").words, 0);
}

TEST(words, have_their_stem_part_and_place) {
    Language language({});
    const auto words =
        drafting::prose::words_of("The *quick* dogs ran.", Format::markdown, language, 100);
    ASSERT_EQ(words.size(), 4U);
    EXPECT_EQ(words[0].part, "determiner");
    EXPECT_TRUE(words[0].stop);
    EXPECT_EQ(words[1].begin, 5U);
    EXPECT_EQ(words[1].end, 10U);
    EXPECT_EQ(words[2].stem, "dog");
    if (language.thesaurus().loaded()) {
        EXPECT_THAT(words[1].part, HasSubstr("adj"));
        EXPECT_THAT(words[2].part, HasSubstr("noun"));
        EXPECT_FALSE(language.thesaurus().meanings("quick").empty());
        EXPECT_TRUE(language.thesaurus().meanings(std::string(10'000, 'q')).empty());
    }
}

} // namespace
