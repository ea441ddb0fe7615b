#include "checks.hpp"

#include <algorithm>
#include <utility>

namespace monitor {

namespace {

constexpr noa::Duration longest_pause = std::chrono::minutes(1);
constexpr std::uint32_t most_doublings = 16;

noa::Duration pause_after(const CheckSetting& setting, std::uint32_t made) {
    const auto factor = std::int64_t{1} << std::min(made - 1, most_doublings);
    return std::min(setting.pause * factor, std::max(longest_pause, setting.pause));
}

} // namespace

std::string_view name_of(CheckStatus status) noexcept {
    switch (status) {
    case CheckStatus::unknown: return "unknown";
    case CheckStatus::healthy: return "healthy";
    case CheckStatus::unhealthy: return "unhealthy";
    case CheckStatus::error: return "error";
    }
    return "";
}

void Checks::set(const std::vector<CheckSetting>& settings) {
    stop();
    checks_.clear();
    for (const CheckSetting& setting : settings) {
        checks_.push_back(std::make_unique<Check>(*port_, *sockets_));
        checks_.back()->state.setting = setting;
    }
}

void Checks::start() {
    for (std::size_t at = 0; at < checks_.size(); ++at) {
        begin(at);
    }
}

// Timers and watches end with the generation; who waits for a run asks the next one.
void Checks::stop() {
    for (const auto& check : checks_) {
        close(*check);
        ++check->attempt;
        check->running = false;
        check->next = 0;
        check->waiting.clear();
    }
}

bool Checks::run(std::string_view name, Done done) {
    const auto found = std::ranges::find_if(
        checks_, [&](const auto& check) { return check->state.setting.name == name; });
    if (found == checks_.end()) {
        return false;
    }
    (*found)->waiting.push_back(std::move(done));
    if (!(*found)->running) {
        begin(static_cast<std::size_t>(found - checks_.begin()));
    }
    return true;
}

std::vector<const CheckState*> Checks::all() const {
    std::vector<const CheckState*> all;
    for (const auto& check : checks_) {
        all.push_back(&check->state);
    }
    return all;
}

void Checks::begin(std::size_t at) {
    Check& check = *checks_[at];
    stop_timer(check.next);
    check.running = true;
    check.made = 0;
    check.began = port_->check_now();
    attempt(at);
}

void Checks::attempt(std::size_t at) {
    Check& check = *checks_[at];
    check.next = 0;
    ++check.made;
    ++check.attempt;
    const CheckKind kind = check.state.setting.kind();
    if (kind == CheckKind::http || kind == CheckKind::tcp) {
        exchange(at);
    } else {
        look(at);
    }
}

void Checks::look(std::size_t at) {
    Check& check = *checks_[at];
    const CheckSetting& setting = check.state.setting;
    check.deadline = port_->later(setting.timeout, [this, at] {
        checks_[at]->deadline = 0;
        end(at, {CheckStatus::error,
                 "no answer within " + noa::sdk::to_text(checks_[at]->state.setting.timeout)});
    });
    port_->look(setting, [this, at, number = check.attempt](Verdict verdict) {
        if (checks_[at]->attempt == number) {
            end(at, std::move(verdict));
        }
    });
}

void Checks::exchange(std::size_t at) {
    Check& check = *checks_[at];
    const CheckSetting& setting = check.state.setting;
    const Endpoint endpoint = setting.endpoint();
    check.exchange.begin(endpoint,
                         setting.kind() == CheckKind::http ? http_request(endpoint) : std::string(),
                         setting.body, setting.timeout,
                         [this, at](Exchanged outcome) { judge(at, std::move(outcome)); });
}

void Checks::judge(std::size_t at, Exchanged outcome) {
    const CheckSetting& setting = checks_[at]->state.setting;
    if (outcome.end == Exchanged::End::failed) {
        end(at, {CheckStatus::error, std::move(outcome.text)});
    } else if (outcome.end == Exchanged::End::broken) {
        end(at, {CheckStatus::unhealthy, "the answer is not HTTP, or its head is too long"});
    } else if (outcome.end == Exchanged::End::answered &&
               std::ranges::find(setting.status, outcome.status) == setting.status.end()) {
        end(at, {CheckStatus::unhealthy, "status " + std::to_string(outcome.status)});
    } else if (outcome.end == Exchanged::End::answered && !setting.body.empty() &&
               !outcome.has_body) {
        end(at, {CheckStatus::unhealthy, "the body does not have the text that is wanted"});
    } else {
        end(at, {CheckStatus::healthy, {}});
    }
}

void Checks::stop_timer(noa::sdk::TimerId& timer) {
    if (const auto running = std::exchange(timer, 0); running != 0) {
        port_->forget(running);
    }
}

void Checks::close(Check& check) {
    stop_timer(check.deadline);
    check.exchange.cancel();
}

void Checks::end(std::size_t at, Verdict verdict) {
    Check& check = *checks_[at];
    close(check);
    ++check.attempt;
    if (verdict.status == CheckStatus::healthy || check.made > check.state.setting.retries) {
        settle(at, std::move(verdict));
        return;
    }
    check.next =
        port_->later(pause_after(check.state.setting, check.made), [this, at] { attempt(at); });
}

void Checks::settle(std::size_t at, Verdict verdict) {
    Check& check = *checks_[at];
    CheckState& state = check.state;
    const bool changed = state.verdict.status != verdict.status;
    state.last = port_->check_now();
    state.took = state.last - check.began;
    state.since = changed ? state.last : state.since;
    state.verdict = std::move(verdict);
    ++state.runs;
    check.running = false;
    const noa::Duration left = state.setting.interval - state.took;
    check.next = port_->later(std::max(left, noa::Duration::zero()), [this, at] { begin(at); });
    if (changed) {
        port_->changed(state.setting, state.verdict);
    }
    for (Done& done : std::exchange(check.waiting, {})) {
        done(state);
    }
}

} // namespace monitor
