#include "lint/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lint/language_tool.hpp"
#include "lint/options.hpp"
#include "lint/report.hpp"

namespace {

using drafting::lint::Document;
using drafting::lint::Form;
using drafting::lint::Report;
using drafting::prose::Format;
using drafting::prose::Places;
using noa::sdk::Json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct LintTest : ::testing::Test {
    drafting::prose::Language language{{}};
    drafting::style::Rules rules;

    Report check(std::string_view text, Format format = Format::markdown) {
        return Document(rules, language, format).check(text);
    }
    std::vector<std::string> found(const std::string& text) {
        std::vector<std::string> all;
        for (const auto& finding : check(text).findings) {
            all.push_back(std::string(finding.rule) + ":" +
                          text.substr(finding.begin, finding.end - finding.begin));
        }
        return all;
    }
};

TEST_F(LintTest, finds_what_is_built_in) {
    EXPECT_THAT(found("He has a a apple."), ElementsAre("duplicate-word:a a", "article:a"));
    EXPECT_THAT(found("An house is an hour away, and a unit a honest one."),
                ElementsAre("article:An", "article:a"));
    EXPECT_THAT(found("It was quickly taken away."),
                ElementsAre("passive:was quickly taken", "adverb:quickly"));
    EXPECT_THAT(found("It is a red bed. It is done? It is so."),
                ElementsAre("passive:is done", "repeated-start:It"));
    EXPECT_THAT(found("# One\n\n### Two.\n\n# One\n"),
                ElementsAre("heading-skip:Two.", "heading-end:.", "heading-twin:One"));
    EXPECT_THAT(found("This works. this does not work."), ElementsAre("sentence-case:this"));
    EXPECT_THAT(found("The test of the test is a test indeed."), ElementsAre("repeated-word:test"));
}

TEST_F(LintTest, allows_words_of_the_text) {
    if (!language.spelling().loaded()) {
        GTEST_SKIP() << "the package hunspell-en-us is not there";
    }
    const std::string text = "The noad and the noactl of teh host.\n";
    Document document(rules, language, Format::markdown);
    document.allow({"noad", "noactl"});
    const Report report = document.check(text);
    ASSERT_EQ(report.findings.size(), 1U);
    Report suggested = report;
    drafting::lint::suggest_spellings(suggested, text, language, 10, [] { return true; });
    EXPECT_THAT(suggested.findings[0].replacements, ::testing::Contains("the"));
    Report stopped = report;
    drafting::lint::suggest_spellings(stopped, text, language, 10, [] { return false; });
    EXPECT_TRUE(stopped.findings[0].replacements.empty());
}

TEST_F(LintTest, looks_at_what_changed_only_and_finds_the_same) {
    const std::string_view pieces[] = {
        "# Head\n\n",  "Teh text is written.\n\n", "- a a item\n", "| b | teh |\n",
        "|---|---|\n", "> quoted teh\n",           "\n",           "more and and more\n",
        "`code`\n"};
    std::uint32_t seed = 3;
    const auto next = [&seed](std::size_t below) {
        seed = seed * 1664525U + 1013904223U;
        return (seed >> 16U) % below;
    };
    std::vector<std::string_view> parts;
    for (int at = 0; at < 60; ++at) {
        parts.push_back(pieces[next(std::size(pieces))]);
    }
    Document kept(rules, language, Format::markdown);
    for (int round = 0; round < 200; ++round) {
        parts[next(parts.size())] = pieces[next(std::size(pieces))];
        std::string text;
        for (const auto part : parts) {
            text += part;
        }
        const Report again = kept.check(text);
        const Report fresh = check(text);
        const Places places(text);
        ASSERT_EQ(drafting::lint::findings_json(again, places),
                  drafting::lint::findings_json(fresh, places));
        ASSERT_EQ(drafting::lint::counts_json(again.counts),
                  drafting::lint::counts_json(fresh.counts));
    }
    const Report same = kept.check("One.\n\nTwo.\n");
    EXPECT_EQ(same.checked, 2U);
    EXPECT_EQ(kept.check("One.\n\nTwo!\n").checked, 1U);
}

TEST_F(LintTest, stands_text_of_any_kind) {
    std::string text(200'000, 'a');
    static_cast<void>(check(text));
    static_cast<void>(
        check("\xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D \xE2\x80\xAE teh \xE2\x80\xAC e\xCC\x81\xCC\x81"));
    std::string many;
    for (int at = 0; at < 20'000; ++at) {
        many += "the the ";
    }
    const Report report = check(many);
    EXPECT_EQ(report.findings.size(), drafting::lint::most_findings);
    EXPECT_GT(report.cut, 0U);
}

TEST_F(LintTest, suggests_with_a_reason_and_a_change_that_applies) {
    const std::string text = "\xF0\x9F\x98\x80 He has a apple, for the the end.\n";
    const Report report = check(text);
    const Json list = drafting::lint::suggestions(report, text, Places(text), 10);
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0]["text"], "a");
    EXPECT_EQ(list[0]["changes"], Json::parse(R"([10, [1, "an"], 25])"));
    EXPECT_EQ(list[1]["changes"], Json::parse(R"([23, [7, "the"], 6])"));
    EXPECT_FALSE(list[0]["reason"].get<std::string>().empty());
    EXPECT_EQ(drafting::lint::change_set(0, 2, 2, ""), Json::parse("[[2]]"));
    EXPECT_EQ(drafting::lint::change_set(0, 0, 2, "a\nb"), Json::parse(R"([[0, "a", "b"], 2])"));
}

