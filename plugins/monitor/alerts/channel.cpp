#include "channel.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace monitor {

namespace {

constexpr std::array<std::pair<std::string_view, ChannelKind>, 7> channel_kinds{
    {{"file", ChannelKind::file},
     {"message", ChannelKind::message},
     {"alertmanager", ChannelKind::alertmanager},
     {"slack", ChannelKind::slack},
     {"webhook", ChannelKind::webhook},
     {"pager", ChannelKind::pager},
     {"email", ChannelKind::email}}};
constexpr std::string_view by_communication = "webhook:";
constexpr std::size_t longest_channel_name = 63;
constexpr std::size_t longest_place = 1000;
constexpr std::uint32_t most_days = 3650;

noa::Status check_place(ChannelKind kind, const std::string& target) {
    if (target.size() > longest_place || target.find('\0') != std::string::npos) {
        return noa::invalid("/target: must be 1000 bytes at most");
    }
    if (kind == ChannelKind::file) {
        return target.empty() || target[0] == '/'
                   ? noa::Status()
                   : noa::invalid("/target: must be a folder's path, or \"\": the agent's own");
    }
    if (kind == ChannelKind::message) {
        const auto slash = target.find('/');
        return slash != std::string::npos && slash > 0 && slash + 1 < target.size()
                   ? noa::Status()
                   : noa::invalid("/target: must be AGENT/OPERATION");
    }
    if (kind == ChannelKind::email) {
        return is_mail_server(target) ? noa::Status()
                                      : noa::invalid("/target: must be like smtp://HOST:25");
    }
    if (target.starts_with(by_communication)) {
        return target.size() > by_communication.size()
                   ? noa::Status()
                   : noa::invalid("/target: must be webhook: and an endpoint of communication");
    }
    const auto parsed = parse_url(target);
    return parsed ? noa::Status() : noa::invalid("/target: " + parsed.error().text);
}

} // namespace

noa::Status ChannelSetting::check() const {
    using namespace std::chrono_literals;
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    if (name.empty() || name.size() > longest_channel_name ||
        name.find_first_not_of(letters) != std::string::npos) {
        return noa::invalid("/name: must be 1 to 63 of a-z, 0-9, \"_\" and \"-\"");
    }
    if (std::ranges::find(channel_kinds, type, &std::pair<std::string_view, ChannelKind>::first) ==
        channel_kinds.end()) {
        return noa::invalid(
            "/type: must be file, message, alertmanager, slack, webhook, pager or email");
    }
    if (severity != name_of(severity_of(severity)) || timeout < 100ms || timeout > 1min ||
        keep_days == 0 || keep_days > most_days) {
        return noa::invalid("/severity must be info, warning or critical, /timeout 100ms to 1min, "
                            "/keep_days 1 to 3650");
    }
    if (kind() == ChannelKind::pager && secret.empty()) {
        return noa::invalid("/secret: must be there: the routing key");
    }
    if (kind() == ChannelKind::email &&
        (to.empty() || !is_mail_address(from) || !std::ranges::all_of(to, is_mail_address))) {
        return noa::invalid("/from, /to: must be addresses like noa@example.com");
    }
    return check_place(kind(), target);
}

std::string ChannelSetting::endpoint() const {
    const ChannelKind of = kind();
    const bool posts =
        of != ChannelKind::file && of != ChannelKind::message && of != ChannelKind::email;
    return posts && target.starts_with(by_communication) ? target.substr(by_communication.size())
                                                         : "";
}

MailTerms ChannelSetting::mail() const {
    return {target, user, secret, from, to, timeout};
}

ChannelKind ChannelSetting::kind() const {
    const auto found =
        std::ranges::find(channel_kinds, type, &std::pair<std::string_view, ChannelKind>::first);
    return found == channel_kinds.end() ? ChannelKind::file : found->second;
}

std::string ChannelSetting::shown_target() const {
    if (kind() == ChannelKind::file || kind() == ChannelKind::message ||
        kind() == ChannelKind::email || !endpoint().empty()) {
        return target;
    }
    const auto endpoint = parse_url(target);
    return endpoint ? endpoint->host + ":" + endpoint->port : "";
}

void Outbox::add(const Notice& notice) {
    for (const Alert& alert : notice.alerts) {
        const std::pair key{alert.rule, alert.labels};
        if (waiting_.size() >= max_alerts && !waiting_.contains(key)) {
            ++lost_;
            continue;
        }
        waiting_.insert_or_assign(key, Waiting{alert, ++number_});
    }
}

std::optional<Notice> Outbox::next() const {
    const auto first = std::ranges::min_element(
        waiting_, {}, [](const auto& entry) { return entry.second.number; });
    if (first == waiting_.end()) {
        return std::nullopt;
    }
    const Alert& of = first->second.alert;
    Notice notice{of.rule, of.severity, of.state == AlertState::firing, {}};
    for (const auto& [key, waiting] : waiting_) {
        if (waiting.alert.rule == of.rule && waiting.alert.state == of.state) {
            notice.alerts.push_back(waiting.alert);
        }
    }
    return notice;
}

void Outbox::delivered(const Notice& notice) {
    for (const Alert& alert : notice.alerts) {
        const auto found = waiting_.find({alert.rule, alert.labels});
        if (found != waiting_.end() && found->second.alert.state == alert.state &&
            found->second.alert.told_at == alert.told_at) {
            waiting_.erase(found);
        }
    }
}

std::vector<const Alert*> Outbox::all() const {
    std::vector<const Alert*> all;
    for (const auto& [key, waiting] : waiting_) {
        all.push_back(&waiting.alert);
    }
    return all;
}

void Outbox::restore(std::vector<Alert> alerts) {
    waiting_.clear();
    for (Alert& alert : alerts) {
        if (waiting_.size() < max_alerts) {
            std::pair key{alert.rule, alert.labels};
            waiting_.insert_or_assign(std::move(key), Waiting{std::move(alert), ++number_});
        }
    }
}

} // namespace monitor
