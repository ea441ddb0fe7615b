#include "verify.hpp"

#include <algorithm>

namespace monitor {

namespace {

constexpr std::size_t most_findings = 100;

const std::vector<Criterion>& shipped_criteria() {
    static const std::vector<Criterion> all{
        {"running", "noa_agent_up == 0 unless noa_agent_stopped == 1"},
        {"health", "noa_agent_health > 0 unless noa_agent_stopped == 1"},
        {"errors", "rate(noa_agent_messages_failed_total[5m]) / "
                   "(rate(noa_agent_messages_handled_total[5m]) > 0) > 0.05"},
        {"latency", "histogram_quantile(0.95, rate(noa_agent_message_seconds_bucket[5m])) > 1"},
        {"pool", "noa_database_connections_used / noa_database_connections_max > 0.8"},
        // Where there are lookups enough to say.
        {"cache", "rate(noa_cache_hits_total[5m]) / ((rate(noa_cache_hits_total[5m]) + "
                  "rate(noa_cache_misses_total[5m])) > 1) < 0.6"},
        {"cpu", "1 - avg(rate(noa_system_cpu_seconds_total{mode=\"idle\"}[2m])) > 0.7"},
        {"memory", "1 - noa_system_memory_available_bytes / noa_system_memory_total_bytes > 0.8"},
    };
    return all;
}

} // namespace

noa::Status Criterion::check() const {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    if (name.empty() || name.size() > 63 || name.find_first_not_of(letters) != std::string::npos) {
        return noa::invalid("/name: must be 1 to 63 of a-z, 0-9, \"_\" and \"-\"");
    }
    const auto parsed = parse_expression(expression);
    return parsed ? noa::Status() : noa::invalid("/expression: " + parsed.error().text);
}

std::vector<Criterion> criteria_of(const std::vector<Criterion>& own) {
    std::vector<Criterion> all = shipped_criteria();
    for (const Criterion& one : own) {
        const auto same = std::ranges::find(all, one.name, &Criterion::name);
        if (same != all.end()) {
            *same = one;
        } else {
            all.push_back(one);
        }
    }
    return all;
}

noa::Json judged(const Criterion& criterion, const SeriesRing& ring) {
    noa::Json findings = noa::Json::array();
    const auto expression = parse_expression(criterion.expression);
    for (const auto& [labels, value] : expression ? evaluate(**expression, ring) : Vector()) {
        if (findings.size() < most_findings) {
            noa::Json told = noa::Json::object();
            for (const auto& [label, text] : labels) {
                told[label] = text;
            }
            findings.push_back({{"labels", std::move(told)}, {"value", value}});
        }
    }
    return {{"name", criterion.name},
            {"status", findings.empty() ? "pass" : "fail"},
            {"expression", criterion.expression},
            {"findings", std::move(findings)}};
}

} // namespace monitor
