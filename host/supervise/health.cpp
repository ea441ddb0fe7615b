#include "supervise/health.hpp"

#include <algorithm>
#include <array>

#include "config/quantity.hpp"
#include "supervise/strategy.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

constexpr std::uint64_t least_samples = 20; // of messages, for a rate to mean something
constexpr std::size_t max_checks = 64;      // of an agent's own
constexpr std::size_t max_said = 500;

constexpr std::array<std::string_view, 7> host_checks{"state",   "lane",   "inbox",  "errors",
                                                      "latency", "memory", "storage"};

std::string bounded(std::string text) {
    text.resize(std::min(text.size(), max_said));
    return text;
}

Health health_called(const json& status) {
    return status == "healthy"        ? Health::healthy
           : status == "needs_repair" ? Health::needs_repair
                                      : Health::critical;
}

class Examination {
public:
    Examination(const config::AgentConfig& config, const Figures& now, const Figures& before)
        : config_(config), now_(now), before_(before) {}

    std::vector<CheckResult> results;

    void state() {
        const bool up = now_.state == "running" || now_.state == "reloading";
        add("state", up, now_.state, now_.serves ? Health::needs_repair : Health::critical);
    }

    void lane(const Result<std::string>& answer) {
        if (now_.serves) {
            add("lane", answer.has_value(), answer ? "" : answer.error().reason, Health::critical);
        }
    }

    void inbox() {
        const auto percent = now_.depth * 100 / std::max<std::uint64_t>(config_.queue_size, 1);
        add("inbox", percent < number("inbox"),
            std::to_string(now_.depth) + " of " + std::to_string(config_.queue_size) + " waiting");
    }

    void rates() {
        const auto handled = now_.handled - std::min(before_.handled, now_.handled);
        const auto failed = now_.failed - std::min(before_.failed, now_.failed);
        const bool enough = handled >= least_samples;
        add("errors", !enough || failed * 100 <= handled * number("errors"),
            std::to_string(failed) + " of " + std::to_string(handled) + " failed");
    }

    // Of few messages, one that takes long says nothing yet.
    void latency() {
        auto told = bus::percentile(now_.took, before_.took, 95);
        const bool enough = told.total >= least_samples;
        told = enough ? told : bus::percentile(now_.took, before_.took, 50);
        const auto us = static_cast<std::uint64_t>(told.ms) * 1000;
        add("latency", us <= number("latency"),
            config::render_duration(std::chrono::milliseconds(told.ms)) +
                (enough ? " at the 95th percentile of " : " at the median of ") +
                std::to_string(told.total));
    }

    void memory(const Result<std::string>& answer) {
        const auto limit = number("memory");
        auto used = now_.memory;
        if (!used && answer) {
            const auto said = json::parse(*answer, nullptr, false);
            const auto found = said.is_object() ? said.find("memory") : said.end();
            if (said.is_object() && found != said.end() && found->is_number_unsigned()) {
                used = found->get<std::uint64_t>();
            }
        }
        if (limit != 0 && used) {
            add("memory", *used <= limit, config::render_size(*used) + " in use");
        }
    }

    void storage() {
        if (now_.storage) {
            add("storage", *now_.storage < config_.limits.storage,
                config::render_size(*now_.storage) + " of " +
                    config::render_size(config_.limits.storage) + " in its state directory",
                Health::critical);
        }
    }

    void own_word(const Result<std::string>& answer) {
        if (!answer) {
            return;
        }
        const auto said = json::parse(*answer, nullptr, false);
        if (!said.is_object()) {
            return;
        }
        const auto status = said.value("status", json("healthy"));
        const auto checks = said.value("checks", json::array());
        bool explained = false;
        for (const auto& check : checks.is_array() ? checks : json::array()) {
            if (results.size() >= max_checks + host_checks.size()) {
                break;
            }
            explained = add_said(check) || explained;
        }
        if (!explained && status != "healthy") {
            results.push_back({"agent", false, health_called(status), "by its own word"});
        }
    }

private:
    // Whether it says what is wrong.
    bool add_said(const json& check) {
        if (!check.is_object() || !check.value("name", json()).is_string()) {
            return false;
        }
        auto name = check["name"].get<std::string>();
        if (name.empty() || name.size() > 63 || is_host_check(name)) {
            return false;
        }
        auto status = health_called(check.value("status", json("healthy")));
        if (status == Health::critical && check.value("critical", json(true)) == false) {
            status = Health::needs_repair;
        }
        const auto text = check.value("text", json(""));
        const auto reason = check.value("reason", json(""));
        results.push_back({std::move(name), false, status,
                           bounded(text.is_string() ? text.get<std::string>() : text.dump()),
                           reason.is_string() && strategy_for(reason.get<std::string>())
                               ? reason.get<std::string>()
                               : ""});
        return status != Health::healthy;
    }

    void add(const char* name, bool good, std::string text, Health bad = Health::needs_repair) {
        results.push_back({name, true, good ? Health::healthy : bad, bounded(std::move(text))});
    }

