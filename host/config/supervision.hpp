// How an agent is watched over, as values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace noa::config {

// How soon and how often an agent that ended is started again; see supervise/restart_policy.hpp.
struct RestartConfig {
    std::chrono::milliseconds backoff{100}; // before the second in a row; the first is at once
    std::chrono::milliseconds backoff_max{60'000};
    std::uint32_t max = 5;                     // within `window`; 0: only probed
    std::uint32_t in_a_row = 3;                // none of which lasted for `cooldown`
    std::chrono::milliseconds window{600'000}; // 10 min
    std::chrono::milliseconds reset{600'000};  // a life so long forgets all restarts
    std::chrono::milliseconds cooldown{60'000};
    friend bool operator==(const RestartConfig&, const RestartConfig&) = default;
};

// When a check is made, and when its failures count.
struct HealthCheckConfig {
    std::optional<bool> critical; // else as the plugin or the host says
    std::chrono::milliseconds interval{30'000};
    std::chrono::milliseconds timeout{5'000}; // of the agent's answer
    std::uint32_t threshold = 3;              // failures in a row
    std::string limit;                        // of the host's checks: "80%", "2s", "64MiB"
    friend bool operator==(const HealthCheckConfig&, const HealthCheckConfig&) = default;
};

// What the host may do about findings by itself; see supervise/strategy.hpp.
struct HealConfig {
    bool restart = true;                        // a critical check failed
    bool safe_restart = true;                   // too many errors, too slow
    bool graceful_restart = true;               // too much memory
    bool dependency = true;                     // what it needs is dead
    bool degrade = true;                        // restarts did not help
    std::string rollback = "ask";               // the same: "auto", "ask" (noactl approve), "off"
    std::uint32_t scale_up = 1;                 // its inbox stays full: replicas at most
    std::chrono::milliseconds cooldown{30'000}; // of each strategy
    std::chrono::milliseconds watch{30'000};    // after a safe restart, before the verdict
    std::chrono::milliseconds shutdown{30'000}; // how long it may take to come to rest for it
    std::vector<std::string> critical;          // operations that a degraded agent still answers
    friend bool operator==(const HealConfig&, const HealConfig&) = default;
};

// Something on the host that is watched but was not loaded.
struct ServiceConfig {
    std::string name;
    bool enabled = true;
    bool critical = true;             // whether its being down is critical
    std::string unit;                 // of systemd; empty: commands alone
    std::vector<std::string> command; // the check: exit code 0 is well
    std::string connect;              // the check: somebody listens; "tcp:127.0.0.1:5432"
    HealthCheckConfig check;          // when; with neither of them the unit has to be active
    std::vector<std::string> start;   // instead of systemctl
    std::vector<std::string> stop;    // the same
    std::vector<std::string> restart; // the same; without it, stop and start
    std::chrono::milliseconds timeout{30'000}; // of each of them, and of coming up
    std::vector<std::string> depends_on;       // the names alone, services with their prefix
    std::vector<std::string> optional;         // of depends_on: those that it can do without
    RestartConfig limits;                      // default: host.restart
    HealConfig heal; // default: host.heal; only restart and dependency count
    [[nodiscard]] bool tolerates(const std::string& absent) const;
    friend bool operator==(const ServiceConfig&, const ServiceConfig&) = default;
};
// "unit", "command" or "connect"
[[nodiscard]] std::string check_kind(const ServiceConfig& service);

struct AgentConfig;

// The check of that name, or what goes for those that nobody named.
[[nodiscard]] const HealthCheckConfig& check_of(const AgentConfig& agent, const std::string& check);
// Of inbox and errors in percent, of latency in microseconds, of memory in bytes (0: none).
[[nodiscard]] std::uint64_t limit_of(const AgentConfig& agent, const std::string& check);

} // namespace noa::config
