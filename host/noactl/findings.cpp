#include "noactl/findings.hpp"

#include <algorithm>

namespace noa::noactl {

namespace {

const char* word_of(Verdict verdict) noexcept {
    switch (verdict) {
    case Verdict::ok: return "ok";
    case Verdict::warn: return "warn";
    case Verdict::fail: return "fail";
    }
    return "fail";
}

} // namespace

int report(const Globals& globals, const Findings& findings) {
    const bool failed = std::any_of(findings.begin(), findings.end(), [](const Finding& finding) {
        return finding.verdict == Verdict::fail;
    });
    nlohmann::json list = nlohmann::json::array();
    Table table({{""}, {""}, {""}});
    for (const auto& [verdict, what, text, advice] : findings) {
        const std::string word = word_of(verdict);
        list.push_back({{"verdict", word}, {"what", what}, {"text", text}, {"advice", advice}});
        table.add({{word, tone_of_state(word)},
                   what,
                   advice.empty() ? text : std::string(text).append(": ").append(advice)});
    }
    // Uncut: the end of a line is where the advice is.
    const Screen screen{0, globals.screen().color};
    print(globals, {{"ok", !failed}, {"findings", std::move(list)}},
          [&](const nlohmann::json&) { return table.render(screen); });
    return failed ? exit_failed : exit_ok;
}

} // namespace noa::noactl