    [[nodiscard]] std::uint64_t number(const std::string& check) const {
        return config::limit_of(config_, check);
    }

    const config::AgentConfig& config_;
    const Figures& now_;
    const Figures& before_;
};

} // namespace

std::string_view name_of(Health health) noexcept {
    switch (health) {
    case Health::healthy: return "healthy";
    case Health::needs_repair: return "needs_repair";
    case Health::critical: return "critical";
    }
    return "critical";
}

std::string_view label_of(Health health) noexcept {
    switch (health) {
    case Health::healthy: return "Healthy";
    case Health::needs_repair: return "Needs Repair";
    case Health::critical: return "Critical Issues";
    }
    return "Critical Issues";
}

bool is_host_check(std::string_view name) noexcept {
    return std::find(host_checks.begin(), host_checks.end(), name) != host_checks.end();
}

std::vector<CheckResult> examine(const config::AgentConfig& config, const Figures& now,
                                 const Figures& before, const Result<std::string>& answer) {
    Examination examination(config, now, before);
    examination.state();
    if (now.serves) {
        examination.lane(answer);
        examination.inbox();
        examination.rates();
        examination.latency();
        examination.memory(answer);
        examination.storage();
        examination.own_word(answer);
    }
    for (auto& result : examination.results) {
        const auto known = config.checks.find(result.name);
        if (known != config.checks.end() && known->second.critical &&
            result.status != Health::healthy) {
            result.status = *known->second.critical ? Health::critical : Health::needs_repair;
        }
    }
    return std::move(examination.results);
}

Advice advice_for(const CheckResult& result) noexcept {
    if (result.status == Health::healthy) {
        return {"", ""};
    }
    if (const auto strategy = strategy_for(result.reason); !result.own && strategy) {
        return {name_of(*strategy), steps_of(*strategy)};
    }
    if (!result.own) {
        return {"restart", "restart it; if that does not help, roll back to the version before"};
    }
    if (result.name == "state") {
        return result.text == "waiting"
                   ? Advice{"dependency", "heal what it depends on; it starts by itself then"}
               : result.text == "stopped" ? Advice{"restart", "start it, or disable it"}
                                          : Advice{"restart", "see its last error; restart it"};
    }
    if (result.name == "lane") {
        return {"restart", "it is inside one call: look at what that waits for; restart it"};
    }
    if (result.name == "unit" || result.name == "command" || result.name == "connect") {
        return {"restart", "start it again; see its own log for why it is down"};
    }
    if (result.name == "inbox") {
        return {"scale_up", "more comes than it handles: more replicas, or slower senders"};
    }
    if (result.name == "memory") {
        return {"graceful_restart", "restart it with its state; look for a leak"};
    }
    if (result.name == "storage") {
        return {"restart", "delete what it does not need, or raise its limits.storage"};
    }
    return {"safe_restart", "restart it with validation; if it is new, roll it back"};
}

void CheckLog::note(const CheckResult& result, std::int64_t now_unix_ns) {
    auto& entry = entries_[result.name];
    const bool changed = entry.last.status != result.status || entry.since_unix_ns == 0;
    entry.since_unix_ns = changed ? now_unix_ns : entry.since_unix_ns;
    entry.failures = result.status == Health::healthy ? 0 : entry.failures + 1;
    entry.last = result;
}

void CheckLog::forget_others(const std::vector<CheckResult>& all) {
    std::erase_if(entries_, [&](const auto& known) {
        return std::none_of(all.begin(), all.end(),
                            [&](const CheckResult& result) { return result.name == known.first; });
    });
}

Health CheckLog::status(const config::AgentConfig& config) const {
    const auto* found = worst(config);
    return found == nullptr ? Health::healthy : found->last.status;
}

Health CheckLog::status(std::uint32_t threshold) const {
    auto worst = Health::healthy;
    for (const auto& [name, entry] : entries_) {
        if (entry.failures != 0 && entry.is_finding(threshold)) {
            worst = std::max(worst, entry.last.status);
        }
    }
    return worst;
}

const CheckLog::Entry* CheckLog::worst(const config::AgentConfig& config,
                                       std::string_view but) const {
    const Entry* found = nullptr;
    for (const auto& [name, entry] : entries_) {
        const bool counts = entry.failures != 0 && name != but &&
                            entry.is_finding(config::check_of(config, name).threshold);
        if (counts && (found == nullptr || entry.last.status > found->last.status)) {
            found = &entry;
        }
    }
    return found;
}

json to_json(const CheckResult& result) {
    const auto advice = advice_for(result);
    json out{{"name", result.name},
             {"source", result.own ? "host" : "agent"},
             {"status", name_of(result.status)},
             {"critical", result.status == Health::critical},
             {"text", result.text}};
    if (!advice.strategy.empty()) {
        out["strategy"] = advice.strategy;
        out["recommendation"] = advice.text;
    }
    return out;
}

} // namespace noa::supervise
