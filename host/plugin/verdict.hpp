// What a probe's child tells its parent, and what is kept of it.
//
// The child writes one line "step NAME" before each step and, last, one line of JSON. Nothing
// it writes is believed: the child runs the plugin's code.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "plugin/facts.hpp"

namespace noa::plugin {

inline constexpr std::string_view step_prefix = "step ";

[[nodiscard]] nlohmann::json to_json(const ProbeFacts& facts);
// Nothing when a field is missing, of another type, or over its limit.
[[nodiscard]] std::optional<ProbeFacts> facts_from(const nlohmann::json& json);

// The last line, without its end.
[[nodiscard]] std::string verdict_line(const Result<ProbeFacts>& verdict);
// The error is about `object`; nothing when the line is no verdict.
[[nodiscard]] std::optional<Result<ProbeFacts>> verdict_from(std::string_view line,
                                                             const std::string& object);

} // namespace noa::plugin
