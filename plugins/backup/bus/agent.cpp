#include "agent.hpp"

#include <algorithm>
#include <functional>

#include "../jobs/schedule.hpp"
#include "../repository/timestamp.hpp"

namespace backup {

namespace {

std::int64_t seconds_of(noa::Duration duration) {
    return duration.count() / 1'000'000'000;
}

// The only one, when none is named.
template <class T>
noa::Result<std::string> name_in(const std::map<std::string, T>& all, const Text& given,
                                 const std::string& kind) {
    if (given) {
        return all.contains(*given) ? noa::Result<std::string>(*given)
                                    : noa::not_found("there is no " + kind + " " + *given);
    }
    if (all.size() != 1) {
        return all.empty() ? noa::Result<std::string>(noa::not_found(
                                 "no " + kind + " is configured: see agents.backup.settings"))
                           : noa::invalid("which " + kind + "? There are several");
    }
    return all.begin()->first;
}

} // namespace

void Backup::setup(noa::Setup& setup) {
    settings_.reset(new const Settings);
    setup.settings<Settings>(
        [](const Settings& settings) { return settings.check(); },
        [this](const Settings& settings) { settings_.reset(new const Settings(settings)); });
    setup.tasks({.concurrency = 2, .queue = 64});
    set_up_jobs(setup);
    set_up_looks(setup);
    set_up_keys(setup);
    set_up_metrics(setup);
    setup.every(std::chrono::seconds(30), [this] { tick(); });
    setup.capability("backup");
    setup.event("backup.done.PLAN", {.summary = "A plan was run: what was kept"});
    setup.event("backup.failed.WHAT", {.summary = "A job of a plan or repository failed: why"});
    setup.event("backup.damaged.REPOSITORY", {.summary = "Damage was found: what it is"});
}

void Backup::set_up_metrics(noa::Setup& setup) {
    setup.counter("runs_total", "Plans that were run", runs_);
    setup.counter("failures_total", "Jobs that failed", failures_);
    setup.counter("stored_bytes_total", "Written to repositories", stored_bytes_);
    setup.gauge("running", "1 while a job is at work", [this] { return running_ ? 1 : 0; });
    setup.gauge("last_success_seconds", "When a plan last ran well, since 1970", [this] {
        std::int64_t newest = 0;
        for (const auto& [name, record] : records_.plans) {
            newest = std::max(newest, record.success_s);
        }
        return newest;
    });
    setup.health("repositories", noa::sdk::Weight::critical, [this] { return health(); });
}

noa::Status Backup::start() {
    const auto directory = state_dir();
    if (!directory) {
        return directory.error();
    }
    places_.state = *directory;
    records_ = Records::load(places_.records());
    running_.reset();
    started_ = true;
    // What was missed does not wait for the first look of the clock; others may start meanwhile.
    static_cast<void>(after(std::chrono::seconds(1), [this] { tick(); }));
    return {};
}

noa::Health Backup::health() const {
    for (const auto& [name, record] : records_.repositories) {
        if (settings_->repositories.contains(name) && !record.damage.empty()) {
            // Not critical: the host would start this anew, which mends no disk.
            return noa::Health::needs_repair("repository " + name + ": " + record.damage);
        }
    }
    for (const auto& [name, record] : records_.plans) {
        if (settings_->plans.contains(name) && !record.error.empty()) {
            return noa::Health::needs_repair("plan " + name + ": " + record.error);
        }
        if (settings_->plans.contains(name) && !record.drill_error.empty()) {
            return noa::Health::needs_repair("the drill of plan " + name + ": " +
                                             record.drill_error);
        }
    }
    return noa::Health::healthy();
}

// Each plan at its own moment within the jitter, the same one every time on this host.
bool Backup::due(const std::string& name, const PlanSettings& plan, std::int64_t now_s) const {
    const auto schedule = Schedule::parse(plan.schedule);
    if (!schedule) {
        return false;
    }
    const std::int64_t jitter_s = seconds_of(plan.jitter);
    const auto spread = static_cast<std::int64_t>(
        std::hash<std::string>{}(Origin::of_this_process().hostname + "/" + name) % 86'400);
    const std::int64_t late_s = jitter_s > 0 ? spread % jitter_s : 0;
    const auto record = records_.plans.find(name);
    const bool never = record == records_.plans.end() || record->second.tried_s == 0;
    return schedule->due(never ? std::nullopt
                               : std::optional<std::int64_t>(record->second.tried_s - late_s),
                         now_s - late_s);
}

void Backup::tick() {
    if (!started_ || running_) {
        return;
    }
    const std::int64_t now_s = Timestamp::now().seconds;
    for (const auto& [name, plan] : settings_->plans) {
        if (!plan.schedule.empty() && due(name, plan, now_s)) {
            begin("run", name, [name = name](Job& job) { return run_plan(job, name); }, {});
            return; // the next one when this has ended
        }
    }
}

noa::Result<std::string> Backup::plan_of(const Text& given) const {
    return name_in(settings_->plans, given, "plan");
}

noa::Result<std::string> Backup::repository_of(const Text& given) const {
    return name_in(settings_->repositories, given, "repository");
}

} // namespace backup
