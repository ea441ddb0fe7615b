// The rules that come with the agent, each with its threshold and its cooldown.
#include "rule.hpp"

namespace monitor {

namespace {

using namespace std::chrono_literals;

constexpr noa::Duration flap = 30s; // what passes and comes back within is one alert

std::vector<RuleSetting> make_rules() {
    return {
        {"HealthCritical", "noa_agent_health == 2", 0s, flap, 5min, "critical",
         "{{ $labels.agent }} has critical issues"},
        {"HealthNeedsRepair", "noa_agent_health == 1", 0s, flap, 10min, "warning",
         "{{ $labels.agent }} needs repair"},
        {"AgentDown", "noa_agent_up == 0 unless noa_agent_stopped == 1", 5min, flap, 5min,
         "critical", "{{ $labels.agent }} has been down for 5 minutes"},
        {"ServiceDown", "noa_check_up{critical=\"true\"} == 0", 0s, flap, 1min, "critical",
         "the critical check {{ $labels.check }} fails"},
        {"CheckFailed", "noa_check_up{critical=\"false\"} == 0", 0s, flap, 5min, "warning",
         "the check {{ $labels.check }} fails"},
        {"HighTaskQueueDepth", "noa_agent_inbox_depth > 1000", 5min, flap, 5min, "warning",
         "{{ $value }} messages wait for {{ $labels.agent }}"},
        {"TaskFailureRate", "rate(noa_agent_messages_failed_total[5m]) > 0.05", 10min, flap, 10min,
         "warning", "{{ $labels.agent }} fails {{ $value }} messages a second"},
        {"HighErrorRate",
         "rate(noa_agent_messages_failed_total[5m]) / rate(noa_agent_messages_handled_total[5m]) "
         "> 0.05",
         0s, flap, 5min, "critical", "{{ $labels.agent }} fails {{ $value }} of its messages"},
        {"HighLatency", "histogram_quantile(0.95, rate(noa_agent_message_seconds_bucket[5m])) > 1",
         0s, flap, 10min, "warning",
         "{{ $labels.agent }} takes {{ $value }} seconds for a message at the 95th percentile"},
        {"HighCpu", "1 - avg(rate(noa_system_cpu_seconds_total{mode=\"idle\"}[2m])) > 0.9", 30s,
         flap, 3min, "critical", "{{ $value }} of the processors is in use"},
        {"MemoryAbove80",
         "1 - noa_system_memory_available_bytes / noa_system_memory_total_bytes > 0.8", 0s, flap,
         5min, "warning", "{{ $value }} of the memory is in use"},
        {"MemoryAbove85",
         "1 - noa_system_memory_available_bytes / noa_system_memory_total_bytes > 0.85", 0s, flap,
         5min, "warning", "{{ $value }} of the memory is in use, caches should be freed"},
        {"DatabaseConnectionPoolExhausted", "noa_database_connections_used > 18", 5min, flap, 5min,
         "critical", "{{ $value }} connections to the database are in use"},
    };
}

} // namespace

const std::vector<RuleSetting>& shipped_rules() {
    static const std::vector<RuleSetting> rules = make_rules();
    return rules;
}

} // namespace monitor
