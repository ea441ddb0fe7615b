// A rule as it is written.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "noa/sdk/json_value.hpp"

namespace drafting::style {

struct RuleText {
    std::string id;
    std::string kind;
    std::string severity = "suggestion";
    std::string category = "style";
    std::string message;
    std::vector<std::string> scope;
    noa::sdk::Json words = noa::sdk::Json::array();
    noa::sdk::Json patterns = noa::sdk::Json::array();
    bool ignore_case = true;
    std::vector<std::string> exceptions;
    std::string style = "sentence";
    std::string of = "words";
    std::string per = "sentence";
    std::optional<double> max;
    std::optional<double> min;
    std::uint64_t min_words = 0;
    std::uint64_t within = 1;
    std::uint64_t min_length = 1;
    std::string first;
    std::string second;

    static constexpr auto fields() {
        using noa::sdk::field;
        using noa::sdk::optional_field;
        return noa::sdk::fields(
            field("id", &RuleText::id), field("kind", &RuleText::kind),
            optional_field("severity", &RuleText::severity),
            optional_field("category", &RuleText::category),
            optional_field("message", &RuleText::message),
            optional_field("scope", &RuleText::scope), optional_field("words", &RuleText::words),
            optional_field("patterns", &RuleText::patterns),
            optional_field("ignore_case", &RuleText::ignore_case),
            optional_field("exceptions", &RuleText::exceptions),
            optional_field("style", &RuleText::style), optional_field("of", &RuleText::of),
            optional_field("per", &RuleText::per), optional_field("max", &RuleText::max),
            optional_field("min", &RuleText::min),
            optional_field("min_words", &RuleText::min_words),
            optional_field("within", &RuleText::within),
            optional_field("min_length", &RuleText::min_length),
            optional_field("first", &RuleText::first), optional_field("second", &RuleText::second));
    }
};

struct ChecksText {
    std::uint64_t sentence_words = 30;
    std::map<std::string, std::string> severities;
    static constexpr auto fields() {
        return noa::sdk::fields(
            noa::sdk::optional_field("sentence_words", &ChecksText::sentence_words),
            noa::sdk::optional_field("severities", &ChecksText::severities));
    }
};

struct RuleFile {
    std::string name;
    std::string about;
    std::optional<ChecksText> checks;
    std::vector<RuleText> rules;
    static constexpr auto fields() {
        return noa::sdk::fields(noa::sdk::optional_field("name", &RuleFile::name),
                                noa::sdk::optional_field("about", &RuleFile::about),
                                noa::sdk::optional_field("checks", &RuleFile::checks),
                                noa::sdk::optional_field("rules", &RuleFile::rules));
    }
};

} // namespace drafting::style
