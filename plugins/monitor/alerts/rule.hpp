// A rule: of which figures somebody is told, after how long, how urgently.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "expression.hpp"
#include "heal.hpp"
#include "noa/sdk/json.hpp"

namespace monitor {

enum class Severity { info, warning, critical };

[[nodiscard]] std::string_view name_of(Severity severity) noexcept;
// REQUIRES: "info", "warning" or "critical".
[[nodiscard]] Severity severity_of(std::string_view name) noexcept;

struct RuleSetting {
    std::string name;
    std::string expression;
    noa::Duration wait{0};                         // `for`
    noa::Duration keep = std::chrono::seconds(30); // firing, though it is not true any more
    noa::Duration cooldown = std::chrono::minutes(5);
    std::string severity = "warning";
    std::string summary;
    bool enabled = true;
    HealSetting heal = {};

    static constexpr auto fields() {
        return noa::fields(noa::field("name", &RuleSetting::name),
                           noa::optional_field("expression", &RuleSetting::expression),
                           noa::optional_field("for", &RuleSetting::wait),
                           noa::optional_field("keep", &RuleSetting::keep),
                           noa::optional_field("cooldown", &RuleSetting::cooldown),
                           noa::optional_field("severity", &RuleSetting::severity),
                           noa::optional_field("summary", &RuleSetting::summary),
                           noa::optional_field("enabled", &RuleSetting::enabled),
                           noa::optional_field("heal", &RuleSetting::heal));
    }

    [[nodiscard]] noa::Status check() const;
};

struct Rule {
    RuleSetting setting;
    Severity severity = Severity::warning;
    ExpressionPtr expression;
};

// Those that come with the agent.
[[nodiscard]] const std::vector<RuleSetting>& shipped_rules();

// The shipped ones, where `shipped` is true, then `own`; one of the same name takes the place of a
// shipped one. Without those that are not enabled. REQUIRES: each has passed check().
[[nodiscard]] std::vector<Rule> rules_of(bool shipped, const std::vector<RuleSetting>& own);

// {{ $labels.NAME }} and {{ $value }} in a summary, filled in; another label than there is, is "".
// The value is told in four digits, from a thousand on as a whole number.
[[nodiscard]] std::string fill_in(std::string_view summary, const Labels& labels, double value);

// The same rules for Prometheus: a file of rule groups.
[[nodiscard]] std::string prometheus_rules(const std::vector<Rule>& rules);

} // namespace monitor
