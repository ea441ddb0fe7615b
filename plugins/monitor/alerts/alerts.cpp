#include "alerts.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace monitor {

namespace {

bool covers(const Silence& silence, const Alert& alert) {
    return (silence.rule.empty() || silence.rule == alert.rule) &&
           std::ranges::all_of(silence.labels, [&](const auto& label) {
               return std::ranges::find(alert.labels, label) != alert.labels.end();
           });
}

} // namespace

std::string_view name_of(AlertState state) noexcept {
    switch (state) {
    case AlertState::pending: return "pending";
    case AlertState::firing: return "firing";
    case AlertState::resolved: return "resolved";
    }
    return "";
}

void Alerts::set(std::vector<Rule> rules, noa::Duration repeat) {
    rules_ = std::move(rules);
    bounds_.repeat = repeat;
}

std::vector<Notice> Alerts::look(const SeriesRing& ring, noa::Time now) {
    for (const Rule& rule : rules_) {
        look_at(rule, ring, now);
    }
    for (auto at = alerts_.begin(); at != alerts_.end();) {
        Alert& alert = at->second;
        const bool gone = alert.last_true != now && !is_false(rule_of(alert.rule), alert, now);
        at = gone ? alerts_.erase(at) : std::next(at);
    }
    apply_silences(now);
    return tell(now);
}

void Alerts::look_at(const Rule& rule, const SeriesRing& ring, noa::Time now) {
    std::size_t count = 0;
    for (const auto& [labels, value] : evaluate(*rule.expression, ring)) {
        Alert* alert = ++count > bounds_.per_rule ? nullptr : alert_of(rule, labels, now);
        if (alert == nullptr) {
            ++refused_;
        } else {
            is_true(rule, *alert, value, now);
        }
    }
}

Alert* Alerts::alert_of(const Rule& rule, const Labels& labels, noa::Time now) {
    const Key key{rule.setting.name, labels};
    if (const auto found = alerts_.find(key); found != alerts_.end()) {
        return &found->second;
    }
    if (alerts_.size() >= bounds_.alerts && !make_room()) {
        return nullptr;
    }
    Alert& made = alerts_[key];
    made.rule = rule.setting.name;
    made.labels = labels;
    made.since = now;
    return &made;
}

// What has been over for longest goes.
bool Alerts::make_room() {
    auto oldest = alerts_.end();
    for (auto at = alerts_.begin(); at != alerts_.end(); ++at) {
        if (at->second.state == AlertState::resolved &&
            (oldest == alerts_.end() || at->second.resolved < oldest->second.resolved)) {
            oldest = at;
        }
    }
    if (oldest == alerts_.end()) {
        return false;
    }
    alerts_.erase(oldest);
    return true;
}

void Alerts::is_true(const Rule& rule, Alert& alert, double value, noa::Time now) {
    if (alert.state == AlertState::resolved) {
        alert.state = AlertState::pending;
        alert.since = now;
        alert.told = false;
    }
    alert.last_true = now;
    alert.severity = rule.severity;
    alert.value = value;
    alert.summary = fill_in(rule.setting.summary, alert.labels, value);
    if (alert.state == AlertState::pending && now - alert.since >= rule.setting.wait) {
        alert.state = AlertState::firing;
        alert.fired = now;
    }
}

bool Alerts::is_false(const Rule* rule, Alert& alert, noa::Time now) const {
    if (alert.state == AlertState::pending) {
        if (!alert.ever_told) {
            return false;
        }
        alert.state = AlertState::resolved; // its cooldown is still to be known
        alert.resolved = now;
        return true;
    }
    if (alert.state == AlertState::firing &&
        (rule == nullptr || now - alert.last_true >= rule->setting.keep)) {
        alert.state = AlertState::resolved;
        alert.resolved = now;
    }
    const noa::Duration cooldown = rule == nullptr ? noa::Duration(0) : rule->setting.cooldown;
    return alert.state == AlertState::firing ||
           now - alert.resolved < std::max(bounds_.remember, cooldown);
}

void Alerts::apply_silences(noa::Time now) {
    std::erase_if(silences_, [&](const Silence& silence) { return silence.until <= now; });
    for (auto& entry : alerts_) {
        Alert& alert = entry.second;
        const auto found = std::ranges::find_if(
            silences_, [&](const Silence& silence) { return covers(silence, alert); });
        alert.silence = found == silences_.end() ? "" : found->id;
    }
}

bool Alerts::is_to_be_told(const Rule& rule, const Alert& alert, noa::Time now) const {
    if (alert.state != AlertState::firing || !alert.silence.empty()) {
        return false;
    }
    const noa::Duration rest = alert.told ? bounds_.repeat : rule.setting.cooldown;
    return !alert.ever_told || now - alert.told_at >= rest;
}

const Rule* Alerts::rule_of(std::string_view name) const {
    const auto found =
        std::ranges::find_if(rules_, [&](const Rule& rule) { return rule.setting.name == name; });
    return found == rules_.end() ? nullptr : &*found;
}

// Alerts are by rule, so that those of one notice are side by side. What is over is told, silenced
// or not, to whoever was told that it fires.
std::vector<Notice> Alerts::tell(noa::Time now) {
    std::vector<Notice> over;
    std::vector<Notice> notices;
    const auto add = [](std::vector<Notice>& to, const Alert& alert, bool firing) {
        if (to.empty() || to.back().rule != alert.rule) {
            to.push_back({alert.rule, alert.severity, firing, {}});
        }
        to.back().alerts.push_back(alert);
    };
    for (auto& [key, alert] : alerts_) {
        const Rule* rule = rule_of(alert.rule);
        if (alert.state == AlertState::resolved && alert.told) {
            alert.told = false;
            add(over, alert, false);
        } else if (rule != nullptr && is_to_be_told(*rule, alert, now)) {
            alert.told = alert.ever_told = true;
            alert.told_at = now;
            add(notices, alert, true);
        }
    }
    std::ranges::move(over, std::back_inserter(notices));
    return notices;
}

std::vector<const Alert*> Alerts::all() const {
    std::vector<const Alert*> all;
    for (const auto& [key, alert] : alerts_) {
        all.push_back(&alert);
    }
    return all;
}

std::size_t Alerts::firing() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        alerts_, [](const auto& entry) { return entry.second.state == AlertState::firing; }));
}

noa::Result<std::string> Alerts::silence(Silence silence) {
    if (silences_.size() >= bounds_.silences) {
        return noa::busy("there are " + std::to_string(silences_.size()) + " silences already");
    }
    silence.id = std::to_string(++silence_number_);
    silences_.push_back(std::move(silence));
    return silences_.back().id;
}

bool Alerts::unsilence(std::string_view id) {
    return std::erase_if(silences_, [&](const Silence& silence) { return silence.id == id; }) > 0;
}

void Alerts::restore(std::vector<Alert> alerts, std::vector<Silence> silences) {
    alerts_.clear();
    for (Alert& alert : alerts) {
        if (alerts_.size() < bounds_.alerts) {
            Key key{alert.rule, alert.labels};
            alerts_.insert_or_assign(std::move(key), std::move(alert));
        }
    }
    silences_ = std::move(silences);
    silences_.resize(std::min(silences_.size(), bounds_.silences));
    for (const Silence& silence : silences_) {
        std::uint64_t number = 0;
        std::from_chars(silence.id.data(), silence.id.data() + silence.id.size(), number);
        silence_number_ = std::max(silence_number_, number);
    }
}

} // namespace monitor
