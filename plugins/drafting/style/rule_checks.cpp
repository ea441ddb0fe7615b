#include "rule_checks.hpp"

#include <algorithm>
#include <array>

#include <re2/re2.h>

#include "../analysis/utf.hpp"

namespace drafting::style {

using prose::Finding;
using prose::View;

namespace {

constexpr std::size_t most_matches = 1'000;

std::uint8_t scope_of(const prose::Block& block) {
    if (block.kind == prose::BlockKind::heading) {
        return scope_heading;
    }
    if (block.kind == prose::BlockKind::cell) {
        return scope_cell;
    }
    return block.in_quote ? scope_quote : block.in_list ? scope_list : scope_paragraph;
}

void replace_all(std::string& in, std::string_view name, std::string_view by) {
    for (std::size_t at = in.find(name); at != std::string::npos; at = in.find(name, at)) {
        in.replace(at, name.size(), by);
        at += by.size();
    }
}

std::string message_of(const Rule& rule, std::string_view match,
                       const std::vector<std::string>& replacements) {
    std::string message = rule.message;
    if (message.empty()) {
        message = replacements.empty() ? "\"{match}\" is to be avoided."
                                       : "\"{replacement}\" is better than \"{match}\".";
    }
    replace_all(message, "{replacement}", replacements.empty() ? "" : replacements.front());
    replace_all(message, "{match}", match.substr(0, 100));
    return message;
}

struct Found {
    std::size_t begin = 0;
    std::size_t end = 0;
};

class BlockRules {
public:
    BlockRules(const View& view, const Rules& rules, prose::Language& language,
               std::vector<Finding>& findings, std::vector<Capture>& captures)
        : view_(view), rules_(rules), language_(language), findings_(findings), captures_(captures),
          prose_(view.block.prose), scope_(scope_of(view.block)) {}

    void run() {
        for (std::size_t at = 0; at < view_.words.size(); ++at) {
            match_phrases(at);
        }
        for (std::size_t at = 0; at < rules_.all().size(); ++at) {
            const Rule& rule = rules_.all()[at];
            if (applies(rule)) {
                run_rule(rule, at);
            }
        }
    }

private:
    [[nodiscard]] bool applies(const Rule& rule) const {
        return rule.severity && (rule.scope & scope_) != 0;
    }

    void run_rule(const Rule& rule, std::size_t index) {
        switch (rule.kind) {
        case Kind::existence:
        case Kind::substitution: match_patterns(rule); break;
        case Kind::repetition: check_repetition(rule); break;
        case Kind::capitalisation: check_capitals(rule); break;
        case Kind::limit: check_limit(rule); break;
        default: capture(rule, index);
        }
    }

    void add(const Rule& rule, Found found, std::vector<std::string> replacements = {}) {
        const auto match = prose_.substr(found.begin, found.end - found.begin);
        if (rule.exceptions.contains(match)) {
            return;
        }
        std::string message = message_of(rule, match, replacements);
        findings_.push_back({rule.id, rule.category, *rule.severity, found.begin, found.end,
                             std::move(message), std::move(replacements)});
    }

    // Whether a phrase goes on from this word to the next.
    [[nodiscard]] bool joins(std::size_t word) const {
        const auto between =
            prose_.substr(view_.breaks.words[word].end,
                          view_.breaks.words[word + 1].begin - view_.breaks.words[word].end);
        return between == " " || between == "-" || view_.adjoin(word);
    }

    void match_phrases(std::size_t first) {
        const auto& nodes = rules_.phrases();
        std::uint32_t node = 0;
        for (std::size_t at = first; at < view_.words.size(); ++at) {
            const auto next = nodes[node].next.find(view_.words[at]->lower);
            if (next == nodes[node].next.end()) {
                return;
            }
            node = next->second;
            for (const Phrase& phrase : nodes[node].ends) {
                take_phrase(phrase, {view_.breaks.words[first].begin, view_.breaks.words[at].end});
            }
            if (at + 1 < view_.words.size() && !joins(at)) {
                return;
            }
        }
    }

    void take_phrase(const Phrase& phrase, Found found) {
        const Rule& rule = rules_.all()[phrase.rule];
        const auto match = prose_.substr(found.begin, found.end - found.begin);
        if (!applies(rule) || (phrase.exact && match != phrase.text)) {
            return;
        }
        std::vector<std::string> replacements = phrase.replacements;
        if (!phrase.exact && !match.empty() && match[0] >= 'A' && match[0] <= 'Z' &&
            phrase.text[0] >= 'a' && phrase.text[0] <= 'z') {
            for (std::string& one : replacements) {
                one = prose::capitalised(one);
            }
        }
        add(rule, found, std::move(replacements));
    }

