// What goes out, in the form that each receiver reads.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <map>
#include <system_error>

#include "channel.hpp"
#include "noa/sdk/fd.hpp"

namespace monitor {

namespace {

using noa::Json;

constexpr std::size_t shown_alerts = 10; // in a text for people
constexpr std::string_view day_begin = "alerts-";
constexpr std::string_view day_end = ".jsonl";
constexpr mode_t day_mode = 0640;
constexpr mode_t folder_mode = 0750;

std::string written(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json alertmanager_alerts(const Notice& notice, const WallClock& clock, noa::Duration lasts) {
    Json all = Json::array();
    for (const Alert& alert : notice.alerts) {
        Json labels{{"alertname", alert.rule}, {"severity", name_of(alert.severity)}};
        for (const auto& [label, value] : alert.labels) {
            labels[label] = value;
        }
        const noa::Time end = notice.firing ? clock.now + lasts : alert.resolved;
        all.push_back({{"labels", std::move(labels)},
                       {"annotations", {{"summary", alert.summary}}},
                       {"startsAt", date_text(clock.unix_of(alert.since))},
                       {"endsAt", date_text(clock.unix_of(end))}});
    }
    return all;
}

// Slack takes &, < and > as its own.
std::string slack_escaped(const std::string& text) {
    std::string out;
    for (const char letter : text) {
        out += letter == '&'   ? "&amp;"
               : letter == '<' ? "&lt;"
               : letter == '>' ? "&gt;"
                               : std::string(1, letter);
    }
    return out;
}

std::string slack_text(const Notice& notice) {
    std::string text = "*" + std::string(notice.firing ? "FIRING" : "RESOLVED") + "* " +
                       notice.rule + " (" + std::string(name_of(notice.severity)) + ")";
    for (std::size_t at = 0; at < notice.alerts.size() && at < shown_alerts; ++at) {
        text += "\n• " + slack_escaped(notice.alerts[at].summary);
    }
    if (notice.alerts.size() > shown_alerts) {
        text += "\n… and " + std::to_string(notice.alerts.size() - shown_alerts) + " more";
    }
    return text;
}

// Of one alert: what it is known by when it fires again or is over.
std::string pager_key(const Alert& alert) {
    constexpr std::size_t longest = 255;
    std::string key = "noa/" + alert.rule;
    for (const auto& [label, value] : alert.labels) {
        key.append("/").append(label).append("=").append(value);
    }
    return key.size() <= longest
               ? key
               : key.substr(0, longest - 20) + std::to_string(std::hash<std::string>()(key));
}

// The form of PagerDuty's Events API, version 2.
Json pager_event(const Notice& notice, const WallClock& clock, const std::string& routing_key,
                 const std::string& host) {
    constexpr std::size_t longest_summary = 1024;
    const Alert& alert = notice.alerts.front();
    Json event{{"routing_key", routing_key},
               {"event_action", notice.firing ? "trigger" : "resolve"},
               {"dedup_key", pager_key(alert)}};
    if (notice.firing) {
        event["payload"] = {
            {"summary", (alert.rule + ": " + alert.summary).substr(0, longest_summary)},
            {"source", host},
            {"severity", name_of(alert.severity)},
            {"timestamp", date_text(clock.unix_of(alert.since))},
            {"component", "noa"},
            {"group", alert.rule},
            {"custom_details",
             Json(std::map<std::string, std::string>(alert.labels.begin(), alert.labels.end()))}};
    }
    return event;
}

// "2026-11-26" of a day's file; "" of another.
std::string day_of(const std::string& file) {
    const bool ours = file.starts_with(day_begin) && file.ends_with(day_end);
    return ours ? file.substr(day_begin.size(), file.size() - day_begin.size() - day_end.size())
                : "";
}

void remove_days_before(const std::string& folder, const std::string& day) {
    std::error_code error;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error)) {
        const std::string found = day_of(at->path().filename().string());
        std::error_code ignored;
        if (!found.empty() && found.size() == day.size() && found < day) {
            std::filesystem::remove(at->path(), ignored);
        }
    }
}

noa::Status day_error(const std::string& what, const std::string& path) {
    return noa::failed("cannot " + what + " " + path + ": " +
                       std::generic_category().message(errno));
}

} // namespace

std::string date_text(std::int64_t unix_ms) {
    constexpr std::int64_t second = 1000;
    const std::time_t seconds = unix_ms / second;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    char text[40];
    const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    std::snprintf(text + size, sizeof text - size, ".%03dZ", static_cast<int>(unix_ms % second));
    return text;
}

std::string notice_text(const Notice& notice) {
    std::string text =
        notice.rule + (notice.firing ? " fires: " : " is over: ") + notice.alerts.front().summary;
    if (notice.alerts.size() > 1) {
        text += ", and " + std::to_string(notice.alerts.size() - 1) + " more";
    }
    return text;
}

std::string payload(const ChannelSetting& channel, const Notice& notice, const WallClock& clock,
                    noa::Duration lasts, const std::string& host) {
    const ChannelKind kind = channel.kind();
    if (kind == ChannelKind::alertmanager) {
        return written(alertmanager_alerts(notice, clock, lasts));
    }
    if (kind == ChannelKind::slack) {
        return written({{"text", slack_text(notice)}});
    }
    if (kind == ChannelKind::pager) {
        return written(pager_event(notice, clock, channel.secret, host));
    }
    if (kind == ChannelKind::email) {
        return mail_text(channel.mail(), notice, clock, host);
    }
    Json json = to_json(notice, clock);
    json["text"] = notice_text(notice);
    json["at"] = clock.unix_ms;
    return written(json);
}

noa::Status append_line(const std::string& folder, std::int64_t unix_ms, std::uint32_t keep_days,
                        const std::string& line) {
    constexpr std::int64_t day_ms = std::int64_t{1000} * 60 * 60 * 24;
    constexpr std::size_t date_size = 10;
    const std::string day = date_text(unix_ms).substr(0, date_size);
    const std::string path = folder + "/" + std::string(day_begin) + day + std::string(day_end);
    if (::mkdir(folder.c_str(), folder_mode) != 0 && errno != EEXIST) {
        return day_error("make", folder);
    }
    const bool new_day = ::access(path.c_str(), F_OK) != 0;
    const noa::sdk::Fd file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, day_mode));
    if (!file) {
        return day_error("open", path);
    }
    // A line that there was no room for is taken back: the next one begins where it began.
    const std::string whole = line + "\n";
    const off_t before = ::lseek(file.get(), 0, SEEK_END);
    const ssize_t size = ::write(file.get(), whole.data(), whole.size());
    if (size != static_cast<ssize_t>(whole.size()) || ::fdatasync(file.get()) != 0) {
        const noa::Status error = day_error("write", path);
        return ::ftruncate(file.get(), before) == 0 ? error : day_error("mend", path);
    }
    if (new_day) {
        remove_days_before(folder, date_text(unix_ms - day_ms * keep_days).substr(0, date_size));
    }
    return {};
}

} // namespace monitor
