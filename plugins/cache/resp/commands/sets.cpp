// Sets: one at a time.
#include <algorithm>

#include "../number.hpp"
#include "sets.hpp"

namespace cache::resp {

std::string_view set_bytes(const std::optional<Value>& value) noexcept {
    return value ? value->bytes : std::string_view();
}

bool store_set(Call& call, std::string_view key, std::span<const std::string_view> members) {
    if (members.empty()) {
        call.keys.erase(key);
        return true;
    }
    Items set;
    set.append(members);
    return call.update(key, set.bytes(), Type::set);
}

namespace {

void sadd(Call& call) {
    const auto [wrong, value] = call.find(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    std::int64_t added = 0;
    Items set(set_bytes(value));
    if (call.size() - 2 < many_items) {
        for (const std::string_view member : call.args.subspan(2)) {
            if (!find_item(set.bytes(), member)) {
                set.append(member);
                ++added;
            }
        }
    } else {
        const auto items = items_of(set_bytes(value));
        ItemPlaces places = places_of(items, 1);
        for (const std::string_view member : call.args.subspan(2)) {
            if (places.emplace(member, 0).second) {
                set.append(member);
                ++added;
            }
        }
    }
    if (added == 0 || call.update(call.arg(1), set.bytes(), Type::set)) {
        call.reply.integer(added);
    }
}

void srem(Call& call) {
    const auto [wrong, value] = call.find(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    auto members = items_of(set_bytes(value));
    const ItemPlaces unwanted = places_of(call.args.subspan(2), 1);
    const auto removed =
        std::erase_if(members, [&](std::string_view member) { return unwanted.contains(member); });
    if (removed == 0 || store_set(call, call.arg(1), members)) {
        call.reply.integer(static_cast<std::int64_t>(removed));
    }
}

void smembers(Call& call) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    const auto members = items_of(set_bytes(value));
    call.reply.set(members.size());
    for (const std::string_view member : members) {
        call.reply.bulk(member);
    }
}

void sismember(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::set); !wrong) {
        call.reply.integer(find_item(set_bytes(value), call.arg(2)) ? 1 : 0);
    }
}

void smismember(Call& call) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    const Args wanted = call.args.subspan(2);
    const ItemPlaces places =
        wanted.size() < many_items ? ItemPlaces() : places_of(items_of(set_bytes(value)), 1);
    call.reply.array(wanted.size());
    for (const std::string_view member : wanted) {
        const bool is = wanted.size() < many_items ? find_item(set_bytes(value), member).has_value()
                                                   : places.contains(member);
        call.reply.integer(is ? 1 : 0);
    }
}

void scard(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::set); !wrong) {
        call.reply.integer(ItemReader(set_bytes(value)).count());
    }
}

// Puts `count` random ones in front.
void shuffle(Call& call, std::vector<std::string_view>& members, std::size_t count) {
    for (std::size_t at = 0; at < count; ++at) {
        std::swap(members[at], members[at + call.hub.random_below(members.size() - at)]);
    }
}

void spop(Call& call) {
    if (call.size() > 3) {
        call.syntax_error();
        return;
    }
    std::optional<std::int64_t> count;
    if (call.size() == 3) {
        count = whole_number(call.arg(2));
        if (!count || *count < 0) {
            call.reply.error("ERR value is out of range, must be positive");
            return;
        }
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    auto members = items_of(set_bytes(value));
    const auto taken = std::min(members.size(), static_cast<std::size_t>(count.value_or(1)));
    shuffle(call, members, taken);
    if (count) {
        call.reply.set(taken);
    } else if (taken == 0) {
        call.reply.null();
    }
    for (std::size_t at = 0; at < taken; ++at) {
        call.reply.bulk(members[at]);
    }
    if (taken > 0) {
        store_set(call, call.arg(1), std::span(members).subspan(taken)); // smaller: it fits
    }
}

// `count` below 0: that many, the same ones perhaps; else each once.
void pick_members(Call& call, std::vector<std::string_view> members, std::int64_t count) {
    const bool again = count < 0;
    const auto wanted = static_cast<std::size_t>(again ? -count : count);
    const std::size_t picked = members.empty() ? 0
                               : again         ? wanted
                                               : std::min(wanted, members.size());
    if (!again) {
        shuffle(call, members, picked);
    }
    call.reply.array(picked);
    for (std::size_t at = 0; at < picked && !call.reply.overflown(); ++at) {
        call.reply.bulk(members[again ? call.hub.random_below(members.size()) : at]);
    }
}

void srandmember(Call& call) {
    std::optional<std::int64_t> count;
    if (call.size() > 3) {
        call.syntax_error();
        return;
    }
    if (call.size() == 3) {
        count = call.integer(2);
        if (!count) {
            return;
        }
        if (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2) {
            call.reply.error(words::out_of_range);
            return;
        }
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    auto members = items_of(set_bytes(value));
    if (count) {
        pick_members(call, std::move(members), *count);
    } else if (members.empty()) {
        call.reply.null();
    } else {
        call.reply.bulk(members[call.hub.random_below(members.size())]);
    }
}

// All at once: a set is one value.
void sscan(Call& call) {
    ScanWords words;
    if (!scan_cursor(call, 2) || !read_scan_words(call, 3, false, words)) {
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    auto members = items_of(set_bytes(value));
    std::erase_if(members, [&](std::string_view member) { return !words.covers(member); });
    call.reply.array(2);
    call.reply.bulk("0");
    call.reply.array(members.size());
    for (const std::string_view member : members) {
        call.reply.bulk(member);
    }
}

constexpr Command set_table[] = {
    entry("sadd", -3, writes | denies_oom | fast, one_key, sadd, Group::set, "1.0.0",
          "key member [member ...]", "Add one or more members to a set"),
    entry("srem", -3, writes | fast, one_key, srem, Group::set, "1.0.0", "key member [member ...]",
          "Remove one or more members from a set"),
    entry("smembers", 2, reads, one_key, smembers, Group::set, "1.0.0", "key",
          "Get all the members in a set"),
    entry("sismember", 3, reads | fast, one_key, sismember, Group::set, "1.0.0", "key member",
          "Determine if a given value is a member of a set"),
    entry("smismember", -3, reads | fast, one_key, smismember, Group::set, "6.2.0",
          "key member [member ...]",
          "Returns the membership associated with the given elements for a set"),
    entry("scard", 2, reads | fast, one_key, scard, Group::set, "1.0.0", "key",
          "Get the number of members in a set"),
    entry("spop", -2, writes | fast, one_key, spop, Group::set, "1.0.0", "key [count]",
          "Remove and return one or multiple random members from a set"),
    entry("srandmember", -2, reads, one_key, srandmember, Group::set, "1.0.0", "key [count]",
          "Get one or multiple random members from a set"),
    entry("sscan", -3, reads, one_key, sscan, Group::set, "2.8.0",
          "key cursor [MATCH pattern] [COUNT count]", "Incrementally iterate Set elements"),
};

} // namespace

std::span<const Command> set_commands() noexcept {
    return set_table;
}

} // namespace cache::resp