TEST_F(LintTest, reports_for_people_and_for_programs) {
    const std::string text = "One.\n\n\xF0\x9F\x98\x80 the the\x1B end.\n";
    const Report report = check(text);
    EXPECT_EQ(drafting::lint::text_report(report, text, "a.md"),
              "a.md:3:3: warning: The word \"the\" is there twice. [duplicate-word]\n");
    const Places places(text);
    const drafting::lint::FileReport file{"a.md", &report, &places};
    const Json sarif = drafting::lint::sarif(std::span(&file, 1), rules);
    const Json result = sarif["runs"][0]["results"][0];
    EXPECT_EQ(result["ruleId"], "duplicate-word");
    EXPECT_EQ(result["locations"][0]["physicalLocation"]["region"],
              (Json{{"startLine", 3}, {"startColumn", 4}, {"endLine", 3}, {"endColumn", 11}}));
    EXPECT_EQ(
        result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "the");
}

TEST_F(LintTest, answers_clients_of_language_tool) {
    const Form form{{"language", "en-US"}, {"text", "He has a apple."}};
    const auto request = drafting::lint::read_request(form);
    ASSERT_TRUE(request);
    const Json answer =
        drafting::lint::check_answer(form, *request, check(request->text, request->format));
    ASSERT_EQ(answer["matches"].size(), 1U);
    const Json& match = answer["matches"][0];
    EXPECT_EQ(match["offset"], 7);
    EXPECT_EQ(match["length"], 1);
    EXPECT_EQ(match["replacements"][0]["value"], "an");
    EXPECT_EQ(match["rule"]["id"], "EN_A_VS_AN");
    EXPECT_EQ(match["context"]["text"], "He has a apple.");
    EXPECT_EQ(match["context"]["offset"], 7);
    EXPECT_EQ(match["sentence"], "He has a apple.");

    Form without = form;
    without["disabledRules"] = "X,EN_A_VS_AN";
    EXPECT_TRUE(
        drafting::lint::check_answer(without, *request, check(request->text))["matches"].empty());
    EXPECT_EQ(drafting::lint::languages_answer()[1]["longCode"], "en-US");
}

TEST_F(LintTest, tells_clients_places_of_their_own_text_with_markup) {
    const Form form{{"language", "auto"},
                    {"data", R"({"annotation": [{"text": "He has "}, {"markup": "<b>"},
                                 {"text": "a"}, {"markup": "</b>"}, {"text": " apple."},
                                 {"markup": "<p>", "interpretAs": "\n\n"}, {"text": "An pear."}]})"}};
    const auto request = drafting::lint::read_request(form);
    ASSERT_TRUE(request);
    EXPECT_EQ(request->text, "He has a apple.\n\nAn pear.");
    const Json answer =
        drafting::lint::check_answer(form, *request, check(request->text, Format::plain));
    ASSERT_EQ(answer["matches"].size(), 2U);
    EXPECT_EQ(answer["matches"][0]["offset"], 10);
    EXPECT_EQ(answer["matches"][0]["length"], 1);
    EXPECT_EQ(answer["matches"][1]["offset"], 25);
}

TEST_F(LintTest, refuses_what_is_no_request) {
    const auto error = [](const Form& form) {
        auto read = drafting::lint::read_request(form);
        return read ? std::string() : read.error().text;
    };
    EXPECT_THAT(error({{"text", "x"}}), HasSubstr("language"));
    EXPECT_THAT(error({{"text", "x"}, {"language", "de-DE"}}), HasSubstr("de-DE"));
    EXPECT_THAT(error({{"language", "en"}}), HasSubstr("text"));
    EXPECT_THAT(error({{"language", "en"}, {"text", "x"}, {"data", "{}"}}), HasSubstr("either"));
    EXPECT_THAT(error({{"language", "en"}, {"data", "[]"}}), HasSubstr("annotation"));
    EXPECT_THAT(
        error({{"language", "en"}, {"data", R"({"annotation": [{"text": "a", "markup": "b"}]})"}}),
        HasSubstr("either"));
    EXPECT_THAT(error({{"language", "en"}, {"text", "\xFF"}}), HasSubstr("UTF-8"));
}

TEST(lint_options, are_read_and_refused_with_words) {
    const auto read = [](std::vector<std::string> words) {
        std::vector<char*> pointers;
        pointers.reserve(words.size());
        for (auto& word : words) {
            pointers.push_back(word.data());
        }
        return drafting::lint::read_options(pointers);
    };
    const auto options = read({"a.md", "--format=sarif", "--fail-on", "never", "--rules", "r.toml",
                               "--no-plain-english", "-", "--", "--odd"});
    ASSERT_TRUE(options);
    EXPECT_THAT(options->files, ElementsAre("a.md", "-", "--odd"));
    EXPECT_EQ(options->output, "sarif");
    EXPECT_FALSE(options->fail_on.has_value());
    EXPECT_FALSE(options->plain_english);
    EXPECT_FALSE(read({}));
    EXPECT_FALSE(read({"--format", "xml", "a"}));
    EXPECT_FALSE(read({"--fail-on", "always", "a"}));
    EXPECT_FALSE(read({"a", "--odd", "x"}));
    EXPECT_FALSE(read({"a", "--format"}));
}

} // namespace
