#include "report.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace drafting::lint {

using prose::Severity;

namespace {

// What fits on a line, and does no more in a terminal than be read.
std::string plain(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](unsigned char byte) { return byte < 0x20U || byte == 0x7FU; }, ' ');
    return out;
}

double rounded(double value) {
    return std::round(value * 100) / 100;
}

std::string_view level_of(Severity severity) noexcept {
    return severity == Severity::error     ? "error"
           : severity == Severity::warning ? "warning"
                                           : "note";
}

Json sarif_rules(const style::Rules& rules) {
    Json list = Json::array();
    for (const prose::CheckInfo& info : prose::all_checks()) {
        list.push_back({{"id", info.name}, {"shortDescription", {{"text", info.about}}}});
    }
    std::set<std::string_view> seen;
    for (const style::Rule& rule : rules.all()) {
        if (rule.severity && seen.insert(rule.id).second) {
            list.push_back(
                {{"id", rule.id},
                 {"shortDescription", {{"text", rule.message.empty() ? rule.id : rule.message}}}});
        }
    }
    return list;
}

Json sarif_result(const FileReport& file, const Finding& finding) {
    const auto begin = file.places->position(finding.begin);
    const auto end = file.places->position(finding.end);
    const auto column = [&](std::size_t byte, std::size_t line_column) {
        // Characters of the line, and one more for each that takes two units.
        return line_column + file.places->wide_before(byte);
    };
    const Json region{{"startLine", begin.line},
                      {"startColumn", column(finding.begin, begin.column)},
                      {"endLine", end.line},
                      {"endColumn", column(finding.end, end.column)}};
    Json result{
        {"ruleId", finding.rule},
        {"level", level_of(finding.severity)},
        {"message", {{"text", finding.message}}},
        {"locations",
         Json::array({{{"physicalLocation",
                        {{"artifactLocation", {{"uri", file.file}}}, {"region", region}}}}})}};
    if (!finding.replacements.empty()) {
        const Json change{
            {"artifactLocation", {{"uri", file.file}}},
            {"replacements",
             Json::array({{{"deletedRegion", region},
                           {"insertedContent", {{"text", finding.replacements.front()}}}}})}};
        result["fixes"] = Json::array({{{"artifactChanges", Json::array({change})}}});
    }
    return result;
}

int rank_of(const Finding& finding) {
    const int severity = static_cast<int>(finding.severity) * 100;
    const int category = finding.category == "spelling"     ? 40
                         : finding.category == "grammar"    ? 30
                         : finding.category == "repetition" ? 15
                         : finding.category == "style"      ? 10
                                                            : 5;
    return severity + category + (finding.replacements.empty() ? 0 : 20);
}

} // namespace

std::string text_report(const Report& report, std::string_view text, const std::string& file) {
    const prose::Places places(text);
    std::string out;
    for (const Finding& finding : report.findings) {
        const auto at = places.position(finding.begin);
        out += file + ':' + std::to_string(at.line) + ':' + std::to_string(at.column) + ": ";
        out += prose::name_of(finding.severity);
        out += ": " + plain(finding.message) + " [" + std::string(finding.rule) + "]\n";
    }
    return out;
}

Json findings_json(const Report& report, const prose::Places& places) {
    Json list = Json::array();
    for (const Finding& finding : report.findings) {
        const auto at = places.position(finding.begin);
        Json::object_t one; // by list, each member would be copied once more
        one.emplace("rule", std::string(finding.rule));
        one.emplace("category", std::string(finding.category));
        one.emplace("severity", std::string(prose::name_of(finding.severity)));
        one.emplace("message", finding.message);
        one.emplace("begin", places.utf16(finding.begin));
        one.emplace("end", places.utf16(finding.end));
        one.emplace("line", at.line);
        one.emplace("column", at.column);
        one.emplace("replacements", finding.replacements);
        list.push_back(std::move(one));
    }
    return list;
}

