#include "agent.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "../collect/system.hpp"

namespace monitor {

namespace {

using noa::Json;

constexpr noa::Duration settling = std::chrono::milliseconds(200);

double seconds(noa::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

} // namespace

void Monitor::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) {
                                 settings_ = settings;
                                 ring_.bound(settings.series());
                                 checks_.set(settings.checks);
                                 alerts_.set(rules_of(settings.shipped_rules, settings.rules),
                                             settings.repeat);
                                 set_channels(settings.channels);
                             });
    setup.operation("metrics.query", "A figure over time",
                    [this](const QueryRequest& request, noa::Responder responder) {
                        query(request, std::move(responder));
                    });
    const std::string figures = noa::sdk::Codec<NowReply>::schema();
    setup.operation("metrics.now",
                    {.summary = "Every figure as the last round had it", .reply = figures},
                    [this](const NowRequest& request) { return current(request); });
    setup.operation("metrics.prometheus", "The same in Prometheus's text format",
                    [this](const NowRequest& request) { return prometheus(request); });
    for (const char* changes : {"host.agent.*", "host.health.>"}) {
        setup.subscribe(changes, [this](const noa::Event& /*event*/) {
            hasten();
            return noa::Status();
        });
    }
    setup.event("monitor.healed",
                {.summary = "The host was asked for a strategy: what came of it"});
    setup.event("monitor.round", {.summary = "A round of figures has ended"});
    setup_figures(setup);
    setup_checks(setup);
    setup_alerts(setup);
    setup_traces(setup);
    setup.use(sockets_);
    setup.tasks({.concurrency = 4, .queue = 4096});
    setup.capability("monitor");
}

void Monitor::setup_figures(noa::Setup& setup) {
    setup.counter("rounds_total", "Rounds of figures that ended", rounds_);
    setup.counter("rounds_late_total", "Rounds that were not over when the next was due", late_);
    setup.counter("unanswered_total", "Questions to the host or an agent without an answer",
                  unanswered_);
    setup.counter("samples_refused_total", "Figures that were not well formed, or beyond a bound",
                  [this] { return ring_.refused(); });
    setup.gauge("series", "Figures with different labels that are kept",
                [this] { return ring_.series(); });
    setup.gauge("round_seconds", "How long the last round took", [this] { return seconds(took_); });
    setup.counter("heals_total", "Strategies that the host was asked for, and that helped",
                  healed_);
    setup.counter("heals_failed_total", "Strategies that the host refused, or that did not help",
                  heal_failed_);
    setup.counter("history_written_total", "Rounds of figures that were written to the disk",
                  days_written_);
    setup.counter("history_failed_total", "Rounds of figures that could not be written",
                  days_failed_);
    setup.health("days", noa::sdk::Weight::minor, [this] { return days_health(); });
    setup.health("checks", noa::sdk::Weight::minor, [this] { return check_health(); });
    setup.health("rounds", noa::sdk::Weight::minor, [this] { return health(); });
}

noa::Status Monitor::start() {
    round_.reset();
    hastened_ = false;
    if (const auto loaded = load_alerts(); !loaded) {
        return loaded.error();
    }
    healing_.clear();
    writing_day_ = false;
    wrote_day_ = {};
    if (noa::Status opened = open_days(); !opened) {
        return opened;
    }
    const auto timer = every(settings_.interval, [this] {
        hastened_ = false;
        begin_round();
    });
    if (!timer) {
        return timer.error();
    }
    begin_round();
    checks_.start();
    return start_traces();
}

noa::Status Monitor::quiesce(noa::Time /*deadline*/) {
    round_.reset();
    checks_.stop();
    close_alerts();
    close_days();
    return {};
}

noa::Health Monitor::health() const {
    constexpr int missing = 3;
    if (ring_.rounds() == 0 || now() - ring_.last_round() <= missing * settings_.interval) {
        return noa::Health::healthy();
    }
    return noa::Health::needs_repair("no round of figures has ended for " +
                                     std::to_string(missing) + " intervals");
}

// What changes together is one round. History is half as long at worst, however often it changes.
void Monitor::hasten() {
    if (!hastened_) {
        hastened_ = true;
        begin_hastened();
    }
}

void Monitor::begin_hastened() {
    later(settling, [this] {
        if (round_) {
            begin_hastened(); // what is under way may have been asked before
        } else {
            begin_round();
        }
    });
}

void Monitor::begin_round() {
    if (round_) {
        late_.add();
        return;
    }
    round_.emplace();
    round_->number = ++round_number_;
    round_->began = now();
    round_->awaited = 3;
    ask_machine();
    ask_status();
    ask_agents();
}

template <class Read>
void Monitor::answered(std::uint64_t round, Read read) {
    if (!round_ || round_->number != round) {
        return;
    }
    read(round_->samples);
    if (--round_->awaited == 0) {
        end_round();
    }
}

void Monitor::end_round() {
    took_ = now() - round_->began;
    check_figures(round_->samples);
    ring_.append(round_->began, std::move(round_->samples));
    const noa::Time began = round_->began;
    round_.reset();
    rounds_.add();
    look_at_alerts();
    write_day();
    const noa::Json body{{"at", unix_ms(began)}, {"series", ring_.series()}};
    if (const auto told = publish("monitor.round", noa::json_body(body)); !told) {
        log(noa::Level::warning, "event.refused", told.error().text);
    }
}

void Monitor::ask_machine() {
    SystemSource source{"/proc", pid_, settings_.file_systems};
    task([source = std::move(source)] { return read_system(source); },
         [this, round = round_->number](noa::Result<Samples> read) {
             answered(round, [&](Samples& samples) {
                 if (read) {
                     std::ranges::move(*read, std::back_inserter(samples));
                 } else {
                     unanswered_.add();
                 }
             });
         },
         {.timeout = patience()});
}

void Monitor::ask_status() {
    request("host", "status")
        .timeout(patience())
        .then([this, round = round_->number](const noa::Result<Json>& status) {
            answered(round, [&](Samples& samples) {
                if (!status) {
                    unanswered_.add();
                    return;
                }
                read_status(*status, samples);
                const Json* pid =
                    status->is_object() && status->contains("pid") ? &(*status)["pid"] : nullptr;
                pid_ = pid != nullptr && pid->is_number_unsigned() ? pid->get<std::uint64_t>() : 0;
            });
        });
}

void Monitor::ask_agents() {
    request("host", "agents")
        .timeout(patience())
        .then([this, round = round_->number](const noa::Result<Json>& agents) {
            std::vector<AgentBrief> all;
            answered(round, [&](Samples& samples) {
                if (!agents) {
                    unanswered_.add();
                    return;
                }
                all = read_agents(*agents, samples);
                std::erase_if(all, [](const AgentBrief& agent) { return !agent.running; });
                round_->awaited += all.size();
            });
            for (const AgentBrief& agent : all) {
                ask_metrics(agent);
            }
        });
}

void Monitor::ask_metrics(const AgentBrief& agent) {
    if (!round_) {
        return;
    }
    request(agent.name, "metrics")
        .timeout(patience())
        .then([this, agent, round = round_->number](const noa::Result<Json>& metrics) {
            answered(round, [&](Samples& samples) {
                if (metrics) {
                    read_metrics(agent, *metrics, samples);
                } else {
                    unanswered_.add();
                }
            });
        });
}

} // namespace monitor
