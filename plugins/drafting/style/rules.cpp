#include "rules.hpp"

#include <algorithm>

#include <re2/re2.h>

#include "../analysis/breaks.hpp"
#include "../analysis/utf.hpp"
#include "rule_text.hpp"
#include "toml_text.hpp"

namespace drafting::style {

using noa::sdk::invalid;
using noa::sdk::Json;
using noa::sdk::Result;
using noa::sdk::Status;

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Rules::Rules() : nodes_(1) {}
Rules::~Rules() = default;
Rules::Rules(Rules&&) noexcept = default;
Rules& Rules::operator=(Rules&&) noexcept = default;

namespace {

constexpr std::size_t most_rules = 2'000;
constexpr std::size_t most_phrases = 20'000;
constexpr std::size_t most_patterns = 1'000;
constexpr std::size_t longest_pattern = 1'000;
constexpr std::size_t longest_text = 1'000;
constexpr std::size_t most_phrase_words = 12;
constexpr std::int64_t pattern_memory = 1 << 20;

constexpr std::pair<std::string_view, Kind> kinds[] = {
    {"existence", Kind::existence},   {"substitution", Kind::substitution},
    {"repetition", Kind::repetition}, {"capitalisation", Kind::capitalisation},
    {"limit", Kind::limit},           {"conditional", Kind::conditional}};
constexpr std::pair<std::string_view, Scope> scopes[] = {
    {"text", scope_all},  {"paragraph", scope_paragraph}, {"heading", scope_heading},
    {"list", scope_list}, {"table", scope_cell},          {"quote", scope_quote}};
constexpr std::string_view styles[] = {"sentence", "title", "upper", "lower"};
constexpr std::string_view counted[] = {"words", "characters", "sentences", "commas"};
constexpr std::string_view figures[] = {"flesch", "flesch_kincaid", "gunning_fog",
                                        "smog",   "coleman_liau",   "ari"};
constexpr std::string_view places[] = {"sentence", "paragraph", "heading", "text"};

template <std::size_t Size>
bool is_of(const std::string_view (&names)[Size], std::string_view name) {
    return std::ranges::find(names, name) != std::end(names);
}

template <class Value, std::size_t Size>
std::optional<Value> named(const std::pair<std::string_view, Value> (&names)[Size],
                           std::string_view name) {
    const auto* found = std::ranges::find(names, name, &std::pair<std::string_view, Value>::first);
    return found == std::end(names) ? std::nullopt : std::optional<Value>(found->second);
}

// "off": none.
Result<std::optional<Severity>> severity_named(std::string_view name) {
    for (const auto one : {Severity::suggestion, Severity::warning, Severity::error}) {
        if (prose::name_of(one) == name) {
            return std::optional<Severity>(one);
        }
    }
    if (name == "off") {
        return std::optional<Severity>();
    }
    return invalid("severity must be suggestion, warning, error or off");
}

// A text, or several.
Result<std::vector<std::string>> texts_in(const Json& json) {
    std::vector<std::string> texts;
    for (const Json& one : json.is_array() ? json : Json::array({json})) {
        if (!one.is_string() || one.get_ref<const std::string&>().size() > longest_text) {
            return invalid("must be a text of 1000 bytes at most, or several");
        }
        texts.push_back(one.get<std::string>());
    }
    return texts;
}

} // namespace

// Adds the rules of one file to what there is.
class Compiler {
public:
    explicit Compiler(Rules& into) : into_(into) {}

    Status add(const RuleFile& file) {
        if (file.checks) {
            if (Status set = add_checks(*file.checks); !set) {
                return set;
            }
        }
        for (std::size_t at = 0; at < file.rules.size(); ++at) {
            if (Status added = add_rule(file.rules[at]); !added) {
                added.error().text = "rule " + std::to_string(at + 1) + " (" +
                                     file.rules[at].id.substr(0, 64) + "): " + added.error().text;
                return added;
            }
        }
        return {};
    }

private:
    Status add_checks(const ChecksText& text) {
        if (text.sentence_words < 5 || text.sentence_words > 1000) {
            return invalid("checks.sentence_words must be 5 to 1000");
        }
        into_.checks_.sentence_words = static_cast<std::size_t>(text.sentence_words);
        for (const auto& [name, severity] : text.severities) {
            const auto* info = prose::find_check(name);
            auto wanted = severity_named(severity);
            if (info == nullptr || !wanted) {
                return invalid("checks.severities." + name + ": " +
                               (info == nullptr ? "there is no such check" : wanted.error().text));
            }
            into_.checks_.severities[static_cast<std::size_t>(info->check)] = *wanted;
        }
        return {};
    }

