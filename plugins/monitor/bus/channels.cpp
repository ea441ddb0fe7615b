// Notices on their way to receivers that may be down: one at a time each, until it is taken.
#include <algorithm>
#include <chrono>
#include <utility>

#include "agent.hpp"
#include "receivers.hpp"

namespace monitor {

namespace {

using noa::Json;

noa::Status outcome_of(const Exchanged& exchanged) {
    constexpr std::uint32_t taken = 200;
    constexpr std::uint32_t taken_end = 300;
    if (exchanged.end == Exchanged::End::broken) {
        return noa::failed("the answer is not HTTP, or its head is too long");
    }
    if (exchanged.end == Exchanged::End::failed) {
        return noa::failed(exchanged.text);
    }
    return exchanged.status >= taken && exchanged.status < taken_end
               ? noa::Status()
               : noa::failed("status " + std::to_string(exchanged.status));
}

} // namespace

void Monitor::set_channels(const std::vector<ChannelSetting>& settings) {
    channels_.clear();
    for (const ChannelSetting& setting : settings) {
        channels_.push_back(std::make_unique<Channel>(*this, sockets_));
        channels_.back()->setting = setting;
    }
}

// What waited for a channel that is there no more is given up with it.
void Monitor::open_channels(std::map<std::string, std::vector<Alert>> waiting) {
    for (const auto& channel : channels_) {
        channel->outbox.restore(std::move(waiting[channel->setting.name]));
        deliver(*channel);
    }
}

void Monitor::close_channels() {
    for (const auto& channel : channels_) {
        channel->exchange.cancel();
        channel->busy = false;
        channel->retry = 0; // timers end with the generation
    }
}

void Monitor::deliver(Channel& channel) {
    auto notice = channel.outbox.next();
    if (channel.busy || channel.retry != 0 || !notice) {
        return;
    }
    channel.busy = true;
    const ChannelKind kind = channel.setting.kind();
    const WallClock clock = wall_clock();
    if (kind == ChannelKind::pager) {
        notice->alerts.resize(1);
    }
    std::string body = payload(channel.setting, *notice, clock, 2 * settings_.repeat, host_name());
    if (kind == ChannelKind::message || !channel.setting.endpoint().empty()) {
        deliver_message(channel, *std::move(notice), body);
    } else if (kind == ChannelKind::file) {
        const std::string own = record_path_.substr(0, record_path_.rfind('/')) + "/alerts";
        task([folder = channel.setting.target.empty() ? own : channel.setting.target,
              at = clock.unix_ms, days = channel.setting.keep_days,
              line = std::move(body)] { return append_line(folder, at, days, line); },
             [this, &channel, notice = *std::move(notice)](const noa::Status& written) {
                 ended(channel, notice, written);
             });
    } else if (kind == ChannelKind::email) {
        task([terms = channel.setting.mail(),
              body = std::move(body)] { return send_mail(terms, body); },
             [this, &channel, notice = *std::move(notice)](const noa::Status& sent) {
                 ended(channel, notice, sent);
             });
    } else if (const auto endpoint = parse_url(channel.setting.target)) {
        channel.exchange.begin(
            *endpoint, http_post(*endpoint, body), {}, channel.setting.timeout,
            [this, &channel, notice = *std::move(notice)](const Exchanged& exchanged) {
                ended(channel, notice, outcome_of(exchanged));
            });
    }
}

// What communication has accepted is on its disk, and its to deliver.
void Monitor::deliver_message(Channel& channel, Notice notice, const std::string& body) {
    const std::string& target = channel.setting.target;
    const auto slash = target.find('/');
    const auto content = noa::parse_json(body);
    Json message{{"priority", notice.severity == Severity::critical ? "high" : "normal"},
                 {"body", content ? *content : Json()}};
    if (const std::string endpoint = channel.setting.endpoint(); !endpoint.empty()) {
        message["webhook"] = endpoint;
    } else {
        message["to"] = target.substr(0, slash);
        message["operation"] = target.substr(slash + 1);
    }
    request("communication", "send", noa::json_body(message))
        .timeout(channel.setting.timeout)
        .then([this, &channel, notice = std::move(notice)](const noa::Reply& reply) {
            ended(channel, notice,
                  reply.ok() ? noa::Status() : noa::failed(std::string(reply.text())));
        });
}

void Monitor::ended(Channel& channel, const Notice& notice, const noa::Status& outcome) {
    channel.busy = false;
    if (outcome) {
        if (channel.failures > 0) {
            log(noa::Level::info, "alerts.channel_recovered", channel.setting.name);
        }
        channel.failures = 0;
        channel.fault.clear();
        ++channel.delivered;
        channel.outbox.delivered(notice);
        keep_alerts();
        deliver(channel);
        return;
    }
    channel.fault = outcome.error().text;
    if (++channel.failures == 1) {
        log(noa::Level::warning, "alerts.channel_failed",
            channel.setting.name + ": " + channel.fault + "; it is tried again");
    }
    channel.retry = later(rest_after(channel.failures), [this, &channel] {
        channel.retry = 0;
        deliver(channel);
    });
}

WaitingAlerts Monitor::waiting_alerts() const {
    WaitingAlerts waiting;
    for (const auto& channel : channels_) {
        waiting[channel->setting.name] = channel->outbox.all();
    }
    return waiting;
}

Json Monitor::list_channels() const {
    Json all = Json::array();
    for (const auto& channel : channels_) {
        const ChannelSetting& setting = channel->setting;
        all.push_back({{"name", setting.name},
                       {"type", setting.type},
                       {"target", setting.shown_target()},
                       {"severity", setting.severity},
                       {"waiting", channel->outbox.size()},
                       {"delivered", channel->delivered},
                       {"failures", channel->failures},
                       {"lost", channel->outbox.lost()},
                       {"fault", channel->fault}});
    }
    return {{"channels", std::move(all)}};
}

noa::Health Monitor::channel_health() const {
    for (const auto& channel : channels_) {
        if (channel->failures >= failing) {
            return noa::Health::needs_repair("the channel " + channel->setting.name +
                                             " takes no alerts: " + channel->fault);
        }
    }
    return noa::Health::healthy();
}

} // namespace monitor