    // Calls `each(groups)` for every match; groups are 0 to 9.
    template <class Each>
    void each_match(const re2::RE2& expression, Each each) {
        std::array<re2::StringPiece, 10> groups;
        const int count = std::min(expression.NumberOfCapturingGroups() + 1, 10);
        std::size_t at = 0;
        const re2::StringPiece text(prose_.data(), prose_.size());
        for (std::size_t found = 0; found < most_matches && at <= prose_.size(); ++found) {
            if (!expression.Match(text, at, prose_.size(), re2::RE2::UNANCHORED, groups.data(),
                                  count)) {
                return;
            }
            const auto begin = static_cast<std::size_t>(groups[0].data() - prose_.data());
            if (!groups[0].empty()) {
                each(groups, Found{begin, begin + groups[0].size()});
            }
            at = begin + std::max<std::size_t>(groups[0].size(), 1);
            while (at < prose_.size() &&
                   (static_cast<unsigned char>(prose_[at]) & 0xC0U) == 0x80U) {
                ++at;
            }
        }
    }

    void match_patterns(const Rule& rule) {
        for (const Pattern& pattern : rule.patterns) {
            each_match(*pattern.expression, [&](const auto& groups, Found found) {
                std::vector<std::string> replacements;
                if (pattern.replacement) {
                    std::string text;
                    if (pattern.expression->Rewrite(
                            &text, *pattern.replacement, groups.data(),
                            std::min(pattern.expression->NumberOfCapturingGroups() + 1, 10))) {
                        replacements.push_back(std::move(text));
                    }
                }
                add(rule, found, std::move(replacements));
            });
        }
    }

    void capture(const Rule& rule, std::size_t index) {
        for (const bool second : {false, true}) {
            each_match(*rule.patterns[second ? 1 : 0].expression,
                       [&](const auto& groups, Found found) {
                           const std::string text(groups[1].data(), groups[1].size());
                           if (!rule.exceptions.contains(text)) {
                               captures_.push_back({index, second, text, found.begin, found.end});
                           }
                       });
        }
    }

    void check_repetition(const Rule& rule) {
        for (std::size_t at = 1; at < view_.words.size(); ++at) {
            const auto& word = view_.words[at]->lower;
            if (word.size() < rule.min_length || rule.exceptions.contains(word) ||
                (rule.within > 1 && (view_.words[at]->traits & prose::trait_stop) != 0)) {
                continue;
            }
            for (std::size_t back = 1; back <= std::min(rule.within, at); ++back) {
                if (view_.words[at - back]->lower == word) {
                    add(rule, {view_.breaks.words[at].begin, view_.breaks.words[at].end});
                    break;
                }
            }
        }
    }

    // Whether a word that begins so stands where a new sentence or part of a title does.
    [[nodiscard]] bool opens(std::size_t word) const {
        if (word == 0) {
            return true;
        }
        const auto between =
            prose_.substr(view_.breaks.words[word - 1].end,
                          view_.breaks.words[word].begin - view_.breaks.words[word - 1].end);
        return between.find_first_of(".:!?\n") != std::string_view::npos;
    }

    void check_capitals(const Rule& rule) {
        for (std::size_t at = 0; at < view_.words.size(); ++at) {
            const std::string_view written = view_.written(at);
            const std::string wanted = wanted_form(rule, at);
            if (wanted != written && !rule.exceptions.contains(written)) {
                add(rule, {view_.breaks.words[at].begin, view_.breaks.words[at].end}, {wanted});
            }
        }
    }

    [[nodiscard]] std::string wanted_form(const Rule& rule, std::size_t at) {
        const std::string_view written = view_.written(at);
        const prose::Word& word = *view_.words[at];
        const bool first = opens(at);
        if (rule.style == "lower") {
            return word.lower;
        }
        if (rule.style == "upper") {
            std::string all(written);
            std::ranges::transform(all, all.begin(), [](char letter) {
                return static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
            });
            return all;
        }
        const bool mixed = std::ranges::any_of(
            written.substr(1), [](char letter) { return letter >= 'A' && letter <= 'Z'; });
        if (mixed || written.size() == 1) {
            return std::string(first ? prose::capitalised(written) : std::string(written));
        }
        const bool little = (word.traits & prose::trait_stop) != 0 && written.size() < 5;
        if (rule.style == "title") {
            return first || !little ? prose::capitalised(written) : word.lower;
        }
        // A word that a dictionary has in lower case is no name.
        return first                              ? prose::capitalised(written)
               : language_.word(word.lower).known ? word.lower
                                                  : std::string(written);
    }

