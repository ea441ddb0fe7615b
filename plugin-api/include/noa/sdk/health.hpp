// Named health checks of an agent.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/sdk/function.hpp"
#include "noa/sdk/json_text.hpp"

namespace noa::sdk {

struct Health {
    enum class State { healthy, needs_repair, critical };
    State state = State::healthy;
    std::string text;

    [[nodiscard]] static Health healthy(std::string text = {}) {
        return {State::healthy, std::move(text)};
    }
    [[nodiscard]] static Health needs_repair(std::string text) {
        return {State::needs_repair, std::move(text)};
    }
    [[nodiscard]] static Health critical(std::string text) {
        return {State::critical, std::move(text)};
    }
    [[nodiscard]] static std::string_view name_of(State state) noexcept {
        return state == State::healthy        ? "healthy"
               : state == State::needs_repair ? "needs_repair"
                                              : "critical";
    }
};

// Whether the agent can do without what a check looks at.
enum class Weight { minor, critical };

class Checks {
public:
    void add(std::string name, Weight weight, Function<Health()> run) {
        all_.push_back({std::move(name), weight, std::move(run)});
    }

    // The worst check counts; one that is not critical makes nothing worse than needs_repair.
    void write(std::string& out) {
        auto worst = Health::State::healthy;
        std::string checks;
        {
            JsonArray list(checks);
            for (Check& check : all_) {
                const Health health = check.run();
                const auto counted = check.weight == Weight::critical
                                         ? health.state
                                         : std::min(health.state, Health::State::needs_repair);
                worst = std::max(worst, counted);
                JsonObject entry(list.item());
                entry.add("name", std::string_view(check.name));
                entry.add("status", Health::name_of(health.state));
                entry.add("critical", check.weight == Weight::critical);
                entry.add("text", std::string_view(health.text));
            }
        }
        JsonObject report(out);
        report.add("status", Health::name_of(worst));
        report.member("checks") += checks;
    }

    void clear() noexcept { all_.clear(); }

private:
    struct Check {
        std::string name;
        Weight weight;
        Function<Health()> run;
    };
    std::vector<Check> all_;
};

} // namespace noa::sdk
