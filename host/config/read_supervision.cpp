#include "config/read_supervision.hpp"

#include <array>
#include <charconv>

#include "config/config.hpp"
#include "config/quantity.hpp"

namespace noa::config {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t max_restarts = 1000;

constexpr std::uint32_t max_failures = 1000;
constexpr std::size_t max_checks = 64;
constexpr std::size_t max_name = 63;

// In the unit of its check; nothing when it is none.
std::optional<std::uint64_t> parse_limit(const std::string& check, const std::string& text) {
    if (check == "memory") {
        return parse_size(text);
    }
    if (check == "latency") {
        const auto time = parse_duration(text);
        return time ? std::optional<std::uint64_t>(time->count()) : std::nullopt;
    }
    std::uint64_t percent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), percent);
    const bool whole = error == std::errc() && std::string_view(end) == "%" && percent <= 100;
    return whole && (check == "inbox" || check == "errors") ? std::optional(percent) : std::nullopt;
}

void read_schedule(Fields& fields, HealthCheckConfig& into) {
    fields.duration("interval", into.interval, 10ms, 24h);
    fields.duration("timeout", into.timeout, 10ms, 10min);
    fields.integer("threshold", into.threshold, 1, max_failures);
}

} // namespace

void read_heal(Fields fields, HealConfig& into) {
    static constexpr std::array<std::string_view, 3> ways{"auto", "ask", "off"};
    fields.boolean("restart", into.restart);
    fields.boolean("safe_restart", into.safe_restart);
    fields.boolean("graceful_restart", into.graceful_restart);
    fields.boolean("dependency", into.dependency);
    fields.boolean("degrade", into.degrade);
    fields.choice("rollback", into.rollback, ways);
    fields.integer("scale_up", into.scale_up, 1, 16);
    fields.duration("cooldown", into.cooldown, 1ms, 24h);
    fields.duration("watch", into.watch, 1ms, 24h);
    fields.duration("shutdown", into.shutdown, 1ms, 10min);
    fields.texts("critical", into.critical);
    fields.finish();
}

void read_health_defaults(Fields fields, HealthCheckConfig& into) {
    read_schedule(fields, into);
    fields.finish();
}

void read_checks(Fields fields, const HealthCheckConfig& usual,
                 std::map<std::string, HealthCheckConfig>& into) {
    for (const auto& name : fields.keys()) {
        auto table = fields.below(name);
        if (name.empty() || name.size() > max_name || into.size() >= max_checks) {
            fields.problem(name, "expected at most 64 checks, with names of at most 63 bytes");
            continue;
        }
        auto check = usual;
        read_schedule(table, check);
        bool critical = false;
        if (table.boolean("critical", critical)) {
            check.critical = critical;
        }
        table.text("limit", check.limit);
        if (!check.limit.empty() && !parse_limit(name, check.limit)) {
            table.problem("limit", "expected a percentage of inbox or errors (\"80%\"), a duration "
                                   "of latency (\"2s\") or a size of memory (\"64MiB\")");
        }
        table.finish();
        into.emplace(name, std::move(check));
    }
    fields.finish();
}

const HealthCheckConfig& check_of(const AgentConfig& agent, const std::string& check) {
    const auto found = agent.checks.find(check);
    return found == agent.checks.end() ? agent.health : found->second;
}

std::uint64_t limit_of(const AgentConfig& agent, const std::string& check) {
    const auto& text = check_of(agent, check).limit;
    if (const auto limit = text.empty() ? std::nullopt : parse_limit(check, text)) {
        return *limit;
    }
    return check == "inbox"     ? 80
           : check == "errors"  ? 5
           : check == "latency" ? 2'000'000
           : check == "memory"  ? agent.limits.memory / 5 * 4
                                : 0;
}

void read_restart(Fields fields, RestartConfig& into) {
    fields.duration("backoff", into.backoff, 0ms, 10min);
    fields.duration("backoff_max", into.backoff_max, 0ms, 1h);
    fields.integer("max", into.max, 0, max_restarts);
    fields.integer("in_a_row", into.in_a_row, 1, max_restarts);
    fields.duration("window", into.window, 1ms, 24h);
    fields.duration("reset", into.reset, 1ms, 24h);
    fields.duration("cooldown", into.cooldown, 1ms, 24h);
    fields.finish();
}

} // namespace noa::config
