#include "timestamp.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace backup {

namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::int64_t day_seconds = 86'400;

struct Scan {
    std::string_view rest;
    bool ok = true;

    int number(std::size_t digits) {
        int value = 0;
        const char* begin = rest.data();
        const auto [end, error] =
            std::from_chars(begin, begin + std::min(digits, rest.size()), value);
        ok = ok && error == std::errc() && end == begin + digits && *begin != '-';
        rest.remove_prefix(std::min(digits, rest.size()));
        return value;
    }
    bool take(std::string_view one_of) {
        const bool found = !rest.empty() && one_of.find(rest.front()) != std::string_view::npos;
        if (found) {
            rest.remove_prefix(1);
        }
        return found;
    }
    void want(std::string_view one_of) { ok = take(one_of) && ok; }
    std::uint32_t fraction() {
        std::uint32_t value = 0;
        std::size_t digits = 0;
        for (; !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; ++digits) {
            value =
                digits < 9 ? value * 10 + static_cast<std::uint32_t>(rest.front() - '0') : value;
            rest.remove_prefix(1);
        }
        ok = ok && digits > 0;
        for (; digits < 9; ++digits) {
            value *= 10;
        }
        return value;
    }
};

} // namespace

std::string Timestamp::text() const {
    constexpr std::int64_t first = -62'167'219'200; // the year 0
    constexpr std::int64_t last = 253'402'300'799;  // the year 9999
    const std::int64_t whole = std::clamp(seconds, first, last);
    const sys_days day{days((whole - first) / day_seconds + first / day_seconds)};
    const std::chrono::year_month_day date(day);
    const auto rest = static_cast<unsigned>((whole - first) % day_seconds);
    std::array<char, 40> text{};
    const int size =
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02u:%02u:%02u",
                      static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                      static_cast<unsigned>(date.day()), rest / 3600, rest / 60 % 60, rest % 60);
    std::string out(text.data(), static_cast<std::size_t>(size));
    if (nanoseconds != 0) {
        std::string decimals = std::to_string(1'000'000'000U + nanoseconds);
        decimals[0] = '.';
        decimals.erase(decimals.find_last_not_of('0') + 1);
        out += decimals;
    }
    return out += 'Z';
}

std::optional<Timestamp> Timestamp::parse(std::string_view text) noexcept {
    Scan scan{text};
    const std::chrono::year year(scan.number(4));
    scan.want("-");
    const std::chrono::month month(static_cast<unsigned>(scan.number(2)));
    scan.want("-");
    const std::chrono::day day(static_cast<unsigned>(scan.number(2)));
    scan.want("Tt");
    const int hour = scan.number(2);
    scan.want(":");
    const int minute = scan.number(2);
    scan.want(":");
    const int second = scan.number(2);
    Timestamp at;
    if (scan.take(".")) {
        at.nanoseconds = scan.fraction();
    }
    int offset = 0;
    if (!scan.take("Zz")) {
        const int sign = scan.take("-") ? -1 : 1;
        if (sign > 0) {
            scan.want("+");
        }
        const int hours = scan.number(2);
        scan.want(":");
        offset = sign * (hours * 3600 + scan.number(2) * 60);
    }
    const std::chrono::year_month_day date(year, month, day);
    if (!scan.ok || !scan.rest.empty() || !date.ok() || hour > 23 || minute > 59 || second > 60) {
        return std::nullopt;
    }
    at.seconds = sys_days(date).time_since_epoch().count() * day_seconds;
    at.seconds += hour * 3600 + minute * 60 + second - offset;
    return at;
}

Timestamp Timestamp::now() noexcept {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto whole = std::chrono::floor<std::chrono::seconds>(since);
    return {whole.count(),
            static_cast<std::uint32_t>(std::chrono::nanoseconds(since - whole).count())};
}

} // namespace backup
