// What the drafting agent reads of texts: files of rules, and any text under them.
#include <cstdint>
#include <string>
#include <string_view>

// Parts of a plugin, which is no library.
// NOLINTBEGIN(bugprone-suspicious-include)
#include "../../plugins/drafting/analysis/align.cpp"
#include "../../plugins/drafting/analysis/ascii_breaks.cpp"
#include "../../plugins/drafting/analysis/blocks.cpp"
#include "../../plugins/drafting/analysis/breaks.cpp"
#include "../../plugins/drafting/analysis/check_info.cpp"
#include "../../plugins/drafting/analysis/checks.cpp"
#include "../../plugins/drafting/analysis/counts.cpp"
#include "../../plugins/drafting/analysis/entity.cpp"
#include "../../plugins/drafting/analysis/language.cpp"
#include "../../plugins/drafting/analysis/spelling.cpp"
#include "../../plugins/drafting/analysis/syllables.cpp"
#include "../../plugins/drafting/analysis/thesaurus.cpp"
#include "../../plugins/drafting/analysis/utf.cpp"
#include "../../plugins/drafting/analysis/view.cpp"
#include "../../plugins/drafting/analysis/word_lists.cpp"
#include "../../plugins/drafting/lint/document.cpp"
#include "../../plugins/drafting/lint/language_tool.cpp"
#include "../../plugins/drafting/style/rule_checks.cpp"
#include "../../plugins/drafting/style/rules.cpp"
#include "../../plugins/drafting/style/toml_text.cpp"
// NOLINTEND(bugprone-suspicious-include)

namespace {

using drafting::lint::Document;
using drafting::prose::Format;

// Findings lie within the text, at characters.
void check_places(const drafting::lint::Report& report, std::string_view text) {
    for (const auto& finding : report.findings) {
        const auto within = [text](std::size_t at) {
            return at == text.size() ||
                   (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U);
        };
        if (finding.begin > finding.end || !within(finding.begin) || !within(finding.end)) {
            __builtin_trap();
        }
    }
}

} // namespace

// Rules, a NUL, and a text; or a text alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static drafting::prose::Language language({"", "", "", {}});
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const std::size_t nul = input.find('\0');
    drafting::style::Rules rules;
    if (nul != std::string_view::npos) {
        static_cast<void>(rules.add(input.substr(0, nul), "fuzz"));
    }
    const std::string text = drafting::prose::mended(
        std::string(nul == std::string_view::npos ? input : input.substr(nul + 1)));
    Document document(rules, language, Format::markdown);
    const auto report = document.check(text);
    check_places(report, text);
    check_places(document.check(text), text);
    const drafting::lint::Form form{{"language", "en"}, {"data", text}};
    if (const auto request = drafting::lint::read_request(form)) {
        Document plain(rules, language, Format::plain);
        static_cast<void>(drafting::lint::check_answer(form, *request, plain.check(request->text)));
    }
    language.trim();
    return 0;
}