Json sarif(std::span<const FileReport> files, const style::Rules& rules) {
    Json results = Json::array();
    for (const FileReport& file : files) {
        for (const Finding& finding : file.report->findings) {
            results.push_back(sarif_result(file, finding));
        }
    }
    const Json driver{{"name", "noa"}, {"semanticVersion", "1.0.0"}, {"rules", sarif_rules(rules)}};
    return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", Json::array({{{"tool", {{"driver", driver}}},
                                   {"columnKind", "utf16CodeUnits"},
                                   {"results", std::move(results)}}})}};
}

Json change_set(std::size_t begin, std::size_t end, std::size_t length,
                std::string_view replacement) {
    Json change = Json::array();
    if (begin > 0) {
        change.push_back(begin);
    }
    Json part = Json::array({end - begin});
    if (!replacement.empty()) {
        for (std::size_t at = 0; at <= replacement.size();) {
            const std::size_t newline = std::min(replacement.find('\n', at), replacement.size());
            part.push_back(replacement.substr(at, newline - at));
            at = newline + 1;
        }
    }
    change.push_back(std::move(part));
    if (length > end) {
        change.push_back(length - end);
    }
    return change;
}

Json suggestions(const Report& report, std::string_view text, const prose::Places& places,
                 std::size_t most) {
    std::vector<const Finding*> ranked;
    for (const Finding& finding : report.findings) {
        ranked.push_back(&finding);
    }
    std::ranges::stable_sort(ranked, std::greater(),
                             [](const Finding* finding) { return rank_of(*finding); });
    ranked.resize(std::min(ranked.size(), most));
    Json list = Json::array();
    for (const Finding* finding : ranked) {
        const std::size_t begin = places.utf16(finding->begin);
        const std::size_t end = places.utf16(finding->end);
        Json one{{"rule", finding->rule},
                 {"severity", prose::name_of(finding->severity)},
                 {"reason", finding->message},
                 {"rank", rank_of(*finding)},
                 {"begin", begin},
                 {"end", end},
                 {"text", text.substr(finding->begin, finding->end - finding->begin)},
                 {"replacements", finding->replacements}};
        if (!finding->replacements.empty()) {
            one["changes"] =
                change_set(begin, end, places.utf16_size(), finding->replacements.front());
        }
        list.push_back(std::move(one));
    }
    return list;
}

Json counts_json(const prose::Counts& counts) {
    return {{"paragraphs", counts.paragraphs},
            {"headings", counts.headings},
            {"sentences", counts.sentences},
            {"words", counts.words},
            {"characters", counts.characters},
            {"letters", counts.letters},
            {"syllables", counts.syllables},
            {"polysyllables", counts.polysyllables},
            {"complex_words", counts.complex_words},
            {"long_words", counts.long_words},
            {"passives", counts.passives},
            {"adverbs", counts.adverbs},
            {"weak_words", counts.weak},
            {"longest_sentence", counts.longest_sentence}};
}

Json readability_json(const prose::Counts& counts) {
    const auto figures = prose::readability(counts);
    return {{"flesch", rounded(figures.flesch)},
            {"flesch_kincaid", rounded(figures.flesch_kincaid)},
            {"gunning_fog", rounded(figures.gunning_fog)},
            {"smog", rounded(figures.smog)},
            {"coleman_liau", rounded(figures.coleman_liau)},
            {"ari", rounded(figures.ari)},
            {"reading_minutes", rounded(figures.reading_minutes)}};
}

Json tone_json(const prose::Counts& counts) {
    const auto tone = prose::tone(counts);
    return {{"mood", tone.mood},           {"register", tone.register_},  {"stance", tone.stance},
            {"positive", counts.positive}, {"negative", counts.negative}, {"formal", counts.formal},
            {"informal", counts.informal}, {"hedges", counts.hedges},     {"sure", counts.sure}};
}

} // namespace drafting::lint
