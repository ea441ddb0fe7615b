// What the verbs about the agent monitor share.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "noactl/session.hpp"

namespace noa::noactl {

constexpr std::chrono::milliseconds monitor_timeout{30'000};

// Asks, prints what `show` makes of the answer, and returns what `code` makes of it.
[[nodiscard]] int print_monitor(const Globals& globals, const std::string& operation,
                                const nlohmann::json& body,
                                const std::function<std::string(const nlohmann::json&)>& show,
                                std::chrono::milliseconds patience = monitor_timeout,
                                const std::function<int(const nlohmann::json&)>& code = {});
// Of a reply that is text.
[[nodiscard]] int print_monitor_text(const Globals& globals, const std::string& operation,
                                     const nlohmann::json& body);

// "" leaves it out.
void set_given(nlohmann::json& body, const char* key, const std::string& value);
// Each "NAME=VALUE".
[[nodiscard]] Result<nlohmann::json> labels_of(const std::vector<std::string>& given);

// "agent=cache,plugin=cache"
[[nodiscard]] std::string labels_text(const nlohmann::json& labels);
// Six digits; "" when it is no number.
[[nodiscard]] std::string value_text(const nlohmann::json& value);
// Since then, until then; "" for 0.
[[nodiscard]] std::string age_text(std::int64_t unix_ms);
[[nodiscard]] std::string left_text(std::int64_t unix_ms);

} // namespace noa::noactl
