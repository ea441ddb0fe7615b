// Alerts: looked at after every round, told, kept on the disk, and what is asked of them.
#include <algorithm>
#include <utility>

#include "../alerts/trial.hpp"
#include "agent.hpp"
#include "alert_messages.hpp"

namespace monitor {

namespace {

using noa::Json;

constexpr std::size_t most_record_bytes = 16U << 20U;
constexpr std::size_t longest_comment = 300;
constexpr std::size_t most_told_steps = 5000;

// By name, as they are kept; a map is.
Labels labels_of(const LabelMap& map) {
    return {map.begin(), map.end()};
}

noa::Result<std::vector<TrialSeries>> trial_series(const TrialRequest& request) {
    if (request.series.size() > max_trial_series || request.interval <= noa::Duration::zero()) {
        return noa::invalid("/series: must be " + std::to_string(max_trial_series) +
                            " at most, /interval over 0");
    }
    std::vector<TrialSeries> all;
    for (const TriedSeries& one : request.series) {
        auto values = parse_values(one.values);
        if (!values) {
            return noa::invalid("/series/" + std::to_string(all.size()) + ": " +
                                values.error().text);
        }
        all.push_back({one.name, labels_of(one.labels), *std::move(values)});
    }
    return all;
}

Trial trial_of(const std::vector<TrialStep>& steps) {
    Trial trial;
    for (const TrialStep& step : steps) {
        const Alert& alert = step.alert;
        trial.steps.push_back({std::chrono::duration<double>(step.at).count(),
                               alert.rule,
                               {alert.labels.begin(), alert.labels.end()},
                               std::string(name_of(alert.severity)),
                               std::string(name_of(alert.state)),
                               step.told,
                               alert.value,
                               alert.summary});
    }
    return trial;
}

} // namespace

void Monitor::setup_alerts(noa::Setup& setup) {
    setup.operation("alerts.list", "What fires or is about to, and what is silenced",
                    [this](const AlertsRequest& request) { return list_alerts(request); });
    setup.operation("alerts.rules", "The rules that are looked at", [this] {
        RuleList list;
        for (const auto& [setting, severity, expression] : alerts_.rules()) {
            list.rules.push_back({setting.name, setting.expression, setting.wait, setting.keep,
                                  setting.cooldown, setting.severity, setting.summary});
        }
        return list;
    });
    setup.operation("alerts.prometheus", "The same as a file of rules for Prometheus", [this] {
        return noa::OwnedBody{prometheus_rules(alerts_.rules()), "application/yaml"};
    });
    setup.operation("alerts.silence", "Has alerts not told for a while",
                    [this](const SilenceRequest& request) { return silence(request); });
    setup.operation("alerts.unsilence", "Ends a silence",
                    [this](const SilenceName& request) { return unsilence(request); });
    setup.operation("alerts.channels", "Whom alerts are told, and what waits for them",
                    [this] { return noa::json_body(list_channels()); });
    setup.operation("alerts.test", "What would be told of figures that are given, and when",
                    [this](const TrialRequest& request, noa::Responder responder) {
                        try_alerts(request, std::move(responder));
                    });
    backup_.validate_with([](const std::string& directory) -> noa::Status {
        const auto text = read_file(directory + "/alerts.json", most_record_bytes);
        const auto record = text ? read_record(*text, {}) : noa::Result<Record>(text.error());
        return record ? noa::Status() : record.error();
    });
    setup.use(backup_);
    setup.event("monitor.alert.RULE",
                {.summary = "Alerts of the rule RULE fire, go on firing, or are over"});
    setup.counter("alerts_told_total", "Notices that went out", told_);
    setup.counter("alerts_refused_total", "Alerts that there was no room for",
                  [this] { return alerts_.refused(); });
    setup.gauge("alerts_waiting", "Alerts that wait for a receiver", [this] {
        std::size_t waiting = 0;
        for (const auto& channel : channels_) {
            waiting += channel->outbox.size();
        }
        return waiting;
    });
    setup.health("channels", noa::sdk::Weight::minor, [this] { return channel_health(); });
    setup.gauge("alerts_firing", "Alerts that fire", [this] { return alerts_.firing(); });
    setup.health("alerts", noa::sdk::Weight::minor, [this] {
        return record_fault_.empty() ? noa::Health::healthy()
                                     : noa::Health::needs_repair(record_fault_);
    });
}

WallClock Monitor::wall_clock() const {
    const noa::Time moment = now();
    return {moment, unix_ms(moment)};
}

// What cannot be read is put aside, whole: alerts that still hold fire anew.
noa::Status Monitor::load_alerts() {
    const auto folder = state_dir();
    if (!folder) {
        return folder.error();
    }
    record_path_ = std::string(*folder) + "/alerts.json";
    const auto text = read_file(record_path_, most_record_bytes);
    auto record = text ? read_record(*text, wall_clock()) : noa::Result<Record>(text.error());
    if (!record) {
        const std::string aside = record_path_ + ".damaged";
        log(noa::Level::error, "alerts.record_damaged",
            record.error().text + "; it is put aside as " + aside);
        if (std::rename(record_path_.c_str(), aside.c_str()) != 0) {
            return noa::failed("cannot put " + record_path_ + " aside");
        }
        record = Record();
    }
    alerts_.restore(std::move(record->alerts), std::move(record->silences));
    open_channels(std::move(record->waiting));
    return {};
}

// One write at a time; what changes meanwhile is in the next.
void Monitor::keep_alerts() {
    if (writing_) {
        write_again_ = true;
        return;
    }
    writing_ = true;
    task(
        [path = record_path_, text = write_record(alerts_, waiting_alerts(), wall_clock())] {
            return write_file(path, text);
        },
        [this](const noa::Status& written) {
            writing_ = false;
            record_fault_ = written ? "" : written.error().text;
            if (!written) {
                log(noa::Level::error, "alerts.record_failed", written.error().text);
            }
            if (std::exchange(write_again_, false)) {
                keep_alerts();
            }
        });
}

// No task is under way any more. A disk that takes nothing holds up no reload.
void Monitor::close_alerts() {
    close_channels();
    writing_ = write_again_ = false;
    if (const auto written =
            write_file(record_path_, write_record(alerts_, waiting_alerts(), wall_clock()));
        !written) {
        log(noa::Level::error, "alerts.record_failed", written.error().text);
    }
}

void Monitor::look_at_alerts() {
    const std::vector<Notice> notices = alerts_.look(ring_, ring_.last_round());
    for (const Notice& notice : notices) {
        tell(notice);
    }
    if (!notices.empty()) {
        keep_alerts();
    }
}

void Monitor::tell(const Notice& notice) {
    told_.add();
    log(!notice.firing                          ? noa::Level::info
        : notice.severity == Severity::critical ? noa::Level::error
                                                : noa::Level::warning,
        notice.firing ? "alert.fires" : "alert.is_over", notice_text(notice));
    const auto told =
        publish("monitor.alert." + notice.rule, noa::json_body(to_json(notice, wall_clock())));
    if (!told) {
        log(noa::Level::warning, "event.refused", told.error().text);
    }
    for (const auto& channel : channels_) {
        if (notice.severity >= severity_of(channel->setting.severity)) {
            channel->outbox.add(notice);
            deliver(*channel);
        }
    }
    heal_after(notice);
}

AlertList Monitor::list_alerts(const AlertsRequest& request) const {
    AlertList list;
    const WallClock clock = wall_clock();
    for (const Alert* alert : alerts_.all()) {
        const bool state = request.state.empty() ? alert->state != AlertState::resolved
                                                 : name_of(alert->state) == request.state;
        if (state && (request.rule.empty() || alert->rule == request.rule)) {
            list.alerts.push_back(to_json(*alert, clock));
        }
    }
    for (const Silence& silence : alerts_.silences()) {
        list.silences.push_back(to_json(silence, clock));
    }
    return list;
}

noa::Result<SilenceName> Monitor::silence(const SilenceRequest& request) {
    using namespace std::chrono_literals;
    if (request.lasts < 1s || request.lasts > 30 * 24h) {
        return noa::invalid("/for: must be 1s to 30d");
    }
    if (request.comment.size() > longest_comment || request.rule.size() > longest_comment ||
        request.labels.size() > SeriesBounds().labels) {
        return noa::invalid("/comment, /rule or /labels: too long");
    }
    if (request.rule.empty() && request.labels.empty()) {
        return noa::invalid("/rule, /labels: one of these must be there");
    }
    auto id = alerts_.silence(
        {"", request.rule, labels_of(request.labels), now() + request.lasts, request.comment});
    if (!id) {
        return id.error();
    }
    keep_alerts();
    return SilenceName{*std::move(id)};
}

noa::Status Monitor::unsilence(const SilenceName& request) {
    if (!alerts_.unsilence(request.id)) {
        return noa::not_found("there is no silence " + request.id.substr(0, 40));
    }
    keep_alerts();
    return {};
}

void Monitor::try_alerts(const TrialRequest& request, noa::Responder responder) {
    auto series = trial_series(request);
    auto rules = rules_of(settings_.shipped_rules, settings_.rules);
    if (!request.rule.empty()) {
        std::erase_if(rules, [&](const Rule& rule) { return rule.setting.name != request.rule; });
    }
    if (!series || rules.empty()) {
        responder.fail(series ? noa::not_found("there is no rule " + request.rule.substr(0, 200))
                              : series.error());
        return;
    }
    task([rules = std::move(rules), series = *std::move(series),
          interval =
              request.interval]() mutable { return try_rules(std::move(rules), series, interval); },
         [responder = std::move(responder)](noa::Result<std::vector<TrialStep>> steps) mutable {
             if (!steps) {
                 responder.fail(steps.error());
             } else if (steps->size() > most_told_steps) {
                 responder.fail(noa::too_large("over " + std::to_string(most_told_steps) +
                                               " changes: try fewer series or rounds"));
             } else {
                 responder.reply(noa::json_body(trial_of(*steps)));
             }
         });
}

} // namespace monitor
