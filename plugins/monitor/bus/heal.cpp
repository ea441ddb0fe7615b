// Strategies that alerts and checks ask the host for.
#include <algorithm>
#include <chrono>
#include <stop_token>
#include <utility>

#include "agent.hpp"

namespace monitor {

namespace {

using noa::Json;

constexpr std::chrono::minutes heal_patience{5}; // a safe restart is watched for half a minute
constexpr std::size_t most_asked = 16;           // at once

} // namespace

void Monitor::ask_for_healing(const HealSetting& setting, const std::string& target,
                              const std::string& by) {
    if (!setting.wanted() || target.empty() || target == name() ||
        settings_.control_socket.empty()) { // itself: it would wait for its own end
        return;
    }
    if (healing_.contains(target) || healing_.size() >= most_asked) {
        return; // what is under way may be what helps
    }
    healing_.insert(target);
    log(noa::Level::info, "heal.asked", target + ": " + setting.reason + ", by " + by);
    task(
        [socket = settings_.control_socket, target,
         reason = setting.reason](const std::stop_token& stop) {
            return ask_heal(socket, target, reason, heal_patience, stop);
        },
        [this, target, reason = setting.reason, by](const noa::Status& outcome) {
            healing_.erase(target);
            (outcome ? healed_ : heal_failed_).add();
            if (!outcome) {
                log(noa::Level::warning, "heal.refused", target + ": " + outcome.error().text);
            }
            const Json body{{"target", target},
                            {"for", reason},
                            {"by", by},
                            {"outcome", outcome ? "done" : "failed"},
                            {"error", outcome ? "" : outcome.error().text}};
            if (const auto told = publish("monitor.healed", noa::json_body(body)); !told) {
                log(noa::Level::warning, "event.refused", told.error().text);
            }
        },
        {.timeout = heal_patience + std::chrono::seconds(10)});
}

void Monitor::heal_after(const Notice& notice) {
    for (const RuleSetting& rule : settings_.rules) {
        if (rule.name != notice.rule || !notice.firing) {
            continue;
        }
        for (const Alert& alert : notice.alerts) {
            const auto label = std::ranges::find(alert.labels, "agent", &Labels::value_type::first);
            const std::string agent = label == alert.labels.end() ? "" : label->second;
            ask_for_healing(rule.heal, rule.heal.target.empty() ? agent : rule.heal.target,
                            "rule " + rule.name);
        }
    }
}

} // namespace monitor
