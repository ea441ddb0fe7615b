#include "control/host_config.hpp"

namespace noa::control {

using nlohmann::json;

namespace {

// A reload waits for it.
constexpr std::chrono::milliseconds patience_of_reload{2000};
constexpr std::chrono::minutes calm{10};
constexpr std::chrono::seconds longest_pause{300};

} // namespace

// At once, and then after pauses that double: another writer is told of, not fought with.
bool HostConfig::may_heal() {
    const auto now = std::chrono::steady_clock::now();
    if (now - healed_ >= calm) {
        heals_ = 0;
    }
    const auto pause =
        heals_ == 0
            ? std::chrono::seconds(0)
            : std::min(longest_pause, std::chrono::seconds(1U << std::min(heals_ - 1, 16U)));
    return now - healed_ >= pause || heals_ == 0;
}

void HostConfig::note(const char* state, const json& patch) {
    const auto noted =
        ask("drift.note",
            {{"name", "host"}, {"state", state}, {"file", file().string()}, {"patch", patch}},
            patience_of_reload);
    if (!noted) {
        log_.error("config.drift_not_noted", noted.error(), {}, Level::warning);
    }
}

void HostConfig::look_after() {
    const std::lock_guard lock(mutex_);
    const auto recorded = ask("get", {{"name", "host"}, {"layer", "host"}}, patience_of_reload);
    const auto found = read();
    // Nothing to compare with: `config` is not there, or has never been asked to keep it.
    if (!recorded || !found || !recorded->value("found", false)) {
        return;
    }
    const json wanted = recorded->value("value", json::object());
    const json patch = json::diff(wanted, *found);
    if (patch.empty()) {
        told_ = nullptr;
        return;
    }
    const auto policy = ask("policy.get", {{"name", "host"}}, patience_of_reload);
    const json rules = policy ? policy->value("value", json::object()) : json::object();
    const std::string mode = rules.value("drift", std::string("warn"));
    if (mode == "off") {
        return;
    }
    if (told_ != patch) {
        told_ = patch;
        log_.write(Level::warning, "config.drift",
                   {{"file", file().string()}, {"mode", mode}, {"patch", patch}});
        note("drifted", patch);
    }
    if (mode != "heal" || !may_heal()) {
        return;
    }
    const auto put = put_and_apply(*found, wanted, {});
    if (!put) {
        log_.error("config.heal_failed", put.error());
        return;
    }
    ++heals_;
    healed_ = std::chrono::steady_clock::now();
    told_ = nullptr;
    log_.write(Level::warning, "config.healed", {{"file", file().string()}, {"patch", patch}});
    note("healed", patch);
}

} // namespace noa::control
