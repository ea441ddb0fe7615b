// How an agent is, from what it says and what the host sees: pure.
//
// A check that failed `threshold` times in a row is a finding; a critical one makes the agent
// critical, another one says that it needs repair.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"
#include "bus/durations.hpp"
#include "config/config.hpp"

namespace noa::supervise {

enum class Health : std::uint8_t { healthy, needs_repair, critical };
[[nodiscard]] std::string_view name_of(Health health) noexcept;  // "needs_repair"
[[nodiscard]] std::string_view label_of(Health health) noexcept; // "Needs Repair"

// An agent in the host's figures.
struct Figures {
    bool serves = false;
    std::string state; // name_of(AgentState)
    std::uint64_t depth = 0;
    std::uint64_t handled = 0;
    std::uint64_t failed = 0;
    bus::Durations::Counts took{};        // of the handled ones
    std::optional<std::uint64_t> memory;  // bytes; a thread may say it of itself
    std::optional<std::uint64_t> storage; // bytes of its state directory; when that has a limit
};

// What one check says now.
struct CheckResult {
    std::string name;
    bool own = false; // the host's, such as lane; of a service: all
    Health status = Health::healthy;
    std::string text;
    std::string reason{}; // of strategy.hpp; by which the agent says what would help
};

// The host's own names.
[[nodiscard]] bool is_host_check(std::string_view name) noexcept;

// Everything at once. `answer` is what it said of itself, an error when it said nothing in time.
// Rates are of what happened since `before`; too little of it fails nothing.
[[nodiscard]] std::vector<CheckResult> examine(const config::AgentConfig& config,
                                               const Figures& now, const Figures& before,
                                               const Result<std::string>& answer);

// What is advised for a check that failed: a strategy's name, and a sentence.
struct Advice {
    std::string_view strategy;
    std::string_view text;
};
[[nodiscard]] Advice advice_for(const CheckResult& result) noexcept;

// The checks of one agent over time.  [one thread at a time]
class CheckLog {
public:
    struct Entry {
        CheckResult last;
        std::uint32_t failures = 0; // in a row
        std::int64_t since_unix_ns = 0;
        [[nodiscard]] bool is_finding(std::uint32_t threshold) const noexcept {
            return failures >= threshold;
        }
    };
    void note(const CheckResult& result, std::int64_t now_unix_ns);
    // Of an examination that was answered: what it does not have is not there any more.
    void forget_others(const std::vector<CheckResult>& all);
    [[nodiscard]] Health status(const config::AgentConfig& config) const;
    // Where all checks have the same threshold.
    [[nodiscard]] Health status(std::uint32_t threshold) const;
    // The first finding, critical ones before others; null when there is none. Not of `but`.
    [[nodiscard]] const Entry* worst(const config::AgentConfig& config,
                                     std::string_view but = {}) const;
    [[nodiscard]] const std::map<std::string, Entry>& entries() const noexcept { return entries_; }

private:
    std::map<std::string, Entry> entries_;
};

[[nodiscard]] nlohmann::json to_json(const CheckResult& result);

} // namespace noa::supervise
