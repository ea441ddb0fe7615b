#include "config/quantity.hpp"

#include <array>
#include <charconv>

namespace noa::config {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::uint64_t minute_us = 60'000'000;
constexpr std::uint64_t day_us = std::uint64_t{24} * 60 * minute_us;
constexpr std::uint64_t max_duration_us = std::uint64_t{3653} * day_us;
constexpr std::array duration_units{
    Unit{"us", 1},          Unit{"ms", 1000},          Unit{"s", 1'000'000},
    Unit{"min", minute_us}, Unit{"h", 60 * minute_us}, Unit{"d", day_us}};
constexpr std::array size_units{Unit{"B", 1},
                                Unit{"kB", 1000},
                                Unit{"KiB", 1ULL << 10U},
                                Unit{"MB", 1'000'000},
                                Unit{"MiB", 1ULL << 20U},
                                Unit{"GB", 1'000'000'000},
                                Unit{"GiB", 1ULL << 30U},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"TiB", 1ULL << 40U}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const std::array<Unit, N>& units,
                                   std::uint64_t limit) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    for (const auto& unit : units) {
        if (text == unit.name) {
            return number <= limit / unit.factor ? std::optional(number * unit.factor)
                                                 : std::nullopt;
        }
    }
    return std::nullopt;
}

template <std::size_t N>
std::string render(std::uint64_t value, const std::array<Unit, N>& units) {
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
        if (value % unit->factor == 0 && value >= unit->factor) {
            return std::to_string(value / unit->factor) + std::string(unit->name);
        }
    }
    return std::to_string(value) + std::string(units[0].name);
}

} // namespace

std::optional<std::chrono::microseconds> parse_duration(std::string_view text) {
    const auto value = parse(text, duration_units, max_duration_us);
    return value ? std::optional(std::chrono::microseconds(*value)) : std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse(text, size_units, UINT64_MAX);
}

std::string render_duration(std::chrono::microseconds value) {
    if (value.count() <= 0) {
        return "0s";
    }
    return render(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::string render_size(std::uint64_t bytes) {
    return render(bytes, size_units);
}

} // namespace noa::config
