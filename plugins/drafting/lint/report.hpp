// What was found, for people and for programs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../analysis/utf.hpp"
#include "document.hpp"
#include "noa/sdk/json_value.hpp"

namespace drafting::lint {

using noa::sdk::Json;

// A line each: "file:line:column: severity: message [rule]", lines and columns from 1, columns in
// characters.
[[nodiscard]] std::string text_report(const Report& report, std::string_view text,
                                      const std::string& file);

// [{"rule", "category", "severity", "message", "begin", "end", "line", "column",
//   "replacements"}, …]; begin and end in UTF-16 units.
[[nodiscard]] Json findings_json(const Report& report, const prose::Places& places);

struct FileReport {
    std::string file;
    const Report* report = nullptr;
    const prose::Places* places = nullptr;
};
// SARIF 2.1.0 of one run; columns in UTF-16 units.
[[nodiscard]] Json sarif(std::span<const FileReport> files, const style::Rules& rules);

// A ChangeSet as CodeMirror has it in JSON: [begin, [size, "line", …], rest], without zeros.
[[nodiscard]] Json change_set(std::size_t begin, std::size_t end, std::size_t length,
                              std::string_view replacement);

// [{"reason", "rule", "severity", "begin", "end", "text", "replacements", "changes", "rank"}, …]:
// the most wanted first. "changes" applies the first replacement.
[[nodiscard]] Json suggestions(const Report& report, std::string_view text,
                               const prose::Places& places, std::size_t most);

[[nodiscard]] Json counts_json(const prose::Counts& counts);
[[nodiscard]] Json readability_json(const prose::Counts& counts);
[[nodiscard]] Json tone_json(const prose::Counts& counts);

} // namespace drafting::lint
