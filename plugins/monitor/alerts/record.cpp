#include "record.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "noa/sdk/fd.hpp"

namespace monitor {

namespace {

using noa::Json;

constexpr int record_version = 1;
constexpr std::int64_t longest_ago_ms = std::int64_t{1000} * 60 * 60 * 24 * 365;
constexpr mode_t own_mode = 0600;

noa::Error file_error(const std::string& what, const std::string& path) {
    return noa::failed("cannot " + what + " " + path + ": " +
                       std::generic_category().message(errno));
}

Json to_json(const Labels& labels) {
    Json all = Json::object();
    for (const auto& [label, value] : labels) {
        all[label] = value;
    }
    return all;
}

// Reads members; the first that is not of its form is remembered.
class Members {
public:
    Members(const Json& object, const WallClock& clock) : object_(object), clock_(clock) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    std::string text(const char* key) {
        const Json* value = member(key);
        ok_ = ok_ && value != nullptr && value->is_string();
        return ok_ ? value->get<std::string>() : "";
    }
    double number(const char* key) {
        const Json* value = member(key); // null: what is not finite
        ok_ = ok_ && value != nullptr && (value->is_number() || value->is_null());
        return ok_ && value->is_number() ? value->get<double>() : 0;
    }
    bool flag(const char* key) {
        const Json* value = member(key);
        ok_ = ok_ && value != nullptr && value->is_boolean();
        return ok_ && value->get<bool>();
    }
    noa::Time time(const char* key) {
        const Json* value = member(key);
        ok_ = ok_ && value != nullptr && value->is_number_integer();
        return ok_ ? clock_.time_of(value->get<std::int64_t>()) : noa::Time();
    }
    Labels labels(const char* key) {
        Labels all;
        const Json* value = member(key);
        ok_ = ok_ && value != nullptr && value->is_object();
        if (!ok_) {
            return all;
        }
        for (const auto& [label, text] : value->items()) {
            ok_ = ok_ && text.is_string();
            all.emplace_back(label, ok_ ? text.get<std::string>() : "");
        }
        return all;
    }

private:
    [[nodiscard]] const Json* member(const char* key) const {
        const auto found = object_.is_object() ? object_.find(key) : object_.end();
        return found == object_.end() ? nullptr : &*found;
    }

