#include <algorithm>

#include "checks.hpp"
#include "utf.hpp"

namespace drafting::prose {

namespace {

constexpr std::array<CheckInfo, check_count> infos{{
    {Check::spelling, "spelling", "spelling", Severity::warning, "a word in no dictionary"},
    {Check::duplicate_word, "duplicate-word", "grammar", Severity::warning,
     "a word twice in a row"},
    {Check::article, "article", "grammar", Severity::warning, "\"a\" before a vowel, or \"an\""},
    {Check::sentence_case, "sentence-case", "grammar", Severity::suggestion,
     "a sentence begins in lower case"},
    {Check::long_sentence, "long-sentence", "structure", Severity::suggestion,
     "more words than sentence_words"},
    {Check::passive, "passive", "style", Severity::suggestion, "passive voice"},
    {Check::adverb, "adverb", "style", Severity::suggestion, "an adverb in -ly"},
    {Check::weak_word, "weak-word", "style", Severity::suggestion, "a word that says little"},
    {Check::repeated_start, "repeated-start", "repetition", Severity::suggestion,
     "three sentences in a row begin alike"},
    {Check::repeated_word, "repeated-word", "repetition", Severity::suggestion,
     "a word three times in one sentence"},
    {Check::heading_skip, "heading-skip", "structure", Severity::warning,
     "a heading's level leaves one out"},
    {Check::heading_end, "heading-end", "structure", Severity::suggestion,
     "a heading ends with a full stop"},
    {Check::heading_twin, "heading-twin", "structure", Severity::suggestion,
     "two headings of one text are alike"},
}};

void skipped(const Heading& heading, unsigned before, Severity severity,
             std::vector<Finding>& findings) {
    const auto& info = info_of(Check::heading_skip);
    findings.push_back({info.name,
                        info.category,
                        severity,
                        heading.begin,
                        heading.end,
                        "A heading of level " + std::to_string(heading.level) +
                            " follows one of level " + std::to_string(before) + ".",
                        {}});
}

} // namespace

std::span<const CheckInfo, check_count> all_checks() noexcept {
    return infos;
}

const CheckInfo& info_of(Check check) noexcept {
    return infos[static_cast<std::size_t>(check)];
}

const CheckInfo* find_check(std::string_view name) noexcept {
    const auto found = std::ranges::find(infos, name, &CheckInfo::name);
    return found == infos.end() ? nullptr : &*found;
}

CheckSettings::CheckSettings() {
    for (const CheckInfo& info : infos) {
        severities[static_cast<std::size_t>(info.check)] = info.severity;
    }
}

void check_headings(std::span<const Heading> headings, const CheckSettings& settings,
                    std::vector<Finding>& findings) {
    const auto skip = settings.severity(Check::heading_skip);
    const auto end = settings.severity(Check::heading_end);
    const auto twin = settings.severity(Check::heading_twin);
    std::unordered_map<std::string, unsigned> seen;
    unsigned before = 0;
    for (const Heading& heading : headings) {
        if (skip && before > 0 && heading.level > before + 1) {
            skipped(heading, before, *skip, findings);
        }
        before = heading.level;
        if (end && (heading.text.ends_with('.') || heading.text.ends_with(':')) &&
            !heading.text.ends_with("..")) {
            const auto& info = info_of(Check::heading_end);
            findings.push_back({info.name,
                                info.category,
                                *end,
                                heading.end - 1,
                                heading.end,
                                "A heading needs no full stop.",
                                {std::string()}});
        }
        if (twin && !heading.text.empty() &&
            ++seen[std::to_string(heading.level) + lower(heading.text)] == 2) {
            const auto& info = info_of(Check::heading_twin);
            findings.push_back({info.name,
                                info.category,
                                *twin,
                                heading.begin,
                                heading.end,
                                "There is such a heading already: links to it lead to the first.",
                                {}});
        }
    }
}

} // namespace drafting::prose
