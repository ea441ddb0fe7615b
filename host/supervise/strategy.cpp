#include "supervise/strategy.hpp"

#include <array>
#include <utility>

namespace noa::supervise {

namespace {

struct Known {
    Strategy strategy;
    std::string_view name;
    std::string_view steps;
};
constexpr std::array strategies{
    Known{Strategy::restart, "restart",
          "ask it for its health; when it is ill, start a new generation with its state"},
    Known{Strategy::safe_restart, "safe_restart",
          "save its state; start a new generation without it; watch its errors and its latency; "
          "give the state back when they have not become better"},
    Known{
        Strategy::graceful_restart, "graceful_restart",
        "let it come to rest, however long its work takes; start a new generation with its state"},
    Known{Strategy::dependency, "dependency",
          "start what it needs and is dead, and what that needs before; then the agent itself"},
    Known{
        Strategy::scale_up, "scale_up",
        "start a generation with one process more that shares its inbox, up to heal.scale_up; the "
        "order of a sender's messages is given up"},
    Known{Strategy::rollback, "rollback", "go back to the version that was confirmed before"},
    Known{Strategy::degrade, "degrade",
          "tell it to be read-only when it can; else refuse all operations but its critical ones"},
};

constexpr std::array<std::pair<std::string_view, Strategy>, 11> strategy_of_reason{{
    {"bad-deployment", Strategy::rollback},
    {"check-failed", Strategy::restart},
    {"data-corruption", Strategy::rollback},
    {"degraded-performance", Strategy::safe_restart},
    {"dependency-failed", Strategy::dependency},
    {"high-error-rate", Strategy::safe_restart},
    {"high-load", Strategy::scale_up},
    {"memory-leak", Strategy::graceful_restart},
    {"resource-exhaustion", Strategy::graceful_restart},
    {"restarts-exhausted", Strategy::degrade},
    {"service-down", Strategy::restart},
}};

const Known& entry_of(Strategy strategy) noexcept {
    for (const auto& each : strategies) {
        if (each.strategy == strategy) {
            return each;
        }
    }
    return strategies.front();
}

} // namespace

std::string_view name_of(Strategy strategy) noexcept {
    return entry_of(strategy).name;
}

std::string_view steps_of(Strategy strategy) noexcept {
    return entry_of(strategy).steps;
}

std::optional<Strategy> strategy_called(std::string_view name) noexcept {
    for (const auto& each : strategies) {
        if (each.name == name) {
            return each.strategy;
        }
    }
    return std::nullopt;
}

std::optional<Strategy> strategy_for(std::string_view reason) noexcept {
    for (const auto& [name, strategy] : strategy_of_reason) {
        if (name == reason) {
            return strategy;
        }
    }
    return std::nullopt;
}

std::string known_reasons() {
    std::string out;
    for (const auto& [name, strategy] : strategy_of_reason) {
        out += (out.empty() ? "" : ", ") + std::string(name);
    }
    return out;
}

bool is_allowed(const config::HealConfig& heal, Strategy strategy) noexcept {
    switch (strategy) {
    case Strategy::restart: return heal.restart;
    case Strategy::safe_restart: return heal.safe_restart;
    case Strategy::graceful_restart: return heal.graceful_restart;
    case Strategy::dependency: return heal.dependency;
    case Strategy::degrade: return heal.degrade;
    case Strategy::rollback: return heal.rollback == "auto";
    case Strategy::scale_up: return heal.scale_up > 1;
    }
    return false;
}

} // namespace noa::supervise
