#include "style/rule_checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lint/document.hpp"
#include "style/toml_text.hpp"

namespace {

using drafting::lint::Document;
using drafting::lint::Report;
using drafting::prose::Format;
using drafting::style::Rules;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct StyleTest : ::testing::Test {
    drafting::prose::Language language{{}};
    Rules rules;

    StyleTest() {
        for (auto& severity : rules.checks().severities) {
            severity.reset();
        }
    }
    void add(const std::string& toml) {
        const auto added = rules.add(toml, "test.toml");
        EXPECT_TRUE(added) << noa::sdk::Status(added).error().text;
    }
    std::string refused(const std::string& toml) {
        auto added = rules.add(toml, "test.toml");
        EXPECT_FALSE(added) << toml;
        return added ? "" : added.error().text;
    }
    // "match -> replacement" of each.
    std::vector<std::string> found(const std::string& text) {
        std::vector<std::string> all;
        for (const auto& finding :
             Document(rules, language, Format::markdown).check(text).findings) {
            std::string one = text.substr(finding.begin, finding.end - finding.begin);
            if (!finding.replacements.empty()) {
                one += " -> " + finding.replacements.front();
            }
            all.push_back(one);
        }
        return all;
    }
};

TEST_F(StyleTest, substitutes_words_phrases_and_patterns) {
    add(R"([[rules]]
id = "a"
kind = "substitution"
words = {"in order to" = "to", "utilize" = ["use", "apply"]}
patterns = {'\b(\d+) ?%' = '\1 percent'}
)");
    EXPECT_THAT(
        found("In order  to utilize 5% of it in order\nto."),
        ElementsAre("In order  to -> To", "utilize -> use", "5% -> 5 percent", "in order\nto"))
        << "over a line's end there is no fix";
    EXPECT_THAT(found("`utilize` [x](utilize) <b title=\"utilize\">"), IsEmpty());
    EXPECT_THAT(found("in *order* to"), ElementsAre("in *order* to")) << "marks would be lost";
}

TEST_F(StyleTest, finds_what_should_not_be_there_where_it_should_not) {
    add(R"([[rules]]
id = "a"
kind = "existence"
severity = "error"
scope = ["heading", "table"]
words = ["foo"]
patterns = ['ba+r']
exceptions = ["baaar"]
)");
    EXPECT_THAT(found("# Foo\n\nfoo bar\n\n> foo\n\n| bar |\n|---|\n| baaar |\n"),
                ElementsAre("Foo", "bar"));
}

TEST_F(StyleTest, sees_repetition_capitals_and_limits) {
    add(R"([[rules]]
id = "near"
kind = "repetition"
within = 4
min_length = 4
scope = ["paragraph"]
[[rules]]
id = "title"
kind = "capitalisation"
style = "sentence"
scope = ["heading"]
exceptions = ["Foo"]
[[rules]]
id = "commas"
kind = "limit"
of = "commas"
max = 2
scope = ["paragraph"]
)");
    EXPECT_THAT(found("A simple and simple thing."), ElementsAre("simple"));
    EXPECT_THAT(found("# the Big Foo of England"), ElementsAre("the -> The", "Big -> big"));
    EXPECT_THAT(found("One, two, three, four. Fine."), ElementsAre("One, two, three, four."));
}

TEST_F(StyleTest, settles_conditions_over_the_whole_text) {
    add(R"([[rules]]
id = "abbr"
kind = "conditional"
ignore_case = false
first = '\b([A-Z]{3,5})\b'
second = '\(([A-Z]{3,5})\)'
exceptions = ["API"]
[[rules]]
id = "hard"
kind = "limit"
of = "flesch"
per = "text"
min = 100
min_words = 3
)");
    EXPECT_THAT(found("The WHO and API. WHO.\n\nA Thing (ABC) is ABC."), ElementsAre("WHO"));
    EXPECT_THAT(found("Organisational considerations necessitate simplification."),
                ElementsAre(""));
}

TEST_F(StyleTest, later_files_go_over_earlier_ones) {
    add("[[rules]]\nid = \"a\"\nkind = \"existence\"\nwords = [\"foo\"]\n");
    add("[[rules]]\nid = \"a\"\nkind = \"existence\"\nwords = [\"bar\"]\n"
        "[checks.severities]\nduplicate-word = \"error\"\n");
    EXPECT_THAT(found("foo bar the the"), ElementsAre("bar", "the the -> the"));
    EXPECT_THAT(refused("[[rules]]\nid = \"a\"\nkind = \"existence\"\nwords = [\"baz\"]\n"
                        "[[rules]]\nid = \"b\"\nkind = \"nothing\"\n"),
                HasSubstr("test.toml: rule 2 (b): kind must be"));
    EXPECT_THAT(found("foo bar baz"), ElementsAre("bar")) << "a refused file changes nothing";
}

TEST_F(StyleTest, says_what_is_wrong_with_a_file) {
    EXPECT_THAT(refused("x = \n"), HasSubstr("line 1, column"));
    EXPECT_THAT(refused("[[rules]]\nid = \"a\"\nkind = \"existence\"\nwords = [1]\n"),
                HasSubstr("rule 1 (a)"));
    EXPECT_THAT(refused("[[rules]]\nid = \"a\"\nkind = \"existence\"\npatterns = ['(']\n"),
                HasSubstr("missing"));
    EXPECT_THAT(refused("[[rules]]\nid = \"a\"\nkind = \"existence\"\npatterns = ['(a)\\1']\n"),
                HasSubstr("pattern"));
    EXPECT_THAT(refused("[[rules]]\nid = \"spelling\"\nkind = \"limit\"\nmax = 1\n"),
                HasSubstr("built in"));
    EXPECT_THAT(refused("[[rules]]\nid = \"a\"\nkind = \"limit\"\nof = \"flesch\"\nmax = 1\n"),
                HasSubstr("per must be"));
    EXPECT_THAT(refused("[checks.severities]\nnone = \"off\"\n"), HasSubstr("no such check"));
    EXPECT_THAT(refused("surprise = 1\n"), HasSubstr("surprise"));
    EXPECT_THAT(refused("a" +
                        [] {
                            std::string dots;
                            for (int at = 0; at < 50'000; ++at) {
                                dots += ".a";
                            }
                            return dots;
                        }() +
                        " = 1\n"),
                HasSubstr("dots"));
    EXPECT_THAT(refused("a = " + std::string(50'000, '[') + "\n"), HasSubstr("test.toml"));
    EXPECT_THAT(refused(std::string(1U << 20U, ' ')), HasSubstr("512 KiB"));
    EXPECT_THAT(refused("x = \"\xFF\"\n"), HasSubstr("UTF-8"));
}

TEST_F(StyleTest, is_not_held_up_by_patterns_that_backtrack_elsewhere) {
    add("[[rules]]\nid = \"bomb\"\nkind = \"existence\"\n"
        "patterns = ['(a+)+$x', '(a|a)*b', '(.*)(.*)(.*)(.*)(.*)z', '((a{1,30}){1,30})c']\n");
    EXPECT_THAT(found(std::string(50'000, 'a')), IsEmpty());
    EXPECT_THAT(refused("[[rules]]\nid = \"big\"\nkind = \"existence\"\n"
                        "patterns = ['((a{1,100}){1,100}){1,100}']\n"),
                HasSubstr("pattern"));
}

TEST_F(StyleTest, comes_with_plain_english) {
    const auto added = rules.add(drafting::style::plain_english(), "plain-english");
    ASSERT_TRUE(added) << noa::sdk::Status(added).error().text;
    rules.checks() = {};
    const Report report =
        Document(rules, language, Format::markdown)
            .check("In order to utilize it, make use of each and every tool going forward.\n");
    std::vector<std::string> ids;
    for (const auto& finding : report.findings) {
        ids.emplace_back(finding.rule);
    }
    EXPECT_THAT(ids, ElementsAre("plain.wordy", "plain.complex", "plain.wordy", "plain.redundant",
                                 "plain.cliche"));
}

} // namespace