    Status add_rule(const RuleText& text) {
        Rule rule;
        if (Status read = read_common(text, rule); !read) {
            return read;
        }
        if (into_.rules_.size() >= most_rules) {
            return invalid("there are more than 2000 rules");
        }
        for (Rule& earlier : into_.rules_) {
            if (earlier.id == rule.id) {
                earlier.severity.reset();
            }
        }
        const std::size_t index = into_.rules_.size();
        if (Status read = read_kind(text, rule, index); !read) {
            return read;
        }
        into_.rules_.push_back(std::move(rule));
        return {};
    }

    static Status read_common(const RuleText& text, Rule& rule) {
        constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
        if (text.id.empty() || text.id.size() > 64 ||
            text.id.find_first_not_of(letters) != std::string::npos) {
            return invalid("id must be of a-z, 0-9, '.', '-' and '_', 64 at most");
        }
        if (prose::find_check(text.id) != nullptr) {
            return invalid("a check of this name is built in: see [checks.severities]");
        }
        const auto kind = named(kinds, text.kind);
        if (!kind) {
            return invalid("kind must be existence, substitution, repetition, capitalisation, "
                           "limit or conditional");
        }
        auto severity = severity_named(text.severity);
        if (!severity) {
            return severity.error();
        }
        if (text.message.size() > longest_text || text.category.size() > 64) {
            return invalid("message has 1000 bytes at most, category 64");
        }
        rule.id = text.id;
        rule.category = text.category;
        rule.message = text.message;
        rule.kind = *kind;
        rule.severity = *severity;
        rule.exceptions.insert(text.exceptions.begin(), text.exceptions.end());
        if (!text.scope.empty()) {
            rule.scope = 0;
        }
        for (const std::string& name : text.scope) {
            const auto scope = named(scopes, name);
            if (!scope) {
                return invalid("scope must be of text, paragraph, heading, list, table, quote");
            }
            rule.scope = static_cast<std::uint8_t>(rule.scope | *scope);
        }
        return {};
    }

    Status read_kind(const RuleText& text, Rule& rule, std::size_t index) {
        switch (rule.kind) {
        case Kind::existence: return read_existence(text, rule, index);
        case Kind::substitution: return read_substitution(text, rule, index);
        case Kind::repetition:
            if (text.within < 1 || text.within > 1000 || text.min_length > 100) {
                return invalid("within must be 1 to 1000, min_length 100 at most");
            }
            rule.within = static_cast<std::size_t>(text.within);
            rule.min_length = static_cast<std::size_t>(text.min_length);
            return {};
        case Kind::capitalisation:
            rule.style = text.style;
            return is_of(styles, text.style)
                       ? Status()
                       : invalid("style must be sentence, title, upper or lower");
        case Kind::limit: return read_limit(text, rule);
        default: return read_conditional(text, rule);
        }
    }

    Status read_existence(const RuleText& text, Rule& rule, std::size_t index) {
        auto words = texts_in(text.words);
        auto patterns = texts_in(text.patterns);
        if (!words || !patterns || (words->empty() && patterns->empty())) {
            return invalid("words and patterns are lists of texts, one of them with some");
        }
        for (const std::string& phrase : *words) {
            if (Status added = add_phrase({index, !text.ignore_case, phrase, {}}); !added) {
                return added;
            }
        }
        for (const std::string& pattern : *patterns) {
            if (Status added = add_pattern(rule, pattern, std::nullopt, text.ignore_case); !added) {
                return added;
            }
        }
        return {};
    }

    Status read_substitution(const RuleText& text, Rule& rule, std::size_t index) {
        const bool words = text.words.is_object();
        const bool patterns = text.patterns.is_object();
        if (!words && !patterns) {
            return invalid("words or patterns must be a table: what, and what instead");
        }
        static const Json none = Json::object();
        for (const auto& [phrase, instead] : (words ? text.words : none).items()) {
            auto replacements = texts_in(instead);
            if (!replacements) {
                return replacements.error();
            }
            if (Status added = add_phrase({index, !text.ignore_case, phrase, *replacements});
                !added) {
                return added;
            }
        }
        for (const auto& [pattern, instead] : (patterns ? text.patterns : none).items()) {
            if (!instead.is_string()) {
                return invalid("patterns." + pattern.substr(0, 64) + ": must be a text");
            }
            if (Status added =
                    add_pattern(rule, pattern, instead.get<std::string>(), text.ignore_case);
                !added) {
                return added;
            }
        }
        return {};
    }

