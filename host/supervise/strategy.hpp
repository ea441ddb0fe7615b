// What is done about what: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/supervision.hpp"

namespace noa::supervise {

enum class Strategy : std::uint8_t {
    restart,          // a new generation, with the state
    safe_restart,     // without it; given back when that does not help
    graceful_restart, // with the state, and all the time it needs to come to rest
    dependency,       // what it needs first
    scale_up,         // advised only
    rollback,         // to the version before
    degrade,          // read-only, or its critical operations alone
};
[[nodiscard]] std::string_view name_of(Strategy strategy) noexcept; // "safe_restart"
[[nodiscard]] std::optional<Strategy> strategy_called(std::string_view name) noexcept;

// "high-error-rate" and the like; nothing for another text.
[[nodiscard]] std::optional<Strategy> strategy_for(std::string_view reason) noexcept;
[[nodiscard]] std::string known_reasons(); // "bad-deployment, check-failed, …"

// Whether the host may do so by itself.
[[nodiscard]] bool is_allowed(const config::HealConfig& heal, Strategy strategy) noexcept;
// In words, for people who ask before it is done.
[[nodiscard]] std::string_view steps_of(Strategy strategy) noexcept;

} // namespace noa::supervise