    const Json& object_;
    const WallClock& clock_;
    bool ok_ = true;
};

bool read_alert(const Json& object, const WallClock& clock, std::vector<Alert>& into) {
    Members members(object, clock);
    Alert alert;
    alert.rule = members.text("rule");
    alert.labels = members.labels("labels");
    alert.severity = severity_of(members.text("severity"));
    const std::string state = members.text("state");
    alert.state = state == "firing"     ? AlertState::firing
                  : state == "resolved" ? AlertState::resolved
                                        : AlertState::pending;
    alert.value = members.number("value");
    alert.summary = members.text("summary");
    alert.since = members.time("since");
    alert.last_true = members.time("last_true");
    alert.fired = members.time("fired");
    alert.resolved = members.time("resolved");
    alert.told = members.flag("told");
    alert.ever_told = members.flag("ever_told");
    alert.told_at = members.time("told_at");
    into.push_back(std::move(alert));
    return members.ok();
}

bool read_silence(const Json& object, const WallClock& clock, std::vector<Silence>& into) {
    Members members(object, clock);
    Silence silence;
    silence.id = members.text("id");
    silence.rule = members.text("rule");
    silence.labels = members.labels("labels");
    silence.until = members.time("until");
    silence.comment = members.text("comment");
    into.push_back(std::move(silence));
    return members.ok();
}

template <class Read>
bool read_each(const Json& record, const char* key, Read read) {
    const auto list = record.find(key);
    return list != record.end() && list->is_array() && std::ranges::all_of(*list, read);
}

} // namespace

std::int64_t WallClock::unix_of(noa::Time then) const {
    using std::chrono::milliseconds;
    return then == noa::Time()
               ? 0
               : unix_ms - std::chrono::duration_cast<milliseconds>(now - then).count();
}

noa::Time WallClock::time_of(std::int64_t then_unix_ms) const {
    const bool never = then_unix_ms == 0 || then_unix_ms < unix_ms - longest_ago_ms ||
                       then_unix_ms > unix_ms + longest_ago_ms;
    return never ? noa::Time() : now - std::chrono::milliseconds(unix_ms - then_unix_ms);
}

Json to_json(const Alert& alert, const WallClock& clock) {
    return {{"rule", alert.rule},
            {"labels", to_json(alert.labels)},
            {"severity", name_of(alert.severity)},
            {"state", name_of(alert.state)},
            {"value", alert.value},
            {"summary", alert.summary},
            {"since", clock.unix_of(alert.since)},
            {"last_true", clock.unix_of(alert.last_true)},
            {"fired", clock.unix_of(alert.fired)},
            {"resolved", clock.unix_of(alert.resolved)},
            {"told", alert.told},
            {"ever_told", alert.ever_told},
            {"told_at", clock.unix_of(alert.told_at)},
            {"silence", alert.silence}};
}

Json to_json(const Silence& silence, const WallClock& clock) {
    return {{"id", silence.id},
            {"rule", silence.rule},
            {"labels", to_json(silence.labels)},
            {"until", clock.unix_of(silence.until)},
            {"comment", silence.comment}};
}

Json to_json(const Notice& notice, const WallClock& clock) {
    Json alerts = Json::array();
    for (const Alert& alert : notice.alerts) {
        alerts.push_back(
            {{"labels", to_json(alert.labels)},
             {"value", alert.value},
             {"summary", alert.summary},
             {"since", clock.unix_of(alert.since)},
             {"resolved", clock.unix_of(notice.firing ? noa::Time() : alert.resolved)}});
    }
    return {{"rule", notice.rule},
            {"severity", name_of(notice.severity)},
            {"status", notice.firing ? "firing" : "resolved"},
            {"alerts", std::move(alerts)}};
}

std::string write_record(const Alerts& alerts, const WaitingAlerts& waiting,
                         const WallClock& clock) {
    Json record{{"version", record_version},
                {"alerts", Json::array()},
                {"silences", Json::array()},
                {"waiting", Json::object()}};
    for (const Alert* alert : alerts.all()) {
        record["alerts"].push_back(to_json(*alert, clock));
    }
    for (const Silence& silence : alerts.silences()) {
        record["silences"].push_back(to_json(silence, clock));
    }
    for (const auto& [channel, all] : waiting) {
        for (const Alert* alert : all) {
            record["waiting"][channel].push_back(to_json(*alert, clock));
        }
    }
    return record.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

noa::Result<Record> read_record(const std::string& text, const WallClock& clock) {
    Record record;
    if (text.empty()) {
        return record;
    }
    const auto parsed = noa::parse_json(text);
    if (!parsed || !parsed->is_object() || parsed->value("version", Json()) != record_version) {
        return noa::invalid("it is no record of alerts, version 1");
    }
    if (!read_each(*parsed, "alerts",
                   [&](const Json& one) { return read_alert(one, clock, record.alerts); }) ||
        !read_each(*parsed, "silences",
                   [&](const Json& one) { return read_silence(one, clock, record.silences); })) {
        return noa::invalid("a record of an alert or a silence is not complete");
    }
    const auto waiting = parsed->find("waiting");
    if (waiting == parsed->end() || !waiting->is_object()) {
        return noa::invalid("what waits for channels is not in it");
    }
    for (const auto& [channel, all] : waiting->items()) {
        auto& into = record.waiting[channel];
        if (!all.is_array() || !std::ranges::all_of(all, [&](const Json& one) {
                return read_alert(one, clock, into);
            })) {
            return noa::invalid("what waits for a channel is not complete");
        }
    }
    return record;
}

noa::Status write_file(const std::string& path, const std::string& text) {
    const std::string beside = path + ".new";
    const noa::sdk::Fd file(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, own_mode));
    if (!file) {
        return file_error("make", beside);
    }
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t size = ::write(file.get(), text.data() + done, text.size() - done);
        if (size < 0 && errno != EINTR) {
            return file_error("write", beside);
        }
        done += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    if (::fsync(file.get()) != 0 || ::rename(beside.c_str(), path.c_str()) != 0) {
        return file_error("replace", path);
    }
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    const noa::sdk::Fd directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::fsync(directory.get()) != 0) {
        return file_error("settle", folder);
    }
    return {};
}

noa::Result<std::string> read_file(const std::string& path, std::size_t most) {
    const noa::sdk::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        return std::string();
    }
    struct stat facts {};
    if (!file || ::fstat(file.get(), &facts) != 0) {
        return file_error("read", path);
    }
    if (!S_ISREG(facts.st_mode) || static_cast<std::size_t>(facts.st_size) > most) {
        return noa::too_large(path + " is no file of at most " + std::to_string(most) + " bytes");
    }
    std::string text(static_cast<std::size_t>(facts.st_size), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t size = ::read(file.get(), text.data() + done, text.size() - done);
        if (size == 0) {
            break;
        }
        if (size < 0 && errno != EINTR) {
            return file_error("read", path);
        }
        done += size > 0 ? static_cast<std::size_t>(size) : 0;
    }
    text.resize(done);
    return text;
}

} // namespace monitor