    static Status read_limit(const RuleText& text, Rule& rule) {
        const bool figure = is_of(figures, text.of);
        if (!figure && !is_of(counted, text.of)) {
            return invalid("of must be words, characters, sentences, commas, flesch, "
                           "flesch_kincaid, gunning_fog, smog, coleman_liau or ari");
        }
        if (!is_of(places, text.per) || (figure && text.per != "text")) {
            return invalid("per must be sentence, paragraph, heading or text; text for figures");
        }
        if (!text.max && !text.min) {
            return invalid("a limit needs max or min");
        }
        rule.of = text.of;
        rule.per = text.per;
        rule.most = text.max.value_or(rule.most);
        rule.least = text.min.value_or(rule.least);
        rule.min_words = text.min_words;
        return {};
    }

    Status read_conditional(const RuleText& text, Rule& rule) {
        if (Status added = add_pattern(rule, text.first, std::nullopt, text.ignore_case); !added) {
            return added;
        }
        if (Status added = add_pattern(rule, text.second, std::nullopt, text.ignore_case); !added) {
            return added;
        }
        for (const Pattern& pattern : rule.patterns) {
            if (pattern.expression->NumberOfCapturingGroups() != 1) {
                return invalid("first and second need one group each, that is compared");
            }
        }
        return {};
    }

    Status add_pattern(Rule& rule, const std::string& expression,
                       std::optional<std::string> replacement, bool ignore_case) {
        if (expression.empty() || expression.size() > longest_pattern) {
            return invalid("a pattern has 1 to 1000 bytes");
        }
        if (++into_.pattern_count_ > most_patterns) {
            return invalid("there are more than 1000 patterns");
        }
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_case_sensitive(!ignore_case);
        options.set_max_mem(pattern_memory);
        Pattern pattern;
        pattern.expression = std::make_unique<re2::RE2>(expression, options);
        if (!pattern.expression->ok()) {
            return invalid("pattern " + expression.substr(0, 64) + ": " +
                           pattern.expression->error());
        }
        std::string error;
        if (replacement && !pattern.expression->CheckRewriteString(*replacement, &error)) {
            return invalid("pattern " + expression.substr(0, 64) + ": " + error);
        }
        pattern.replacement = std::move(replacement);
        rule.patterns.push_back(std::move(pattern));
        return {};
    }

    Status add_phrase(Phrase phrase) {
        const auto boundaries = breaker_.breaks(phrase.text);
        if (boundaries.words.empty() || boundaries.words.size() > most_phrase_words) {
            return invalid("\"" + phrase.text.substr(0, 64) + "\": a phrase has 1 to 12 words");
        }
        if (++into_.phrase_count_ > most_phrases) {
            return invalid("there are more than 20000 phrases");
        }
        std::uint32_t node = 0;
        for (const auto& token : boundaries.words) {
            const std::string word = prose::lower(
                std::string_view(phrase.text).substr(token.begin, token.end - token.begin));
            const auto next = static_cast<std::uint32_t>(into_.nodes_.size());
            const auto [found, added] = into_.nodes_[node].next.emplace(word, next);
            node = found->second;
            if (added) {
                into_.nodes_.emplace_back();
            }
        }
        into_.nodes_[node].ends.push_back(std::move(phrase));
        return {};
    }

    Rules& into_;
    prose::WordLists lists_;
    prose::Breaker breaker_{lists_};
};

Status Rules::add(std::string_view toml, const std::string& name) {
    const auto said = [&name](const std::string& text) { return invalid(name + ": " + text); };
    const auto json = parse_toml(toml);
    if (!json) {
        return said(json.error().text);
    }
    RuleFile file;
    if (Status read = noa::sdk::read_json(*json, file, noa::sdk::Extra::refused); !read) {
        return said(read.error().text);
    }
    const std::size_t before = rules_.size();
    std::vector<std::optional<Severity>> severities;
    for (const Rule& rule : rules_) {
        severities.push_back(rule.severity);
    }
    const prose::CheckSettings checks = checks_;
    if (Status added = Compiler(*this).add(file); !added) {
        rules_.erase(rules_.begin() + static_cast<std::ptrdiff_t>(before), rules_.end());
        for (std::size_t at = 0; at < before; ++at) {
            rules_[at].severity = severities[at];
        }
        for (PhraseNode& node : nodes_) {
            std::erase_if(node.ends, [&](const Phrase& end) { return end.rule >= before; });
        }
        checks_ = checks;
        return said(added.error().text);
    }
    return {};
}

} // namespace drafting::style
