#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "content/normal_form.hpp"
#include "content/rules.hpp"
#include "content_texts.hpp"

namespace communication {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Rules made(const RuleTerms& terms = {}) {
    auto rules = Rules::make(terms);
    EXPECT_TRUE(rules) << rules.error().text;
    return *std::move(rules);
}

Findings of_text(const Rules& rules, std::string_view text) {
    return rules.examine(text, "text/plain");
}

TEST(NormalFormTest, UndoesWhatIsEncodedMoreThanOnce) {
    EXPECT_EQ(normal_form("%2541%u0042&#67;&#x44;\\x45\\u{46}"), "abcdef");
    EXPECT_EQ(normal_form("a \t\n b\xC2\xAD\xE2\x80\x8B\x01"
                          "c"),
              "a bc");
    EXPECT_EQ(normal_form("100% &unknown; \\q %zz %"), "100% &unknown; \\q %zz %");
    EXPECT_EQ(normal_form("&#99999999999; &#; &#x; %u12 \\x1"),
              "&#99999999999; &#; &#x; %u12 \\x1");
    EXPECT_EQ(normal_form("\xC3\x89\xFF\xE2\x82"), "\xC3\x89\xFF\xE2\x82") << "not UTF-8, and kept";
    EXPECT_EQ(without_comments("a/*b*/c /*!50000d*/ e/*"), "a c d e ");
}

TEST(RulesTest, LeaveOrdinaryTextsAlone) {
    const Rules rules = made();
    std::size_t wrong = 0;
    for (const std::string_view text : ordinary_texts) {
        const Findings findings = of_text(rules, text);
        wrong += findings.flags.empty() ? 0 : 1;
        EXPECT_THAT(findings.flags, IsEmpty()) << text;
    }
    RecordProperty("false_positives", static_cast<int>(wrong));
    RecordProperty("ordinary_texts", static_cast<int>(std::size(ordinary_texts)));
}

TEST(RulesTest, FindAttacksByName) {
    const Rules rules = made();
    std::vector<std::string> found;
    for (const auto& [text, rule] : attacks) {
        const Findings findings = of_text(rules, text);
        EXPECT_THAT(findings.flags, Contains(std::string(rule))) << text;
        found.insert(found.end(), findings.flags.begin(), findings.flags.end());
        const std::string body = nlohmann::json{{"deep", {{"k", std::string(text)}}}}.dump();
        EXPECT_THAT(rules.examine(body, "application/json").flags, Contains(std::string(rule)))
            << body;
    }
    for (const std::string& name : Rules::names()) {
        EXPECT_THAT(found, Contains(name)) << "no attack shows it";
    }
}

TEST(RulesTest, KeysAreTextsAndBytesAreNot) {
    const Rules rules = made();
    EXPECT_THAT(rules.examine(R"({"<script>":1})", "application/json").flags,
                ElementsAre("script.tag"));
    EXPECT_THAT(rules.examine("<script>", "application/octet-stream").flags, IsEmpty());
}

TEST(RulesTest, HaveAModeEach) {
    const Rules rules = made({.script = RuleMode::reject, .sql = RuleMode::off});
    EXPECT_EQ(of_text(rules, "<script>").rejected, "script.tag");
    EXPECT_THAT(of_text(rules, "' or 1=1").flags, IsEmpty());
    EXPECT_FALSE(rule_mode("maybe"));
}

TEST(RulesTest, AreAddedToByAnOperator) {
    const Rules rules =
        made({.custom = {{"no-keys", "begin [a-z ]{0,20}private key", RuleMode::reject},
                         {"digits", "^[0-9]{16}$", RuleMode::flag},
                         {"never", "x", RuleMode::off}}});
    EXPECT_EQ(of_text(rules, "-----BEGIN RSA PRIVATE KEY-----").rejected, "no-keys");
    EXPECT_THAT(of_text(rules, "4111111111111111").flags, ElementsAre("digits"));
    EXPECT_THAT(of_text(rules, "x").flags, IsEmpty());
    const auto wrong = Rules::make({.custom = {{"open", "(", RuleMode::flag}}});
    ASSERT_FALSE(wrong);
    EXPECT_THAT(wrong.error().text, HasSubstr("/content/rules/0/pattern"));
}

TEST(RulesTest, AreFoundAcrossPiecesAndNoFurtherThanIsExamined) {
    const Rules rules = made({.examined = 40'000});
    for (const std::size_t before : {16'380U, 16'384U, 32'760U}) {
        EXPECT_THAT(of_text(rules, std::string(before, 'a') + "<script>").flags,
                    Contains("script.tag"))
            << before;
    }
    EXPECT_THAT(of_text(rules, std::string(50'000, 'a') + "<script>").flags,
                ElementsAre(not_examined));
    const Rules strict = made({.sql = RuleMode::reject, .examined = 100});
    EXPECT_EQ(of_text(strict, std::string(101, 'a')).rejected, not_examined);
}

TEST(RulesTest, WhatIsHostileToThemTakesNoTime) {
    const Rules rules =
        made({.custom = {{"slow", "(?:a+)+$", RuleMode::flag}}, .examined = 64U << 10U});
    EXPECT_THAT(of_text(rules, std::string(16'000, 'a') + "!").flags, ElementsAre("slow"))
        << "what takes too long is taken for a match";
    std::string opened;
    while (opened.size() < 64'000) {
        opened += "<a onx'or(";
    }
    EXPECT_THAT(of_text(rules, opened).rejected, IsEmpty());
}

} // namespace
} // namespace communication
