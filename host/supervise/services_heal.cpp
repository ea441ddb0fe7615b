// What is done for a service, step by step: checks, and what starts it again.

#include <algorithm>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "supervise/services.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

using nlohmann::json;

namespace {

constexpr std::size_t most_actions = 8;                 // started or stopped at a time
constexpr std::int64_t look_again_ns = 250 * ns_per_ms; // at what is starting

bool is_action(ServiceStep step) noexcept {
    return step != ServiceStep::check && step != ServiceStep::verify;
}

} // namespace

// When to look again.
std::int64_t Services::look(Service& service, std::int64_t now_ns) {
    if (service.killed && !service.killed->lingers()) {
        service.killed.reset();
    }
    do {
        if (service.task) {
            const auto end = service.task->look(now_ns);
            if (!end) {
                return service.task->deadline_ns();
            }
            if (service.task->lingers()) {
                service.killed.emplace(std::move(*service.task));
            }
            service.task.reset();
            actions_ -= std::exchange(service.acts, false) ? 1 : 0;
            finish(service, *end, now_ns);
        }
    } while (begin_next(service, now_ns));
    auto due_ns = never;
    if (service.is_watched()) {
        due_ns = std::max(service.check_due_ns, now_ns + 1);
        if (service.planned && service.planned->decision.due_ns > now_ns) {
            due_ns = std::min(due_ns, service.planned->decision.due_ns);
        }
        if (const auto settles_ns = service.policy.settles_ns(service.config.limits);
            settles_ns > now_ns) {
            due_ns = std::min(due_ns, settles_ns);
        }
    }
    return due_ns;
}

// Whether there is something to look at now.
bool Services::begin_next(Service& service, std::int64_t now_ns) {
    if (!service.then.empty()) {
        begin(service, service.then.front(), now_ns);
        service.then.pop_front();
        return true;
    }
    if (!service.request && !service.requests.empty()) {
        service.request = std::move(service.requests.front());
        service.requests.pop_front();
        return begin_order(service, now_ns);
    }
    if (!service.is_watched()) {
        return false;
    }
    if (service.state == ServiceState::up &&
        service.policy.settles_ns(service.config.limits) <= now_ns) {
        settle(service);
    }
    const bool due = service.planned && service.planned->decision.due_ns <= now_ns &&
                     service.state != ServiceState::starting && actions_ < most_actions;
    if (due || service.check_due_ns <= now_ns) {
        begin(service, due ? ServiceStep::verify : ServiceStep::check, now_ns);
        return true;
    }
    return false;
}

bool Services::begin_order(Service& service, std::int64_t now_ns) {
    const auto order = service.request->order;
    if (!service.config.enabled) {
        answer(service, "failed", "it is disabled");
        return true;
    }
    const bool stops = order == ServiceOrder::stop;
    if (stops ? arguments_of(service.config, ServiceStep::stop).empty()
              : restart_steps(service.config).empty()) {
        answer(service, "failed",
               "nothing of its configuration does so: give it a unit or commands");
        return true;
    }
    if (order != ServiceOrder::heal && order != ServiceOrder::heal_needed) {
        service.policy.forget();
        service.planned.reset();
    }
    if (stops) {
        service.stopped_by_hand = true;
        begin(service, ServiceStep::stop, now_ns);
        return true;
    }
    service.stopped_by_hand = false;
    if (order == ServiceOrder::heal_needed) {
        heal_needed(service.config, now_ns);
    }
    if (order == ServiceOrder::restart) {
        service.doing = "by hand: " + service.request->reason;
        service.then = restart_steps(service.config);
        return true;
    }
    begin(service, ServiceStep::verify, now_ns);
    return true;
}

void Services::begin(Service& service, ServiceStep step, std::int64_t now_ns) {
    service.step = step;
    const auto& config = service.config;
    if (is_action(step)) {
        service.acts = true;
        ++actions_;
        service.enter(ServiceState::starting);
        service.task.emplace(ServiceTask::run(arguments_of(config, step),
                                              now_ns + ns_of(config.timeout), Command::Rest::left));
        return;
    }
    const auto deadline_ns = now_ns + ns_of(config.check.timeout);
    service.task.emplace(
        service.killed ? ServiceTask::failed("its last check cannot be killed")
        : !config.connect.empty()
            ? ServiceTask::connect(config.connect, deadline_ns)
            : ServiceTask::run(arguments_of(config, step), deadline_ns, Command::Rest::killed));
}

