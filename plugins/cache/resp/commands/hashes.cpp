// Hashes: what changes them.
#include <cmath>

#include "../call.hpp"
#include "../items.hpp"
#include "../number.hpp"

namespace cache::resp {

namespace {

constexpr std::string_view hash_not_integer = "ERR hash value is not an integer";
constexpr std::string_view hash_not_float = "ERR hash value is not a float";

std::string_view bytes_of(const std::optional<Value>& value) noexcept {
    return value ? value->bytes : std::string_view();
}

// Whether the field is new.
bool put(Items& hash, std::string_view field, std::string_view value) {
    if (const auto found = find_field(hash.bytes(), field)) {
        hash.replace(found->value, value);
        return false;
    }
    hash.append(field);
    hash.append(value);
    return true;
}

Items with_pairs(std::string_view bytes, Args pairs, std::int64_t& ret_added) {
    if (pairs.size() < 2 * many_items) {
        Items hash(bytes);
        for (std::size_t at = 0; at < pairs.size(); at += 2) {
            ret_added += put(hash, pairs[at], pairs[at + 1]) ? 1 : 0;
        }
        return hash;
    }
    auto items = items_of(bytes);
    ItemPlaces places = places_of(items, 2);
    for (std::size_t at = 0; at < pairs.size(); at += 2) {
        const auto [place, added] = places.emplace(pairs[at], items.size());
        if (added) {
            items.insert(items.end(), {pairs[at], pairs[at + 1]});
            ++ret_added;
        } else {
            items[place->second + 1] = pairs[at + 1];
        }
    }
    Items hash;
    hash.append(items);
    return hash;
}

Items without_fields(std::string_view bytes, Args fields, std::int64_t& ret_removed) {
    if (fields.size() < many_items) {
        Items hash(bytes);
        for (const std::string_view field : fields) {
            if (const auto found = find_field(hash.bytes(), field)) {
                hash.erase(found->field.begin, found->value.end, 2);
                ++ret_removed;
            }
        }
        return hash;
    }
    const ItemPlaces unwanted = places_of(fields, 1);
    const auto items = items_of(bytes);
    Items hash;
    for (std::size_t at = 0; at + 1 < items.size(); at += 2) {
        if (unwanted.contains(items[at])) {
            ++ret_removed;
        } else {
            hash.append(items[at]);
            hash.append(items[at + 1]);
        }
    }
    return hash;
}

// How many fields are new; nothing, and the client has been told, for a failure.
std::optional<std::int64_t> put_pairs(Call& call) {
    if (call.size() % 2 != 0) {
        call.wrong_arity();
        return std::nullopt;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::hash);
    if (wrong) {
        return std::nullopt;
    }
    std::int64_t added = 0;
    const Items hash = with_pairs(bytes_of(value), call.args.subspan(2), added);
    return call.update(call.arg(1), hash.bytes(), Type::hash) ? std::optional(added) : std::nullopt;
}

void hset(Call& call) {
    if (const auto added = put_pairs(call)) {
        call.reply.integer(*added);
    }
}

void hmset(Call& call) {
    if (put_pairs(call)) {
        call.reply.ok();
    }
}

void hsetnx(Call& call) {
    const auto [wrong, value] = call.find(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    if (find_field(bytes_of(value), call.arg(2))) {
        call.reply.integer(0);
        return;
    }
    Items hash(bytes_of(value));
    hash.append(call.arg(2));
    hash.append(call.arg(3));
    if (call.update(call.arg(1), hash.bytes(), Type::hash)) {
        call.reply.integer(1);
    }
}

void hdel(Call& call) {
    const auto [wrong, value] = call.find(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    std::int64_t removed = 0;
    const Items hash = without_fields(bytes_of(value), call.args.subspan(2), removed);
    if (removed > 0 && hash.count() == 0) {
        call.keys.erase(call.arg(1));
    } else if (removed > 0 && !call.update(call.arg(1), hash.bytes(), Type::hash)) {
        return;
    }
    call.reply.integer(removed);
}

void hincrby(Call& call) {
    const auto by = call.integer(3);
    if (!by) {
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    const auto found = find_field(bytes_of(value), call.arg(2));
    const auto old = found ? whole_number(found->value.text) : std::optional<std::int64_t>(0);
    std::int64_t sum = 0;
    if (!old) {
        call.reply.error(hash_not_integer);
        return;
    }
    if (__builtin_add_overflow(*old, *by, &sum)) {
        call.reply.error(words::overflow);
        return;
    }
    Items hash(bytes_of(value));
    put(hash, call.arg(2), std::to_string(sum));
    if (call.update(call.arg(1), hash.bytes(), Type::hash)) {
        call.reply.integer(sum);
    }
}

void hincrbyfloat(Call& call) {
    const auto by = call.real(3);
    if (!by) {
        return;
    }
    if (std::isnan(*by) || std::isinf(*by)) {
        call.reply.error("ERR value is NaN or Infinity");
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    const auto found = find_field(bytes_of(value), call.arg(2));
    const auto old = found ? real_number(found->value.text) : std::optional<long double>(0);
    if (!old) {
        call.reply.error(hash_not_float);
        return;
    }
    const long double sum = *old + *by;
    if (std::isnan(sum) || std::isinf(sum)) {
        call.reply.error("ERR increment would produce NaN or Infinity");
        return;
    }
    const std::string text = human_text(sum);
    Items hash(bytes_of(value));
    put(hash, call.arg(2), text);
    if (call.update(call.arg(1), hash.bytes(), Type::hash)) {
        call.reply.bulk(text);
    }
}

constexpr Command hash_table[] = {
    entry("hset", -4, writes | denies_oom | fast, one_key, hset, Group::hash, "2.0.0",
          "key field value [field value ...]", "Set the string value of a hash field"),
    entry("hmset", -4, writes | denies_oom | fast, one_key, hmset, Group::hash, "2.0.0",
          "key field value [field value ...]", "Set multiple hash fields to multiple values"),
    entry("hsetnx", 4, writes | denies_oom | fast, one_key, hsetnx, Group::hash, "2.0.0",
          "key field value", "Set the value of a hash field, only if the field does not exist"),
    entry("hdel", -3, writes | fast, one_key, hdel, Group::hash, "2.0.0", "key field [field ...]",
          "Delete one or more hash fields"),
    entry("hincrby", 4, writes | denies_oom | fast, one_key, hincrby, Group::hash, "2.0.0",
          "key field increment", "Increment the integer value of a hash field by the given number"),
    entry("hincrbyfloat", 4, writes | denies_oom | fast, one_key, hincrbyfloat, Group::hash,
          "2.6.0", "key field increment",
          "Increment the float value of a hash field by the given amount"),
};

} // namespace

std::span<const Command> hash_commands() noexcept {
    return hash_table;
}

} // namespace cache::resp
