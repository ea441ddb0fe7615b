#include <cmath>
#include <limits>

#include "../number.hpp"
#include "ends.hpp"

namespace cache::resp {

namespace {

// What the bus has set as a number stays one.
Type type_for(const std::optional<Value>& value) {
    return value ? value->type : Type::string;
}

void add(Call& call, std::int64_t by) {
    const std::string_view key = call.arg(1);
    const auto [wrong, value] = call.find(key, Kind::string);
    if (wrong) {
        return;
    }
    const auto old = value ? whole_number(value->bytes) : std::optional<std::int64_t>(0);
    std::int64_t sum = 0;
    if (!old) {
        call.reply.error(words::not_integer);
    } else if (__builtin_add_overflow(*old, by, &sum)) {
        call.reply.error(words::overflow);
    } else if (call.update(key, std::to_string(sum), type_for(value))) {
        call.reply.integer(sum);
    }
}

void incr(Call& call) {
    add(call, 1);
}

void decr(Call& call) {
    add(call, -1);
}

void incrby(Call& call) {
    if (const auto by = call.integer(2)) {
        add(call, *by);
    }
}

void decrby(Call& call) {
    const auto by = call.integer(2);
    if (by && *by == std::numeric_limits<std::int64_t>::min()) {
        call.reply.error("ERR decrement would overflow");
    } else if (by) {
        add(call, -*by);
    }
}

void incrbyfloat(Call& call) {
    const std::string_view key = call.arg(1);
    const auto [wrong, value] = call.find(key, Kind::string);
    if (wrong) {
        return;
    }
    const auto old = value ? real_number(value->bytes) : std::optional<long double>(0);
    if (!old) {
        call.reply.error(words::not_float);
        return;
    }
    const auto by = call.real(2);
    if (!by) {
        return;
    }
    const long double sum = *old + *by;
    if (std::isnan(sum) || std::isinf(sum)) {
        call.reply.error("ERR increment would produce NaN or Infinity");
        return;
    }
    const std::string text = human_text(sum);
    if (call.update(key, text, type_for(value))) {
        call.reply.bulk(text);
    }
}

constexpr Command number_table[] = {
    entry("incr", 2, writes | denies_oom | fast, one_key, incr, Group::string, "1.0.0", "key",
          "Increment the integer value of a key by one"),
    entry("decr", 2, writes | denies_oom | fast, one_key, decr, Group::string, "1.0.0", "key",
          "Decrement the integer value of a key by one"),
    entry("incrby", 3, writes | denies_oom | fast, one_key, incrby, Group::string, "1.0.0",
          "key increment", "Increment the integer value of a key by the given amount"),
    entry("decrby", 3, writes | denies_oom | fast, one_key, decrby, Group::string, "1.0.0",
          "key decrement", "Decrement the integer value of a key by the given number"),
    entry("incrbyfloat", 3, writes | denies_oom | fast, one_key, incrbyfloat, Group::string,
          "2.6.0", "key increment", "Increment the float value of a key by the given amount"),
};

} // namespace

std::span<const Command> number_commands() noexcept {
    return number_table;
}

} // namespace cache::resp
