// Durations and sizes as people write them: "30s", "1h30m", "48MiB".
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "noa/sdk/message.hpp"
#include "noa/sdk/result.hpp"

namespace noa::sdk {

struct ByteSize {
    std::uint64_t bytes = 0;
    friend bool operator==(ByteSize, ByteSize) = default;
};

struct Unit {
    std::string_view name;
    std::int64_t size;
};

// Whole numbers, each with one of `units`, added up: the largest 64-bit number at most.
[[nodiscard]] inline Result<std::int64_t> parse_amount(std::string_view text, const Unit* units,
                                                       std::size_t count,
                                                       std::string_view example) {
    const auto bad = [&] {
        return invalid("\"" + std::string(text.substr(0, 40)) + "\" is not like \"" +
                       std::string(example) + "\"");
    };
    std::int64_t total = 0;
    std::string_view rest = text;
    do {
        std::uint32_t number = 0;
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
        if (error != std::errc() || end == rest.data()) {
            return bad();
        }
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
        const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
        const Unit* unit = units;
        while (unit != units + count && unit->name != name) {
            ++unit;
        }
        std::int64_t amount = 0;
        if (unit == units + count || __builtin_mul_overflow(unit->size, number, &amount) ||
            __builtin_add_overflow(total, amount, &total)) {
            return bad();
        }
        rest.remove_prefix(name.size());
    } while (!rest.empty());
    return total;
}

// "250ms", "30s", "5min" or "5m", "1h30m", "7d".
[[nodiscard]] inline Result<Duration> parse_duration(std::string_view text) {
    constexpr std::int64_t second = 1'000'000'000;
    constexpr Unit units[] = {
        {"ns", 1},          {"us", 1'000},        {"ms", 1'000'000},    {"s", second},
        {"m", 60 * second}, {"min", 60 * second}, {"h", 3600 * second}, {"d", 86'400 * second}};
    const Result<std::int64_t> amount = parse_amount(text, units, std::size(units), "30s");
    if (!amount) {
        return amount.error();
    }
    return Duration(*amount);
}

// "512B", "64KiB", "48MiB", "2GiB"; "kB", "MB" and "GB" are powers of 1000.
[[nodiscard]] inline Result<ByteSize> parse_size(std::string_view text) {
    constexpr Unit units[] = {
        {"B", 1},      {"KiB", 1 << 10},  {"MiB", 1 << 20},     {"GiB", 1 << 30},
        {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}};
    const Result<std::int64_t> amount = parse_amount(text, units, std::size(units), "48MiB");
    if (!amount) {
        return amount.error();
    }
    return ByteSize{static_cast<std::uint64_t>(*amount)};
}

// The shortest that parse_* reads back to the same.
[[nodiscard]] inline std::string to_text(Duration duration) {
    constexpr Unit units[] = {
        {"h", 3'600'000'000'000}, {"min", 60'000'000'000}, {"s", 1'000'000'000},
        {"ms", 1'000'000},        {"us", 1'000},           {"ns", 1}};
    for (const Unit& unit : units) {
        if (duration.count() % unit.size == 0) {
            return std::to_string(duration.count() / unit.size).append(unit.name);
        }
    }
    return {};
}
[[nodiscard]] inline std::string to_text(ByteSize size) {
    constexpr std::string_view units[] = {"B", "KiB", "MiB", "GiB"};
    std::size_t unit = 0;
    while (unit < 3 && size.bytes > 0 && size.bytes % 1024 == 0) {
        size.bytes /= 1024;
        ++unit;
    }
    return std::to_string(size.bytes).append(units[unit]);
}

} // namespace noa::sdk
