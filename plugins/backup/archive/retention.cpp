#include "retention.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <tuple>

namespace backup {

namespace {

struct Calendar {
    std::int64_t hour;
    std::int64_t day;
    std::int64_t week;
    std::int64_t month;
    std::int64_t year;
};

// Numbers that differ when the hours, days, … do.
Calendar calendar_of(const Timestamp& time) {
    using std::chrono::days;
    using std::chrono::floor;
    using std::chrono::seconds;
    using std::chrono::sys_days;
    using std::chrono::sys_seconds;
    const sys_seconds at{seconds(time.seconds)};
    const sys_days day = floor<days>(at);
    const std::chrono::year_month_day date(day);
    const auto year = static_cast<int>(date.year());
    const std::int64_t days_since = day.time_since_epoch().count();
    const std::int64_t monday = days_since - (days_since + 3 + 7 * 100'000'000LL) % 7;
    return {floor<std::chrono::hours>(at).time_since_epoch().count(), days_since, monday,
            year * 12LL + static_cast<unsigned>(date.month()), year};
}

struct Bucket {
    std::uint32_t left;
    std::int64_t Calendar::*member; // null: each counts
    const char* reason;
    std::optional<std::int64_t> newest{};

    bool take(const Calendar& calendar) {
        if (left == 0 || (member != nullptr && newest == calendar.*member)) {
            return false;
        }
        newest = member != nullptr ? std::optional(calendar.*member) : std::nullopt;
        --left;
        return true;
    }
};

void apply_to_group(const KeepRule& rule, std::vector<Snapshot>& group,
                    std::vector<KeepVerdict>& verdicts) {
    std::ranges::sort(group, [](const Snapshot& left, const Snapshot& right) {
        return std::tie(left.time, left.id) > std::tie(right.time, right.id);
    });
    std::array buckets{Bucket{rule.last, nullptr, "last snapshot"},
                       Bucket{rule.hourly, &Calendar::hour, "hourly snapshot"},
                       Bucket{rule.daily, &Calendar::day, "daily snapshot"},
                       Bucket{rule.weekly, &Calendar::week, "weekly snapshot"},
                       Bucket{rule.monthly, &Calendar::month, "monthly snapshot"},
                       Bucket{rule.yearly, &Calendar::year, "yearly snapshot"}};
    const Timestamp newest = group.front().time;
    for (Snapshot& snapshot : group) {
        KeepVerdict verdict;
        if (rule.empty()) {
            verdict.reasons.emplace_back("no rule");
        }
        for (const std::string& tag : rule.tags) {
            if (snapshot.has_tag(tag)) {
                verdict.reasons.push_back("tag " + tag);
            }
        }
        if (rule.within_s > 0 &&
            snapshot.time > Timestamp{newest.seconds - rule.within_s, newest.nanoseconds}) {
            verdict.reasons.emplace_back("within");
        }
        const Calendar calendar = calendar_of(snapshot.time);
        for (Bucket& bucket : buckets) {
            if (bucket.take(calendar)) {
                verdict.reasons.emplace_back(bucket.reason);
            }
        }
        verdict.snapshot = std::move(snapshot);
        verdicts.push_back(std::move(verdict));
    }
}

} // namespace

bool KeepRule::empty() const noexcept {
    return last == 0 && hourly == 0 && daily == 0 && weekly == 0 && monthly == 0 && yearly == 0 &&
           within_s == 0 && tags.empty();
}

std::vector<KeepVerdict> judge(const KeepRule& rule, std::vector<Snapshot> snapshots) {
    std::map<std::pair<std::string, std::vector<std::string>>, std::vector<Snapshot>> groups;
    for (Snapshot& snapshot : snapshots) {
        std::vector<std::string> paths = snapshot.paths;
        std::ranges::sort(paths);
        groups[{snapshot.hostname, std::move(paths)}].push_back(std::move(snapshot));
    }
    std::vector<KeepVerdict> verdicts;
    for (auto& [key, group] : groups) {
        apply_to_group(rule, group, verdicts);
    }
    return verdicts;
}

} // namespace backup