    void check_limit(const Rule& rule) {
        const bool heading = scope_ == scope_heading;
        if (rule.per == "sentence") {
            for (const prose::Span& sentence : view_.breaks.sentences) {
                check_amount(rule, {sentence.begin, sentence.end});
            }
        } else if ((rule.per == "heading" && heading) || (rule.per == "paragraph" && !heading)) {
            check_amount(rule, {0, prose_.size()});
        }
    }

    void check_amount(const Rule& rule, Found in) {
        const auto within = [&in](const auto& span) {
            return span.begin >= in.begin && span.end <= in.end;
        };
        const auto text = prose_.substr(in.begin, in.end - in.begin);
        std::size_t amount = 0;
        if (rule.of == "words") {
            amount = static_cast<std::size_t>(std::ranges::count_if(view_.breaks.words, within));
        } else if (rule.of == "sentences") {
            amount =
                static_cast<std::size_t>(std::ranges::count_if(view_.breaks.sentences, within));
        } else if (rule.of == "commas") {
            amount = static_cast<std::size_t>(std::ranges::count(text, ','));
        } else {
            amount = static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) {
                return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
            }));
        }
        if (static_cast<double>(amount) > rule.most || static_cast<double>(amount) < rule.least) {
            std::string message = rule.message;
            if (message.empty()) {
                message = std::to_string(amount) + " " + rule.of + " in one " + rule.per + ".";
            }
            findings_.push_back(
                {rule.id, rule.category, *rule.severity, in.begin, in.end, std::move(message), {}});
        }
    }

    const View& view_;
    const Rules& rules_;
    prose::Language& language_;
    std::vector<Finding>& findings_;
    std::vector<Capture>& captures_;
    std::string_view prose_;
    std::uint8_t scope_;
};

double figure_of(const Rule& rule, const prose::Counts& counts) {
    const prose::Readability figures = prose::readability(counts);
    return rule.of == "flesch"           ? figures.flesch
           : rule.of == "flesch_kincaid" ? figures.flesch_kincaid
           : rule.of == "gunning_fog"    ? figures.gunning_fog
           : rule.of == "smog"           ? figures.smog
           : rule.of == "coleman_liau"   ? figures.coleman_liau
           : rule.of == "ari"            ? figures.ari
           : rule.of == "sentences"      ? static_cast<double>(counts.sentences)
           : rule.of == "characters"     ? static_cast<double>(counts.characters)
                                         : static_cast<double>(counts.words);
}

std::string one_decimal(double value) {
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.1f", value);
    return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

} // namespace

void check_rules(const View& view, const Rules& rules, prose::Language& language,
                 std::vector<Finding>& findings, std::vector<Capture>& captures) {
    BlockRules(view, rules, language, findings, captures).run();
}

void check_text(const Rules& rules, const prose::Counts& counts, std::span<const Capture> captures,
                std::vector<Finding>& findings) {
    for (const Rule& rule : rules.all()) {
        if (!rule.severity || rule.kind != Kind::limit || rule.per != "text" ||
            counts.words < rule.min_words) {
            continue;
        }
        const double figure = figure_of(rule, counts);
        if (figure > rule.most || figure < rule.least) {
            findings.push_back({rule.id,
                                rule.category,
                                *rule.severity,
                                0,
                                0,
                                rule.message.empty()
                                    ? rule.of + " of the text is " + one_decimal(figure) + "."
                                    : rule.message,
                                {}});
        }
    }
    std::set<std::pair<std::size_t, std::string>> settled;
    for (const Capture& capture : captures) {
        if (capture.second) {
            settled.emplace(capture.rule, capture.text);
        }
    }
    for (const Capture& capture : captures) {
        const Rule& rule = rules.all()[capture.rule];
        if (!capture.second && settled.emplace(capture.rule, capture.text).second) {
            findings.push_back({rule.id,
                                rule.category,
                                *rule.severity,
                                capture.begin,
                                capture.end,
                                message_of(rule, capture.text, {}),
                                {}});
        }
    }
}

} // namespace drafting::style