void Services::finish(Service& service, const TaskEnd& end, std::int64_t now_ns) {
    switch (service.step) {
    case ServiceStep::check: note_check(service, end, now_ns); break;
    case ServiceStep::verify: finish_verify(service, end, now_ns); break;
    case ServiceStep::stop:
        if (service.then.empty()) {
            service.enter(end.good ? ServiceState::stopped : ServiceState::unknown);
            service.stopped_by_hand = end.good;
            service.checks = end.good ? CheckLog() : service.checks;
            answer(service, end.good ? "stopped" : "failed", end.text);
        } // else it may have been dead already
        break;
    case ServiceStep::start:
    case ServiceStep::restart:
        if (!end.good) {
            service.then.clear();
            restart_failed(service, end.text, now_ns);
        } else {
            service.up_by_ns = now_ns + ns_of(service.config.timeout);
            service.check_due_ns = now_ns;
        }
        break;
    }
}

void Services::finish_verify(Service& service, const TaskEnd& end, std::int64_t now_ns) {
    if (end.good) {
        note_check(service, end, now_ns);
        answer(service, "unchanged", "it is up");
        return;
    }
    if (const auto missing = missing_for(service.config); !missing.empty()) {
        wait_for_needed(service, missing, now_ns);
        answer(service, "failed", "it needs what is not there: " + missing);
        return;
    }
    if (service.request) {
        service.doing = "by hand: " + service.request->reason;
    } else if (service.planned) {
        service.doing = service.planned->reason;
        ++service.restarts;
    }
    service.planned.reset();
    const bool only_start = service.request && service.request->order == ServiceOrder::start &&
                            !arguments_of(service.config, ServiceStep::start).empty();
    service.then = only_start ? std::deque{ServiceStep::start} : restart_steps(service.config);
}

void Services::note_check(Service& service, const TaskEnd& end, std::int64_t now_ns) {
    const auto before = service.health();
    const auto bad = service.config.critical ? Health::critical : Health::needs_repair;
    service.checked_unix_ns = unix_ns();
    service.checks.note(
        {config::check_kind(service.config), true, end.good ? Health::healthy : bad, end.text},
        service.checked_unix_ns);
    service.check_due_ns = next_due(now_ns, service.config.check.interval);
    if (end.good) {
        note_well(service, now_ns);
    } else if (service.state == ServiceState::starting) {
        if (now_ns >= service.up_by_ns) {
            restart_failed(service, "it did not come up: " + end.text, now_ns);
        } else {
            service.check_due_ns = std::min(service.check_due_ns, now_ns + look_again_ns);
        }
    } else if (service.health() != Health::healthy &&
               (service.state == ServiceState::up || service.state == ServiceState::unknown)) {
        const bool asked_for = service.state == ServiceState::unknown && is_awaited(service);
        service.enter(ServiceState::down);
        around_.log.write(Level::error, "service.down",
                          {{"service", service.config.name}, {"reason", end.text}});
        ended(service, end.text, now_ns);
        if (asked_for && service.planned) { // before it was known to be down
            service.planned->decision.due_ns = now_ns;
        }
    }
    if (service.health() != before) {
        tell_health(service, before);
    }
}

void Services::note_well(Service& service, std::int64_t now_ns) {
    const auto was = service.state;
    if (was == ServiceState::up) {
        return;
    }
    service.enter(ServiceState::up);
    service.policy.started(now_ns);
    service.planned.reset();
    around_.log.write(Level::info, "service.up", {{"service", service.config.name}});
    if (was == ServiceState::starting) {
        tell_heal(service, "heal.done", {{"strategy", "restart"}, {"reason", service.doing}});
        const bool started = service.request && service.request->order == ServiceOrder::start;
        answer(service, started ? "started" : "restarted", "");
    } else if (was != ServiceState::unknown) {
        tell_heal(service, "heal.recovered", json::object());
    }
    note_up_of(service.target(), now_ns);
    came_up_.push_back(service.target());
}

void Services::wait_for_needed(Service& service, const std::string& missing, std::int64_t now_ns) {
    if (service.planned && service.state != ServiceState::waiting) {
        service.enter(ServiceState::waiting);
        service.note = "waits: " + missing;
        around_.log.write(Level::warning, "service.waiting",
                          {{"service", service.config.name}, {"reason", missing}});
        tell_heal(service, "heal.waiting", {{"strategy", "dependency"}, {"reason", missing}});
    }
    if (service.planned) { // whatever comes up has it looked at sooner
        service.planned->decision.due_ns = now_ns + ns_of(service.config.limits.cooldown);
    }
    if (service.config.heal.dependency) {
        heal_needed(service.config, now_ns);
    }
}

