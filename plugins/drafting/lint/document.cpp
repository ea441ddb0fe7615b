#include "document.hpp"

#include <algorithm>

#include "../analysis/utf.hpp"

namespace drafting::lint {

using prose::Span;

namespace {

// From places of the block's prose to those of its leaf.
template <class Placed>
void place(Placed& placed, const prose::Block& block) {
    const Span span = block.source(
        {static_cast<std::uint32_t>(placed.begin), static_cast<std::uint32_t>(placed.end)});
    placed.begin = span.begin;
    placed.end = span.end;
}

} // namespace

Document::Document(const style::Rules& rules, prose::Language& language, Format format, Keep keep)
    : rules_(rules), language_(language), format_(format), keep_(keep) {}

Report Document::check(std::string_view text) {
    Report report;
    Whole whole;
    ++round_;
    const prose::Source source(text, format_);
    report.leaves = source.leaves().size();
    for (std::size_t at = 0; at < report.leaves; ++at) {
        const prose::Leaf& leaf = source.leaves()[at];
        const auto slice = text.substr(leaf.begin, leaf.end - leaf.begin);
        if (keep_ == Keep::no) {
            Known once;
            ++report.checked;
            look(source, at, slice, once);
            collect(once, leaf.begin, text, report, whole);
            continue;
        }
        const Key key{XXH3_128bits_withSeed(slice.data(), slice.size(), leaf.kind)};
        const auto [found, added] = known_.try_emplace(key);
        if (added) {
            ++report.checked;
            look(source, at, slice, found->second);
        }
        found->second.round = round_;
        collect(found->second, leaf.begin, text, report, whole);
    }
    std::erase_if(known_, [this](const auto& entry) { return entry.second.round != round_; });
    prose::check_headings(whole.headings, rules_.checks(), report.findings);
    style::check_text(rules_, report.counts, whole.captures, report.findings);
    std::ranges::stable_sort(report.findings, {}, &Finding::begin);
    if (report.findings.size() > most_findings) {
        report.cut += report.findings.size() - most_findings;
        report.findings.resize(most_findings);
    }
    return report;
}

void Document::look(const prose::Source& source, std::size_t leaf, std::string_view text,
                    Known& into) {
    for (const prose::Block& block : source.blocks(leaf)) {
        if (!block.prose.empty()) {
            look_at_block(block, text, into);
        }
    }
}

void Document::look_at_block(const prose::Block& block, std::string_view leaf_text, Known& into) {
    language_.trim();
    const prose::View view = prose::view_of(block, language_);
    prose::Counts counts = prose::count(view);
    std::vector<Finding> findings;
    std::vector<style::Capture> captures;
    prose::check_block(view, rules_.checks(), counts, findings);
    style::check_rules(view, rules_, language_, findings, captures);
    into.counts += counts;
    for (Finding& finding : findings) {
        const auto said =
            std::string_view(block.prose).substr(finding.begin, finding.end - finding.begin);
        const std::string copy(said);
        place(finding, block);
        // Marks within would be lost by a replacement.
        if (leaf_text.substr(finding.begin, finding.end - finding.begin) != copy) {
            finding.replacements.clear();
        }
        into.findings.push_back(std::move(finding));
    }
    for (style::Capture& capture : captures) {
        place(capture, block);
        into.captures.push_back(std::move(capture));
    }
    if (block.kind == prose::BlockKind::heading) {
        const Span span = block.source({0, static_cast<std::uint32_t>(block.prose.size())});
        into.headings.push_back({block.level, block.prose, span.begin, span.end});
    }
}

void Document::collect(const Known& known, std::size_t begin, std::string_view text, Report& report,
                       Whole& whole) const {
    report.counts += known.counts;
    const auto moved = [begin](auto placed) {
        placed.begin += begin;
        placed.end += begin;
        return placed;
    };
    const std::string_view spelling = prose::info_of(prose::Check::spelling).name;
    for (const Finding& finding : known.findings) {
        if (finding.rule == spelling && !allowed_.empty()) {
            const auto word = text.substr(begin + finding.begin, finding.end - finding.begin);
            if (allowed_.contains(word) || allowed_.contains(prose::lower(word))) {
                continue;
            }
        }
        if (report.findings.size() < most_findings) {
            report.findings.push_back(moved(finding));
        } else {
            ++report.cut;
        }
    }
    std::ranges::transform(known.captures, std::back_inserter(whole.captures), moved);
    std::ranges::transform(known.headings, std::back_inserter(whole.headings), moved);
}

void suggest_spellings(Report& report, std::string_view text, prose::Language& language,
                       std::size_t most, const std::function<bool()>& go_on) {
    constexpr std::size_t each = 5;
    const std::string_view spelling = prose::info_of(prose::Check::spelling).name;
    std::unordered_map<std::string, std::vector<std::string>> near;
    for (Finding& finding : report.findings) {
        if (finding.rule != spelling || !finding.replacements.empty()) {
            continue;
        }
        const std::string word(text.substr(finding.begin, finding.end - finding.begin));
        auto found = near.find(word);
        if (found == near.end()) {
            if (near.size() >= most || !go_on()) {
                continue;
            }
            found = near.emplace(word, language.spelling().near(word, each)).first;
        }
        finding.replacements = found->second;
    }
}

} // namespace drafting::lint
