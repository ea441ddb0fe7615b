#include "rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "../collect/exposition.hpp"

namespace monitor {

namespace {

constexpr std::string_view name_letters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
constexpr std::size_t longest_rule_name = 63;
constexpr std::size_t longest_summary = 300;

// The next {{ … }} in a summary: what stands in it, without blanks around.
struct Blank {
    std::size_t begin;
    std::size_t end;
    std::string_view what;
};
std::optional<Blank> next_blank(std::string_view text, std::size_t from) {
    const auto begin = text.find("{{", from);
    const auto end = text.find("}}", begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view what = text.substr(begin + 2, end - begin - 2);
    what.remove_prefix(std::min(what.find_first_not_of(' '), what.size()));
    what.remove_suffix(what.size() - std::min(what.find_last_not_of(' ') + 1, what.size()));
    return Blank{begin, end + 2, what};
}

constexpr std::string_view label_mark = "$labels.";
constexpr std::string_view value_mark = "$value";

bool is_summary(std::string_view text) {
    std::size_t from = 0;
    while (const auto blank = next_blank(text, from)) {
        const bool label = blank->what.starts_with(label_mark) &&
                           is_metric_name(blank->what.substr(label_mark.size()));
        if (!label && blank->what != value_mark) {
            return false;
        }
        from = blank->end;
    }
    return text.size() <= longest_summary && text.find("{{", from) == std::string_view::npos &&
           std::ranges::all_of(
               text, [](char letter) { return static_cast<unsigned char>(letter) >= ' '; });
}

// Prometheus's durations are noa's, but for minutes.
std::string prometheus_duration(noa::Duration duration) {
    using std::chrono::milliseconds;
    std::string text = noa::sdk::to_text(std::chrono::duration_cast<milliseconds>(duration));
    if (text.ends_with("min")) {
        text.resize(text.size() - 2);
    }
    return text;
}

// A YAML double-quoted scalar is written as JSON's strings are.
std::string quoted_yaml(const std::string& text) {
    return noa::Json(text).dump();
}

} // namespace

std::string_view name_of(Severity severity) noexcept {
    switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::critical: return "critical";
    }
    return "";
}

Severity severity_of(std::string_view name) noexcept {
    return name == "critical" ? Severity::critical
           : name == "info"   ? Severity::info
                              : Severity::warning;
}

noa::Status RuleSetting::check() const {
    using namespace std::chrono_literals;
    if (name.empty() || name.size() > longest_rule_name || (name[0] >= '0' && name[0] <= '9') ||
        name.find_first_not_of(name_letters) != std::string::npos) {
        return noa::invalid("/name: must be 1 to 63 letters, digits and \"_\", no digit first");
    }
    if (!enabled) {
        return {};
    }
    if (const auto parsed = parse_expression(expression); !parsed) {
        return noa::invalid("/expression: " + parsed.error().text);
    }
    if (wait > 24h || keep > 24h || cooldown > 7 * 24h) {
        return noa::invalid("/for and /keep: must be 1d at most, /cooldown 7d");
    }
    if (severity != name_of(severity_of(severity))) {
        return noa::invalid("/severity: must be info, warning or critical");
    }
    if (!is_summary(summary)) {
        return noa::invalid("/summary: must be 300 bytes at most, with {{ $labels.NAME }} and "
                            "{{ $value }} and no other {{ }}");
    }
    return {};
}

std::vector<Rule> rules_of(bool shipped, const std::vector<RuleSetting>& own) {
    std::vector<Rule> rules;
    const auto add = [&](const RuleSetting& setting) {
        if (!setting.enabled) {
            return;
        }
        if (auto parsed = parse_expression(setting.expression)) {
            rules.push_back({setting, severity_of(setting.severity), *std::move(parsed)});
        }
    };
    for (const RuleSetting& setting : shipped ? shipped_rules() : std::vector<RuleSetting>()) {
        if (std::ranges::find(own, setting.name, &RuleSetting::name) == own.end()) {
            add(setting);
        }
    }
    std::ranges::for_each(own, add);
    return rules;
}

namespace {

// For people: whole, or in four digits that count.
std::string told_number(double value) {
    constexpr double enough = 1000;
    if (!std::isfinite(value) || std::abs(value) >= enough) {
        return number_text(std::round(value));
    }
    std::array<char, 32> text{};
    const int size = std::snprintf(text.data(), text.size(), "%.4g", value);
    return {text.data(), static_cast<std::size_t>(size)};
}

} // namespace

std::string fill_in(std::string_view summary, const Labels& labels, double value) {
    std::string out;
    std::size_t from = 0;
    while (const auto blank = next_blank(summary, from)) {
        out += summary.substr(from, blank->begin - from);
        if (blank->what == value_mark) {
            out += told_number(value);
        } else {
            const auto label = std::ranges::find(labels, blank->what.substr(label_mark.size()),
                                                 &Labels::value_type::first);
            out += label == labels.end() ? "" : label->second;
        }
        from = blank->end;
    }
    return out.append(summary.substr(from));
}

std::string prometheus_rules(const std::vector<Rule>& rules) {
    std::string out = "groups:\n  - name: noa\n    rules:\n";
    for (const auto& [setting, severity, expression] : rules) {
        out += "      - alert: " + setting.name +
               "\n        expr: " + quoted_yaml(setting.expression) + "\n";
        if (setting.wait > noa::Duration::zero()) {
            out += "        for: " + prometheus_duration(setting.wait) + "\n";
        }
        if (setting.keep > noa::Duration::zero()) {
            out += "        keep_firing_for: " + prometheus_duration(setting.keep) + "\n";
        }
        out += "        labels:\n          severity: " + std::string(name_of(severity)) + "\n";
        if (!setting.summary.empty()) {
            out +=
                "        annotations:\n          summary: " + quoted_yaml(setting.summary) + "\n";
        }
    }
    return rules.empty() ? "groups: []\n" : out;
}

} // namespace monitor
