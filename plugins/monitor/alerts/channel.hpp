// Whom notices go to besides the log and the bus, and what is under way to them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../checks/terms.hpp"
#include "alerts.hpp"
#include "mail.hpp"
#include "record.hpp"

namespace monitor {

enum class ChannelKind { file, message, alertmanager, slack, webhook, pager, email };

struct ChannelSetting {
    std::string name;
    std::string type;
    std::string target;
    std::string severity = "info"; // the least that it gets
    noa::Duration timeout = std::chrono::seconds(5);
    std::uint32_t keep_days = 30; // of a file
    std::string secret;           // a pager's routing key, the password of a mail server's user
    std::string user;             // of a mail server
    std::string from;             // addresses of a mail
    std::vector<std::string> to;

    static constexpr auto fields() {
        return noa::fields(noa::field("name", &ChannelSetting::name),
                           noa::field("type", &ChannelSetting::type),
                           noa::field("target", &ChannelSetting::target),
                           noa::optional_field("severity", &ChannelSetting::severity),
                           noa::optional_field("timeout", &ChannelSetting::timeout),
                           noa::optional_field("keep_days", &ChannelSetting::keep_days),
                           noa::optional_field("secret", &ChannelSetting::secret),
                           noa::optional_field("user", &ChannelSetting::user),
                           noa::optional_field("from", &ChannelSetting::from),
                           noa::optional_field("to", &ChannelSetting::to));
    }

    [[nodiscard]] noa::Status check() const;
    // REQUIRES: check() has passed.
    [[nodiscard]] ChannelKind kind() const;
    // The endpoint of the agent communication that it goes to, "orders" of "webhook:orders"; empty:
    // it does not.
    [[nodiscard]] std::string endpoint() const;
    // REQUIRES: kind() is email.
    [[nodiscard]] MailTerms mail() const;
    // Where it goes, without what may be secret in it.
    [[nodiscard]] std::string shown_target() const;
};

// Alerts that wait for a receiver: of each the last that is to be told of it, so that there are
// never more than alerts, however long the receiver is down. One thread at a time.
class Outbox {
public:
    static constexpr std::size_t max_alerts = 4000;

    void add(const Notice& notice);
    // What has waited for longest, with all that is told together with it.
    [[nodiscard]] std::optional<Notice> next() const;
    // Takes away what is still as it was when it went out.
    void delivered(const Notice& notice);

    [[nodiscard]] std::vector<const Alert*> all() const;
    void restore(std::vector<Alert> alerts);
    [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }
    // That there was no room for.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

private:
    struct Waiting {
        Alert alert;
        std::uint64_t number = 0; // when it came
    };
    std::map<std::pair<std::string, Labels>, Waiting> waiting_;
    std::uint64_t number_ = 0;
    std::uint64_t lost_ = 0;
};

// What a channel of that kind is sent: a line of a file, the body of a message or of a POST.
// `lasts`: how long Alertmanager takes what fires to fire on; `host`: whose alerts they are.
// A pager is told of one alert at a time: the first.
[[nodiscard]] std::string payload(const ChannelSetting& channel, const Notice& notice,
                                  const WallClock& clock, noa::Duration lasts,
                                  const std::string& host = "");
// "Deep fires: 501 messages wait for cache, and 2 more"
[[nodiscard]] std::string notice_text(const Notice& notice);
// "2026-11-26T08:00:00.250Z"
[[nodiscard]] std::string date_text(std::int64_t unix_ms);

// Appends a line to FOLDER/alerts-DATE.jsonl, on the disk when it returns; files of days that are
// longer ago than that are taken away. Off the lane.
[[nodiscard]] noa::Status append_line(const std::string& folder, std::int64_t unix_ms,
                                      std::uint32_t keep_days, const std::string& line);

} // namespace monitor