void Services::ended(Service& service, const std::string& reason, std::int64_t now_ns) {
    if (!service.config.heal.restart || restart_steps(service.config).empty()) {
        tell_heal(service, "heal.advised", {{"strategy", "restart"}, {"reason", reason}});
        return;
    }
    auto& policy = service.policy;
    const auto decide = [&] {
        return policy.ended(service.config.limits, now_ns,
                            std::uniform_real_distribution<double>(0.0, 1.0)(dice_));
    };
    const bool had_given_up = policy.exhausted();
    auto decision = decide();
    if (decision.step == RestartPolicy::Step::last_known_good) { // it has none
        decision = decide();
    }
    if (!had_given_up && policy.exhausted()) {
        around_.log.write(Level::error, "service.restarts_exhausted",
                          {{"service", service.config.name}, {"reason", reason}});
        tell_heal(service, "heal.exhausted",
                  {{"in_window", decision.in_window}, {"reason", reason}});
    }
    service.planned = PlannedRestart{decision, reason, "", Strategy::restart};
    auto details = planned_details(*service.planned, now_ns);
    around_.log.write(Level::warning, "service.restart_planned",
                      {{"service", service.config.name},
                       {"step", name_of(decision.step)},
                       {"in_ms", details.at("in_ms").get<std::int64_t>()},
                       {"in_a_row", decision.in_a_row},
                       {"reason", reason}});
    tell_heal(service, "heal.planned", std::move(details));
}

void Services::restart_failed(Service& service, const std::string& text, std::int64_t now_ns) {
    service.enter(ServiceState::down);
    service.note = text;
    tell_heal(service, "heal.failed",
              {{"strategy", "restart"}, {"reason", service.doing}, {"text", text}});
    answer(service, "failed", text);
    ended(service, text, now_ns);
}

void Services::settle(Service& service) {
    const bool had_given_up = service.policy.exhausted();
    service.policy.settle();
    if (had_given_up) {
        tell_heal(service, "heal.settled", json::object());
    }
}

// Whoever waits for what is under way.
void Services::answer(Service& service, const char* action, const std::string& text) {
    if (service.request) {
        service.request->answer->set_value({service.target(), action, 0, text, 0});
        service.request.reset();
    }
}

void Services::answer_all(Service& service, const std::string& text) {
    answer(service, "failed", text);
    for (; !service.requests.empty(); service.requests.pop_front()) {
        service.request = std::move(service.requests.front());
        answer(service, "failed", text);
    }
}

std::string Services::missing_for(const config::ServiceConfig& config) const {
    for (const auto& needed : config.depends_on) {
        if (config.tolerates(needed)) {
            continue;
        }
        if (is_service(needed)) {
            if (auto why = why_not_up(needed.substr(service_prefix.size())); !why.empty()) {
                return why;
            }
        } else if (!around_.serves(needed)) {
            return needed + " does not run";
        }
    }
    return {};
}

void Services::heal_needed(const config::ServiceConfig& config, std::int64_t now_ns) {
    for (const auto& needed : config.depends_on) {
        if (!is_service(needed)) {
            if (!around_.serves(needed)) {
                around_.heal_agent(needed);
            }
            continue;
        }
        const auto found = services_.find(needed.substr(service_prefix.size()));
        if (found == services_.end() || found->second->state == ServiceState::up) {
            continue;
        }
        auto& other = *found->second;
        if (other.planned) {
            other.planned->decision.due_ns = std::min(other.planned->decision.due_ns, now_ns);
        }
        other.check_due_ns = std::min(other.check_due_ns, now_ns);
        heal_needed(other.config, now_ns); // there is no cycle
    }
    wake(); // what was looked at before this one is looked at again
}

void Services::note_up_of(const std::string& target, std::int64_t now_ns) {
    for (const auto& [name, service] : services_) {
        const auto& needs = service->config.depends_on;
        if (service->planned && std::find(needs.begin(), needs.end(), target) != needs.end()) {
            service->planned->decision.due_ns = std::min(service->planned->decision.due_ns, now_ns);
            wake();
        }
    }
}

void Services::tell_health(const Service& service, Health before) {
    const auto after = service.health();
    const auto& last = service.checks.entries().begin()->second.last;
    around_.announce("host.health.service." + service.config.name,
                     {{"event", "health.changed"},
                      {"service", service.config.name},
                      {"from", name_of(before)},
                      {"to", name_of(after)},
                      {"check", last.name},
                      {"text", last.text}});
}

void Services::tell_heal(const Service& service, const char* event, json details) {
    details["event"] = event;
    details["service"] = service.config.name;
    around_.announce("host.heal.service." + service.config.name, details);
}

} // namespace noa::supervise
