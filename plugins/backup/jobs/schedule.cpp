#include "schedule.hpp"

#include <array>
#include <string>

#include "noa/sdk/units.hpp"

namespace backup {

namespace {

constexpr std::int64_t hour_s = 3600;
constexpr std::int64_t day_s = 24 * hour_s;
// 1970 began on a Thursday.
constexpr std::array<std::string_view, 7> weekdays{"thu", "fri", "sat", "sun", "mon", "tue", "wed"};

std::optional<std::int64_t> two_digits(std::string_view text, int below) {
    if (text.size() != 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return std::nullopt;
    }
    const int value = (text[0] - '0') * 10 + (text[1] - '0');
    return value < below ? std::optional<std::int64_t>(value) : std::nullopt;
}

// "03:30"
std::optional<std::int64_t> clock_time(std::string_view text) {
    const auto hours = two_digits(text.substr(0, 2), 24);
    const auto minutes =
        text.size() == 5 && text[2] == ':' ? two_digits(text.substr(3), 60) : std::nullopt;
    return hours && minutes ? std::optional(*hours * hour_s + *minutes * 60) : std::nullopt;
}

} // namespace

noa::sdk::Result<Schedule> Schedule::parse(std::string_view text) {
    Schedule schedule;
    const auto set = [&schedule](std::int64_t period, std::optional<std::int64_t> offset) {
        schedule.period_s_ = offset ? period : 0;
        schedule.offset_s_ = offset.value_or(0);
    };
    if (text == "hourly" || text == "daily") {
        set(text == "hourly" ? hour_s : day_s, 0);
    } else if (text.starts_with("hourly :")) {
        const auto minutes = two_digits(text.substr(8), 60);
        set(hour_s, minutes ? std::optional(*minutes * 60) : std::nullopt);
    } else if (text.starts_with("every ")) {
        const auto period = noa::sdk::parse_duration(text.substr(6));
        schedule.period_s_ = period ? period->count() / 1'000'000'000 : 0;
        schedule.from_last_ = true;
    } else if (text.size() > 4 && text[3] == ' ') {
        for (std::size_t day = 0; day < weekdays.size(); ++day) {
            const auto time = clock_time(text.substr(4));
            if (text.starts_with(weekdays[day]) && time) {
                set(7 * day_s, static_cast<std::int64_t>(day) * day_s + *time);
            }
        }
    } else {
        set(day_s, clock_time(text));
    }
    if (schedule.period_s_ < 60) {
        return noa::sdk::invalid("\"" + std::string(text.substr(0, 40)) +
                                 "\" is not like \"hourly :15\", \"03:30\", \"mon 03:30\" or "
                                 "\"every 6h\"");
    }
    return schedule;
}

std::int64_t Schedule::next_after(std::int64_t last_s) const noexcept {
    if (from_last_) {
        return last_s + period_s_;
    }
    const std::int64_t since = last_s - offset_s_;
    const std::int64_t periods = since >= 0 ? since / period_s_ : (since + 1) / period_s_ - 1;
    return (periods + 1) * period_s_ + offset_s_;
}

bool Schedule::due(std::optional<std::int64_t> last_s, std::int64_t now_s) const noexcept {
    // A clock that went back must not stop backups until it has caught up.
    return !last_s || next_after(*last_s) <= now_s || *last_s > now_s + period_s_;
}

} // namespace backup
